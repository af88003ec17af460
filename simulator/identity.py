"""Made-up IMEIs, ICCIDs, IMSIs and numbers, with right check digits."""

from __future__ import annotations

_DOUBLED_MAX = 9


def luhn(digits: str) -> str:
    """Append the Luhn check digit (ISO/IEC 7812-1 annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > _DOUBLED_MAX else value
    return digits + str(-total % 10)


def imei(position: int) -> str:
    """Return the IMEI of the modem at this position (23.003 clause 6.2.1)."""
    return luhn(f"35693803{position:06d}")


def iccid(country_code: str, position: int) -> str:
    """Return an ICCID of 19 digits (E.118)."""
    head = f"89{country_code}02"
    return luhn(f"{head}{position:0{18 - len(head)}d}")


def imsi(mcc: str, mnc: str, position: int) -> str:
    """Return an IMSI of 15 digits (23.003 clause 2.2)."""
    return f"{mcc}{mnc}{position:0{15 - len(mcc) - len(mnc)}d}"


def number(country_code: str, position: int) -> str:
    """Return an E.164 number of the simulated network."""
    return f"+{country_code}15550{position:06d}"


def advance(identity: str, steps: int, *, checked: bool) -> str:
    """Count a numeric identity up; `checked` ones end in a Luhn digit that is made anew."""
    if not steps:
        return identity
    plus = "+" if identity.startswith("+") else ""
    digits = identity.removeprefix("+")
    body = digits[:-1] if checked else digits
    counted = f"{int(body) + steps:0{len(body)}d}"
    return plus + (luhn(counted) if checked else counted)
