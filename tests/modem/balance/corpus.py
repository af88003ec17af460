"""The texts of texts.toml, and the shared ones where they are."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.carriers import ReadRules
from modem.balance import Balance, currency_of, date_order_of, read_balance

HERE = Path(__file__).parent
SHARED = HERE.parents[3] / "shared" / "data" / "balance_replies.json"


@dataclass(frozen=True)
class Case:
    country: str
    text: str
    facts: dict[str, str | float | None]


def read(text: str, country: str) -> Balance:
    """Read as for a carrier without a profile."""
    rules = ReadRules(date_order=date_order_of(country))
    return read_balance(text, rules, currency=currency_of(country))


def facts(balance: Balance) -> dict[str, str | float | None]:
    minutes = balance.minutes_left
    return {
        "amount": None if balance.amount is None else str(balance.amount),
        "currency": balance.currency,
        "expiry": None if balance.expiry is None else balance.expiry.isoformat(),
        "minutes": None if minutes is None else float(minutes),
        "sms": balance.sms_left,
    }


def own_cases() -> list[Case]:
    keys = ("amount", "currency", "expiry", "minutes", "sms")
    rows = tomllib.loads((HERE / "texts.toml").read_text())["text"]
    return [Case(row["country"], row["text"], {key: row.get(key) for key in keys}) for row in rows]


def shared_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(SHARED.read_text()) if SHARED.exists() else []
    return rows
