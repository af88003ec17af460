"""What a scenario says of carriers and money."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from simulator.fields import Amount, Money, Number, Part, Span
from simulator.money.dialect import names

if TYPE_CHECKING:
    from collections.abc import Mapping

Seconds = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=1)]


class Unit(StrEnum):
    """What a bundle holds; data in MB."""

    MINUTES = "minutes"
    SMS = "sms"
    DATA = "data"


class Service(StrEnum):
    """What a SIM asks of its carrier by USSD or SMS."""

    BALANCE = "balance"
    RECHARGE = "recharge"
    TRANSFER = "transfer"


class FaultKind(StrEnum):
    """What goes wrong with a service; the comment says whether money moves."""

    SILENT = "silent"  # yes, and no answer ever comes
    LATE = "late"  # yes, and the answer comes after delay_s
    BY_SMS = "by_sms"  # yes, and the answer comes by SMS after delay_s
    GARBAGE = "garbage"  # yes, and the answer cannot be read
    DROPPED = "dropped"  # no, and no answer ever comes
    UNAVAILABLE = "unavailable"  # no, and the answer says: try again later


class RatePart(Part):
    """The price of calls to a prefix; the longest prefix counts, 0 is free of charge."""

    prefix: Number
    per_minute: Money


class TariffPart(Part):
    """Prices; a call is billed in a first step of `first_s` and further ones of `next_s`."""

    first_s: Seconds = 60
    next_s: Seconds = 60
    per_minute: Money = Decimal(0)
    on_net: Money | None = None  # per minute, as per_minute when left out
    rates: tuple[RatePart, ...] = ()
    setup_fee: Money = Decimal(0)  # for a call that money pays for
    sms: Money = Decimal(0)


class BundlePart(Part):
    """Minutes, SMS or MB already paid for; `on_net` or `prefixes` say where they may go."""

    unit: Unit
    amount: Annotated[Decimal, Field(ge=0)]
    days: Amount | None = None  # from the start of the world; left out, for ever
    on_net: bool = False
    prefixes: tuple[Number, ...] = ()


class FairUsePart(Part):
    """A SIM that passes one of these is barred; days and hours are those of the world's clock."""

    minutes_per_day: Amount | None = None
    calls_per_hour: Count | None = None
    callees_per_day: Count | None = None
    short_s: Amount = 10.0  # an answered call of less is a short one
    short_share: Annotated[float, Field(ge=0, le=1)] | None = None  # of the day's answered calls
    short_after: Count = 20  # answered calls of the day before the share counts


class VoucherPart(Part):
    """A code that gives an amount once."""

    code: Annotated[str, Field(pattern=r"^[0-9]{4,20}$")]
    amount: Money


class FaultPart(Part):
    """Something that goes wrong for some codes, or for a share of all requests, so many times."""

    kind: FaultKind
    on: Service = Service.RECHARGE
    codes: tuple[str, ...] = ()  # none: whatever is asked
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    times: Count | None = None  # left out: always
    delay_s: Span = 30.0


class CarrierPart(Part):
    """A carrier; its dialect says in which words and by which codes it talks."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    dialect: str = "plain"
    on_net: tuple[Number, ...] = ()  # prefixes of its numbers besides its own SIMs
    tariff: TariffPart = TariffPart()
    fair_use: FairUsePart = FairUsePart()
    vouchers: tuple[VoucherPart, ...] = ()
    max_wrong_codes: Count = 5  # in a row; then the SIM can redeem no more
    topup_days: Amount | None = None  # validity from a top-up on; left out, as before
    faults: tuple[FaultPart, ...] = ()
    no_credit_cause: Annotated[int, Field(ge=1, le=127)] = 68  # 24.008 10.5.123
    announcement_s: Amount = 3.0  # of a call that is refused
    notice_s: Span = (1.0, 3.0)  # from a call's end to the word about it

    @model_validator(mode="after")
    def _the_dialect_exists(self) -> Self:
        if self.dialect not in names():
            raise ValueError(f"no dialect {self.dialect!r}; there are {', '.join(names())}")
        return self


class AccountPart(Part):
    """What a SIM has at its carrier when the world begins."""

    carrier: str
    balance: Money = Decimal(0)
    valid_days: Amount | None = None  # of the balance, from the start; left out, for ever
    bundles: tuple[BundlePart, ...] = ()


def check_carriers(carriers: tuple[CarrierPart, ...], accounts: list[AccountPart]) -> None:
    """Raise ValueError for a carrier named twice, and for an account at none."""
    known: Mapping[str, CarrierPart] = {carrier.name: carrier for carrier in carriers}
    if len(known) < len(carriers):
        raise ValueError("two carriers have the same name")
    for account in accounts:
        if account.carrier not in known:
            raise ValueError(f"there is no carrier {account.carrier!r}")
