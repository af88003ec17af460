import re

import pytest

from edge.sip import causes
from edge.sip.causes import cause_of, q850_of, sip_of
from modem.causes import cause_of_network
from mqtt.vocabulary import Cause

_NEAREST = {  # of those that only we know
    Cause.LOST: Cause.NETWORK_ERROR,
    Cause.NO_AGENT: Cause.NO_ANSWER,
    Cause.ABANDONED: Cause.NORMAL,
}


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_has_a_code_and_comes_back_as_itself_or_close(cause: Cause) -> None:
    assert 400 <= sip_of(cause) < 700
    assert cause_of(sip_of(cause), q850_of(cause)) is _NEAREST.get(cause, cause)


@pytest.mark.parametrize("number", range(1, 128))
def test_what_networks_say_means_the_same_in_both_tables(number: int) -> None:
    known = cause_of_network(number)
    if known is not None:
        assert cause_of(480, number).value == known.value


def test_codes_without_a_cause() -> None:
    assert cause_of(486) is Cause.BUSY
    assert cause_of(603) is Cause.REJECTED
    assert cause_of(599) is Cause.NETWORK_ERROR
    assert cause_of(499) is Cause.REJECTED
    assert cause_of(302) is Cause.NETWORK_ERROR
    assert cause_of(487, 26) is Cause.CANCELLED
    assert cause_of(480, 999) is Cause.NO_ANSWER


def test_the_table_in_the_docstring_is_the_one_in_the_code() -> None:
    row = re.compile(r"^\| (\w+) +\| (\d+) +\| (\d+) +\|(.*)\|(.*)\|$", re.MULTILINE)
    rows = row.findall(causes.__doc__ or "")
    assert [row[0] for row in rows] == list(Cause)
    for name, code, q850, from_sip, from_q850 in rows:
        cause = Cause(name)
        assert (int(code), int(q850)) == (sip_of(cause), q850_of(cause))
        assert {int(n) for n in re.findall(r"\b\d{3}\b", from_sip)} == {
            n for n, c in causes._FROM_SIP.items() if c is cause
        }
        named = {int(n) for n in re.findall(r"(?<!>=)\b\d+\b", from_q850)}
        assert named == {n for n, c in causes._FROM_Q850.items() if c is cause}
