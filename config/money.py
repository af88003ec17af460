"""What the owner sets about money: when to ask for balances, top-ups, budgets, vouchers."""

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from config.fields import Amount, CurrencyCode, Iccid, Name, Section

_Template = Annotated[
    str, StringConstraints(pattern=r"^[^{}]*(\{(number|amount)\}[^{}]*){1,2}$", max_length=160)
]
_Recipient = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,15}$")]
_Positive = Annotated[Amount, Field(gt=0)]


class TopUpMethod(StrEnum):
    """How money gets onto a SIM."""

    VOUCHER = "voucher"  # by USSD or SMS, as the carrier's profile says
    TRANSFER = "transfer"  # from another SIM of ours
    ASK = "ask"  # an alarm asks a person


class BalanceChecks(Section):
    """When the carrier is asked for the balance of a SIM."""

    enabled: bool = Field(default=True, description="Whether balances are asked for at all.")
    after_registration: bool = Field(
        default=True, description="Ask when a SIM has come into the network."
    )
    every_calls: int | None = Field(
        default=20, ge=1, description="Ask after so many calls; notices after calls count as asked."
    )
    every_minutes: int | None = Field(
        default=60, ge=1, description="Ask after so many minutes of talk."
    )
    every_hours: int = Field(default=24, ge=1, le=720, description="Ask after so many hours.")


class Vouchers(Section):
    """Vouchers: their key, and when to stop trying them."""

    key_file: Path | None = Field(
        default=None,
        description="File of 32 random bytes that seals the codes, mode 0600; systemd's credential "
        "trunkline-voucher-key goes before it. Left out, one is made beside the database.",
        examples=["/etc/trunkline/voucher.key"],
    )
    max_refused: int = Field(
        default=3,
        ge=1,
        le=10,
        description="Codes that a carrier may refuse in a row before a SIM gets no more vouchers "
        "until `trunkline topup LINE --unlock`. Carriers bar a SIM after 3 to 5.",
    )


class Budget(Section):
    """The most that top-ups of all SIMs together may cost, those by command included."""

    currency: CurrencyCode = Field(
        description="Currency (ISO 4217) that it is for.", examples=["EUR"]
    )
    per_day: Amount = Field(description="Money a day.", examples=["50.00"])
    per_month: Amount = Field(description="Money a calendar month.", examples=["500.00"])


class TopUpRule(Section):
    """When and how SIMs are topped up; the first rule that names a SIM is the SIM's rule.

    One without below, days_before_expiry and bucket is for top-ups by command.
    """

    sims: tuple[Iccid, ...] = Field(
        default=(), description="SIMs by ICCID; without sims, carriers and plans it is for all."
    )
    carriers: tuple[Name, ...] = Field(default=(), description="SIMs of these carrier profiles.")
    plans: tuple[Name, ...] = Field(default=(), description="SIMs of these plans.")
    method: TopUpMethod = Field(
        default=TopUpMethod.VOUCHER, description="The way: voucher, transfer or ask."
    )
    amount: _Positive = Field(
        description="Money a top-up, in the SIM's currency; the smallest voucher that suffices.",
        examples=["10.00"],
    )
    below: Amount | None = Field(
        default=None, description="Top up when the balance is below this.", examples=["2.00"]
    )
    days_before_expiry: int | None = Field(
        default=None,
        ge=0,
        le=60,
        description="Top up so many days before the balance expires.",
        examples=[3],
    )
    bucket: str | None = Field(
        default=None,
        max_length=40,
        description="Top up when this bucket ends: its name or unit, such as minutes.",
        examples=["minutes"],
    )
    bucket_below: Amount = Field(
        default=Decimal(0), description="A bucket ends when no more than this is left."
    )
    per_day: _Positive | None = Field(
        default=None, description="Money a day and SIM; one top-up when left out.", examples=["10"]
    )
    per_month: _Positive = Field(description="Money a calendar month and SIM.", examples=["40"])
    min_gap_s: int = Field(
        default=3600, ge=60, le=2_592_000, description="Seconds between two top-ups of a SIM."
    )
    donors: tuple[Iccid, ...] = Field(
        default=(), description="Of a transfer: SIMs of ours that may give, the first one first."
    )
    donor_keeps: Amount = Field(
        default=Decimal(0), description="Of a transfer: what the giver keeps at least."
    )
    code: _Template | None = Field(
        default=None,
        description="Of a transfer: the USSD code or SMS of the giver, with {number} and {amount}.",
        examples=["*141*{number}*{amount}#"],
    )
    sms_to: _Recipient | None = Field(
        default=None,
        description="Of a transfer by SMS: the number to write to.",
        examples=["4141"],
    )

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        if self.method is TopUpMethod.TRANSFER and not (self.donors and self.code):
            raise ValueError("method = transfer needs donors and code")
        if self.per_month < self.amount or (self.per_day or self.amount) < self.amount:
            raise ValueError("a budget that is smaller than amount never lets one through")
        return self

    @property
    def day_budget(self) -> Decimal:
        """Money a day and SIM."""
        return self.per_day or self.amount
