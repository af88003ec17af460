"""What a carrier is asked, who speaks for it, and codes that nobody may see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.carriers import How, Query, Recharge
from edge.money.courier import national
from edge.money.requests import (
    CODES_KEPT,
    Codes,
    Request,
    balance_request,
    recharge_request,
    same_number,
    speaks_for,
)
from tests.edge.money.office import carriers

CODE = "1234567890123456"
codes = st.text("0123456789ABCDEF", min_size=8, max_size=20)
gaps = st.text(" .-", max_size=2)


def test_the_profile_says_how_to_ask() -> None:
    ussd = Query(how=How.USSD, code="*100#", steps=("1", "2"))
    assert balance_request(ussd) == Request("*100#", steps=("1", "2"))
    assert balance_request(Query(how=How.SMS, code="10086", text="YE")) == Request("10086", "YE")
    assert balance_request(Query(how=How.CALL, code="10086")) is None
    assert balance_request(None) is None


def test_the_profile_says_how_to_redeem() -> None:
    ussd = Recharge(how=How.USSD, template="*101*{code}#")
    assert recharge_request(ussd, CODE) == Request(f"*101*{CODE}#", code=CODE)
    sms = Recharge(how=How.SMS, template="RELOAD {code}", number="1510")
    assert recharge_request(sms, CODE) == Request("1510", f"RELOAD {CODE}", code=CODE)
    call = Recharge(how=How.CALL, template="{code}", number="43430")
    assert recharge_request(call, CODE) is None
    assert recharge_request(None, CODE) is None


def test_a_request_that_is_printed_shows_no_code() -> None:
    ussd = Recharge(how=How.USSD, template="*101*{code}#")
    assert CODE not in repr(recharge_request(ussd, CODE))


@pytest.mark.parametrize(
    ("sender", "whether"),
    [
        ("MTN", True),
        ("mtn ng", True),
        ("Lottery", False),
        ("180", True),
        ("+2348031234567", False),
        ("08031234567", False),
        ("", False),
    ],
)
def test_only_the_carrier_speaks_for_itself(sender: str, whether: bool) -> None:  # noqa: FBT001
    assert speaks_for(sender, carriers().by_name["ng-mtn"]) is whether


def test_a_number_is_one_with_its_country_and_without() -> None:
    assert same_number("10086", "+8610086")
    assert same_number("+2348031234567", "08031234567")
    assert not same_number("10086", "10010")
    assert not same_number("", "10010")


@pytest.mark.parametrize(
    ("number", "dialled"),
    [("+2348031234567", "08031234567"), ("08031234567", "08031234567"), ("+999", "999")],
)
def test_a_number_is_given_as_its_country_dials_it(number: str, dialled: str) -> None:
    assert national(number) == dialled


@given(codes, st.data())
def test_a_code_is_hidden_however_it_is_spaced(code: str, data: st.DataObject) -> None:
    known = Codes()
    known.keep(code)
    spaced = "".join(char + data.draw(gaps) for char in code[:-1]) + code[-1]
    assert known.hide(f"PIN <{spaced}> is taken") == "PIN <***> is taken"
    assert known.hide(f"PIN <{code.lower()}>") == "PIN <***>"


def test_as_many_codes_are_kept_as_a_carrier_may_still_name() -> None:
    known = Codes()
    for number in range(CODES_KEPT + 1):
        known.keep(f"{number:016}")
    assert known.hide(f"{0:016} {1:016}") == f"{0:016} ***"
