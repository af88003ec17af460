"""Choosing: microseconds per decision, beside round robin over the same lines.

Each line has a SIM's account with a plan, limits and use of its own. As in a gateway, a call
changes one account between two decisions; working that one out anew is measured beside, because the
gateway does it when it shows the line. When an hour turns, the next decision does it for all.
"""

import time
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from bench.bed.report import Goal, Report, arguments, quantile
from config.limits import Bucket, Limits, Plan, Rate
from config.models import Dispatcher, Policy
from edge.candidates import Candidate, Limited, Wanted
from edge.destination import Destination, NumberKind
from edge.dispatcher import choose
from edge.limits.account import Account, CallResult, Ending

LINES = (8, 32, 128, 1024)
CARRIERS = ("a", "b", "c")
NOW = 1_795_435_200.0  # 2026-11-23 12:00 UTC
PLAN = Plan(
    name="office",
    currency="EUR",
    first_s=60,
    rates=(
        Rate(on_net=True, per_minute=Decimal("0.02")),
        Rate(prefixes=("+431",), per_minute=Decimal("0.05")),
        Rate(per_minute=Decimal("0.09")),
    ),
    buckets=(Bucket(name="all-net", minutes=Decimal(1000)),),
)
LIMITS = Limits(
    max_minutes_day=Decimal(500),
    max_calls_hour=40,
    max_calls_day=400,
    min_balance=Decimal(1),
    max_consecutive_failed=8,
)
GOAL_US = 100.0  # with 32 lines
CALL_EVERY_S = 30
LINEAR = 1.5  # a line of 1024 costs at most so many times one of 32
POLICIES = {"ours": Dispatcher().policies, "round robin": (Policy.ROUND_ROBIN,)}


def main() -> None:
    options = arguments("choose", decisions=1500)
    report = Report("choose")
    medians: dict[int, float] = {}
    for lines in LINES:
        for name, policies in POLICIES.items():
            choices, changes = _decide(lines, policies, max(300, options.decisions * 8 // lines))
            p50, p99 = (quantile(choices, share) / 1e3 for share in (0.5, 0.99))
            report.rows.append(
                {
                    "lines": lines,
                    "policies": name,
                    "p50_us": p50,
                    "p99_us": p99,
                    "us_a_line": p50 / lines,
                    "account_p50_us": quantile(changes, 0.5) / 1e3,
                    "n": len(choices),
                }
            )
            if name == "ours":
                medians[lines] = p50
    per_line = medians[1024] / 1024 / (medians[32] / 32)
    report.goals += [
        Goal("a decision with 32 lines, p50", GOAL_US, medians[32], "us"),
        Goal("a line of 1024 costs as one of 32", LINEAR, round(per_line, 2), "times"),
    ]
    report.show(as_json=options.json)


def _decide(lines: int, policies: Sequence[Policy], decisions: int) -> tuple[list[int], list[int]]:
    """Nanoseconds of each decision, and of each account that a call changed before it."""
    random = Random(1)  # noqa: S311 - the same lines and callees each time
    candidates = [_line(n, random) for n in range(lines)]
    callees = [_callee(n, random) for n in range(64)]
    choices, changes = [], []
    for n in range(decisions):
        now = NOW + CALL_EVERY_S * n
        [account] = _use(random.choice(candidates), callees[0], now)
        wanted = Wanted(callees[n % len(callees)], seen_from="line-1")
        begin = time.perf_counter_ns()
        account.blocks(now)
        shown = time.perf_counter_ns()
        choose(wanted, candidates, now, policies)
        choices.append(time.perf_counter_ns() - shown)
        changes.append(shown - begin)
    return choices, changes


def _line(n: int, random: Random) -> Candidate:
    """A line that may take any call, with some use of its own."""
    carrier = CARRIERS[n % len(CARRIERS)]
    account = Account(f"sim:{n}", LIMITS, PLAN, ZoneInfo("Europe/Vienna"), carrier)
    account.see_balance(Decimal(20), NOW)
    line = Candidate(f"line-{n}", accounts=(account,), carrier=carrier, last_used=n)
    for _ in range(random.randrange(5)):
        _use(line, _callee(n, random), NOW - 7200)
    return line


def _use(line: Candidate, to: Destination, now: float) -> tuple[Limited, ...]:
    """A short call goes over a line; gives the accounts that it changed."""
    for account in line.accounts:
        if isinstance(account, Account):
            account.reserve("c", to, 60, now)
            account.settle("c", CallResult(Ending.ANSWERED, 2.0), now)
    return line.accounts


def _callee(n: int, random: Random) -> Destination:
    digits = f"{random.randrange(10**7):07}"
    if n % 4 == 0:
        return Destination(f"+431{digits}", NumberKind.FIXED, "AT")
    return Destination(f"+43660{digits}", NumberKind.MOBILE, "AT", CARRIERS[n % len(CARRIERS)])


if __name__ == "__main__":
    main()
