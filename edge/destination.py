"""What is known of a number before it is called: where it is, what kind, whose network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.shortnumberinfo import (
    ShortNumberCost,
    expected_cost_for_region,
    is_emergency_number,
)
from phonenumbers.tzdata import TIMEZONE_DATA

from config.carriers import Carriers
from config.countries import Countries, CountryProfile
from edge.numbers import EMERGENCY_EVERYWHERE

KEPT = 2048  # numbers whose destination is remembered: each call asks some times
NO_REGION = "001"  # what phonenumbers calls a range that belongs to no country

T = TypeVar("T")


class NumberKind(StrEnum):
    """The kind of a number, in the words of ITU-T E.164 numbering plans."""

    FIXED = "fixed"
    MOBILE = "mobile"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    TOLL_FREE = "toll_free"
    SHARED_COST = "shared_cost"
    PREMIUM = "premium"
    OTHER = "other"
    SHORT = "short"
    EMERGENCY = "emergency"
    UNASSIGNED = "unassigned"


@dataclass(frozen=True, slots=True)
class Destination:
    """A callee. `zones` are all IANA zones it may be in; none when nothing is known."""

    number: str
    kind: NumberKind
    country: str | None = None
    carrier: str | None = None
    zones: tuple[str, ...] = ()


_KINDS = {
    PhoneNumberType.FIXED_LINE: NumberKind.FIXED,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.FIXED_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.UNKNOWN: NumberKind.UNASSIGNED,
}

# Old names in phonenumbers that Debian keeps in a package of its own. Source: tz `backward`.
_RENAMED = {
    "Africa/Asmera": "Africa/Asmara",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Godthab": "America/Nuuk",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Choibalsan": "Asia/Ulaanbaatar",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Pacific/Enderbury": "Pacific/Kanton",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
}


class NumberingPlans:
    """Tells the destination of a number that `edge.numbers.normalize` gave.

    `home` is the country of the gateway's SIMs (ISO 3166), whose short codes are known.
    """

    def __init__(self, home: str | None, countries: Countries, carriers: Carriers) -> None:
        self._home = home
        self._countries = countries
        self._carriers = carriers
        self._networks: Mapping[str, str] = {}
        self.classify = lru_cache(KEPT)(self._classify)
        self._called = lru_cache(KEPT)(self._known_as)

    def know_networks(self, networks: Mapping[str, str]) -> None:
        """Take in which network has which E.164 prefix, without +, from the almanac."""
        self._networks = networks
        self.classify.cache_clear()

    def _classify(self, number: str) -> Destination:
        return self._whole(number) if number.startswith("+") else self._short(number)

    def _whole(self, number: str) -> Destination:
        """Classify E.164: 15 us, ten times that when phonenumbers first meets a country."""
        parsed = _parsed(number)
        kind = phonenumbers.number_type(parsed)
        country = _country(parsed)
        profile = self._countries.of(country)
        return Destination(
            number=number,
            kind=_overridden(number, profile) or _KINDS.get(kind, NumberKind.OTHER),
            country=country,
            carrier=self._carrier(number, country, profile),
            zones=_by_prefix(number, profile.zones) or _zones(number, parsed, kind),
        )

    def _short(self, number: str) -> Destination:
        if self._home is None:
            everywhere = number in EMERGENCY_EVERYWHERE
            return Destination(number, NumberKind.EMERGENCY if everywhere else NumberKind.SHORT)
        code = phonenumbers.country_code_for_region(self._home)
        short = PhoneNumber(country_code=code, national_number=int(number))
        own = self._countries.of(self._home).emergency
        if number in {*own, *EMERGENCY_EVERYWHERE} or is_emergency_number(number, self._home):
            kind = NumberKind.EMERGENCY
        elif expected_cost_for_region(short, self._home) == ShortNumberCost.PREMIUM_RATE:
            kind = NumberKind.PREMIUM
        else:
            kind = NumberKind.SHORT
        return Destination(number, kind, self._home, zones=_of_country(code))

    def _carrier(self, number: str, country: str | None, profile: CountryProfile) -> str | None:
        network = _by_prefix(number, profile.networks)
        if network is None and country == self._home:
            network = _by_prefix(number[1:], self._networks)
        return self._called(network, country) if network else None

    def _known_as(self, network: str, country: str | None) -> str:
        """The name of the carrier's profile, where it has one."""
        known = self._carriers.called(network, country)
        return known.name if known else network


def _parsed(number: str) -> PhoneNumber:
    """Split E.164; phonenumbers' own parser takes 20 us more, and only Italy's zeros need it."""
    for size in (1, 2, 3):
        if int(number[1 : 1 + size]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            national = number[1 + size :]
            if national.startswith("0"):
                break
            return PhoneNumber(
                country_code=int(number[1 : 1 + size]), national_number=int(national)
            )
    return phonenumbers.parse(number)


def _country(parsed: PhoneNumber) -> str | None:
    """The country, of +1 and the like the main one where the number is in no plan."""
    code = parsed.country_code or 0
    region = phonenumbers.region_code_for_number(
        parsed
    ) or phonenumbers.region_code_for_country_code(code)
    return None if region in (NO_REGION, "ZZ") else str(region)


def _overridden(number: str, profile: CountryProfile) -> NumberKind | None:
    if number.startswith(profile.premium):
        return NumberKind.PREMIUM
    return NumberKind.UNASSIGNED if number.startswith(profile.unassigned) else None


def _zones(number: str, parsed: PhoneNumber, kind: int) -> tuple[str, ...]:
    """All zones of the area, or of the country code where the number may be anywhere in it."""
    code = parsed.country_code or 0
    if kind != PhoneNumberType.UNKNOWN and is_number_type_geographical(kind, code):
        return _renamed(_by_prefix(number[1:], TIMEZONE_DATA) or ())
    return _of_country(code)


def _of_country(code: int) -> tuple[str, ...]:
    """All zones of a country code; none of one that belongs to no country."""
    return _renamed(TIMEZONE_DATA.get(str(code), ()))


def _renamed(zones: Iterable[str]) -> tuple[str, ...]:
    return tuple(_RENAMED.get(zone, zone) for zone in zones)


def _by_prefix(number: str, table: Mapping[str, T]) -> T | None:
    """The entry of the longest prefix of the number in the table."""
    for size in range(len(number), 0, -1):
        if (found := table.get(number[:size])) is not None:
            return found
    return None
