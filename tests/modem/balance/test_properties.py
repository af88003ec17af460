"""Garbage never raises; what is written in any style with any mark is read back."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from config.carriers import ReadRules
from modem.balance import read_balance
from modem.balance.tables import table
from tests.modem.balance.corpus import own_cases

PIECES = st.one_of(
    st.text(max_size=20),
    st.from_regex(r"[0-9.,:'/ *#%()-]{1,12}", fullmatch=True),
    st.sampled_from([word for case in own_cases() for word in case.text.split()]),
)
CURRENCIES = st.sampled_from([None, *table("countries")["currency"]])


@given(st.lists(PIECES, max_size=30).map(" ".join), CURRENCIES)
def test_garbage_never_raises(text: str, currency: str | None) -> None:
    balance = read_balance(text, ReadRules(), currency=currency)
    assert balance.text == text
    assert balance.amount is None or balance.amount.is_finite()


def lakhs(digits: str) -> str:
    head, tail = digits[:-3], digits[-3:]
    pairs: list[str] = []
    while head:
        head, pair = head[:-2], head[-2:]
        pairs.insert(0, pair)
    return ",".join([*pairs, tail])


ARABIC = "".join(map(chr, range(0x660, 0x66A))) + "\u066b"
STYLES = {
    "1234.56": lambda n: f"{n:.2f}",
    "1234,56": lambda n: f"{n:.2f}".replace(".", ","),
    "1,234.56": lambda n: f"{n:,.2f}",
    "1.234,56": lambda n: f"{n:,.2f}".translate(str.maketrans(",.", ".,")),
    "1 234,56": lambda n: f"{n:,.2f}".translate(str.maketrans(",.", " ,")),
    "1'234.50": lambda n: f"{n:,.2f}".replace(",", "'"),
    "1\u00a0234,56": lambda n: f"{n:,.2f}".translate(str.maketrans(",.", "\u00a0,")),
    "12,34,567.89": lambda n: lakhs(str(int(n))) + f"{n % 1:.2f}"[1:],
    "Arabic": lambda n: f"{n:.2f}".translate(str.maketrans("0123456789.", ARABIC)),
    "Devanagari": lambda n: f"{n:.2f}".translate(str.maketrans("0123456789", "०१२३४५६७८९")),
}
MARKS = [
    (mark, codes.split("-")[0])
    for kind in ("sure", "expected")
    for codes, marks in table("marks")[kind].items()
    for mark in marks
]
PLACES = ["Balance: {amount}{mark}", "Saldo {amount} {mark}", "Bal {mark}{amount}."]


@given(
    st.decimals("0", "99999999.99", places=2),
    st.sampled_from(sorted(STYLES)),
    st.sampled_from(MARKS),
    st.sampled_from(PLACES),
)
def test_an_amount_in_any_style_is_read_back(
    amount: Decimal, style: str, mark: tuple[str, str], place: str
) -> None:
    text = place.format(amount=STYLES[style](amount), mark=mark[0])
    balance = read_balance(text, ReadRules(), currency=mark[1])
    assert (balance.amount, balance.currency) == (amount, mark[1]), text
