"""Carrier profiles: how a carrier tells a balance and takes a top-up, one TOML file a carrier.

Files in /etc/trunkline/profiles/carriers win by name over the shipped ones.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.fields import CountryCode, CurrencyCode, Name, Section
from config.folder import read_folders
from config.profiles import Pattern

SHIPPED = Path(__file__).parent / "profiles" / "carriers"
CARRIER_DIRS = (Path("/etc/trunkline/profiles/carriers"), SHIPPED)


def _reads(group: str) -> AfterValidator:
    """Refuse a pattern without the group that it is there for."""

    def check(pattern: str) -> str:
        if group not in re.compile(pattern).groupindex:
            raise ValueError(f"{pattern!r} needs a group (?P<{group}>...)")
        return pattern

    return AfterValidator(check)


Plmn = Annotated[str, StringConstraints(pattern=r"^[2-7][0-9]{4,5}$")]  # MCC and MNC, ITU-T E.212
Dial = Annotated[str, StringConstraints(pattern=r"^[0-9*#+]{1,40}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=160)]
Template = Annotated[str, StringConstraints(pattern=r"^[^{}]{0,60}\{code\}[^{}]{0,60}$")]
AmountPattern = Annotated[Pattern, _reads("amount")]
ExpiryPattern = Annotated[Pattern, _reads("expiry")]
ValuePattern = Annotated[Pattern, _reads("value")]


class How(StrEnum):
    """The way to the carrier."""

    USSD = "ussd"
    SMS = "sms"
    CALL = "call"  # a voice menu


class DateOrder(StrEnum):
    """What 01/02/03 means; a year of four digits is known wherever it stands."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class Counting(StrEnum):
    """Which of several amounts makes the balance."""

    AUTO = "auto"  # the main one, or the sum where the text lists parts of one balance
    FIRST = "first"
    SUM = "sum"


class Unit(StrEnum):
    """What a bucket holds."""

    MINUTES = "minutes"
    SMS = "sms"
    DATA = "data"  # in MB
    MONEY = "money"


class BucketRule(Section):
    """A bucket that the general reader does not see."""

    name: str = Field(max_length=40, description="Name of the bucket.")
    unit: Unit = Field(description="What it holds.")
    pattern: ValuePattern = Field(
        description="Regular expression with the group value, any case; all its matches add up."
    )


class ReadRules(Section):
    """What steers the general reader; all left out, it reads by itself."""

    amount: tuple[AmountPattern, ...] = Field(
        default=(),
        description="Regular expressions with the group amount, any case; the first match counts.",
    )
    expiry: tuple[ExpiryPattern, ...] = Field(
        default=(),
        description="Regular expressions with the group expiry, a date in any form.",
    )
    buckets: tuple[BucketRule, ...] = Field(default=(), description="Buckets of its own words.")
    ignore: tuple[Pattern, ...] = Field(
        default=(),
        description="What is cut out before reading: adverts, own numbers.",
    )
    date_order: DateOrder | None = Field(
        default=None, description="Order of dates; left out, the country's."
    )
    counting: Counting = Field(
        default=Counting.AUTO, description="Which of several amounts makes the balance."
    )
    balance_words: tuple[str, ...] = Field(
        default=(), description="More beginnings of words that announce the balance."
    )
    apart_words: tuple[str, ...] = Field(
        default=(), description="More beginnings of words for money that is not the balance."
    )
    no_credit_words: tuple[str, ...] = Field(
        default=(), description="What a text says when the money is used up."
    )
    barred_words: tuple[str, ...] = Field(
        default=(), description="What a text says when the carrier has barred the SIM."
    )


class Query(Section):
    """How to ask for the balance."""

    how: How = Field(description="The way: ussd, sms or call.")
    code: Dial = Field(description="The USSD code, or the number to write to or to call.")
    text: Text | None = Field(default=None, description="The text of the SMS.")
    steps: tuple[Dial, ...] = Field(default=(), description="Answers to the menus that follow.")

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        if (self.how is How.SMS) != (self.text is not None):
            raise ValueError("text goes with how = sms")
        if self.steps and self.how is not How.USSD:
            raise ValueError("steps go with how = ussd")
        return self


class Recharge(Section):
    """How to redeem a voucher, and how the carrier says what became of it."""

    how: How = Field(description="The way: ussd, sms or call.")
    template: Template = Field(
        description="What is sent with {code} in it: the USSD code, the SMS, the digits in a call."
    )
    number: Dial | None = Field(default=None, description="Number to write to or to call.")
    success_words: tuple[str, ...] = Field(default=(), description="What a success says.")
    failure_words: tuple[str, ...] = Field(default=(), description="What a refusal says.")

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        if (self.how is How.USSD) != (self.number is None):
            raise ValueError("number goes with how = sms or call")
        return self


class CarrierProfile(Section):
    """All that Trunkline knows of a carrier."""

    name: Name = Field(description="Name of the profile, equal to the file's name.")
    title: str = Field(max_length=60, description="The carrier's name as people say it.")
    country: CountryCode = Field(description="Country (ISO 3166).")
    plmn: tuple[Plmn, ...] = Field(
        min_length=1, description="Beginnings of its IMSIs: MCC and MNC."
    )
    spn: tuple[str, ...] = Field(
        default=(),
        description="Beginnings of the service provider's name on its SIMs, any case; "
        "left out, every SIM of the network that no other profile claims.",
    )
    currency: CurrencyCode = Field(description="Currency (ISO 4217) where a text names none.")
    query: Query | None = Field(default=None, description="How to ask for the balance.")
    read: ReadRules = Field(default=ReadRules(), description="How to read the answer.")
    after_call: Pattern | None = Field(
        default=None,
        description="Regular expression for unasked texts that tell the balance after a call.",
    )
    recharge: Recharge | None = Field(default=None, description="How to redeem a voucher.")

    def claims(self, spn: str) -> bool:
        """Tell whether the profile names this service provider."""
        return any(_plain(spn).startswith(_plain(ours)) for ours in self.spn)

    def is_called(self, name: str) -> bool:
        """Tell whether people mean this carrier by `name`."""
        return _plain(name) in {_plain(known) for known in (self.name, self.title, *self.spn)}


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


@dataclass(frozen=True)
class Carriers:
    """Every carrier profile by name, those of /etc first."""

    by_name: Mapping[str, CarrierProfile]

    def match(self, imsi: str, spn: str | None) -> CarrierProfile | None:
        """Return the profile of a SIM; None for a stranger, and where two could be meant."""
        here = [profile for profile in self.by_name.values() if imsi.startswith(profile.plmn)]
        if not spn:
            return here[0] if len(here) == 1 else None
        named = (profile for profile in here if profile.claims(spn))
        return next(named, None) or next((p for p in here if not p.spn), None)

    def called(self, name: str, country: str | None = None) -> CarrierProfile | None:
        """Return the profile that people call `name`, in `country` where one is given."""
        found = [
            profile
            for profile in self.by_name.values()
            if profile.is_called(name) and country in (None, profile.country)
        ]
        return found[0] if len(found) == 1 else None


def load_carriers(folders: Sequence[Path] = CARRIER_DIRS) -> Carriers:
    """Read all profiles, earlier folders win by name; ConfigError names what is wrong."""
    return Carriers(read_folders(folders, CarrierProfile, "carrier profiles"))
