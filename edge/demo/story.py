"""The demo's story of lines and money, and whether all who keep books agree about it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from edge.demo.audit import Audit
from edge.demo.cast import LIMITED, PREPAID, Cast
from edge.demo.dialing import Attempt
from edge.demo.money_heard import MoneyHeard
from edge.demo.owner import Checked
from mqtt.messages import LineStatus, MoneyEvent
from mqtt.vocabulary import MoneyKind

_STEPS = {MoneyKind.TOPUP_CONFIRMED, MoneyKind.TOPUP_REJECTED, MoneyKind.TOPUP_UNKNOWN}


@dataclass(frozen=True, slots=True)
class Books:
    """At the end: what the ledger's check found, its entries of top-ups, the carriers' own books.

    Those are as edge.demo.world prints them.
    """

    ledger: Checked
    topups: Sequence[MoneyEvent]
    carriers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Path:
    """How a balance went; amounts as in the contract."""

    first: str
    lowest: str
    last: str
    currency: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """`takeover`: a line that refused a call, and the one that took it; `balances` by line.

    `disagreements` and `left_out` are sentences without their full stop.
    """

    exhausted: Sequence[LineStatus]
    takeover: tuple[str, str] | None
    balances: dict[str, Path]
    books: Books
    disagreements: Sequence[str]
    left_out: Sequence[str]

    @property
    def adds_up(self) -> bool:
        """Whether the ledger adds up, and is at one with the carrier and with what was told."""
        return not (self.books.ledger.problems or self.disagreements)

    def facts(self) -> dict[str, Any]:
        """The story for --json."""
        ends = Counter(step.kind for step in self.books.topups if step.kind in _STEPS)
        return {
            "exhausted_lines": len(self.exhausted),
            "took_over": self.takeover[1] if self.takeover else None,
            "balances": {line: asdict(path) for line, path in self.balances.items()},
            "topups": {kind.removeprefix("topup_"): n for kind, n in ends.items()},
            "vouchers_used": self.books.carriers["vouchers"]["tried"],
            "ledger_entries": self.books.ledger.entries,
            "ledger_problems": len(self.books.ledger.problems),
            "disagreements": list(self.disagreements),
            "left_out": list(self.left_out),
        }


def tell_story(cast: Cast, audit: Audit, attempts: Sequence[Attempt], books: Books) -> Story:
    """Put together what was heard, and hold it against the books."""
    paths = ((line, _path(audit.money.balances(line))) for line in cast.prepaid)
    balances = {line: path for line, path in paths if path}
    takeover = next(_takeovers(attempts), None)
    return Story(
        exhausted=tuple(audit.exhausted.values()),
        takeover=takeover,
        balances=balances,
        books=books,
        disagreements=(
            *_untold(audit.money, books.ledger),
            *_voucher_tries(books),
            *_balances_apart(cast, balances, books),
        ),
        left_out=(*cast.left_out, *_missing(cast, takeover, books)),
    )


def _path(told: Sequence[MoneyEvent]) -> Path | None:
    amounts = [event.amount for event in told if event.amount is not None]
    if not amounts:
        return None
    return Path(amounts[0], min(amounts, key=Decimal), amounts[-1], told[-1].currency)


def _takeovers(attempts: Sequence[Attempt]) -> Iterator[tuple[str, str]]:
    for attempt in attempts:
        if attempt.refused and attempt.line and attempt.cdr and attempt.cdr.line:
            yield attempt.line, attempt.cdr.line


def _untold(heard: MoneyHeard, ledger: Checked) -> Iterator[str]:
    untold = set(range(1, ledger.entries + 1)) - heard.entries.keys()
    if untold:
        yield f"{len(untold)} entries of the ledger were not told over MQTT"


def _voucher_tries(books: Books) -> Iterator[str]:
    """Each voucher must have reached the carrier once, for one top-up."""
    tries, tried = (books.carriers["vouchers"][key] for key in ("tries", "tried"))
    confirmed = sum(step.kind is MoneyKind.TOPUP_CONFIRMED for step in books.topups)
    if not tries == tried == confirmed:
        yield (
            f"the carrier saw {tried} vouchers {tries} times, "
            f"the ledger has {confirmed} top-ups confirmed"
        )


def _balances_apart(cast: Cast, balances: Mapping[str, Path], books: Books) -> Iterator[str]:
    """The last balance must be the carrier's own, and each cent of its way be explained."""
    for line, path in balances.items():
        found = books.carriers["accounts"][cast.sims[line]]["balance"]
        if Decimal(path.last) != Decimal(found):
            yield f"{line} was told to have {path.last}, at the carrier it has {found}"
        unexplained = books.ledger.unexplained.get(cast.sims[line])
        if cast.bills_alike and unexplained and Decimal(unexplained):
            yield f"{unexplained} EUR on {line} are neither charges nor top-ups"


def _missing(cast: Cast, takeover: object, books: Books) -> Iterator[str]:
    """What should have been shown and did not come about."""
    if PREPAID in cast.named and not books.topups:
        yield "no top-up: the balance did not fall far enough"
    if LIMITED in cast.named and takeover is None:
        yield "no line took over: none was free in time"
