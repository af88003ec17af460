import pytest

from modem.at.final import FinalKind, parse_final


@pytest.mark.parametrize(
    ("line", "kind", "code"),
    [
        ("OK", FinalKind.OK, None),
        ("ERROR", FinalKind.ERROR, None),
        ("NO CARRIER", FinalKind.NO_CARRIER, None),
        ("BUSY", FinalKind.BUSY, None),
        ("NO DIAL TONE", FinalKind.NO_DIALTONE, None),
        ("CONNECT", FinalKind.CONNECT, None),
        ("CONNECT 115200", FinalKind.CONNECT, None),
        ("+CME ERROR: 14", FinalKind.CME, 14),
        ("+CME ERROR: SIM busy", FinalKind.CME, None),
        ("+CMS ERROR: 321", FinalKind.CMS, 321),
        ("MODEM ERROR: 5", FinalKind.ERROR, 5),
        ("COMMAND NOT SUPPORT", FinalKind.ERROR, None),
    ],
)
def test_final_results(line: str, kind: FinalKind, code: int | None) -> None:
    final = parse_final(line)
    assert final is not None
    assert (final.kind, final.code) == (kind, code)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "OKAY",
        "BUSY LINE TELECOM",
        '+COPS: 0,0,"BUSY"',
        "+CME ERROR:",
        "+CMS ERROR: ",
        "RING",
        "NO",
        '+CME ERROR: 25+CNUM: "","+33600000000",145',
    ],
)
def test_only_a_whole_line_is_final(line: str) -> None:
    assert parse_final(line) is None
