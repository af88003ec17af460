import json
from datetime import date, datetime
from decimal import Decimal
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.limits import Bucket, BucketPeriod, Limits, Plan, Rate
from edge.block import Block
from edge.destination import Destination, NumberKind
from edge.limits.account import Account, CallResult, Charge, Ending, Offer, Reservation
from mqtt.vocabulary import Reason

VIENNA = ZoneInfo("Europe/Vienna")
TO = Destination("+436641234567", NumberKind.MOBILE, "AT", "a1-at")
ABROAD = Destination("+4915112345678", NumberKind.MOBILE, "DE")
BUSY = CallResult(Ending.BUSY)
DAY_S = 86_400


def at(text: str) -> float:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=VIENNA).timestamp()


NOON = at("11-23T12:00")


def account(plan: Plan | None = None, key: str = "sim:1", **limits: Any) -> Account:
    return Account(key, Limits(**limits), plan, VIENNA, "a1-at")


def plan(**keys: Any) -> Plan:
    return Plan(name="office", **{"currency": "EUR", **keys})


def call(
    sim: Account,
    talk_s: float,
    now: float = NOON,
    want_s: float | None = None,
    to: Destination = TO,
) -> Charge:
    """A call that is dialled at `now`, and hung up when `talk_s` are over or it is cut."""
    kept = sim.reserve("call", to, want_s, now)
    assert isinstance(kept, Reservation), kept
    talk_s = min(talk_s, kept.seconds)
    return sim.settle("call", CallResult(Ending.ANSWERED, talk_s), now + talk_s)


def messages(sim: Account, now: float = NOON) -> list[str]:
    return [block.message for block in sim.blocks(now)]


def used(sim: Account, now: float = NOON) -> dict[str, float]:
    return {use.limit: use.used for use in sim.use(now)}


# --- limits


def test_minutes_of_the_day_run_out_and_come_back_at_midnight() -> None:
    sim = account(max_minutes_day=120)
    assert sim.offer(TO, NOON) == Offer(7198, 0.0, 0, inf)
    assert call(sim, inf).billed_s == 7198
    assert sim.blocks(NOON + 7200) == (
        Block(Reason.LIMIT_REACHED, "120 of 120 minutes of the day are used.", at("11-24T00:00")),
    )
    assert sim.blocks(at("11-24T00:00")) == ()


@pytest.mark.parametrize(
    ("limits", "number", "message"),
    [
        ({"max_calls_hour": 3}, 3, "3 of 3 calls of the hour are used."),
        ({"max_calls_day": 3}, 3, "3 of 3 calls of the day are used."),
        ({"max_calls_week": 3}, 3, "3 of 3 calls of the week are used."),
        ({"max_calls_month": 3}, 3, "3 of 3 calls of the month are used."),
        ({"max_minutes_hour": 5}, 3, "4.5 of 5 minutes of the hour are used."),
        ({"max_calls_day": 0}, 0, "The limit of calls of the day is 0."),
    ],
)
def test_a_limit_blocks_with_a_sentence(limits: Any, number: int, message: str) -> None:
    sim = account(**limits)
    for _ in range(number):
        assert sim.blocks(NOON) == ()
        call(sim, 90, NOON)
    assert messages(sim) == [message]


def test_a_call_that_was_not_answered_is_a_call_without_minutes() -> None:
    sim = account(max_calls_day=2, max_minutes_day=10)
    sim.reserve("1", TO, None, NOON)
    assert sim.settle("1", BUSY, NOON + 20) == Charge()
    assert used(sim) == {"max_calls_day": 1, "max_minutes_day": 0}


def test_a_call_that_never_began_is_none() -> None:
    sim = account(max_calls_day=1)
    sim.reserve("1", TO, None, NOON)
    assert messages(sim) == ["1 of 1 calls of the day are used or kept for calls under way."]
    sim.release("1")
    assert sim.blocks(NOON) == ()
    assert sim.in_flight() == ()


def test_a_call_is_bound_by_what_it_wants_and_by_max_call_s() -> None:
    sim = account(max_minutes_day=120, max_call_s=600)
    assert sim.offer(TO, NOON).seconds == 600
    kept = sim.reserve("1", TO, 300, NOON)
    assert kept == Reservation(300)
    assert isinstance(kept, Reservation)
    assert kept.warn_at_s == 290
    assert sim.reserve("1", TO, 5000, NOON) == kept  # once for each call_id


def test_without_any_limit_there_is_no_bound_and_no_warning() -> None:
    kept = account().reserve("1", TO, None, NOON)
    assert kept == Reservation(inf)
    assert isinstance(kept, Reservation)
    assert kept.warn_at_s is None


def test_billing_steps_bound_a_call() -> None:
    sim = account(plan(first_s=60, next_s=60), max_minutes_day=2.5)
    assert sim.offer(TO, NOON).seconds == 118
    assert call(sim, 61, want_s=61).billed_s == 120
    assert messages(sim) == ["2 of 2.5 minutes of the day are used."]


def test_a_day_of_23_hours_ends_at_midnight() -> None:
    sim = account(max_calls_day=1)
    call(sim, 60, at("03-29T01:00"))
    assert sim.blocks(at("03-29T23:59"))[0].until == at("03-30T00:00")
    assert sim.blocks(at("03-30T00:00")) == ()
    assert at("03-30T00:00") - at("03-29T00:00") == 23 * 3600


def test_a_gap_between_calls() -> None:
    sim = account(min_gap_s=10)
    call(sim, 60)
    (block,) = sim.blocks(NOON + 60)
    assert (block.reason, block.until) == (Reason.RESTING, NOON + 70)
    assert sim.blocks(NOON + 70) == ()


def test_a_gap_does_not_last_longer_when_the_clock_goes_back() -> None:
    sim = account(min_gap_s=10)
    call(sim, 60)
    assert sim.blocks(NOON - DAY_S)[0].until == NOON - DAY_S + 10


def test_the_first_window_that_fits_counts_and_outside_there_is_no_limit() -> None:
    sim = account(
        windows=(
            {"from": "08:00", "to": "12:00", "minutes": 10},
            {"from": "11:00", "to": "14:00", "calls": 1},
            {"from": "22:00", "to": "06:00", "calls": 0},
        )
    )
    assert sim.offer(TO, at("11-23T11:30")).seconds == 598
    call(sim, 60, at("11-23T12:00"))
    assert messages(sim, at("11-23T13:59")) == [
        "1 of 1 calls of the window 11:00-14:00 are used.",
    ]
    assert sim.offer(TO, at("11-23T14:00")).seconds == inf
    for night in ("11-23T22:00", "11-24T05:59"):
        (block,) = sim.blocks(at(night))
        assert block.message == "The limit of calls of the window 22:00-06:00 is 0."
        assert block.until == at("11-24T06:00")
    assert used(sim, at("11-24T08:00"))["window_0800_1200_minutes"] == 0


def test_a_call_across_midnight_counts_on_both_days() -> None:
    sim = account(max_minutes_day=30, max_calls_day=5)
    call(sim, 600, at("11-23T23:55"))
    assert used(sim, at("11-24T00:06"))["max_minutes_day"] == 10
    assert used(sim, at("11-24T00:06"))["max_calls_day"] == 0
    assert used(sim, at("11-23T23:59"))["max_minutes_day"] == 20  # a clock that went back: strict


def test_line_for_incoming_calls() -> None:
    sim = account(reserve_for_incoming=True)
    assert sim.blocks(NOON)[0].reason is Reason.RESERVED_FOR_INCOMING
    assert sim.sms_block(NOON, TO) is None


def test_roaming() -> None:
    sim, free = account(), account(roaming=True)
    for one in (sim, free):
        one.see_roaming(roaming=True)
    assert sim.blocks(NOON)[0].reason is Reason.ROAMING
    block = sim.sms_block(NOON, TO)
    assert block is not None
    assert block.reason is Reason.ROAMING
    assert free.blocks(NOON) == ()
    sim.see_roaming(roaming=False)
    assert sim.blocks(NOON) == ()


def test_switches_of_the_day() -> None:
    sim = account(max_switches_day=2)
    for _ in range(2):
        assert sim.switch_block(NOON) is None
        sim.count_switch(NOON)
    block = sim.switch_block(NOON)
    assert block is not None
    assert block.until == at("11-24T00:00")
    assert sim.blocks(NOON) == ()


def test_a_rest_and_its_alarm() -> None:
    sim = account(max_consecutive_failed=2, rest_s=-1)
    for _ in range(2):
        sim.reserve("1", TO, None, NOON)
        sim.settle("1", CallResult(Ending.FAILED), NOON)
    assert [block.reason for block in sim.blocks(NOON)] == [Reason.RESTING]
    assert sim.alarm == "2 calls in a row failed."
    sim.enable()
    assert sim.blocks(NOON) == ()
    assert sim.alarm is None


# --- shared accounts


def test_calls_under_way_share_what_a_carrier_leaves() -> None:
    carrier = account(key="carrier:a1", max_minutes_day=10)
    sims = [account(key=f"sim:{n}") for n in range(3)]
    for sim in sims:
        sim.share(carrier)
    assert sims[0].reserve("0", TO, 300, NOON) == Reservation(300)
    assert sims[1].reserve("1", TO, 300, NOON) == Reservation(296)
    refused = sims[2].reserve("2", TO, 300, NOON)
    assert isinstance(refused, Block)
    assert refused.message == ("10 of 10 minutes of the day are used or kept for calls under way.")
    assert refused.until == NOON + 296
    assert sims[0].settle("0", CallResult(Ending.ANSWERED, 60), NOON + 60).billed_s == 60
    assert used(carrier, NOON + 60)["max_minutes_day"] == 2  # one, and one so far
    assert sims[2].offer(TO, NOON + 60).seconds == 240


def test_a_shared_account_counts_at_the_price_and_in_the_steps_of_the_sim() -> None:
    carrier = account(key="carrier:a1", max_spend_day=1, max_minutes_day=100)
    sim = account(plan(first_s=60, next_s=60, rates=(Rate(per_minute=Decimal("0.25")),)))
    sim.share(carrier)
    assert sim.offer(TO, NOON).seconds == 238
    assert call(sim, inf).money == Decimal("1.00")
    assert used(carrier, NOON + 240) == {
        "max_minutes_day": 4,
        "max_spend_day": 1,
    }
    block = sim.offer(TO, NOON + 240).block
    assert block is not None
    assert block.message == "1.00 of 1.00 for the day are spent."


# --- plans


def test_buckets_that_end_first_are_drawn_first_then_money() -> None:
    sim = account(
        plan(
            rates=(Rate(per_minute=Decimal("0.60"), setup=Decimal("0.05")),),
            buckets=(
                Bucket(name="monthly", minutes=Decimal(2)),
                Bucket(name="daily", minutes=Decimal(1), period=BucketPeriod.DAY),
                Bucket(name="german", minutes=Decimal(9), countries=("DE",)),
            ),
        )
    )
    offer = sim.offer(TO, NOON)
    assert (offer.free_s, offer.bucket_ends) == (180, at("11-24T00:00"))
    assert call(sim, 90) == Charge(90, Decimal(0), "daily", "EUR")
    assert used(sim)["bucket_daily"] == 1
    assert used(sim)["bucket_monthly"] == 0.5
    assert sim.offer(TO, NOON + 90).price == pytest.approx((0.05 + 0.9) / 3)
    assert call(sim, 100) == Charge(100, Decimal("0.15"), "monthly", "EUR")
    assert call(sim, 60, to=ABROAD).bucket == "german"


def test_money_and_min_balance_bound_a_call() -> None:
    sim = account(plan(rates=(Rate(per_minute=Decimal("0.60")),)), min_balance=1)
    assert sim.offer(TO, NOON).seconds == inf
    sim.see_balance(Decimal("2.50"), NOON)
    assert sim.offer(TO, NOON).seconds == 148
    assert call(sim, inf).money == Decimal("1.48")
    (block,) = sim.blocks(NOON + 150)
    assert block.reason is Reason.NO_CREDIT
    assert block.until is None
    assert "1.02" in block.message
    sim.see_balance(Decimal("11.00"), NOON + 150)
    assert sim.blocks(NOON + 150) == ()
    sim.see_balance(None, NOON + 150)
    assert sim.offer(TO, NOON + 150).seconds == inf


def test_calls_under_way_share_the_money() -> None:
    sim = account(plan(rates=(Rate(per_minute=Decimal("0.60")),)), max_spend_day="1.80")
    assert sim.reserve("1", TO, 90, NOON) == Reservation(90)
    assert sim.reserve("2", TO, None, NOON) == Reservation(86)
    sim.see_balance(Decimal("1.00"), NOON)
    sim.release("1")
    kept = Block(
        Reason.LINE_BUSY, "The balance of 1.00 is kept for calls and messages under way.", NOON + 86
    )
    assert sim.offer(TO, NOON).block == kept
    sim.release("2")
    assert sim.offer(TO, NOON).seconds == 98


def test_a_call_into_the_next_span_of_a_bucket_draws_both() -> None:
    daily = Bucket(name="daily", minutes=Decimal(30), period=BucketPeriod.DAY)
    sim = account(plan(buckets=(daily,)))
    assert call(sim, 600, at("11-23T23:55")).bucket == "daily"
    assert sim.offer(TO, at("11-24T00:05")).free_s == 1200


def test_free_minutes_and_free_rates_need_no_balance() -> None:
    rates = (Rate(on_net=True), Rate(per_minute=Decimal("0.60")))
    sim = account(plan(rates=rates, buckets=(Bucket(name="b", minutes=Decimal(5)),)))
    sim.see_balance(Decimal(0), NOON)
    assert sim.blocks(NOON) == ()
    assert sim.offer(ABROAD, NOON).seconds == 298
    call(sim, inf, to=ABROAD)
    assert sim.blocks(NOON + 300) == ()
    assert sim.offer(TO, NOON + 300).seconds == inf
    block = sim.offer(ABROAD, NOON + 300).block
    assert block is not None
    assert block.reason is Reason.NO_CREDIT


def test_without_prices_only_min_balance_stops_a_sim() -> None:
    sim, careful = account(), account(min_balance=1)
    for one in (sim, careful):
        one.see_balance(Decimal("0.50"), NOON)
    assert sim.blocks(NOON) == ()
    assert careful.blocks(NOON)[0].reason is Reason.NO_CREDIT
    assert careful.sms_block(NOON, TO) is not None


def test_a_callee_that_the_plan_does_not_sell() -> None:
    sim = account(plan(rates=(Rate(countries=("AT",)),)))
    offer = sim.offer(ABROAD, NOON)
    assert offer.seconds == 0
    assert offer.block is not None
    refused = sim.reserve("1", ABROAD, None, NOON)
    assert refused == offer.block
    assert sim.in_flight() == ()


def test_unused_minutes_roll_over_up_to_their_most() -> None:
    sim = account(
        plan(buckets=(Bucket(name="b", minutes=Decimal(100), rollover_max=Decimal(150)),))
    )

    def full(now: float) -> float:
        return next(use.most for use in sim.use(now) if use.limit == "bucket_b")

    assert full(NOON) == 100
    call(sim, 1800, NOON)
    assert full(at("12-01T00:00")) == 170
    assert full(at("12-31T23:59")) == 170
    other = Account("sim:1", Limits(), plan(buckets=()), VIENNA)
    other.load(sim.dump())
    sim.load(other.dump())
    assert full(at("12-05T00:00") + 365 * DAY_S) == 250  # months that nobody used


def test_a_bucket_of_days_begins_anew_by_its_own_count() -> None:
    week = Bucket(
        name="pack", minutes=Decimal(5), period=BucketPeriod.DAYS, days=7, since=date(2026, 11, 20)
    )
    sim = account(plan(buckets=(week,)))
    assert sim.offer(TO, NOON).bucket_ends == at("11-27T00:00")


# --- messages


def text(sim: Account, parts: int = 1, now: float = NOON) -> list[Charge]:
    """A message that leaves at once; what each part took."""
    assert sim.reserve_sms("text", parts, TO, now) is None
    charges = [sim.count_sms("text", TO, now) for _ in range(parts)]
    sim.release_sms("text")
    return charges


def refused(sim: Account, sms_id: str, parts: int = 1) -> str | None:
    block = sim.reserve_sms(sms_id, parts, TO, NOON)
    return block.message if block else None


def test_messages_draw_their_bucket_then_money() -> None:
    sim = account(
        plan(
            rates=(Rate(sms=Decimal("0.10")),),
            buckets=(Bucket(name="texts", sms=3),),
        ),
        max_sms_day=5,
        max_spend_day="0.20",
    )
    assert text(sim, 2) == [Charge(0, Decimal(0), "texts", "EUR")] * 2
    assert text(sim, 2) == [Charge(0, Decimal("0.10"), None, "EUR")] * 2
    assert sim.sms_block(NOON, TO) is None  # one is left in the bucket
    block = sim.sms_block(NOON, TO, parts=2)
    assert block is not None
    assert block.message == "4 of 5 SMS of the day are used."
    text(sim)
    assert used(sim)["bucket_texts_sms"] == 3
    assert used(sim)["max_spend_day"] == 0.2


def test_messages_that_wait_share_what_is_left() -> None:
    sim, other = account(max_sms_day=3), account(key="sim:2")
    carrier = account(key="carrier:a1", max_sms_day=4)
    for one in (sim, other):
        one.share(carrier)
    assert refused(sim, "1", 2) is None
    assert refused(sim, "2", 2) == "2 of 3 SMS of the day are used or kept for messages under way."
    assert refused(sim, "1", 3) is None  # instead of the two
    assert refused(other, "3") is None
    assert refused(other, "4") is not None
    assert used(sim)["max_sms_day"] == 0
    sim.count_sms("1", TO, NOON)
    sim.release_sms("1")  # its second part failed
    assert used(sim)["max_sms_day"] == used(carrier)["max_sms_day"] == 1
    assert refused(sim, "5", 2) is None
    assert refused(other, "6") is not None


def test_messages_that_wait_share_the_money_the_buckets_and_the_balance() -> None:
    rates = (Rate(sms=Decimal("0.10")),)
    spends = account(plan(rates=rates), max_spend_day="0.20")
    assert [refused(spends, name) is None for name in "abc"] == [True, True, False]
    assert (
        refused(spends, "c") == "0.20 of 0.20 for the day are spent or kept for calls and messages "
        "under way."
    )
    texts = account(plan(rates=rates, buckets=(Bucket(name="texts", sms=2),)), max_spend_day=0)
    assert [refused(texts, name) is None for name in "abc"] == [True, True, False]
    holds = account(plan(rates=rates), min_balance=1)
    holds.see_balance(Decimal("1.25"), NOON)
    assert [refused(holds, name) is None for name in "abc"] == [True, True, False]
    holds.release_sms("a")
    assert refused(holds, "c") is None


def test_a_message_that_waits_is_not_kept_over_a_restart() -> None:
    sim = account(max_sms_day=1)
    sim.reserve_sms("1", 1, TO, NOON)
    again = account(max_sms_day=1)
    again.load(sim.dump())
    assert again.sms_block(NOON, TO) is None
    again.count_sms("1", TO, NOON)  # on its way while the account was made anew
    assert used(again)["max_sms_day"] == 1


def test_a_message_that_waited_is_asked_for_anew_when_its_turn_comes() -> None:
    sim = account(max_sms_day=1)
    assert refused(sim, "1") is None
    sim.see_roaming(roaming=True)
    assert refused(sim, "1") is not None
    sim.see_roaming(roaming=False)
    assert refused(sim, "2") is None  # nothing stayed kept for the first


def test_messages_count_in_shared_accounts() -> None:
    carrier = account(key="carrier:a1", max_sms_day=1)
    sim = account()
    sim.share(carrier)
    text(sim)
    assert sim.sms_block(NOON, TO) is not None


# --- restarts, lost calls, clocks


def test_what_is_kept_survives_a_restart() -> None:
    sim = account(max_minutes_day=60, max_calls_day=9)
    call(sim, 600)
    sim.reserve("live", TO, 600, NOON + 600)
    state = json.loads(json.dumps(sim.dump()))
    again = account(max_minutes_day=60, max_calls_day=9)
    again.load(state)
    assert again.dump() == sim.dump()
    assert again.in_flight() == ("live",)
    assert again.offer(TO, NOON + 600) == sim.offer(TO, NOON + 600)
    assert again.settle("live", CallResult(Ending.ANSWERED, 60), NOON + 660).billed_s == 60


@pytest.mark.parametrize(
    ("after_s", "billed_s"),
    [(60, 602), (10, 602), (-DAY_S, 602), (DAY_S, 602)],
)
def test_a_lost_call_counts_with_all_that_it_can_have_taken(after_s: float, billed_s: int) -> None:
    sim = account(max_minutes_day=60)
    sim.reserve("lost", TO, 600, NOON)
    result = CallResult(Ending.CANCELLED, None)
    assert sim.settle("lost", result, NOON + after_s).billed_s == billed_s
    assert sim.in_flight() == ()


def test_a_lost_call_without_a_bound_counts_until_it_was_found() -> None:
    sim = account()
    sim.reserve("lost", TO, None, NOON)
    result = CallResult(Ending.CANCELLED, None)
    assert sim.settle("lost", result, NOON + 60).billed_s == 3660  # the clock may be late


def test_a_call_of_an_earlier_boot_is_kept_whatever_is_left() -> None:
    sim = account(max_minutes_day=0)
    assert sim.renew("1", TO, 120, NOON - 60, NOON) == Reservation(120)
    assert sim.settle("1", CallResult(Ending.ANSWERED, 100), NOON).billed_s == 100
    assert sim.settle("1", CallResult(Ending.ANSWERED, 100), NOON) == Charge()


def test_a_clock_that_jumps_and_comes_back_finds_its_counters() -> None:
    sim = account(max_minutes_day=60)
    call(sim, 1800)
    later = NOON + 400 * DAY_S
    assert used(sim, later)["max_minutes_day"] == 0
    call(sim, 600, later)
    assert used(sim, NOON + 3600)["max_minutes_day"] == 40  # with those of the day that was not
    assert used(sim, NOON + DAY_S)["max_minutes_day"] == 0
    assert used(sim, later)["max_minutes_day"] == 10


def test_another_zone_does_not_forget_the_day() -> None:
    sim = account(max_minutes_day=60)
    call(sim, 600)
    moved = Account("sim:1", Limits(max_minutes_day=Decimal(60)), None, ZoneInfo("Asia/Kathmandu"))
    moved.load(sim.dump())
    assert used(moved)["max_minutes_day"] == 10


@pytest.mark.parametrize(
    "state",
    [
        {"counts": {"day": {"entries": [{"start": "soon", "end": 1}]}}},
        {"counts": {"day": {"entries": [{"start": 0, "end": 1, "seconds": -5}]}}},
        {"counts": {"day": {"entries": [{"start": float("nan"), "end": 1}]}}},
        {"holds": {"1": {"at": 0, "seconds": 1, "billed_s": 1, "money": "NaN", "terms": {}}}},
        {"holds": {"1": {"at": 0, "seconds": 1, "terms": {"next_s": 0}}}},
        {"balance": "much"},
        {"health": []},
        {"counts": {str(n): {} for n in range(1000)}},
    ],
)
def test_nonsense_is_refused_with_a_sentence_and_changes_nothing(state: Any) -> None:
    sim = account(max_minutes_day=60)
    call(sim, 600)
    before = sim.dump()
    with pytest.raises(ValueError, match=r"^What sim:1 has used cannot be read: .*\.$"):
        sim.load(state)
    assert sim.dump() == before


def test_keys_of_a_later_version_are_passed_over() -> None:
    sim = account()
    sim.load({"later": 1, "health": {"later": 1}})
    assert sim.dump() == {}
