"""The owner's verbs where a command line does not lead: large files, other keys, broken records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.models import GatewayConfig
from config.profiles import Profiles
from edge.control import Refused
from edge.fleet import Fleet
from edge.guards.deny import DenyList
from edge.guards.hashes import NumberHash
from edge.money.balances import Balances
from edge.money.means import Means
from edge.money.rules import Rules
from edge.owner import BATCH, PAGE, Owner
from edge.sim_transfer import SimTransfer
from edge.store import Op
from edge.usage import Usage
from tests.edge.money.till import CARRIERS, NOW, Till, open_till, wish

ZONE = ZoneInfo("UTC")


@pytest.fixture
def told() -> list[str]:
    """Filled when new vouchers are on disk."""
    return []


@pytest.fixture
def owner(till: Till, told: list[str]) -> Owner:
    return made(till, lambda: told.append("vouchers"))


def made(till: Till, on_vouchers: Callable[[], None]) -> Owner:
    config = GatewayConfig()
    usage = Usage(config, till.store, ZONE)
    fleet = Fleet(config, Profiles({}), CARRIERS, till.store, usage, _quiet, lambda _: True)
    sims = SimTransfer("office", till.store, usage, Balances(till.ledger), fleet)
    means = Means(till.ledger, till.vouchers, till.topups, Rules((), (), 3, ZONE), 3, ZONE)
    denied = DenyList(NumberHash(b"k"))
    return Owner(till.store, means, CARRIERS, denied, None, sims, on_vouchers)


def _quiet(_name: str, _message: str | None, _line: str | None) -> None:
    pass


def file(count: int) -> dict[str, Any]:
    text = "\n".join(f"{10**11 + place},10" for place in range(count))
    return {"text": text, "carrier": "ng-mtn"}


async def checked(owner: Owner) -> Any:
    return await owner.check_ledger({})


async def test_a_large_file_is_taken_in_and_checked_in_parts(
    owner: Owner, till: Till, told: list[str]
) -> None:
    many = max(2 * BATCH, PAGE) + 1
    answer: Any = await owner.import_vouchers(file(many))
    assert (len(answer["added"]), answer["left_out"]) == (many, [])
    assert told == ["vouchers"]
    found = await checked(owner)
    assert (found["entries"], found["problems"]) == (many, [])
    assert found["vouchers"] == {"free": many}
    await till.crash()
    assert len(till.vouchers.all()) == many


async def test_what_is_on_its_way_to_the_disk_is_checked_too(owner: Owner, till: Till) -> None:
    await till.bring("123456789012")
    _, change = till.topups.reserve(wish(), till.pick(), NOW)
    till.ledger.write(change)
    found = await checked(owner)
    assert (found["entries"], found["problems"], found["vouchers"]) == (2, [], {"reserved": 1})


async def test_nothing_new_wakes_nobody(owner: Owner, told: list[str]) -> None:
    await owner.import_vouchers(file(1))
    told.clear()
    answer: Any = await owner.import_vouchers(file(1))
    assert answer["left_out"] == [{"line": 1, "problem": "this code is known already"}]
    assert told == []


async def test_without_the_key_no_voucher_comes_in(tmp_path: Path) -> None:
    till = await open_till(tmp_path / "other.db", key=None)
    with pytest.raises(Refused, match="key"):
        await made(till, _nobody).import_vouchers(file(1))
    await till.store.close()


def _nobody() -> None:
    raise AssertionError("no voucher came in")


async def test_a_full_disk_takes_nothing_in(owner: Owner, till: Till) -> None:
    till.store.failure = "disk is full"
    with pytest.raises(Refused, match="The disk takes no records: disk is full"):
        await owner.import_vouchers(file(1))
    assert till.vouchers.all() == []


async def test_a_record_that_cannot_be_read_is_a_problem(owner: Owner, till: Till) -> None:
    await till.bring("123456789012")
    broken = Op("INSERT INTO ledger VALUES (2, 0, 'balance', NULL, NULL, NULL, '{}')")
    await till.store.write(broken)
    till.ledger.last = 2
    found = await checked(owner)
    assert found["problems"] == [
        {"entry": None, "message": "of those after entry 0 one is not readable"}
    ]


@pytest.mark.parametrize(
    ("verb", "payload", "says"),
    [
        ("vouchers_import", {"text": 7}, "text: "),
        ("vouchers_import", {"text": "1234567890", "amount": "NaN"}, "amount: "),
        ("ledger", {"limit": 100_000}, "limit: "),
        ("ledger", {"line": "nowhere"}, "There is no line nowhere"),
        ("ledger", {"sim": "'; DROP TABLE ledger"}, "sim: "),
        ("deny_remove", {"numbers": []}, "numbers: "),
        ("deny_remove", {"numbers": ["abc"]}, "A number has digits only"),
        ("sim_export", {"iccid": ""}, "iccid: "),
        ("sim_import", {"file": []}, "file: "),
        ("sim_import", {"file": {"trunkline_sim": []}}, "This is no file"),
    ],
)
async def test_nonsense_is_refused_with_a_sentence(
    owner: Owner, verb: str, payload: dict[str, Any], says: str
) -> None:
    with pytest.raises(Refused) as refused:
        await owner.verbs[verb](payload)
    assert str(refused.value).startswith(says)
    assert "1234567890" not in str(refused.value)
