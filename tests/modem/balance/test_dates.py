from datetime import date

import pytest

from config.carriers import DateOrder
from modem.balance.dates import DateStyle, find_dates
from modem.balance.fold import fold, tidy

TODAY = date(2026, 3, 10)


PLAIN = DateStyle()


def days(text: str, style: DateStyle = PLAIN) -> list[date | None]:
    return [found.day for found in find_dates(fold(tidy(text)), style)]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-30",
        "2024/1/30",
        "2024. 01. 30.",
        "30.01.2024",
        "30. 1. 2024",
        "30/01/24",
        "30-01-24 23:59",
        "30 01 2024",
        "20240130",
        "Jan 30 2024",
        "January 30th, 2024",
        "30 January 2024",
        "30JAN24",
        "30-Jan-24",
        "30 de enero de 2024",
        "30 janvier 2024",
        "30. Januar 2024",
        "30 stycznia 2024",
        "30. ledna 2024",
        "30 января 2024",
        "30 січня 2024",
        "30 Ocak 2024",
        "2024. január 30",
        "30 يناير 2024",
        "30 มกราคม 2567",
        "30 ม.ค. 2567",
        "30/01/2567",
        "2024年1月30日",
        "2024년 1월 30일",
        "\u0663\u0660/\u0660\u0661/\u0662\u0660\u0662\u0664",
    ],
)
def test_one_day_in_many_ways(text: str) -> None:
    assert days(f"Exp: {text}") == [date(2024, 1, 30)]


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("01/02/2024", DateOrder.DMY, date(2024, 2, 1)),
        ("01/02/2024", DateOrder.MDY, date(2024, 1, 2)),
        ("01/02/2024", DateOrder.YMD, date(2024, 2, 1)),
        ("24/02/03", DateOrder.YMD, date(2024, 2, 3)),
        ("24/02/03", DateOrder.DMY, date(2003, 2, 24)),
        ("01/30/2024", DateOrder.DMY, date(2024, 1, 30)),
        ("30/01/2024", DateOrder.MDY, date(2024, 1, 30)),
    ],
)
def test_the_order_decides_where_both_could_be(text: str, order: DateOrder, day: date) -> None:
    assert days(text, DateStyle(order)) == [day]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1403/01/01", date(2024, 3, 20)),
        ("1399/12/30", date(2021, 3, 20)),
        ("1400/01/01", date(2021, 3, 21)),
        ("1370/06/15", date(1991, 9, 6)),
        ("15 شهریور 1403", date(2024, 9, 5)),
        ("03/06/15", date(2024, 9, 5)),
    ],
)
def test_persian_years(text: str, day: date) -> None:
    assert days(text, DateStyle(DateOrder.YMD, currency="IRR")) == [day]


def test_other_calendars() -> None:
    assert days("30/01/67", DateStyle(currency="THB")) == [date(2024, 1, 30)]
    assert days("30/01/24", DateStyle(currency="THB")) == [date(2024, 1, 30)]
    assert days("113年1月30日", DateStyle(currency="TWD")) == [date(2024, 1, 30)]


def test_a_date_without_a_year_is_the_next_such_day() -> None:
    style = DateStyle(today=TODAY)
    assert days("05/04", style) == [date(2026, 4, 5)]
    assert days("Mar 9", style) == [date(2027, 3, 9)]
    assert days("3月10日", style) == [TODAY]
    assert days("30/02", style) == []
    assert days("05/04") == [None]


@pytest.mark.parametrize(
    "text",
    [
        "31.02.2024",
        "99/99/2024",
        "1445/01/01",
        "10.20.30.40",
        "2024-13-01",
        "1400/12/30",
        "main 20",
    ],
)
def test_no_dates(text: str) -> None:
    assert days(text) == []


def test_no_day_beyond_the_end_of_a_persian_year() -> None:
    assert days("1400/12/30", DateStyle(currency="IRR")) == []
