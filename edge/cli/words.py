"""How times, amounts and numbers of anything are written for people."""

from datetime import datetime
from decimal import Decimal

from mqtt.messages import Left, Use

MINUTE_S = 60
HOUR_S = 3600
CENTS = 2  # places that an amount has at least


def moment(at: datetime | None) -> str:
    """A time on the clock of this machine; empty for none."""
    return "" if at is None else f"{at.astimezone():%m-%d %H:%M}"


def span(seconds: float) -> str:
    """A length of time, as exact as people need it."""
    whole = round(seconds)
    if whole < 2 * MINUTE_S:
        return f"{whole} s"
    if whole < 2 * HOUR_S:
        return f"{whole // MINUTE_S} min"
    return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S} min"


def money(amount: str | None, currency: str | None) -> str:
    """An amount of the contract with its currency; empty for one that is not known."""
    if amount is None:
        return ""
    value = Decimal(amount).normalize()
    exponent = value.as_tuple().exponent
    places = max(CENTS, -exponent if isinstance(exponent, int) else 0)
    return f"{value:.{places}f} {currency or ''}".rstrip()


def left(bucket: Left) -> str:
    """What is left in a bucket."""
    name = "" if bucket.name == bucket.unit else f" {bucket.name}"
    until = f" until {bucket.expires}" if bucket.expires else ""
    return f"{bucket.left:g} {bucket.unit}{name}{until}"


def use(of: Use) -> str:
    """How much of a limit is used."""
    return f"{of.limit} {round(of.used, 1):g}/{of.most:g}"


def days(count: float | None) -> str:
    """A number of days; empty for none."""
    return "" if count is None else f"{count:.0f}"


def count(number: int, one: str, many: str | None = None) -> str:
    """So many things, such as "1 voucher" and "2 vouchers"."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
