from decimal import Decimal

import pytest

from modem.balance.numerals import read_numeral


@pytest.mark.parametrize(
    ("text", "currency", "value"),
    [
        ("5", "EUR", "5"),
        ("5.5", "EUR", "5.5"),
        ("1,234.56", "EUR", "1234.56"),
        ("1.234,56", "USD", "1234.56"),
        ("1 234,56", "RUB", "1234.56"),
        ("1'234.50", "CHF", "1234.50"),
        ("1,00,000", "INR", "100000"),
        ("12,34,567.89", "INR", "1234567.89"),
        ("1,234,567", None, "1234567"),
        ("1.234", "EUR", "1234"),
        ("1,234", "USD", "1234"),
        ("1.234", "USD", "1.234"),
        ("0,125", "EUR", "0.125"),
        ("1.234", "KWD", "1.234"),
        ("1,234", "KWD", "1234"),
        ("1,234", "TND", "1.234"),
        ("10,500", "IDR", "10500"),
        ("10.500", "IDR", "10500"),
        ("1,234", "EUR", None),  # an English thousand, or thousandths?
        ("1,234", None, None),
        ("1.23.45", "EUR", None),
        ("1,23,45", "EUR", None),
        ("1.234.56", "EUR", None),
        ("1,234.567,8", "EUR", None),
        ("1234567890123456", "EUR", None),
    ],
)
def test_what_separators_mean(text: str, currency: str | None, value: str | None) -> None:
    assert read_numeral(text, currency) == (None if value is None else Decimal(value))
