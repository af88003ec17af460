"""What the owner lets through: `[guards]`, and `[[country]]` over a country's profile."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from config.campaign import Calls, Campaign, Gap, Hours, Marketing, Rest, week_of
from config.fields import CountryCode, Section

AllowedPrefix = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,15}$")]


class Guards(Section):
    """Numbers that are refused unless they are named here."""

    allow_premium: tuple[AllowedPrefix, ...] = Field(
        default=(),
        description="Beginnings of premium numbers that may be dialled, or short codes.",
        examples=[["+43900"]],
    )
    allow_unassigned: tuple[AllowedPrefix, ...] = Field(
        default=(),
        description="Beginnings of numbers that may be dialled although no numbering plan known "
        "here has them, such as a new range.",
        examples=[["+43699"]],
    )


class CountryGuard(Section):
    """A country where the owner's rules differ from the profile's; what is left out stands."""

    code: CountryCode = Field(description="Country of the callees (ISO 3166).", examples=["AT"])
    hours: Hours | None = Field(
        default=None,
        description="When campaigns may call, in the callee's time; days not named are closed.",
        examples=[["mon-fri 09:00-18:00", "sat 10:00-13:00"]],
    )
    closed_on_holidays: bool | None = Field(
        default=None, description="Whether public holidays are closed too.", examples=[True]
    )
    calls_per_day: Calls | None = Field(
        default=None, description="Campaign calls to one number in 24 hours.", examples=[2]
    )
    calls_per_30_days: Calls | None = Field(
        default=None, description="Campaign calls to one number in 30 days.", examples=[4]
    )
    broadcasts_per_30_days: Calls | None = Field(
        default=None,
        description="The same for a broadcast, which campaign calls to the number count against.",
        examples=[1],
    )
    gap_h: Gap | None = Field(
        default=None, description="Least hours between two calls to one number.", examples=[4]
    )
    refusal_rest_days: Rest | None = Field(
        default=None, description="Days without calls after the callee refused.", examples=[60]
    )
    consent_needed: bool | None = Field(
        default=None,
        description="Whether a campaign needs a reference to the callee's consent.",
        examples=[True],
    )
    mobile_sim_marketing: Marketing | None = Field(
        default=None,
        description="Whether an ordinary SIM may carry marketing: allowed or forbidden.",
        examples=["allowed"],
    )

    def over(self, law: Campaign) -> Campaign:
        """Return the rules in force where the profile says `law`."""
        return law.model_copy(update=self.model_dump(exclude={"code"}, exclude_none=True))

    def past(self, law: Campaign) -> list[str]:
        """Return the keys where the owner is looser than the profile."""
        return [
            key
            for key, looser in _LOOSER.items()
            if (ours := getattr(self, key)) is not None and looser(ours, getattr(law, key))
        ]


def _opens_more(ours: Sequence[str], law: Sequence[str]) -> bool:
    return any(
        not any(start <= minute < end for start, end in allowed)
        for day, allowed in zip(week_of(ours), week_of(law), strict=True)
        for first, last in day
        for minute in range(first, last)
    )


_LOOSER: dict[str, Callable[[Any, Any], bool]] = {
    "hours": _opens_more,
    "closed_on_holidays": lambda ours, law: law and not ours,
    "calls_per_day": lambda ours, law: ours > law,
    "calls_per_30_days": lambda ours, law: ours > law,
    "broadcasts_per_30_days": lambda ours, law: ours > law,
    "gap_h": lambda ours, law: ours < law,
    "refusal_rest_days": lambda ours, law: ours < law,
    "consent_needed": lambda ours, law: law and not ours,
    "mobile_sim_marketing": lambda ours, law: law is Marketing.FORBIDDEN and ours is not law,
}
