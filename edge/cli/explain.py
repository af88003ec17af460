"""Commands that need neither gateway nor configuration: explain, version."""

import platform
import sys
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.common import JsonOption, print_json, safe

if TYPE_CHECKING:
    from decimal import Decimal

    from modem.balance import Balance


def explain(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="[LINE]...", help="Lines; else stdin's.")
    ] = None,
    balance: Annotated[
        bool, typer.Option("--balance", help="Read one text of a carrier about its balance.")
    ] = False,
    carrier: Annotated[
        str | None, typer.Option("--carrier", metavar="NAME", help="Whose text, with --balance.")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", metavar="CC", help="From where, such as AT.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say in words what AT lines and SMS PDUs mean, or what a carrier says of a balance."""
    if balance:
        _explain_balance(" ".join(texts or ()) or sys.stdin.read(), carrier, country, as_json)
        return
    from modem.explain import explain as meaning_of

    for text in texts or sys.stdin:
        line = text.rstrip("\r\n")
        if as_json:
            print_json({"line": line, "meaning": meaning_of(line)})
        else:
            typer.echo(safe(meaning_of(line)))


def _explain_balance(text: str, carrier: str | None, country: str | None, as_json: bool) -> None:
    read = _read(text, carrier, country)
    if as_json:
        print_json(_facts(read))
    else:
        typer.echo(safe(_in_words(read)))


def _read(text: str, carrier: str | None, country: str | None) -> "Balance":
    """Read by the profile of the carrier, without one by the customs of the country."""
    from config.carriers import ReadRules, load_carriers
    from modem.balance import currency_of, date_order_of, read_balance

    place = country.upper() if country and country.upper() != "XX" else None
    profile = load_carriers().called(carrier, place) if carrier else None
    rules = profile.read if profile else ReadRules()
    place = place or (profile.country if profile else None)
    currency = profile.currency if profile else currency_of(place)
    ordered = rules.model_copy(update={"date_order": rules.date_order or date_order_of(place)})
    return read_balance(text, ordered, currency=currency)


def _in_words(balance: "Balance") -> str:
    if balance.unknown:
        return f"Unknown: {balance.text.strip()}"
    told = {
        "Balance {}": f"{balance.amount} {balance.currency or ''}".strip(),
        "until {}": balance.expiry,
        "for {} days": balance.valid_days,
        "{} minutes": _number(balance.minutes_left),
        "{} SMS": balance.sms_left,
        "{} MB": _number(balance.data_left_mb),
        "apart {}": _apart(balance),
    }
    if balance.amount is None:
        del told["Balance {}"]
    return ", ".join(words.format(fact) for words, fact in told.items() if fact is not None)


def _apart(balance: "Balance") -> str | None:
    money = [f"{b.value} {b.currency}" for b in balance.buckets if b.currency]
    return " and ".join(money) or None


def _facts(balance: "Balance") -> dict[str, object]:
    """As JSON has it: money as decimal strings, all other amounts as numbers."""
    return {
        "amount": None if balance.amount is None else f"{balance.amount:f}",
        "currency": balance.currency,
        "expiry": balance.expiry and balance.expiry.isoformat(),
        "valid_days": balance.valid_days,
        "minutes_left": _number(balance.minutes_left),
        "sms_left": balance.sms_left,
        "data_left_mb": _number(balance.data_left_mb),
        "buckets": [
            {
                "name": bucket.name,
                "unit": bucket.unit,
                "value": f"{bucket.value:f}" if bucket.currency else _number(bucket.value),
                "currency": bucket.currency,
                "expiry": bucket.expiry and bucket.expiry.isoformat(),
            }
            for bucket in balance.buckets
        ],
        "no_credit": balance.no_credit,
        "barred": balance.barred,
        "unknown": balance.unknown,
        "text": balance.text if balance.unknown else None,
    }


def _number(value: "Decimal | None") -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else round(float(value), 3)


def version(as_json: JsonOption = False) -> None:
    """Print the version."""
    ours = version_of("trunkline")
    if as_json:
        print_json({"trunkline": ours, "python": platform.python_version()})
    else:
        typer.echo(f"trunkline {ours}, Python {platform.python_version()}")
