import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.at.final import parse_final
from modem.causes import Cause, cause_of_final, cause_of_network, cause_of_report, parse_ceer
from modem.errors import ParseError


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (1, Cause.UNASSIGNED),
        (3, Cause.UNREACHABLE),
        (8, Cause.BARRED),
        (16, Cause.NORMAL),
        (17, Cause.BUSY),
        (18, Cause.NO_ANSWER),
        (19, Cause.NO_ANSWER),
        (21, Cause.REJECTED),
        (27, Cause.UNREACHABLE),
        (28, Cause.UNASSIGNED),
        (34, Cause.NETWORK_ERROR),
        (38, Cause.NETWORK_ERROR),
        (42, Cause.NETWORK_ERROR),
        (68, Cause.NO_CREDIT),
        (127, Cause.NETWORK_ERROR),
        (0, None),
        (2, None),
        (128, None),
        (255, None),  # what a Huawei says when its device is gone
    ],
)
def test_network_cause(number: int, cause: Cause | None) -> None:
    assert cause_of_network(number) is cause


@pytest.mark.parametrize(
    ("report", "cause"),
    [
        ("User busy", Cause.BUSY),
        ("Call rejected", Cause.REJECTED),
        ("User alerting, no answer", Cause.NO_ANSWER),
        ("No user responding", Cause.NO_ANSWER),
        ("Normal call clearing", Cause.NORMAL),
        ("16 Normal call clearing", Cause.NORMAL),
        ("Operator determined barring", Cause.BARRED),
        ("Unassigned/unallocated number", Cause.UNASSIGNED),
        ("Unassigned (unallocated) number", Cause.UNASSIGNED),
        ("Network out of order", Cause.NETWORK_ERROR),
        ("21", None),
        ("0,21", None),
        ("0 Unknown", None),
        ("", None),
        ("EPS_AND_NON_EPS_SERVICES_NOT_ALLOWED", None),
    ],
)
def test_report(report: str, cause: Cause | None) -> None:
    assert cause_of_report(report) is cause


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("BUSY", Cause.BUSY),
        ("NO ANSWER", Cause.NO_ANSWER),
        ("NO DIALTONE", Cause.NETWORK_ERROR),
        ("NO CARRIER", None),
        ("+CME ERROR: 30", Cause.NETWORK_ERROR),
        ("+CME ERROR: 100", None),
        ("+CMS ERROR: 30", None),
        ("OK", None),
    ],
)
def test_final(line: str, cause: Cause | None) -> None:
    final = parse_final(line)
    assert final is not None
    assert cause_of_final(final) is cause


@pytest.mark.parametrize(
    ("line", "report"),
    [("", ""), ('+CEER: "User busy"', "User busy"), ("+CEER: 0,21", "0,21"), ("+CEER:", "")],
)
def test_ceer(line: str, report: str) -> None:
    assert parse_ceer(line) == report


def test_ceer_refuses_other_lines() -> None:
    with pytest.raises(ParseError):
        parse_ceer("WRONG RESPONSE")


@given(st.integers(), st.text())
def test_any_number_and_text_gives_a_cause_or_none(number: int, text: str) -> None:
    assert cause_of_network(number) in {*Cause, None}
    assert cause_of_report(text) in {*Cause, None}
