"""`trunkline vouchers`: bring vouchers in, see what became of them."""

from collections import defaultdict
from decimal import Decimal
from typing import Annotated, Any

import typer

from edge.cli.common import (
    Failed,
    FileArgument,
    JsonOption,
    gateway,
    in_sentences,
    print_json,
    read_file,
)
from edge.cli.tables import Row, print_table
from edge.cli.words import count, money
from edge.control_client import LONG_TIMEOUT_S

COLUMNS = ("voucher", "carrier", "amount", "state", "expires", "ends in")

app = typer.Typer(no_args_is_help=True, help="Vouchers for top-ups; their codes are never shown.")


@app.command("import")
@in_sentences
def import_file(
    file: FileArgument,
    carrier: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of lines that name none, such as at-a1.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Of lines that say none, such as 10.00.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Of lines that say none; else the carrier's.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in vouchers, one a line: code,amount,currency,carrier,expires. Codes are sealed."""
    answer = gateway().own(
        "vouchers_import",
        LONG_TIMEOUT_S,
        text=read_file(file),
        carrier=carrier,
        amount=amount,
        currency=currency,
    )
    added, left_out = answer["added"], answer["left_out"]
    if as_json:
        print_json(answer)
    else:
        for sentence in _totals(added) or ["no voucher added"]:
            typer.echo(sentence)
    for bad in left_out:
        typer.echo(f"line {bad['line']}: {bad['problem']}", err=True)
    if left_out:
        raise Failed(f"{count(len(left_out), 'line')} left out; mend and import them again.")


@app.command("list")
@in_sentences
def list_all(as_json: JsonOption = False) -> None:
    """Show all vouchers, and of those not yet used the last digits."""
    answer = gateway().own("vouchers", LONG_TIMEOUT_S)
    if as_json:
        print_json(answer)
    elif answer["vouchers"]:
        print_table("vouchers", COLUMNS, [_row(voucher) for voucher in answer["vouchers"]])
    else:
        typer.echo("There is no voucher: bring some in with `trunkline vouchers import FILE`.")
    if problem := answer["problem"]:
        raise Failed(problem)


def _totals(added: list[dict[str, Any]]) -> list[str]:
    """What was added, a sentence for each carrier and currency."""
    amounts: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for voucher in added:
        amounts[voucher["carrier"], voucher["currency"]].append(Decimal(voucher["amount"]))
    return [
        f"{carrier}: {count(len(each), 'voucher')} added, {money(str(sum(each)), currency)}"
        for (carrier, currency), each in sorted(amounts.items())
    ]


def _row(voucher: dict[str, Any]) -> Row:
    return (
        voucher["voucher"],
        voucher["carrier"],
        money(voucher["amount"], voucher["currency"]),
        voucher["state"],
        voucher["expires"] or "",
        voucher["ends_in"] or "",
    )
