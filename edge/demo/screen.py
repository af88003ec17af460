"""What a person sees of the demo while it runs, and at its end."""

import asyncio
import sys
from collections import Counter

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from edge.cli.tables import rich_table
from edge.demo.audit import Audit
from edge.demo.play import Summary
from mqtt.messages import Cdr, LineStatus
from mqtt.vocabulary import Direction

REFRESH_S = 0.1
COLUMNS = ("line", "modem", "state", "signal", "call", "with")


async def live(audit: Audit, calls: int) -> None:
    """Keep a picture of lines and calls on the terminal, for ever."""
    with Live(auto_refresh=False, transient=True) as picture:
        while True:
            picture.update(_picture(audit, calls), refresh=True)
            await asyncio.sleep(REFRESH_S)


async def nothing(_audit: Audit, _calls: int) -> None:
    """Show nothing, for ever."""
    await asyncio.get_running_loop().create_future()


def print_cdr(cdr: Cdr) -> None:
    """Tell of a call that is over, in one line."""
    way = "to" if cdr.direction is Direction.OUTGOING else "from"
    number = cdr.number or "a withheld number"
    typer.echo(f"{cdr.line or '-'}  {way} {number}  {cdr.cause}, talked {cdr.talk_s:.1f} s")


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


def on_terminal() -> bool:
    """Whether somebody looks who likes a moving picture."""
    return sys.stdout.isatty()


def _picture(audit: Audit, calls: int) -> Group:
    outgoing = Counter(str(cdr.cause) for cdr in audit.of(Direction.OUTGOING))
    causes = ", ".join(f"{count} {cause}" for cause, count in outgoing.most_common())
    lines = sorted(audit.lines.values(), key=lambda line: line.line)
    return Group(
        rich_table("Trunkline demo", COLUMNS, [_row(audit, line) for line in lines]),
        Text(f"{outgoing.total()} of {calls} calls are over: {causes or 'none yet'}"),
    )


def _row(audit: Audit, line: LineStatus) -> tuple[str, ...]:
    signal = "" if line.signal_dbm is None else f"{line.signal_dbm} dBm"
    events = audit.states.get(line.call_id or "")
    call = (events[-1].state, events[-1].number) if events else ("", "")
    return (line.line, line.modem or "", line.state, signal, *call)
