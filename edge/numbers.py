"""Numbers to dial: what a person or a dialer wrote, as E.164 or a short code, or refused."""

import re
from functools import cache

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
)
from phonenumbers.shortnumberinfo import (
    is_emergency_number,
    is_possible_short_number_for_region,
    is_valid_short_number_for_region,
)

_E164 = re.compile(r"\+(?P<digits>[1-9][0-9]{6,14})")
_ALLOWED = frozenset("+0123456789 -./()")
_WITHOUT_SEPARATORS = str.maketrans("", "", " -./()")
_E164_MAX = 16  # characters, with +
_EMERGENCY_MAX = 6  # digits of the longest emergency number that phonenumbers knows

EMERGENCY_EVERYWHERE = frozenset(("112", "911"))  # on any mobile network, 3GPP TS 22.101 10.1.1


class BadNumber(ValueError):  # noqa: N818 - the sender's mistake, told to him
    """Nothing that may be dialled; the text is a sentence that says what to do."""


def normalize(text: str, country: str | None) -> str:
    """Give E.164, or a short code of `country` (ISO 3166) as it is; raises BadNumber.

    Only digits, + and the usual separators are read: no letter, `;` or control character ever
    reaches a dial string. What is given is given again for itself: one callee, one number.
    """
    if (known := _E164.fullmatch(text)) and _is_plain(known["digits"]):
        return text
    if not text or not _ALLOWED.issuperset(text):
        raise BadNumber("A number has digits only, with + and the country code in front.")
    bare = text.translate(_WITHOUT_SEPARATORS)
    if bare in EMERGENCY_EVERYWHERE or (country and _is_short(bare, country)):
        return bare
    if not country and not text.startswith("+"):
        raise BadNumber(
            "Write the number with + and its country code, or set gateway.country in gateway.toml."
        )
    number = _parse(text, country)
    return _emergency(number, country) or _whole(number)


def mask(number: str) -> str:
    """A number for logs: the last three digits are hidden."""
    return f"{number[:-3]}***" if len(number) > 3 else "***"  # noqa: PLR2004 - three digits


def _parse(text: str, country: str | None) -> PhoneNumber:
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException as error:
        raise BadNumber(
            f"This is no telephone number ({error}); write + and the country code."
        ) from error


def _emergency(number: PhoneNumber, country: str | None) -> str | None:
    """The short code that somebody wrote behind a country code; raises BadNumber for a foreign."""
    code = str(number.national_number)
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    if len(code) > _EMERGENCY_MAX:
        return None
    if country in regions and is_emergency_number(code, country):
        return code
    if any(is_emergency_number(code, region) for region in regions):
        raise BadNumber(
            "This is an emergency number of another country; dial that of yours, without + and "
            "country code."
        )
    return None


def _whole(number: PhoneNumber) -> str:
    """E.164 of a number that can be; raises BadNumber where its prefixes leave it ambiguous."""
    text = str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    if not _is_possible(number) or len(text) > _E164_MAX:
        raise BadNumber("This number is too short or too long for its country; check it.")
    again = phonenumbers.format_number(_parse(text, None), PhoneNumberFormat.E164)
    if again != text:  # as +86 17951 0... does: 17951 chooses a carrier, then 0 goes too
        raise BadNumber(
            "This number has a prefix too many; write + and the country code, then the number "
            "without a carrier's code and without 0."
        )
    return text


def _is_plain(digits: str) -> bool:
    """Whether digits are a country code and a number of a length that its country has.

    Only the length matters to phonenumbers, so each is asked once: a full parse takes 20 us, and
    ten times that when the caches are cold. What may be a prefix of the country, such as a national
    0, and what is as short as an emergency number needs that parse.
    """
    for size in (1, 2, 3):
        if int(digits[:size]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            code, national = int(digits[:size]), digits[size:]
            return (
                len(national) > _EMERGENCY_MAX
                and not national.startswith("0")
                and _is_length(code, len(national))
                and not _prefix(code).match(national)
            )
    return False


@cache
def _is_length(country_code: int, length: int) -> bool:
    return _is_possible(PhoneNumber(country_code=country_code, national_number=int("2" * length)))


def _is_possible(number: PhoneNumber) -> bool:
    """Whether it can be dialled from anywhere: a number without its area code cannot."""
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


@cache
def _prefix(country_code: int) -> re.Pattern[str]:
    """What phonenumbers takes off in front of a national number: 0, a carrier's code."""
    region = phonenumbers.region_code_for_country_code(country_code)
    known = PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
    found = known.national_prefix_for_parsing if known else None
    return re.compile(found or r"(?!)")


def _is_short(text: str, country: str) -> bool:
    """Whether it is a short code there; with 0 in front only one that phonenumbers knows."""
    if not text.isdecimal() or len(text) > _E164_MAX:
        return False
    if is_emergency_number(text, country):
        return True
    zeros = len(text) - len(text.lstrip("0"))
    number = PhoneNumber(
        country_code=phonenumbers.country_code_for_region(country),
        national_number=int(text),
        italian_leading_zero=zeros > 0,
        number_of_leading_zeros=zeros or None,
    )
    if zeros:
        return bool(is_valid_short_number_for_region(number, country))
    return bool(is_possible_short_number_for_region(number, country))
