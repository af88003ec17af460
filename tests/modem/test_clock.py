import pytest

from modem.clock import parse_clock
from modem.errors import ParseError


@pytest.mark.parametrize(
    ("line", "time", "zone_minutes", "dst_hours"),
    [
        ('+CCLK: "15/02/28,20:30:40-32"', "2015-02-28T20:30:40-08:00", -480, None),
        ("+CCLK:   17/07/26,11:42:15+01", "2017-07-26T11:42:15+00:15", 15, None),
        ('+CCLK: "14/08/05,04:00:21"', "2014-08-05T04:00:21+00:00", None, None),
        ('+CTZU: "19/07/09,11:15:40",+08,1', "2019-07-09T11:15:40+02:00", 120, 1),
        ("^NWTIME: 14/08/05,04:00:21+40,02", "2014-08-05T04:00:21+10:00", 600, 2),
        ("^TIME: 2014/08/05 04:00:21", "2014-08-05T04:00:21+00:00", None, None),
    ],
)
def test_clock(line: str, time: str, zone_minutes: int | None, dst_hours: int | None) -> None:
    reading = parse_clock(line)
    assert reading.time.isoformat() == time
    assert (reading.zone_minutes, reading.dst_hours) == (zone_minutes, dst_hours)


@pytest.mark.parametrize(
    "line",
    [
        "^TIME: XX/XX/XX,XX:XX:XX+XX,XX",
        "^TIME: 14/08/05,04:00:21+40,00",
        "^TIME: 14/08/05 04:00:21 AEST",
        "^TIME: 14-08-05 04:00:21",
        '+CCLK: "14/13/05,04:00:21+40"',
        '+CCLK: "14/02/30,04:00:21"',
        '+CCLK: "14/08/05,04:00:21+97"',
        "+CCLK: ",
        '+CSQ: "14/08/05,04:00:21"',
    ],
)
def test_no_clock_reading(line: str) -> None:
    with pytest.raises(ParseError):
        parse_clock(line)
