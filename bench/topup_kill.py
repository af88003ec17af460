"""Top-ups under SIGKILL: carriers that charge each voucher once, a gateway that dies all the time.

What the carriers know is held against what the gateway wrote down, voucher by voucher. Beside it
stand the two ways in which a script tops up, killed as often, in virtual time.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.bed.parts import DISK
from bench.bed.report import Goal, Report, Row, arguments
from bench.topup_kill_parts.books import Finding, compare
from bench.topup_kill_parts.hits import hits
from bench.topup_kill_parts.naive import Rival, play
from bench.topup_kill_parts.run import Outcome, Wanted, run
from bench.topup_kill_parts.scenario import AMOUNT, SPEED
from edge.money.saga import State
from edge.money.vouchers import VoucherState

OURS = "trunkline"
RIVALS = {"a script: sends, then notes": False, "a script: notes, then sends": True}


async def main() -> None:
    options = arguments("topup-kill", topups=500, kills=300, lines=16, seed=1)
    wanted = Wanted(options.topups, options.kills, options.lines, options.seed)
    with tempfile.TemporaryDirectory(dir=DISK, prefix="trunkline-bench-") as folder:
        ours = await run(wanted, Path(folder))
    report = Report("topup-kill", [_ours(ours), *_hits(ours)], list(_goals(wanted, ours)))
    for name, notes_first in RIVALS.items():
        rival = play(
            notes_first=notes_first,
            topups=wanted.topups,
            lines=wanted.lines,
            life_s=ours.seconds * SPEED / len(ours.killer.kills),
        )
        report.rows.append(_rival(name, rival))
    report.show(as_json=options.json)


def _ours(ours: Outcome) -> Row:
    confirmed, came = ours.books.sums(ours.truth)
    return {
        "who": OURS,
        "top-ups": len(ours.books.topups()),
        "kills": len(ours.killer.kills),
        **_ends(Counter(topup.state for topup in ours.books.topups())),
        **_codes(compare(ours.books.states, ours.truth)),
        "money_off": float(confirmed - came),
        "unexplained": ours.unexplained,
    }


def _hits(ours: Outcome) -> Iterator[Row]:
    """Where the kills hit, and what became of the top-ups there."""
    for step, found in hits(ours.books, ours.truth, ours.killer.kills).items():
        yield {"who": f"  hit {step}", "top-ups": found.topups, **_ends(found.ends)}
    yield {"who": "  in a start", "kills": ours.killer.starting}
    yield {"who": "  in an import of vouchers", "kills": ours.killer.importing}


def _rival(name: str, rival: Rival) -> Row:
    states = Counter(rival.states.values())
    told = states[VoucherState.USED] * AMOUNT
    return {
        "who": name,
        "top-ups": rival.begun,
        "kills": rival.kills,
        "confirmed": states[VoucherState.USED],
        "rejected": states[VoucherState.SPOILED],
        **_codes(compare(rival.states, rival.truth)),
        "money_off": float(told - rival.truth.credited()),
    }


def _ends(states: Mapping[State, int]) -> Row:
    ends = (State.CONFIRMED, State.REJECTED, State.UNKNOWN)
    return {str(state): states.get(state, 0) for state in ends}


def _codes(found: Finding) -> Row:
    return {
        "sent_twice": len(found.twice),
        "lost": len(found.lost),
        "books_wrong": len(found.wrong),
        "given_up": len(found.given_up),
    }


def _goals(wanted: Wanted, ours: Outcome) -> Iterator[Goal]:
    found = compare(ours.books.states, ours.truth)
    confirmed, came = ours.books.sums(ours.truth)
    yield Goal("top-ups begun", wanted.topups, len(ours.books.topups()), "top-ups", at_least=True)
    yield Goal("kills", wanted.kills, len(ours.killer.kills), "kills", at_least=True)
    yield Goal("codes that reached a carrier twice", 0, len(found.twice), "codes")
    yield Goal("vouchers lost", 0, len(found.lost), "vouchers")
    yield Goal("vouchers of which the books tell what is not", 0, len(found.wrong), "vouchers")
    yield Goal("money confirmed less money that came", 0, float(abs(confirmed - came)), "of money")
    yield Goal("problems that ledger check finds", 0, len(ours.check["problems"]), "problems")
    yield Goal("top-ups and entries without an explanation", 0, ours.unexplained, "stories")


if __name__ == "__main__":
    asyncio.run(main())
