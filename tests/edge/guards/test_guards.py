from datetime import timedelta

import pytest

from mqtt.vocabulary import Cause, Purpose, Reason
from tests.edge.guards.desk import (
    AUSTRIAN,
    BROADCAST,
    CAMPAIGN,
    MANUAL,
    TUESDAY,
    Desk,
    vienna,
)


@pytest.mark.parametrize("purpose", [CAMPAIGN, BROADCAST])
def test_a_campaign_that_keeps_all_rules_may_call(purpose: Purpose) -> None:
    assert Desk().check(purpose=purpose) is None


@pytest.mark.parametrize("number", ["112", "133", "140"])
def test_emergency_numbers_pass_for_people_only(number: str) -> None:
    desk = Desk()
    desk.denied.add([number], 0)
    night = vienna("2026-11-29T03:00")
    assert desk.check(number, MANUAL, None, night) is None
    assert desk.reason(number, CAMPAIGN) is Reason.EMERGENCY_NUMBER
    assert desk.reason(number, BROADCAST) is Reason.EMERGENCY_NUMBER


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize(
    ("number", "key", "prefix", "reason"),
    [
        ("+43900123456", "allow_premium", "+43900", Reason.PREMIUM_NUMBER),
        ("+4366999", "allow_unassigned", "+43669", Reason.UNASSIGNED_NUMBER),
    ],
)
def test_premium_and_unassigned_numbers_need_their_name(
    number: str, key: str, prefix: str, reason: Reason, purpose: Purpose
) -> None:
    assert Desk().reason(number, purpose) is reason
    assert Desk({"guards": {key: [prefix]}}).check(number, purpose) is None
    other = "allow_premium" if key == "allow_unassigned" else "allow_unassigned"
    assert Desk({"guards": {other: [prefix]}}).reason(number, purpose) is reason
    assert Desk({"guards": {key: ["+4390012345678"]}}).reason(number, purpose) is reason


def test_the_deny_list_binds_campaigns_and_not_people() -> None:
    desk = Desk()
    desk.denied.add([AUSTRIAN], 0)
    block = desk.check()
    assert block
    assert (block.reason, block.until) == (Reason.DENIED_NUMBER, None)
    assert desk.reason(purpose=BROADCAST) is Reason.DENIED_NUMBER
    assert desk.check(purpose=MANUAL, consent=None) is None


def test_people_are_bound_by_no_rule_for_campaigns() -> None:
    desk = Desk()
    desk.tried(TUESDAY, Cause.REJECTED)
    assert desk.check(purpose=MANUAL, consent=None, now=vienna("2026-12-25T03:00")) is None
    assert desk.check("111", MANUAL) is None
    assert desk.check("+919812345678", MANUAL) is None


def test_a_campaign_calls_no_short_code() -> None:
    assert Desk().reason("111") is Reason.PURPOSE_FORBIDDEN


@pytest.mark.parametrize(
    ("home", "number"), [("IN", AUSTRIAN), ("CN", AUSTRIAN), ("AT", "+919812345678")]
)
def test_where_ordinary_sims_may_carry_no_marketing(home: str, number: str) -> None:
    block = Desk(home=home).check(number)
    assert block
    assert block.reason is Reason.PURPOSE_FORBIDDEN
    assert ("IN" if home == "AT" else home) in block.message


def test_a_licence_opens_what_the_profile_forbids() -> None:
    licence = {"country": [{"code": "CN", "mobile_sim_marketing": "allowed"}]}
    assert (
        Desk(licence, home="CN").check("+8613812345678", now=TUESDAY - timedelta(hours=6)) is None
    )


@pytest.mark.parametrize(
    ("number", "purpose", "consent", "reason"),
    [
        (AUSTRIAN, CAMPAIGN, None, Reason.CONSENT_MISSING),
        (AUSTRIAN, CAMPAIGN, "  ", Reason.CONSENT_MISSING),
        ("+442071838750", CAMPAIGN, None, None),
        ("+442071838750", BROADCAST, None, Reason.CONSENT_MISSING),
        ("+442071838750", BROADCAST, "ref-1", None),
    ],
)
def test_consent(number: str, purpose: Purpose, consent: str | None, reason: Reason | None) -> None:
    assert Desk().reason(number, purpose, consent) is reason


def test_a_broadcast_needs_consent_whatever_the_owner_says() -> None:
    desk = Desk({"country": [{"code": "AT", "consent_needed": False}]})
    assert desk.check(consent=None) is None
    assert desk.reason(purpose=BROADCAST, consent=None) is Reason.CONSENT_MISSING


def test_campaigns_ring_long_enough() -> None:
    desk = Desk()
    to = desk.plans.classify(AUSTRIAN)
    assert desk.guards.ring_s(to, MANUAL, 5) == 5
    assert desk.guards.ring_s(to, CAMPAIGN, 5) == 15
    assert desk.guards.ring_s(to, BROADCAST, 25) == 25
