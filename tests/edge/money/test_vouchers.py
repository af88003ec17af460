from datetime import date
from decimal import Decimal

import pytest

from edge.money.saga import Event
from edge.money.vault import Vault, WrongKey
from edge.money.voucher_file import Defaults, read_vouchers
from tests.edge.money.till import CARRIER, CARRIERS, KEY, NOW, TODAY, Till, open_till, wish

MUCH = Decimal(1000)


def test_a_seal_opens_for_its_own_voucher_and_key_alone() -> None:
    vault = Vault(KEY)
    sealed = vault.seal("v-1", "12345678")
    assert vault.open("v-1", sealed).get_secret_value() == "12345678"
    assert vault.seal("v-1", "12345678") != sealed
    for other, name in ((vault, "v-2"), (Vault(b"x" * 32), "v-1")):
        with pytest.raises(WrongKey, match="bring back the key"):
            other.open(name, sealed)
    with pytest.raises(WrongKey):
        vault.open("v-1", sealed[:20])
    assert vault.fingerprint("12345678") != Vault(b"x" * 32).fingerprint("12345678")


async def test_a_code_is_known_for_ever(till: Till) -> None:
    await till.bring("1111-2222-3333")
    await use(till)
    await till.crash()
    again = await till.bring("111122223333", "99998888")
    assert [line.number for line in again.left_out] == [1]
    assert len(again.added) == 1
    assert await till.problems() == []


@pytest.mark.parametrize(
    ("wanted", "most", "picked"),
    [
        ("10", MUCH, "10"),
        ("8", MUCH, "10"),
        ("15", MUCH, "20"),
        ("50", MUCH, "20"),
        ("10", Decimal(9), "5"),
        ("10", Decimal(4), None),
    ],
)
async def test_the_smallest_that_suffices_else_the_largest(
    till: Till, wanted: str, most: Decimal, picked: str | None
) -> None:
    await till.bring("11111111,5", "22222222,20", "33333333,10")
    voucher = till.vouchers.pick(CARRIER, Decimal(wanted), "NGN", most, TODAY)
    assert (f"{voucher.amount}" if voucher else None) == picked


async def test_what_expires_first_goes_first_and_what_has_expired_never(till: Till) -> None:
    days = ("", "2027-06-01", "2026-11-24", "2027-01-01")
    await till.bring(*(f"1111111{n},10,,,{day}" for n, day in enumerate(days)))
    picked = [
        till.vouchers.pick(CARRIER, Decimal(10), "NGN", MUCH, day)
        for day in (TODAY, date(2026, 12, 1), date(2028, 1, 1))
    ]
    assert [voucher.voucher for voucher in picked if voucher] == ["v-3", "v-4", "v-1"]


async def test_other_carriers_and_currencies_are_not_ours(till: Till) -> None:
    await till.bring("11111111,10,USD", "22222222,10,,ng-9mobile")
    assert till.pick() is None


@pytest.mark.parametrize(
    ("code", "shown"),
    [("123456", "6"), ("12345678", "78"), ("1234567890123456", "3456"), ("9" * 24, "9999")],
)
async def test_lists_show_the_last_digits_alone(till: Till, code: str, shown: str) -> None:
    await till.bring(code)
    (voucher,) = till.vouchers.all()
    assert voucher.ends_in == shown
    assert code not in repr(voucher)


async def test_another_key_touches_nothing(till: Till) -> None:
    await till.bring("11111111")
    await use(till)
    other = await open_till(till.path, b"x" * 32)
    assert other.vouchers.problem
    assert other.pick() is None
    good, _ = read_vouchers("11111111,10", Defaults(CARRIER), CARRIERS, TODAY)
    with pytest.raises(WrongKey, match="another key"):
        other.vouchers.add(good, NOW)
    assert other.vouchers.all()[0].ends_in is None
    await other.store.close()


async def test_without_a_key_vouchers_are_listed_and_not_used(till: Till) -> None:
    await till.bring("11111111")
    other = await open_till(till.path, None)
    assert [voucher.voucher for voucher in other.vouchers.all()] == ["v-1"]
    assert other.pick() is None
    await other.store.close()


@pytest.mark.parametrize(
    "text",
    ["used 123456 today", "used 123 456 today", "used 12-34-56 today"],
)
async def test_a_code_is_masked_however_it_is_spaced(till: Till, text: str) -> None:
    await till.bring("123456")
    masked = till.vouchers.mask("v-1", text)
    assert not any(char.isdigit() for char in masked)
    assert masked.startswith("used *")


async def test_what_looks_like_a_code_is_masked_too(till: Till) -> None:
    masked = till.vouchers.mask(None, "PIN 1234-5678-9012 gives 10.50 until 2027-01-31, call 10086")
    assert masked == "PIN ************** gives 10.50 until 2027-01-31, call 10086"


async def use(till: Till) -> None:
    """Let the only voucher be used up."""
    topup, reserved = till.topups.reserve(wish(), till.pick(), NOW)
    await till.write(reserved)
    await till.topups.send(topup.topup_id, NOW)
    await till.write(till.topups.end(topup.topup_id, Event.ACCEPTED, NOW))
