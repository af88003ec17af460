"""Country profiles: what binds a campaign there, and where phonenumbers is wrong, one file each.

Files in /etc/trunkline/profiles/countries win by name over the shipped ones. `default` is for
every country without a file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from config.campaign import Campaign
from config.fields import Section, Zone
from config.folder import read_folders
from config.guards import CountryGuard

SHIPPED = Path(__file__).parent / "profiles" / "countries"
COUNTRY_DIRS = (Path("/etc/trunkline/profiles/countries"), SHIPPED)
DEFAULT = "default"

Prefix = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,13}$")]
ShortCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,8}$")]
Source = Annotated[str, StringConstraints(min_length=1, max_length=300)]
ProfileName = Annotated[str, StringConstraints(pattern=r"^([a-z]{2}|default)$")]


class CountryProfile(Section):
    """All that Trunkline knows of a country; `sources` names each fact's origin."""

    name: ProfileName = Field(description="ISO 3166 code in small letters, the file's name.")
    title: str = Field(max_length=60, description="The country's name.")
    campaign: Campaign = Field(description="What binds campaigns and broadcasts.")
    emergency: tuple[ShortCode, ...] = Field(
        default=(), description="Emergency numbers that phonenumbers does not know."
    )
    premium: tuple[Prefix, ...] = Field(
        default=(), description="Premium ranges that phonenumbers does not know."
    )
    unassigned: tuple[Prefix, ...] = Field(
        default=(), description="Ranges that phonenumbers takes for assigned."
    )
    recording_notice: bool = Field(
        default=True, description="Whether people are told that their call is recorded."
    )
    networks: Mapping[Prefix, str] = Field(
        default={}, description="Carrier profile or network by prefix, over phonenumbers."
    )
    zones: Mapping[Prefix, tuple[Zone, ...]] = Field(
        default={}, description="Possible time zones by prefix, over phonenumbers."
    )
    sources: Mapping[str, Source] = Field(
        description="Where each fact comes from: a law, an address, or convention."
    )

    @model_validator(mode="after")
    def _every_fact_has_a_source(self) -> Self:
        tables = ("emergency", "premium", "unassigned", "networks", "zones")
        facts = {*Campaign.model_fields, *(table for table in tables if getattr(self, table))}
        if not self.recording_notice:  # who is not told must have a law for it
            facts.add("recording_notice")
        if missing := sorted(facts - set(self.sources)):
            raise ValueError(f"no source for {', '.join(missing)}; add it under [sources]")
        if strange := sorted(set(self.sources) - facts):
            raise ValueError(f"a source for {', '.join(strange)}, which the file does not set")
        return self


@dataclass(frozen=True)
class Countries:
    """Every country profile by name, those of /etc first."""

    by_name: Mapping[str, CountryProfile]

    def of(self, country: str | None) -> CountryProfile:
        """Return the profile of an ISO 3166 country, the strict default for all others."""
        return self.by_name.get((country or DEFAULT).lower()) or self.by_name[DEFAULT]

    def passed_by(self, guards: Sequence[CountryGuard]) -> Iterator[str]:
        """Say in sentences where the owner's rules are looser than the profiles."""
        for place, guard in enumerate(guards):
            profile = self.of(guard.code)
            for key in guard.past(profile.campaign):
                yield (
                    f"country.{place}.{key} goes past the profile of {guard.code}, which says "
                    f"{_shown(getattr(profile.campaign, key))} ({profile.sources[key]})"
                )


def _shown(value: object) -> str:
    match value:
        case tuple():
            return ", ".join(map(str, value)) or "closed"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def load_countries(folders: Sequence[Path] = COUNTRY_DIRS) -> Countries:
    """Read all profiles, earlier folders win by name; ConfigError names what is wrong."""
    return Countries(read_folders(folders, CountryProfile, "country profiles", needed=(DEFAULT,)))
