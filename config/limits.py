"""What the owner can say of limits and plans: [limits], [[plan]], [[line]], [[carrier]].

docs/limits.md tells the rules and has worked examples.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from config.fields import Amount, CountryCode, CurrencyCode, Name, Section, Zone

Count = Annotated[int, Field(ge=0, le=1_000_000)]
Minutes = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2, allow_inf_nan=False)]
Row = Annotated[int, Field(ge=2, le=1000)]  # calls in a row
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Step = Annotated[int, Field(ge=1, le=3600)]
Day = Annotated[int, Field(ge=1, le=31)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#]{1,15}$")]


class Window(Section):
    """A window of the day with limits of its own; what lies outside all windows has none."""

    begin: TimeOfDay = Field(
        alias="from", description="Local time when it begins.", examples=["08:00"]
    )
    end: TimeOfDay = Field(
        alias="to",
        description="Local time when it ends, 24:00 at most; earlier than `from`, the next day.",
        examples=["12:00"],
    )
    minutes: Minutes | None = Field(
        default=None, description="Minutes of talk in it.", examples=[120]
    )
    calls: Count | None = Field(
        default=None, description="Calls in it; 0 closes it.", examples=[40]
    )

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.begin == self.end:
            raise ValueError("from and to are the same; for whole days use the keys ending in _day")
        if self.minutes is None and self.calls is None:
            raise ValueError("a window needs minutes or calls; calls = 0 closes it")
        return self

    @property
    def name(self) -> str:
        """The window as people say it: 08:00-12:00."""
        return f"{self.begin}-{self.end}"


class Limits(Section):
    """What may be used at most; a key left out is no limit."""

    max_call_s: int | None = Field(
        default=None,
        ge=60,
        le=86_400,
        description="Seconds after which a call is ended.",
        examples=[3600],
    )
    min_call_s: int = Field(
        default=60,
        ge=1,
        le=3600,
        description="Seconds that must be left for a call to begin; with less, a limit is used up.",
    )
    max_calls_hour: Count | None = Field(
        default=None, description="Calls dialled in an hour of the clock.", examples=[20]
    )
    max_calls_day: Count | None = Field(
        default=None, description="Calls dialled in a day.", examples=[150]
    )
    max_calls_week: Count | None = Field(
        default=None, description="Calls dialled in a week, which begins on Monday.", examples=[600]
    )
    max_calls_month: Count | None = Field(
        default=None, description="Calls dialled in a month.", examples=[2000]
    )
    max_minutes_hour: Minutes | None = Field(
        default=None, description="Minutes in an hour, as the carrier counts.", examples=[30]
    )
    max_minutes_day: Minutes | None = Field(
        default=None, description="Minutes in a day, as the carrier counts.", examples=[120]
    )
    max_minutes_week: Minutes | None = Field(
        default=None, description="Minutes in a week, as the carrier counts.", examples=[500]
    )
    max_minutes_month: Minutes | None = Field(
        default=None, description="Minutes in a month, as the carrier counts.", examples=[1000]
    )
    max_sms_hour: Count | None = Field(
        default=None, description="Parts of messages sent in an hour.", examples=[30]
    )
    max_sms_day: Count | None = Field(
        default=None, description="Parts of messages sent in a day.", examples=[100]
    )
    max_sms_week: Count | None = Field(
        default=None, description="Parts of messages sent in a week.", examples=[300]
    )
    max_sms_month: Count | None = Field(
        default=None, description="Parts of messages sent in a month.", examples=[1000]
    )
    max_spend_hour: Amount | None = Field(
        default=None, description="Money spent in an hour, at the plan's rates.", examples=["1.00"]
    )
    max_spend_day: Amount | None = Field(
        default=None, description="Money spent in a day, at the plan's rates.", examples=["2.00"]
    )
    max_spend_week: Amount | None = Field(
        default=None, description="Money spent in a week, at the plan's rates.", examples=["10.00"]
    )
    max_spend_month: Amount | None = Field(
        default=None, description="Money spent in a month, at the plan's rates.", examples=["30.00"]
    )
    max_switches_day: Count | None = Field(
        default=10,
        description="Switches of a modem to this SIM in a day; each wears the modem's flash, and "
        "makers allow some 30.",
    )
    billing_day: Day | None = Field(
        default=None,
        description="Day on which months begin, the last one in shorter months; the plan's when "
        "left out, else 1.",
        examples=[15],
    )
    windows: tuple[Window, ...] = Field(
        default=(),
        max_length=24,
        description="Windows of the day with limits of their own; the first that fits counts, "
        "outside of all there is none.",
        examples=[[{"from": "08:00", "to": "12:00", "minutes": 120}]],
    )
    min_gap_s: int = Field(
        default=0, ge=0, le=3600, description="Seconds between the end of a call and the next."
    )
    max_consecutive_failed: Row | None = Field(
        default=None,
        description="Calls in a row that the network or the modem failed, after which the line "
        "rests; no_alert and no_carrier count here too.",
        examples=[8],
    )
    max_consecutive_no_answer: Row | None = Field(
        default=None,
        description="Calls in a row that rang in vain, after which the line rests.",
        examples=[20],
    )
    max_consecutive_no_alert: Row | None = Field(
        default=None,
        description="Calls in a row that never rang, after which the line rests.",
        examples=[8],
    )
    max_consecutive_no_carrier: Row | None = Field(
        default=None,
        description="Calls in a row that were dropped without a word, after which the line rests.",
        examples=[5],
    )
    max_consecutive_short: Row | None = Field(
        default=None,
        description="Answered calls in a row shorter than short_below_s, after which the line "
        "rests.",
        examples=[5],
    )
    short_below_s: int = Field(
        default=5, ge=1, le=600, description="Seconds of talk below which a call is a short one."
    )
    asr_floor: Share | None = Field(
        default=None,
        description="Share of answered calls, 0 to 1, below which the line rests and an alarm is "
        "raised.",
        examples=[0.1],
    )
    acd_floor_s: int | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="Mean seconds of answered calls below which the line rests and an alarm is "
        "raised.",
        examples=[10],
    )
    floor_calls: int = Field(
        default=50, ge=5, le=1000, description="Number of last calls that the floors look at."
    )
    rest_s: int = Field(
        default=900,
        ge=-1,
        le=604_800,
        description="Seconds of a rest; 0: no rest, -1: until a person enables the line.",
    )
    min_balance: Amount | None = Field(
        default=None,
        description="Balance that stays on the SIM: no call or message may go below it.",
        examples=["1.00"],
    )
    warn_balance: Amount | None = Field(
        default=None, description="Balance below which an alarm is raised.", examples=["5.00"]
    )
    reserve_for_incoming: bool = Field(default=False, description="Whether calls may only come in.")
    roaming: bool = Field(
        default=False, description="Whether calls and messages may go out in a foreign network."
    )


class Match(Section):
    """Which callees are meant: all that is given must fit; with nothing given, everybody."""

    prefixes: tuple[Prefix, ...] = Field(
        default=(), description="Beginnings of the number.", examples=[["+43664", "+43660"]]
    )
    countries: tuple[CountryCode, ...] = Field(
        default=(), description="Countries (ISO 3166) of the number.", examples=[["AT", "DE"]]
    )
    on_net: bool | None = Field(
        default=None,
        description="true: the SIM's own carrier; false: all others and unknown ones.",
        examples=[True],
    )


class Rate(Match):
    """What a call and a message cost."""

    setup: Amount = Field(
        default=Decimal(0), description="Price of the connection.", examples=["0.05"]
    )
    per_minute: Amount = Field(
        default=Decimal(0), description="Price of a minute.", examples=["0.09"]
    )
    sms: Amount = Field(
        default=Decimal(0), description="Price of a part of a message.", examples=["0.10"]
    )


class BucketPeriod(StrEnum):
    """When a bucket is filled anew."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    DAYS = "days"


class Bucket(Match):
    """Minutes and messages that the plan includes."""

    name: Name = Field(description="Name of the bucket, under which it is counted.")
    minutes: Minutes | None = Field(default=None, description="Minutes in it.", examples=[1000])
    sms: Count | None = Field(default=None, description="Messages in it.", examples=[100])
    period: BucketPeriod = Field(
        default=BucketPeriod.MONTH, description="When it is filled: day, week, month or days."
    )
    days: int | None = Field(
        default=None, ge=1, le=3660, description="Length of period = days.", examples=[30]
    )
    since: date | None = Field(
        default=None, description="First day of period = days.", examples=[date(2026, 11, 1)]
    )
    rollover_max: Minutes = Field(
        default=Decimal(0), description="Unused minutes that the next period gets at most."
    )

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        if self.minutes is None and self.sms is None:
            raise ValueError("a bucket needs minutes or sms")
        if self.rollover_max and self.minutes is None:
            raise ValueError("rollover_max needs minutes")
        counted = self.period is BucketPeriod.DAYS
        if counted != (self.days is not None) or counted != (self.since is not None):
            raise ValueError("days and since go with period = days, and it needs both")
        return self


class Plan(Section):
    """What the office pays for: how calls are billed, what they cost, what is included."""

    name: Name = Field(description="Name of the plan, to which SIMs refer.", examples=["office"])
    currency: CurrencyCode | None = Field(
        default=None, description="Currency (ISO 4217) of its prices.", examples=["EUR"]
    )
    billing_day: Day = Field(
        default=1, description="Day on which months begin, the last one in shorter months."
    )
    timezone: Zone | None = Field(
        default=None,
        description="Time zone (IANA) of the carrier; the gateway's when left out.",
        examples=["Europe/Vienna"],
    )
    first_s: Step = Field(default=1, description="Seconds of the first billing step.")
    next_s: Step = Field(default=1, description="Seconds of each further step: 60/1 is 60, then 1.")
    free_below_s: int = Field(
        default=0, ge=0, le=60, description="Answered calls shorter than this are not billed."
    )
    rates: tuple[Rate, ...] = Field(
        default=(),
        max_length=1000,
        description="What callees cost, the first rate that fits; with rates given, nobody is "
        "called whom neither a rate nor a bucket fits.",
        examples=[[{"on_net": True, "per_minute": "0.01"}, {"per_minute": "0.09"}]],
    )
    buckets: tuple[Bucket, ...] = Field(
        default=(),
        max_length=16,
        description="What is included; a call draws the one that ends first, then money.",
        examples=[[{"name": "all-net", "minutes": 1000}]],
    )

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        names = [bucket.name for bucket in self.buckets]
        if len(set(names)) < len(names):
            raise ValueError("two buckets of the plan have the same name")
        if self.rates and self.currency is None:
            raise ValueError("rates need the currency of the plan, such as EUR")
        return self

    @property
    def favours_own(self) -> bool:
        """Whether it is better to callees of the SIM's own carrier."""
        return any(match.on_net for match in (*self.rates, *self.buckets))


Gain = Annotated[float, Field(ge=-24, le=24)]


class LineLimits(Section):
    """Limits of a line, and how loud it is, whichever SIM it has."""

    name: Name = Field(description="The line.", examples=["desk-1"])
    gain_in_db: Gain | None = Field(
        default=None,
        description="Gain of what comes from it, in dB; as for all lines if left out.",
        examples=[3.0],
    )
    gain_out_db: Gain | None = Field(
        default=None,
        description="Gain of what goes to it, in dB; as for all lines if left out.",
        examples=[-3.0],
    )
    limits: Limits = Field(
        default=Limits(),
        description="Its limits, keys as in [limits].",
        examples=[{"max_calls_hour": 20}],
    )


class CarrierLimits(Section):
    """Limits that all SIMs of a carrier share."""

    name: Name = Field(description="The carrier's profile.", examples=["a1-at"])
    limits: Limits = Field(
        default=Limits(),
        description="What its SIMs may use together, keys as in [limits].",
        examples=[{"max_minutes_day": 600}],
    )


def joined(common: Limits, own: Limits | None) -> Limits:
    """The limits of a SIM: its own keys, for the others those of every SIM."""
    if own is None:
        return common
    return common.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})
