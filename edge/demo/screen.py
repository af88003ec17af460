"""What a person sees of the demo while it runs, and at its end."""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from edge.cli.stories import balance, step
from edge.cli.tables import rich_table
from edge.cli.words import moment, money
from edge.demo.audit import Audit
from edge.demo.sentences import said, sentences
from edge.demo.summary import Summary
from mqtt.messages import Cdr, LineStatus, MoneyEvent
from mqtt.vocabulary import Direction, MoneyKind

REFRESH_S = 0.1
COLUMNS = ("line", "modem", "state", "until", "balance", "call", "with")
LAST_WORDS = 5  # about money, under the lines


async def live(audit: Audit, calls: int) -> None:
    """Keep a picture of lines, calls and money on the terminal, for ever."""
    with Live(auto_refresh=False, transient=True) as picture:
        while True:
            picture.update(_picture(audit, calls), refresh=True)
            await asyncio.sleep(REFRESH_S)


async def nothing(_audit: Audit, _calls: int) -> None:
    """Show nothing, for ever."""
    await asyncio.get_running_loop().create_future()


def print_told(event: Cdr | MoneyEvent) -> None:
    """Tell of a call that is over, or of what happened to money, in one line."""
    told = _call(event) if isinstance(event, Cdr) else _money(event)
    if told:
        typer.echo(told)


def print_summary(summary: Summary) -> None:
    """Say what came of the demo."""
    causes = ", ".join(f"{count} {cause}" for cause, count in summary.by_cause.items())
    typer.echo(
        f"{summary.calls} calls on {summary.lines} lines in {summary.seconds:.1f} s "
        f"({summary.broker}, world {summary.speed:g} times faster): {summary.cdrs} CDRs\n"
        f"how they ended: {causes}\n"
        f"also: {summary.incoming} calls and {summary.sms} SMS came in, "
        f"{summary.ussd} USSD replies\n"
        f"lost {summary.lost}, twice {summary.duplicates}, in disagreement {summary.mismatched}"
    )
    for sentence in (*sentences(summary.story), *said(summary.conversation)):
        typer.echo(sentence)


def on_terminal() -> bool:
    """Whether somebody looks who likes a moving picture."""
    return sys.stdout.isatty()


def _call(cdr: Cdr) -> str:
    way = "to" if cdr.direction is Direction.OUTGOING else "from"
    number = cdr.number or "a withheld number"
    paid = f", {money(cdr.cost, cdr.currency)}" if cdr.cost else ""
    return f"{cdr.line or '-'}  {way} {number}  {cdr.cause}, talked {cdr.talk_s:.1f} s{paid}"


def _money(event: MoneyEvent) -> str | None:
    """What is told of an entry; nothing of a charge, which its CDR tells."""
    match event.kind:
        case MoneyKind.BALANCE:
            return f"balance of {balance(event)}"
        case MoneyKind.CHARGE:
            return None
        case MoneyKind.VOUCHER_ADDED:
            return f"{event.voucher}: {money(event.amount, event.currency)} imported"
        case MoneyKind.VOUCHER_SPOILED | MoneyKind.TOPUP_UNLOCKED:
            return f"{event.voucher or event.line}: {event.kind}"
        case _:
            return step(event)


def _picture(audit: Audit, calls: int) -> Group:
    outgoing = Counter(str(cdr.cause) for cdr in audit.of(Direction.OUTGOING))
    causes = ", ".join(f"{count} {cause}" for cause, count in outgoing.most_common())
    lines = sorted(audit.lines.values(), key=lambda line: line.line)
    return Group(
        rich_table("Trunkline demo", COLUMNS, [_row(audit, line) for line in lines]),
        Text(f"{outgoing.total()} of {calls} calls are over: {causes or 'none yet'}"),
        *map(Text, list(_last_words(audit))[-LAST_WORDS:]),
    )


def _last_words(audit: Audit) -> Iterator[str]:
    return filter(None, map(_money, audit.money.entries.values()))


def _row(audit: Audit, line: LineStatus) -> tuple[str, ...]:
    events = audit.states.get(line.call_id or "")
    call = (events[-1].state, events[-1].number) if events else ("", "")
    known = (moment(line.until), money(line.balance, line.currency))
    return (line.line, line.modem or "", line.state, *known, *call)
