"""Numbers to dial: what a person or a dialer wrote, as E.164 or a short code, or refused."""

import re
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat
from phonenumbers.shortnumberinfo import is_emergency_number, is_possible_short_number_for_region

_E164 = re.compile(r"\+(?P<digits>[1-9]\d{6,14})")
_ALLOWED = frozenset("+0123456789 -./()")

EMERGENCY_EVERYWHERE = frozenset(("112", "911"))  # on any mobile network, 3GPP TS 22.101 10.1.1


class BadNumber(ValueError):  # noqa: N818 - the sender's mistake, told to him
    """Nothing that may be dialled; the text is a sentence that says what to do."""


def normalize(text: str, country: str | None) -> str:
    """Give E.164, or a short code of `country` (ISO 3166) as it is; raises BadNumber.

    Only digits, + and the usual separators are read: no letter, `;` or control character ever
    reaches a dial string.
    """
    if (known := _E164.fullmatch(text)) and _is_plain(known["digits"]):
        return text
    if not text or not _ALLOWED.issuperset(text):
        raise BadNumber("A number has digits only, with + and the country code in front.")
    if text in EMERGENCY_EVERYWHERE or (country and _is_short(text, country)):
        return text
    if not country and not text.startswith("+"):
        raise BadNumber(
            "Write the number with + and its country code, or set gateway.country in gateway.toml."
        )
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as error:
        raise BadNumber(
            f"This is no telephone number ({error}); write + and the country code."
        ) from error
    if not phonenumbers.is_possible_number(number):
        raise BadNumber("This number is too short or too long for its country; check it.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def mask(number: str) -> str:
    """A number for logs: the last three digits are hidden."""
    return f"{number[:-3]}***" if len(number) > 3 else "***"  # noqa: PLR2004 - three digits


def _is_plain(digits: str) -> bool:
    """Whether digits are a country code and a number of a length that its country has.

    Only the length matters to phonenumbers, so each is asked once: a full parse takes 20 us, and
    ten times that when the caches are cold. A national 0 behind the country code needs that parse.
    """
    for size in (1, 2, 3):
        if int(digits[:size]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            national = digits[size:]
            return not national.startswith("0") and _is_length(int(digits[:size]), len(national))
    return False


@cache
def _is_length(country_code: int, length: int) -> bool:
    number = phonenumbers.PhoneNumber(country_code=country_code, national_number=int("2" * length))
    return bool(phonenumbers.is_possible_number(number))


def _is_short(text: str, country: str) -> bool:
    if not text.isdecimal():
        return False
    if is_emergency_number(text, country):
        return True
    number = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(country), national_number=int(text)
    )
    return is_possible_short_number_for_region(number, country)
