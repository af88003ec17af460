from datetime import date
from decimal import Decimal

import pytest

from config.carriers import BucketRule, Counting, ReadRules, Unit
from modem.balance import Balance, read_balance

PLAIN = ReadRules()


def read(text: str, rules: ReadRules = PLAIN, currency: str | None = "EUR") -> Balance:
    return read_balance(text, rules, currency=currency)


def test_a_pattern_of_the_carrier_goes_first() -> None:
    rules = ReadRules(amount=(r"usable\s+(?P<amount>-?[\d.,]+)",))
    assert read("Balance 10.00 EUR, usable 7,50", rules).amount == Decimal("7.50")
    assert read("Balance 10.00 EUR, usable -7,50", rules).amount == Decimal("-7.50")
    assert read("Balance 10.00 EUR", rules).amount == Decimal("10.00")


def test_a_pattern_names_the_expiry() -> None:
    rules = ReadRules(expiry=(r"konto aktivt (?P<expiry>\S+)",))
    assert read("Saldo 5,00. Konto aktivt 2026-05-01", rules).expiry == date(2026, 5, 1)
    assert read("Saldo 5,00. Konto aktivt i dag", rules).expiry is None


def test_a_bucket_of_its_own_words() -> None:
    rule = BucketRule(name="night", unit=Unit.MINUTES, pattern=r"night (?P<value>\d+)")
    balance = read("night 20; night 15", ReadRules(buckets=(rule,)))
    assert balance.minutes_left == 35
    assert balance.buckets[0].name == "night"
    assert read("day 20", ReadRules(buckets=(rule,))).unknown


def test_what_the_carrier_ignores_is_not_read() -> None:
    rules = ReadRules(ignore=(r"Saldo der Bank.*",))
    assert read("Saldo der Bank: 500 EUR", rules).unknown


@pytest.mark.parametrize(
    ("counting", "amount"),
    [(Counting.AUTO, "5.00"), (Counting.FIRST, "2.00"), (Counting.SUM, "7.00")],
)
def test_which_amounts_count(counting: Counting, amount: str) -> None:
    text = "Gift balance 2.00 EUR; main balance 5.00 EUR".replace("Gift", "Second")
    assert read(text, ReadRules(counting=counting)).amount == Decimal(amount)


def test_words_of_the_carrier() -> None:
    assert read("Knete: 5.00 EUR, und so weiter, wie immer, mit Gruss und Dank").amount is None
    own = ReadRules(balance_words=("knete",), apart_words=("spielgeld",))
    balance = read("Knete: 5.00 EUR. Spielgeld-Guthaben: 3.00 EUR", own)
    assert balance.amount == 5
    assert [bucket.value for bucket in balance.buckets] == [3]


def test_no_credit_and_barred() -> None:
    rules = ReadRules(no_credit_words=("nicht ausreichend",), barred_words=("gesperrt",))
    assert read("Ihr Guthaben ist nicht ausreichend.", rules).no_credit
    assert read("Karte GESPERRT", rules).barred
    assert not read("Guthaben 5 EUR", rules).no_credit


def test_relative_validity_needs_the_day() -> None:
    text = "Usted dispone de 50 SMS validos por 30 dias."
    assert read(text).valid_days == 30
    assert read(text).expiry is None
    told = read_balance(text, PLAIN, currency="CUP", today=date(2026, 1, 31))
    assert told.expiry == date(2026, 3, 2)


def test_a_placeholder_tells_the_currency_alone() -> None:
    balance = read("Main bal: N{amount}.00", currency="NGN")
    assert (balance.amount, balance.currency, balance.unknown) == (None, "NGN", True)


def test_a_bucket_has_its_own_end() -> None:
    balance = read("Saldo 5,00 EUR. 1GB gueltig bis 05.01.2027")
    assert balance.expiry is None
    assert [bucket.expiry for bucket in balance.buckets] == [date(2027, 1, 5)]
    assert balance.data_left_mb == 1024


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("You have 90 seconds left", "1.5"),
        ("You have 30 of 100 minutes left", "30"),
        ("You have 10 min 30 sec left", "10.5"),
        ("Minutes left: 00:30:00", "30"),
        ("You have used 30 minutes", None),
        ("Buy 100 minutes for 5 EUR", None),
        ("Try again in 5 minutes", None),
        ("Dial *123# for 50 minutes", None),
        ("Calls 0.10 EUR per minute", None),
    ],
)
def test_minutes_that_are_left(text: str, minutes: str | None) -> None:
    assert read(text).minutes_left == (None if minutes is None else Decimal(minutes))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*888#",
        "(8)",
        "O2",
        "Dial 2424",
        "Balance: *100#",
        "Balance 100 %",
        "Balance: 50 points",
        "Balance at 12:30",
        "Your balance number is 447700900123",
        "IMSI 262011234567890",
        "Saldo 0123",
        "4G 5G",
        "Recharge your balance with 10 EUR",
        "Balance below 5 EUR",
        "10 EUR for 5 GB",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    balance = read(text)
    assert (balance.amount, balance.currency) == (None, None)
    assert balance.unknown
    assert balance.text == text
