"""The simulated carriers fit the profiles of their names: identity, codes, words."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest

from config.carriers import CarrierProfile, Carriers, How, Recharge, load_carriers
from modem.balance import Balance, read_balance
from modem.balance.fold import fold, tidy
from modem.balance.words import pattern_of
from simulator.clock import Clock
from simulator.money.account import Account
from simulator.money.dialect import Door, dialect, names
from simulator.money.parts import AccountPart
from simulator.money.services import GARBAGE
from simulator.money.speech import Speech
from simulator.money.vouchers import Verdict

NAMES = [name for name in names() if name != "plain"]
SELLING = [name for name in NAMES if dialect(name).recharge != Door()]
AMOUNT = Decimal(1234)  # whole: shillings have no cents
ACCOUNT = {
    "carrier": "c",
    "balance": AMOUNT,
    "valid_days": 30,
    "bundles": [
        {"unit": "minutes", "amount": 90, "days": 10},
        {"unit": "sms", "amount": 40, "days": 10},
        {"unit": "data", "amount": 500, "days": 12},
    ],
}


@cache
def carriers() -> Carriers:
    return load_carriers()


def profile(name: str) -> CarrierProfile:
    own = dialect(name)
    found = carriers().match(f"{own.mcc}{own.mnc}".ljust(15, "1"), own.spn)
    assert found
    return found


def read(name: str, text: str) -> Balance:
    carrier = profile(name)
    return read_balance(
        text, carrier.read, currency=carrier.currency, today=datetime.now(tz=UTC).date()
    )


async def spoken(name: str) -> tuple[Speech, Account]:
    """Give the carrier's speech, and an account to speak of."""
    clock = Clock(asyncio.get_running_loop(), 1)
    account = Account("8949", "+4915550000000", AccountPart.model_validate(ACCOUNT))
    return Speech(dialect(name), clock), account


def says(words: tuple[str, ...], text: str) -> bool:
    return pattern_of(words).search(fold(tidy(text))) is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_gateway_finds_the_profile_by_imsi_and_name(name: str) -> None:
    assert profile(name).name == name
    assert profile(name).currency == dialect(name).currency


@pytest.mark.parametrize("name", NAMES)
def test_the_balance_is_asked_for_as_the_profile_does(name: str) -> None:
    query, door = profile(name).query, dialect(name).balance
    if query is None:
        assert door == Door()
    elif query.how is How.USSD:
        assert query.code == door.ussd
    else:
        assert (query.code, query.text) == (door.sms_to, door.sms_text)


@pytest.mark.parametrize("name", NAMES)
async def test_the_balance_is_read_out_of_its_words(name: str) -> None:
    speech, account = await spoken(name)
    page = speech.balance(account)
    told = read(name, (page.menu["3"] if name == "au-telstra" else page).text)
    assert (told.amount, told.currency) == (AMOUNT, dialect(name).currency)
    assert told.expiry == (datetime.now(tz=UTC) + timedelta(days=30)).date()
    assert told.minutes_left == 90
    assert told.sms_left == 40
    assert told.data_left_mb == 500
    assert not told.no_credit
    assert not told.barred


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_told_after_calls_and_transfers_ends_in_the_balance(name: str) -> None:
    speech, account = await spoken(name)
    texts = dialect(name).texts
    more: Mapping[str, str | Decimal] = {
        "amount": Decimal(250),
        "cost": Decimal(12),
        "seconds": "60",
        "number": "+4915550000001",
    }
    told = [texts.recharged, texts.transferred, texts.received, texts.after_call]
    read_out = [read(name, speech.say(account, text, **more)) for text in told if text]
    assert [balance.amount for balance in read_out] == [AMOUNT] * len(read_out)


@pytest.mark.parametrize("name", [name for name in NAMES if dialect(name).notices != "none"])
async def test_a_notice_is_known_for_one(name: str) -> None:
    speech, account = await spoken(name)
    text = speech.say(account, dialect(name).texts.after_call, cost=AMOUNT, seconds="60")
    pattern = profile(name).after_call
    assert pattern
    assert re.search(pattern, text, re.IGNORECASE)


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_tells_no_balance(name: str) -> None:
    texts = dialect(name).texts
    failures = [texts.unavailable, texts.by_sms, texts.not_transferred, *texts.refused.values()]
    for text in (*failures, GARBAGE):
        told = read(name, text)
        assert told.unknown, text
        assert not told.barred, text
    assert read(name, texts.no_credit).no_credit
    assert read(name, texts.barred).barred


@pytest.mark.parametrize("name", SELLING)
def test_a_voucher_is_redeemed_as_the_profile_does(name: str) -> None:
    door, recharge = dialect(name).recharge, _recharge(name)
    asked = recharge.template.format(code="1234567890")
    if recharge.how is How.USSD:
        assert door.opens(asked) == {"code": "1234567890"}
    else:
        assert door.opens_by_sms(recharge.number or "", asked) == {"code": "1234567890"}


@pytest.mark.parametrize("name", SELLING)
def test_the_profile_knows_a_success_from_a_failure(name: str) -> None:
    recharge, texts = _recharge(name), dialect(name).texts
    assert says(recharge.success_words, texts.recharged)
    assert not says(recharge.failure_words, texts.recharged)
    for verdict in (Verdict.ALREADY_USED, Verdict.WRONG_CODE, Verdict.LOCKED):
        assert says(recharge.failure_words, texts.refused[verdict])
        assert not says(recharge.success_words, texts.refused[verdict])
    for text in (texts.by_sms, texts.unavailable, GARBAGE):
        assert not says((*recharge.success_words, *recharge.failure_words), text)


def _recharge(name: str) -> Recharge:
    recharge = profile(name).recharge
    assert recharge
    return recharge
