"""Prints the tables of the almanac as JSON: a program of its own, see `edge.guards.almanac`.

Arguments: the country (ISO 3166) whose networks are asked for, or "-", and the year.
"""

import json
import sys
from collections.abc import Sequence
from datetime import date

import holidays
import phonenumbers
from phonenumbers.carrierdata import CARRIER_DATA

_ISO_LENGTH = 2  # `holidays` knows each country by its code of three letters too


def main() -> None:
    """Print the tables of last year, where it still is in the west, to the year after the next."""
    home, year = sys.argv[1], int(sys.argv[2])
    years = list(range(year - 1, year + 3))
    json.dump(
        {"years": years, "holidays": _holidays(years), "networks": _networks(home)}, sys.stdout
    )


def _holidays(years: Sequence[int]) -> dict[str, list[int]]:
    """The national holidays of each country, as proleptic Gregorian ordinals in order."""
    codes = (code for code in holidays.list_supported_countries() if len(code) == _ISO_LENGTH)
    return {
        code: sorted(map(date.toordinal, holidays.country_holidays(code, years=years)))
        for code in codes
    }


def _networks(country: str) -> dict[str, str]:
    """The network that was given each prefix of the country's numbers."""
    code = str(phonenumbers.country_code_for_region(country))
    return {
        prefix: names["en"]
        for prefix, names in CARRIER_DATA.items()
        if prefix.startswith(code) and "en" in names
    }


if __name__ == "__main__":
    main()
