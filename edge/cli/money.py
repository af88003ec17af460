"""Commands about the money of lines: balance, topup."""

from collections.abc import Iterator
from typing import Annotated

import typer

from edge.cli.common import Failed, JsonOption, ask, gateway, print_json, safe
from edge.cli.stories import balance as balance_story
from edge.cli.stories import step
from edge.cli.tables import Row, print_table
from edge.cli.words import days, left, moment, money
from edge.control_client import ControlClient, Published
from mqtt.messages import LineStatus, MoneyEvent, Reply
from mqtt.vocabulary import MoneyKind, Result, TopUpAction, Verb

BALANCE_COLUMNS = ("line", "balance", "told", "expires", "left", "days")
WAIT_S = 300  # a line may first have to end its call
_STEPS = frozenset(
    {
        MoneyKind.TOPUP_ASKED,
        MoneyKind.TOPUP_RESERVED,
        MoneyKind.TOPUP_SENT,
        MoneyKind.TOPUP_CONFIRMED,
        MoneyKind.TOPUP_REJECTED,
        MoneyKind.TOPUP_UNKNOWN,
    }
)
_ENDS = frozenset({MoneyKind.TOPUP_ASKED, MoneyKind.TOPUP_CONFIRMED, MoneyKind.TOPUP_REJECTED})

WaitOption = Annotated[
    int, typer.Option("--wait", min=1, max=3600, metavar="SECONDS", help="How long to wait.")
]


def balance(
    line: Annotated[
        str | None, typer.Argument(metavar="[LINE]", help="The line; else all.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--ask/--known", help="Ask the carrier, or show what is known.")
    ] = False,
    wait: WaitOption = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Show what is known of balances; with --ask, ask the carriers and wait for their words."""
    client = gateway()
    lines = [one for one in client.snapshot().lines if line in {None, one.line}]
    if line and not lines:
        raise Failed(f"There is no line {line}; see `trunkline lines`.")
    if anew:
        _ask_carriers(client, lines, wait, as_json=as_json)
    elif as_json:
        print_json({"lines": [_facts(one) for one in lines]})
    elif lines:
        print_table("balances", BALANCE_COLUMNS, [_row(one) for one in lines])
    else:
        typer.echo("There is no line yet: plug a modem in, or see `trunkline detect`.")


def topup(
    line: Annotated[
        str | None, typer.Argument(metavar="[LINE]", help="The line to top up or to unlock.")
    ] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="ID", help="This top-up arrived, or may begin.")
    ] = None,
    reject: Annotated[
        str | None, typer.Option(metavar="ID", help="This top-up did not arrive, or must not.")
    ] = None,
    unlock: Annotated[
        bool, typer.Option("--unlock", help="Use vouchers again after refused ones.")
    ] = False,
    wait: WaitOption = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Top a line up as its rule says and tell each step; or decide about a top-up."""
    if sum(map(bool, (confirm, reject, unlock))) > 1:
        raise typer.BadParameter("give only one of --confirm, --reject and --unlock")
    if not (line or confirm or reject):
        raise typer.BadParameter("name a LINE, or a top-up with --confirm or --reject")
    action = _action(confirm, reject, unlock=unlock)
    client = gateway()
    with client.watching_for(wait) as told:
        reply = ask(
            client,
            Verb.TOPUP,
            as_json=as_json,
            action=action,
            line=line,
            topup_id=confirm or reject,
        )
        if as_json:
            print_json({"reply": reply.as_dict()})
        if unlock:
            _tell_unlocked(line, as_json=as_json)
        else:
            end = _follow(told, reply, as_json=as_json)
            _judge(end, reply, action, wait)


def _action(confirm: str | None, reject: str | None, *, unlock: bool) -> TopUpAction:
    if confirm:
        return TopUpAction.CONFIRM
    if reject:
        return TopUpAction.REJECT
    return TopUpAction.UNLOCK if unlock else TopUpAction.START


def _follow(told: Iterator[Published], reply: Reply, *, as_json: bool) -> MoneyKind | None:
    """Tell each step of a top-up; gives the one that ends it, None when time is over."""
    for event in _money(told):
        if event.topup_id == reply.topup_id and event.kind in _STEPS:
            _tell(event, step(event), as_json=as_json)
            if event.kind in _ENDS:
                return event.kind
    return None


def _judge(end: MoneyKind | None, reply: Reply, action: TopUpAction, wait: int) -> None:
    """Raise Failed unless it ended as it should."""
    if end is None:
        raise Failed(
            f"{reply.topup_id} is not over after {wait} s and goes on; see `trunkline ledger`."
        )
    if end is MoneyKind.TOPUP_REJECTED and action is not TopUpAction.REJECT:
        raise Failed(f"{reply.topup_id} failed; the line got no money.")


def _ask_carriers(
    client: ControlClient, lines: list[LineStatus], wait: int, *, as_json: bool
) -> None:
    """Ask for each line, tell each answer; raises Failed unless all of them told an amount."""
    with client.watching_for(wait) as told:
        refused = {one.line: _refusal(client, one.line) for one in lines}
        waiting = {line for line, why in refused.items() if why is None}
        unknown = {line for line, why in refused.items() if why}
        for line in sorted(unknown):
            typer.echo(f"{line}: {refused[line]}", err=True)
        answers = _money(told)
        while waiting and (event := next(answers, None)):
            if event.kind is MoneyKind.BALANCE and event.line in waiting:
                waiting.discard(event.line)
                _tell(event, balance_story(event), as_json=as_json)
                if event.amount is None:
                    unknown.add(event.line)
    for line in sorted(waiting):
        typer.echo(f"{line}: no answer after {wait} s; it is still waited for", err=True)
    if waiting or unknown:
        raise Failed("")


def _refusal(client: ControlClient, line: str) -> str | None:
    reply = client.command(Verb.BALANCE, line=line)
    return reply.message if reply.result is Result.REFUSED else None


def _money(told: Iterator[Published]) -> Iterator[MoneyEvent]:
    for published in told:
        if isinstance(event := published.event(), MoneyEvent):
            yield event


def _tell(event: MoneyEvent, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"event": event.as_dict()})
    else:
        typer.echo(f"{event.ts.astimezone():%H:%M:%S}  {safe(sentence)}")


def _tell_unlocked(line: str | None, *, as_json: bool) -> None:
    if not as_json:
        typer.echo(f"{line} may try vouchers again")


def _row(line: LineStatus) -> Row:
    return (
        line.line,
        money(line.balance, line.currency),
        moment(line.balance_at),
        line.balance_expires or "",
        ", ".join(left(bucket) for bucket in line.buckets or ()),
        days(line.days_left),
    )


def _facts(line: LineStatus) -> dict[str, object]:
    """Of a line, what is about its money."""
    named = {"line", "sim", "carrier", "balance", "currency", "balance_at", "balance_expires"}
    return {
        name: value
        for name, value in line.as_dict().items()
        if name in named | {"buckets", "days_left"}
    }
