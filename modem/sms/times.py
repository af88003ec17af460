"""Time stamps and validity periods (3GPP TS 23.040 9.2.3.11 and 9.2.3.12)."""

from bisect import bisect_right
from datetime import datetime, timedelta, timezone

from modem.errors import ParseError

TIMESTAMP_OCTETS = 7
_QUARTER = timedelta(minutes=15)
_ZONE_NEGATIVE = 0x08  # of the last octet: the sign is in its low nibble
_CENTURY_SPLIT = 90  # GSM began in 1992: a year from 90 on is 19xx
_MAX_DIGIT = 9
_MAX_QUARTERS = 79  # three bits are left for the tens

_RELATIVE = tuple(  # the period of each TP-VP octet, growing
    [timedelta(minutes=5 * (octet + 1)) for octet in range(144)]
    + [timedelta(hours=12, minutes=30 * (octet - 143)) for octet in range(144, 168)]
    + [timedelta(days=octet - 166) for octet in range(168, 197)]
    + [timedelta(weeks=octet - 192) for octet in range(197, 256)]
)


def _swapped(octet: int) -> int:
    """Read a swapped BCD octet (0x51 is 15); ParseError for a digit above 9."""
    tens, units = octet & 0xF, octet >> 4
    if tens > _MAX_DIGIT or units > _MAX_DIGIT:
        raise ParseError("not a decimal digit")
    return tens * 10 + units


def _bcd(value: int) -> int:
    return value % 10 << 4 | value // 10


def decode_timestamp(octets: bytes) -> datetime | None:
    """Read a time stamp with its zone; None for one that is no time (phones store such)."""
    zone = octets[6]
    try:
        year, *rest = map(_swapped, octets[:6])
        offset = _QUARTER * _swapped(zone & ~_ZONE_NEGATIVE)
        month, day, hour, minute, second = rest
        return datetime(
            year + (1900 if year >= _CENTURY_SPLIT else 2000),
            month,
            day,
            hour,
            minute,
            second,
            tzinfo=timezone(-offset if zone & _ZONE_NEGATIVE else offset),
        )
    except ValueError:
        return None


def encode_timestamp(moment: datetime) -> bytes:
    """Write a time stamp; without zone it counts as UTC, beyond 20 hours it is a ParseError."""
    zone = (moment.utcoffset() or timedelta()) // _QUARTER
    if abs(zone) > _MAX_QUARTERS:
        raise ParseError("a zone is below 20 hours")
    fields = (moment.month, moment.day, moment.hour, moment.minute, moment.second)
    octets = [_bcd(moment.year % 100), *map(_bcd, fields), _bcd(abs(zone))]
    if zone < 0:
        octets[-1] |= _ZONE_NEGATIVE
    return bytes(octets)


def decode_relative(octet: int) -> timedelta:
    """Read a relative validity period."""
    return _RELATIVE[octet]


def encode_relative(period: timedelta) -> int:
    """Write the longest period that is not above `period`; ParseError beyond 63 weeks."""
    if period > _RELATIVE[-1]:
        raise ParseError("a validity period is 63 weeks at most")
    return max(bisect_right(_RELATIVE, period) - 1, 0)


def decode_enhanced(octets: bytes) -> timedelta | None:
    """Read the 7 octets of an enhanced validity period; None where it states none."""
    indicator, *values = octets
    if indicator & 0x80:  # an extension octet follows, for which no release has a meaning
        values = values[1:]
    match indicator & 0b111:
        case 1:
            return _RELATIVE[values[0]]
        case 2:
            return timedelta(seconds=values[0])
        case 3:
            hours, minutes, seconds = map(_swapped, values[:3])
            return timedelta(hours=hours, minutes=minutes, seconds=seconds)
        case _:
            return None
