from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.money.voucher_file import BadLine, Defaults, VoucherLine, read_vouchers
from tests.edge.money.till import CARRIER, CARRIERS, TEN, TODAY

NONE = Defaults()
GIVEN = Defaults(CARRIER, TEN)


def read(text: str, defaults: Defaults = NONE) -> tuple[list[VoucherLine], list[BadLine]]:
    return read_vouchers(text, defaults, CARRIERS, TODAY)


def test_all_that_a_line_may_say() -> None:
    (line,), bad = read("1234-5678 9012,20.50,usd,ng-mtn,2027-01-31")
    assert not bad
    assert line.code.get_secret_value() == "123456789012"
    assert (line.carrier, line.amount, line.currency) == ("ng-mtn", Decimal("20.50"), "USD")
    assert line.expires == date(2027, 1, 31)


@pytest.mark.parametrize(
    "text",
    [
        "11111111,10\n22222222,10",
        "# my vouchers\n\n11111111,10 # one\r\n22222222;10\n",
        "\ufeffcode,amount\n11111111,10\n22222222,10",
        "Amount;Code\n10;11111111\n10;22222222",
        'code\tamount\n"11111111"\t10,00\n"22222222"\t"10"',
    ],
)
def test_files_as_people_have_them(text: str) -> None:
    good, bad = read(text, Defaults(carrier="ng-mtn"))
    assert not bad
    assert [line.code.get_secret_value() for line in good] == ["11111111", "22222222"]
    assert {(line.amount, line.currency, line.expires) for line in good} == {(TEN, "NGN", None)}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("12345", "6 to 24 digits"),
        ("1234567890123456789012345", "6 to 24 digits"),
        ("12345678a", "6 to 24 digits"),
        ("١٢٣٤٥٦٧٨", "6 to 24 digits"),
        (",10", "6 to 24 digits"),
        ("12345678,ten", "amount"),
        ("12345678,0", "amount"),
        ("12345678,-5", "amount"),
        ("12345678,1e9", "amount"),
        ("12345678,10,naira", "three letters"),
        ("12345678,10,,nobody", "no carrier profile"),
        ("12345678,10,,,31.12.2027", "2027-12-31"),
        ("12345678,10,,,2027-13-01", "2027-12-31"),
        ("12345678,10,,,2026-11-22", "has expired"),
    ],
)
def test_bad_lines_are_told_by_number_and_never_shown(line: str, problem: str) -> None:
    good, (bad,) = read(f"\n{line}\n", GIVEN)
    assert not good
    assert bad.number == 2
    assert problem in bad.problem
    assert "1234567" not in bad.problem


def test_what_no_line_and_no_option_says_is_asked_for() -> None:
    assert "--carrier" in read("12345678,10")[1][0].problem
    assert "--amount" in read("12345678", Defaults(CARRIER))[1][0].problem


def test_a_code_stands_once() -> None:
    good, bad = read("12345678\n1234-5678\n87654321", GIVEN)
    assert len(good) == 2
    assert bad == [BadLine(2, "the same code stands in line 1")]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    good, bad = read(text, GIVEN)
    for line in good:
        code = line.code.get_secret_value()
        assert 6 <= len(code) <= 24
        assert code.isascii()
        assert code not in repr(line)
    assert all(problem.problem for problem in bad)
