"""Clock readings: +CCLK, +CTZU, ^NWTIME and ^TIME."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from modem.at.fields import header
from modem.errors import ParseError

_DATE = r"(?P<century>\d\d)?(?P<year>\d\d)/(?P<month>\d\d)/(?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_ZONE = r"(?P<zone>[+-]\d{1,2})"  # quarters of an hour
_DST = r"(?:,(?P<dst>\d{1,2}))"
_FORMS = {
    "+CCLK": re.compile(rf'"?{_DATE},{_TIME}{_ZONE}?{_DST}?"?'),
    "+CTZU": re.compile(rf'"{_DATE},{_TIME}",{_ZONE}{_DST}?'),
    "^NWTIME": re.compile(rf'"?{_DATE},{_TIME}{_ZONE}{_DST}"?'),
    "^TIME": re.compile(rf"{_DATE} {_TIME}"),
}
_PARTS = ("month", "day", "hour", "minute", "second")
_ZONE_MINUTES = 15


@dataclass(frozen=True, slots=True)
class NetworkTime:
    """A clock reading; `time` counts as UTC where the modem gave no zone.

    The zone holds daylight saving already (27.007 8.15); `dst_hours` says how much of it.
    """

    time: datetime
    zone_minutes: int | None = None
    dst_hours: int | None = None


def parse_clock(line: str) -> NetworkTime:
    """Parse +CCLK (27.007 8.15), +CTZU (Cinterion), ^NWTIME and ^TIME (Huawei)."""
    command, text = header(line)
    form = _FORMS.get(command)
    match = form.fullmatch(text) if form else None
    if match is None:
        raise ParseError("not a clock reading")
    found = match.groupdict()
    zone = found.get("zone")
    minutes = int(zone) * _ZONE_MINUTES if zone else None
    dst = found.get("dst")
    return NetworkTime(_moment(found, minutes or 0), minutes, int(dst) if dst else None)


def _moment(found: dict[str, str], zone_minutes: int) -> datetime:
    year = int((found["century"] or "20") + found["year"])
    month, day, hour, minute, second = (int(found[part]) for part in _PARTS)
    try:
        zone = timezone(timedelta(minutes=zone_minutes))
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise ParseError("no such date, time or zone") from error
