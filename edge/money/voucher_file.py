"""Files of vouchers: `code[,amount[,currency[,carrier[,expires]]]]` a line, or with a header.

Columns are parted by commas, semicolons or tabs; `#` begins a comment, blank lines are skipped.
Codes are digits; spaces and dashes in them are dropped. What is wrong is told by the number of its
line, without a word of what stands in it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import SecretStr

from config.carriers import CarrierProfile, Carriers

COLUMNS = ("code", "amount", "currency", "carrier", "expires")
LINES_MAX = 10_000
_LINE_MAX = 500  # characters
_AMOUNT_MAX = Decimal(1_000_000)
_CODE = re.compile(r"[0-9]{6,24}")
_AMOUNT = re.compile(r"[0-9]{1,7}([.,][0-9]{1,4})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class VoucherLine:
    """One voucher of a file, complete; `number` is that of its line."""

    number: int
    code: SecretStr
    carrier: str
    amount: Decimal
    currency: str
    expires: date | None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is left out, and what to do about it."""

    number: int
    problem: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for lines that do not say it; the currency else is the carrier's."""

    carrier: str | None = None
    amount: Decimal | None = None
    currency: str | None = None


class _Bad(ValueError):  # noqa: N818 - becomes a BadLine
    pass


def read_vouchers(
    text: str, defaults: Defaults, carriers: Carriers, today: date
) -> tuple[list[VoucherLine], list[BadLine]]:
    """Read a file; what is not a voucher of a known carrier is told, never guessed."""
    good: dict[str, VoucherLine] = {}
    bad: list[BadLine] = []
    columns: Sequence[str] = COLUMNS
    for number, cells in _rows(text):
        if "code" in (header := [cell.lower() for cell in cells]):
            columns = header
            continue
        try:
            line = _read(number, dict(zip(columns, cells, strict=False)), defaults, carriers, today)
            _put(good, line)
        except _Bad as problem:
            bad.append(BadLine(number, str(problem)))
    return list(good.values()), bad


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if content:
            mark = next((mark for mark in ";\t" if mark in content), ",")
            yield number, [cell.strip().strip('"') for cell in content.split(mark)]


def _put(good: dict[str, VoucherLine], line: VoucherLine) -> None:
    code = line.code.get_secret_value()
    if code in good:
        raise _Bad(f"the same code stands in line {good[code].number}")
    if len(good) >= LINES_MAX:
        raise _Bad(f"a file has at most {LINES_MAX} vouchers: split it")
    good[code] = line


def _read(
    number: int, cells: dict[str, str], defaults: Defaults, carriers: Carriers, today: date
) -> VoucherLine:
    profile = _carrier(cells.get("carrier") or defaults.carrier, carriers)
    return VoucherLine(
        number,
        SecretStr(_code(cells.get("code", ""))),
        profile.name,
        _amount(cells.get("amount", ""), defaults.amount),
        _currency(cells.get("currency") or defaults.currency or profile.currency),
        _expires(cells.get("expires", ""), today),
    )


def _code(cell: str) -> str:
    code = cell.replace(" ", "").replace("-", "")
    if not _CODE.fullmatch(code):
        raise _Bad("a code is 6 to 24 digits, with spaces and dashes as you like")
    return code


def _carrier(name: str | None, carriers: Carriers) -> CarrierProfile:
    if not name:
        raise _Bad("of which carrier? Add a column or give --carrier")
    profile = carriers.by_name.get(name) or carriers.called(name)
    if profile is None:
        raise _Bad("no carrier profile has this name; a profile's name reads like at-a1")
    return profile


def _amount(cell: str, default: Decimal | None) -> Decimal:
    if not cell and default is not None:
        return default
    if not _AMOUNT.fullmatch(cell) or (amount := Decimal(cell.replace(",", "."))) <= 0:
        raise _Bad("the amount is missing or no number: write it like 10.50 or give --amount")
    return amount


def _currency(cell: str) -> str:
    if not _CURRENCY.fullmatch(cell.upper()):
        raise _Bad("a currency is three letters, such as EUR")
    return cell.upper()


def _expires(cell: str, today: date) -> date | None:
    if not cell:
        return None
    try:
        day = date.fromisoformat(cell) if _DAY.fullmatch(cell) else None
    except ValueError:
        day = None
    if day is None:
        raise _Bad("the expiry is no day: write it like 2027-12-31")
    if day < today:
        raise _Bad("this voucher has expired")
    return day
