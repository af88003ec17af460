from dataclasses import dataclass, replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Policy
from edge.block import Block
from edge.candidates import Candidate, Live, Switch, Wanted
from edge.destination import Destination, NumberKind
from edge.dispatcher import Chosen, Refusal, Wait, choose, explain
from edge.limits.account import Offer
from mqtt.vocabulary import Purpose, Reason

NOW = 1_795_435_200.0  # 2026-11-23 12:00 UTC
CALLEE = Destination("+436601234567", NumberKind.MOBILE, "AT", "drei")
WANTED = Wanted(CALLEE)
FOR_LIFE = Wanted(Destination("112", NumberKind.EMERGENCY))
ALL = list(Policy)
DAY_S = 86_400
FREE = Offer(seconds=inf, price=0.0, free_s=3600.0, bucket_ends=NOW + 1000, full_price=0.2)
KEPT = replace(FREE, bucket_ends=NOW + 2 * DAY_S, free_s=1800.0)  # for two days
PAID = Offer(seconds=inf, price=0.1, free_s=0.0, bucket_ends=inf, full_price=0.1)
SHORT = replace(PAID, seconds=98.0)
OFF = Block(Reason.LINE_NOT_READY, "The owner disabled it.")
STARTS = Block(Reason.LINE_NOT_READY, "The modem starts.", NOW + 10)
RESTS = Block(Reason.RESTING, "Its calls failed.", NOW + 600)


@dataclass
class Account:
    """An account of make-believe."""

    an_offer: Offer = PAID
    its_blocks: tuple[Block, ...] = ()

    def blocks(self, _: float) -> tuple[Block, ...]:
        return self.its_blocks

    def offer(self, _: Destination, __: float) -> Offer:
        return self.an_offer


def line(name: str, offer: Offer = PAID, *blocks: Block, **more: object) -> Candidate:
    return Candidate(name, accounts=(Account(offer, blocks),), **more)  # type: ignore[arg-type]


blocks = st.sampled_from([None, None, None, OFF, STARTS, RESTS])
offers = st.builds(
    Offer,
    seconds=st.sampled_from([60.0, inf]),
    price=st.sampled_from([0.0, 0.1, 0.2]),
    free_s=st.sampled_from([0.0, 100.0, 9e5]),
    bucket_ends=st.sampled_from([NOW + 1, NOW + 9e5]),
    full_price=st.sampled_from([0.1, 0.2]),
    block=blocks,
)
accounts = st.builds(Account, offers, st.lists(blocks.filter(bool), max_size=1).map(tuple))
purposes = st.none() | st.sampled_from(Purpose)
candidates = st.lists(
    st.builds(
        Candidate,
        st.sampled_from("abcdef"),
        block=blocks,
        live=st.none() | st.builds(Live, purposes, st.booleans(), st.none() | st.just(NOW + 60)),
        emergency_ok=st.booleans(),
        accounts=st.lists(accounts, max_size=3).map(tuple),
        carrier=st.sampled_from([None, "drei", "a1"]),
        calls=st.integers(0, 2),
        talk_s=st.sampled_from([0.0, 60.0, 120.0]),
        last_used=st.sampled_from([0.0, 1.0, 2.0]),
        answer_rate=st.sampled_from([None, 0.0, 0.5, 1.0]),
        switch=st.none() | st.builds(Switch, st.just(20.0), st.sampled_from([0.1, 0.9]), blocks),
    ),
    unique_by=lambda candidate: candidate.line,
)
policies = st.lists(st.sampled_from(ALL), unique=True)
wishes = st.builds(
    Wanted,
    st.sampled_from([CALLEE, FOR_LIFE.to]),
    st.sampled_from([None, None, "a"]),
    st.sampled_from(Purpose),
    st.sampled_from([None, 5.0, 600.0]),
    st.sampled_from([None, "b"]),
)


@given(wishes, candidates, policies)
def test_what_is_chosen_is_what_is_explained(
    wanted: Wanted, lines: list[Candidate], order: list[Policy]
) -> None:
    rows = explain(wanted, lines, NOW, order)
    ranked = [row for row in rows if row.rank is not None]
    assert [row.rank for row in ranked] == list(range(1, len(ranked) + 1))
    assert all((row.rank is None) == (row.block is not None) for row in rows)
    match choose(wanted, lines, NOW, order):
        case Chosen(name):
            assert ranked[0].line == name
        case Wait(until, block):
            assert not ranked
            assert block in [row.block for row in rows]
            assert until == block.until
        case Refusal(reason, message):
            assert not ranked
            assert reason in {row.block.reason for row in rows if row.block} or not rows
            assert message.endswith(".")


@given(wishes.filter(lambda wanted: not wanted.is_emergency), candidates, policies)
def test_a_guard_is_never_passed(
    wanted: Wanted, lines: list[Candidate], order: list[Policy]
) -> None:
    found = choose(wanted, lines, NOW, order)
    by_name = {each.line: each for each in lines}
    if isinstance(found, Chosen):
        taken = by_name[found.line]
        assert wanted.line in {None, taken.line}
        assert taken.block is None
        assert taken.live is None
        assert not found.preempts
        assert not any(account.blocks(NOW) for account in taken.accounts)
        assert not any(account.offer(wanted.to, NOW).block for account in taken.accounts[:1])
        assert taken.switch is None or taken.switch.block is None


@given(candidates, policies)
def test_an_emergency_takes_any_line_that_can_dial(
    lines: list[Candidate], order: list[Policy]
) -> None:
    able = [each for each in lines if not each.switch and (not each.block or each.emergency_ok)]
    free = {each.line for each in able if not each.live}
    busy = {each.line for each in able if each.live and not each.live.emergency}
    match choose(FOR_LIFE, lines, NOW, order):
        case Chosen(name, preempts) if free:
            assert name in free
            assert not preempts
        case Chosen(name, preempts) if busy:
            assert name in busy
            assert preempts
        case found:
            assert not free | busy
            assert found != Chosen("", preempts=True)


# --- policies


@pytest.mark.parametrize(
    ("policy", "better", "worse"),
    [
        (Policy.STICKY, line("seen"), line("b")),
        (Policy.ON_NET, line("a", carrier="drei"), line("b", carrier="a1")),
        (Policy.ON_NET, line("a", carrier="drei"), line("b", carrier="drei", favours_own=False)),
        (Policy.BUNDLE, line("a", KEPT), line("b", KEPT, talk_s=60.0)),
        (Policy.BUNDLE, line("a", FREE), line("b", replace(FREE, bucket_ends=NOW + DAY_S + 1))),
        (Policy.BUNDLE, line("a", FREE), line("b", replace(FREE, free_s=179.0))),
        (Policy.BUNDLE, line("a", replace(FREE, free_s=180.0)), line("b", PAID)),
        (Policy.CHEAPEST, line("a", FREE), line("b", PAID)),
        (Policy.CHEAPEST, line("a", PAID), line("b", KEPT, talk_s=1201.0)),
        (Policy.CHEAPEST, line("a", KEPT, talk_s=1199.0), line("b", PAID)),
        (Policy.CHEAPEST, line("a", KEPT, talk_s=9e3), line("b", replace(PAID, full_price=0.2))),
        (Policy.LEAST_USED, line("a", replace(PAID, seconds=99.0)), line("b", SHORT)),
        (Policy.LEAST_USED, line("a", PAID, talk_s=9e4), line("b", SHORT)),
        (Policy.LEAST_USED, line("a", talk_s=50.0), line("b", talk_s=110.0)),
        (Policy.LEAST_USED, line("a", talk_s=50.0), line("b", calls=1)),
        (Policy.HEALTHIEST, line("a", answer_rate=0.6), line("b", answer_rate=0.3)),
        (Policy.HEALTHIEST, line("a"), line("b", answer_rate=0.7)),
        (Policy.ROUND_ROBIN, line("a", last_used=1.0), line("b", last_used=2.0)),
    ],
)
def test_each_policy_knows_the_better_line(
    policy: Policy, better: Candidate, worse: Candidate
) -> None:
    wanted = replace(WANTED, seen_from="seen")
    for lines in ([better, worse], [worse, better]):
        assert choose(wanted, lines, NOW, [policy]) == Chosen(better.line)


def test_small_differences_of_health_do_not_rank() -> None:
    lines = [line("a", answer_rate=0.41), line("b", answer_rate=0.59)]
    assert choose(WANTED, lines, NOW, [Policy.HEALTHIEST]) == Chosen("a")


def test_the_next_policy_decides_among_equals() -> None:
    lines = [
        line("a", talk_s=1.0, last_used=5.0),
        line("b", talk_s=1.0, last_used=2.0),
        line("c", talk_s=2.0),
    ]
    both = [Policy.LEAST_USED, Policy.ROUND_ROBIN]
    assert choose(WANTED, lines, NOW, both) == Chosen("b")
    assert choose(WANTED, lines, NOW, both[::-1]) == Chosen("c")
    assert choose(WANTED, lines, NOW, []) == Chosen("a")


def test_of_nobody_s_carrier_no_line_is() -> None:
    wanted = Wanted(Destination("+43720123456", NumberKind.OTHER))
    lines = [line("a", carrier="a1"), line("b", carrier=None)]
    assert choose(wanted, lines, NOW, [Policy.ON_NET]) == Chosen("a")


# --- nobody can


@pytest.mark.parametrize(
    ("wanted", "lines", "reason"),
    [
        (WANTED, [], Reason.NO_LINE),
        (replace(WANTED, line="x"), [line("a")], Reason.UNKNOWN_LINE),
        (WANTED, [line("a", block=OFF)], Reason.LINE_NOT_READY),
        (WANTED, [line("a", PAID, Block(Reason.NO_CREDIT, "No credit."))], Reason.NO_CREDIT),
        (WANTED, [line("a", Offer(0, 0, 0, inf, OFF))], Reason.LINE_NOT_READY),
        (WANTED, [line("a", PAID, RESTS, block=OFF)], Reason.LINE_NOT_READY),
        (FOR_LIFE, [line("a", block=OFF)], Reason.LINE_NOT_READY),
    ],
)
def test_what_waiting_does_not_mend_is_refused(
    wanted: Wanted, lines: list[Candidate], reason: Reason
) -> None:
    found = choose(wanted, lines, NOW, ALL)
    assert isinstance(found, Refusal)
    assert found.reason is reason


def test_a_refusal_names_the_line_where_there_are_several() -> None:
    found = choose(WANTED, [line("a", block=OFF), line("b", block=OFF)], NOW, ALL)
    message = "None of 2 lines may take it; a: The owner disabled it."
    assert found == Refusal(Reason.LINE_NOT_READY, message)


@pytest.mark.parametrize(
    ("lines", "until"),
    [
        ([line("a", PAID, RESTS), line("b", block=STARTS)], NOW + 10),
        ([line("a", PAID, RESTS, block=STARTS)], NOW + 600),
        ([line("a", PAID, RESTS), line("b", live=Live())], None),
        ([line("a", PAID, RESTS), line("b", live=Live(free_at=NOW + 30))], NOW + 30),
        ([line("a", PAID, RESTS, live=Live())], NOW + 600),
        ([line("a", block=OFF), line("b", PAID, RESTS)], NOW + 600),
        ([line("a", Offer(0, 0, 0, inf, RESTS))], NOW + 600),
    ],
)
def test_a_wait_tells_when_the_first_line_may_be_free(
    lines: list[Candidate], until: float | None
) -> None:
    found = choose(WANTED, lines, NOW, ALL)
    assert isinstance(found, Wait)
    assert found.until == until


# --- emergencies


def test_an_emergency_passes_limits_and_takes_the_free_line_before_a_busy_one() -> None:
    spent = Block(Reason.LIMIT_REACHED, "60 of 60 minutes.", NOW + 9)
    roams = Block(Reason.ROAMING, "It roams.")
    lines = [
        line("busy", live=Live(Purpose.BROADCAST)),
        line("roams", block=roams, emergency_ok=True),
        line("spent", replace(PAID, seconds=0.0), spent),
    ]
    assert choose(FOR_LIFE, lines, NOW, ALL) == Chosen("spent")
    assert choose(FOR_LIFE, lines[:2], NOW, ALL) == Chosen("roams")
    assert choose(FOR_LIFE, lines[:1], NOW, ALL) == Chosen("busy", preempts=True)


def test_an_emergency_ends_the_call_that_matters_least_and_never_another() -> None:
    lines = [
        line("first", live=Live(Purpose.MANUAL, emergency=True)),
        line("person", live=Live(Purpose.MANUAL)),
        line("incoming", live=Live(None)),
        line("campaign", live=Live(Purpose.CAMPAIGN)),
        line("broadcast", live=Live(Purpose.BROADCAST)),
    ]
    order = []
    while isinstance(found := choose(FOR_LIFE, lines, NOW, ALL), Chosen):
        assert found.preempts
        order.append(found.line)
        lines = [each for each in lines if each.line != found.line]
    assert order == ["broadcast", "campaign", "person", "incoming"]
    assert found == Wait(None, Block(Reason.LINE_BUSY, "A call is on the line."))


def test_an_emergency_takes_no_heed_of_the_line_that_was_asked_for() -> None:
    lines = [line("a", block=OFF), line("b")]
    assert choose(replace(FOR_LIFE, line="a"), lines, NOW, ALL) == Chosen("b")


def test_for_a_campaign_an_emergency_number_is_no_reason_to_end_calls() -> None:
    wanted = replace(FOR_LIFE, purpose=Purpose.CAMPAIGN)
    assert isinstance(choose(wanted, [line("a", live=Live())], NOW, ALL), Wait)


# --- SIMs in resting slots

SWITCH = Switch(seconds=20.0, cost=0.10)


def test_a_resting_sim_is_taken_only_where_nothing_else_is() -> None:
    rests, active = line("rests", switch=SWITCH), line("active")
    assert choose(WANTED, [rests, active], NOW, ALL) == Chosen("active")
    active.live = Live()
    assert choose(WANTED, [rests, active], NOW, ALL) == Chosen("rests", switch=True)
    rests.switch = replace(SWITCH, block=Block(Reason.LINE_BUSY, "USSD runs.", NOW + 9))
    assert isinstance(choose(WANTED, [rests, active], NOW, ALL), Wait)


def test_or_where_the_call_is_cheaper_by_more_than_the_switch_costs() -> None:
    rests, active = line("rests", FREE, switch=SWITCH), line("active", PAID)
    assert choose(WANTED, [rests, active], NOW, ALL) == Chosen("rests", switch=True)
    assert choose(replace(WANTED, seconds=60.0), [rests, active], NOW, ALL) == Chosen("active")


def test_an_emergency_does_not_wait_for_a_switch() -> None:
    lines = [line("rests", switch=SWITCH), line("busy", live=Live(Purpose.MANUAL))]
    assert choose(FOR_LIFE, lines, NOW, ALL) == Chosen("busy", preempts=True)
    assert choose(FOR_LIFE, lines[:1], NOW, ALL) == Chosen("rests", switch=True)
