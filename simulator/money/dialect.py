"""A carrier's dialect: its codes, its words, how it writes money and days; one TOML file each.

All but `plain` bear the name of the gateway's carrier profile that fits them.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from simulator.fields import Digits, Number, Part
from simulator.money.vouchers import Verdict

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

_FOLDER = Path(__file__).with_name("dialects")
_FIELDS = {"code": "[0-9]+", "number": r"\+?[0-9]+", "amount": r"[0-9]+(?:[.*][0-9]{1,2})?"}


class Door(Part):
    """How a service is asked for: a USSD code, or an SMS; {code} {number} {amount} stand in it."""

    ussd: str = ""
    sms_to: Number = ""
    sms_text: str = ""

    def opens(self, asked: str) -> dict[str, str] | None:
        """Return what stands in a USSD code, None when it is not this door's."""
        return _read(self.ussd, asked)

    def opens_by_sms(self, to: str, text: str) -> dict[str, str] | None:
        """Return what stands in an SMS, None when it is not this door's."""
        return _read(self.sms_text, text.strip()) if to == self.sms_to else None


def _read(template: str, asked: str) -> dict[str, str] | None:
    if not template:
        return None
    pieces = re.split(r"\{(\w+)\}", template)
    pattern = "".join(
        f"(?P<{piece}>{_FIELDS[piece]})" if place % 2 else re.escape(piece)
        for place, piece in enumerate(pieces)
    )
    match = re.fullmatch(pattern, asked, re.IGNORECASE)
    return match.groupdict() if match else None


class Page(Part):
    """What is told of a balance, and what to each choice if a menu follows."""

    text: str
    menu: dict[str, Page] = Field(default_factory=dict)


class Texts(Part):
    """The carrier's words; {balance} {until} {bundles} {amount} {number} stand in them."""

    minutes: str  # one line of {bundles}: {left} {until}
    sms: str
    data: str
    for_ever: str  # instead of a day
    recharged: str
    refused: dict[Verdict, str]  # already_used, wrong_code, locked
    transferred: str
    received: str
    not_transferred: str
    by_sms: str  # the answer will come by SMS
    unavailable: str
    no_credit: str
    barred: str
    after_call: str = ""  # {cost} {seconds}


class Dialect(Part):
    """A carrier's identity, codes and words; identities left empty are the network's."""

    mcc: Digits = ""
    mnc: Digits = ""
    country_code: Digits = ""
    spn: str = ""
    currency: str
    decimal_mark: str = "."
    group_mark: str = ""
    places: int = 2
    date: str = "%d.%m.%Y"
    year_offset: int = 0  # 543: the Buddhist era
    sender: str  # of its SMS
    released_first: bool = False  # "Initiating Release" comes before the text
    notices: Literal["none", "ussd", "sms"] = "none"  # after a call
    balance: Door
    recharge: Door = Door()
    transfer: Door = Door()
    page: Page
    texts: Texts

    def money(self, amount: Decimal) -> str:
        """Write an amount, without its currency."""
        plain = f"{amount:,.{self.places}f}"
        return plain.translate({ord(","): self.group_mark, ord("."): self.decimal_mark})

    def day(self, moment: datetime | None) -> str:
        """Write a day; None is for ever."""
        if moment is None:
            return self.texts.for_ever
        year = f"{moment.year + self.year_offset:04d}"
        return moment.strftime(self.date.replace("%Y", year))


def names() -> list[str]:
    """Return the names of all dialects."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


@cache
def dialect(name: str) -> Dialect:
    """Read a dialect, once."""
    path = _FOLDER / f"{name}.toml"
    return Dialect.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
