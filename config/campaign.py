"""What binds campaigns and broadcasts: hours, attempts, consent. The words of profile and owner."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from config.fields import Section

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FRAME = (8 * 60, 21 * 60)  # no campaign calls anyone outside, whatever a file says

Span = tuple[int, int]  # minutes since midnight, the end not in it
Week = tuple[tuple[Span, ...], ...]  # Monday first

_HOURS = re.compile(
    rf"(?P<first>{'|'.join(DAYS)})(-(?P<last>{'|'.join(DAYS)}))?"
    r"(?P<spans>( [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})+)"
)


def week_of(hours: Iterable[str]) -> Week:
    """Read "mon-fri 09:00-13:00 14:00-20:00"; a day that is not named is closed. ValueError."""
    week: list[tuple[Span, ...]] = [()] * len(DAYS)
    for text in hours:
        found = _HOURS.fullmatch(text)
        days = _days(found["first"], found["last"] or found["first"]) if found else range(0)
        if not found or not days:
            raise ValueError(f'{text!r} will not do; write "mon-fri 09:00-20:00"')
        spans = tuple(_span(span) for span in found["spans"].split())
        for day in days:
            week[day] = tuple(sorted((*week[day], *spans)))
    return tuple(week)


def _days(first: str, last: str) -> range:
    return range(DAYS.index(first), DAYS.index(last) + 1)


def _span(text: str) -> Span:
    start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in text.split("-"))
    if not FRAME[0] <= start < end <= FRAME[1]:
        raise ValueError(f"{text} will not do: no campaign before 08:00 or after 21:00")
    return start, end


def _checked(hours: tuple[str, ...]) -> tuple[str, ...]:
    week_of(hours)
    return hours


Hours = Annotated[tuple[str, ...], AfterValidator(_checked)]
Calls = Annotated[int, Field(ge=1, le=100)]
Gap = Annotated[float, Field(ge=0, le=720, allow_inf_nan=False)]
Rest = Annotated[int, Field(ge=0, le=365)]


class Marketing(StrEnum):
    """Whether a SIM of ordinary subscribers may carry marketing."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"


class Campaign(Section):
    """What binds campaigns and broadcasts to callees of a country."""

    hours: Hours = Field(
        description="When they may be called, in their own time; days not named are closed."
    )
    closed_on_holidays: bool = Field(description="Whether public holidays are closed too.")
    calls_per_day: Calls = Field(description="Calls to one number in 24 hours.")
    calls_per_30_days: Calls = Field(description="Calls to one number in 30 days.")
    broadcasts_per_30_days: Calls = Field(
        description="The same for a broadcast, which campaign calls to the number count against."
    )
    gap_h: Gap = Field(description="Least hours between two calls to one number.")
    refusal_rest_days: Rest = Field(description="Days without calls after the callee refused.")
    ring_at_least_s: int = Field(ge=15, le=60, description="Least seconds to let it ring.")
    consent_needed: bool = Field(
        description="Whether a campaign needs a reference to the callee's consent, as each "
        "broadcast does."
    )
    mobile_sim_marketing: Marketing = Field(
        description="Whether an ordinary SIM may carry marketing."
    )
