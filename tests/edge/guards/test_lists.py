import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.guards.attempts import DAY_S, REFUSAL_KEPT_S, Attempt, Attempts
from edge.guards.deny import DenyList, read_numbers
from edge.guards.hashes import NumberHash
from edge.store import Store
from mqtt.vocabulary import Cause

ANN, BOB, CYD = "+436601234567", "+436601234568", "+436601234569"
NOW = 1_764_000_000.0


@pytest.fixture
def deny() -> DenyList:
    return DenyList(NumberHash(b"k" * 32))


@pytest.fixture
def attempts() -> Attempts:
    return Attempts(NumberHash(b"k" * 32))


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def load_hash(store: Store) -> NumberHash:
    found = NumberHash()
    await found.load(store)
    return found


async def test_the_key_is_made_once(store: Store) -> None:
    first, again = await load_hash(store), await load_hash(store)
    assert first(ANN) == again(ANN) != NumberHash(b"k" * 32)(ANN)
    [(key,)] = await store.read("SELECT value FROM secret")
    assert len(key) == 32


async def test_a_denied_number_stays_denied_and_is_not_on_disk(
    store: Store, tmp_path: Path
) -> None:
    deny = DenyList(await load_hash(store))
    done = store.write(*deny.add([ANN, BOB, ANN], NOW))
    assert ANN in deny
    assert CYD not in deny
    await done
    again = DenyList(await load_hash(store))
    assert ANN not in again
    await again.load(store)
    assert (ANN in again, BOB in again, CYD in again, len(again)) == (True, True, False, 2)
    assert ANN[1:].encode() not in on_disk(tmp_path)


def test_another_key_gives_another_hash() -> None:
    one, other = NumberHash(b"a" * 32), NumberHash(b"b" * 32)
    assert one(ANN) != other(ANN)
    assert len(one(ANN)) == 16


async def test_a_number_is_taken_off_when_that_is_on_disk(store: Store) -> None:
    deny = DenyList(await load_hash(store))
    await store.write(*deny.add([ANN, BOB], NOW))
    await store.write(*deny.removal([ANN]))
    assert ANN in deny
    deny.removed([ANN])
    assert (ANN in deny, BOB in deny) == (False, True)
    assert await store.read("SELECT count(*) FROM denied") == [(1,)]


async def test_more_rows_than_one_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.guards.deny.CHUNK", 7)
    monkeypatch.setattr("edge.guards.attempts.CHUNK", 7)
    hashes = await load_hash(store)
    deny, attempts = DenyList(hashes), Attempts(hashes)
    numbers = [f"+4366012345{n:02}" for n in range(50)]
    await store.write(*deny.add(numbers, NOW), *(attempts.begin(ANN, NOW + n) for n in range(50)))
    deny, attempts = DenyList(hashes), Attempts(hashes)
    await deny.load(store)
    await attempts.load(store, NOW)
    assert all(number in deny for number in numbers)
    assert len(attempts.of(ANN)) == 50


def test_a_hundred_thousand_numbers_are_cheap(deny: DenyList) -> None:
    deny.add((f"+43660{n:07}" for n in range(100_000)), NOW)
    pages = deny._db.execute(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    )
    assert len(deny) == 100_000
    assert pages.fetchone()[0] < 4_000_000


def test_a_file_of_numbers() -> None:
    lines = [
        "\ufeff+43 660 1234567\n",
        "\n",
        "# said stop\n",
        "0660 1234568 # twice\n",
        "0800-CALL\n",
        "7\n",
    ]
    numbers, problems = read_numbers(lines, "AT")
    assert numbers == [ANN, BOB]
    assert [problem.split(":")[0] for problem in problems] == ["line 5", "line 6"]
    numbers, problems = read_numbers(["06601234567"], None)
    assert numbers == []
    assert problems[0].startswith("line 1: Write the number with + and its country code")


@given(st.lists(st.text(max_size=20)))
def test_no_line_of_a_file_is_lost(lines: list[str]) -> None:
    numbers, problems = read_numbers(lines, "AT")
    remarks = [line for line in lines if not line.partition("#")[0].strip().strip("\ufeff")]
    assert len(numbers) + len(problems) + len(remarks) == len(lines)


async def test_an_attempt_counts_before_it_is_on_disk_and_after_a_crash(store: Store) -> None:
    attempts = Attempts(await load_hash(store))
    done = store.write(attempts.begin(ANN, NOW))
    assert attempts.of(ANN) == (Attempt(NOW, refused=False),)
    await done
    again = Attempts(await load_hash(store))
    await again.load(store, NOW + 60)
    assert again.of(ANN) == (Attempt(NOW, refused=False),)
    assert again.of(BOB) == ()


@pytest.mark.parametrize(
    ("cause", "rang", "left"),
    [
        (Cause.REJECTED, True, (Attempt(NOW, refused=True),)),
        (Cause.REJECTED, False, (Attempt(NOW, refused=True),)),
        (Cause.NO_ANSWER, True, (Attempt(NOW, refused=False),)),
        (Cause.BUSY, False, (Attempt(NOW, refused=False),)),
        (Cause.NORMAL, True, (Attempt(NOW, refused=False),)),
        (Cause.LOST, True, (Attempt(NOW, refused=False),)),
        (Cause.LOST, False, (Attempt(NOW, refused=False),)),
        (Cause.NO_CREDIT, False, ()),
        (Cause.BARRED, False, ()),
        (Cause.NETWORK_ERROR, False, ()),
    ],
)
async def test_how_a_call_ended(
    store: Store, cause: Cause, *, rang: bool, left: tuple[Attempt, ...]
) -> None:
    attempts = Attempts(await load_hash(store))
    await store.write(attempts.begin(ANN, NOW))
    await store.write(attempts.end(ANN, NOW, cause, rang=rang))
    again = Attempts(await load_hash(store))
    await again.load(store, NOW)
    assert attempts.of(ANN) == again.of(ANN) == left


async def test_what_was_not_dialled_is_taken_out(store: Store) -> None:
    attempts = Attempts(await load_hash(store))
    await store.write(attempts.begin(ANN, NOW), attempts.begin(ANN, NOW + 1))
    await store.write(attempts.undo(ANN, NOW))
    assert attempts.of(ANN) == (Attempt(NOW + 1, refused=False),)
    assert await store.read("SELECT at FROM attempt") == [(NOW + 1,)]


async def test_old_attempts_are_forgotten_and_refusals_later(store: Store) -> None:
    attempts = Attempts(await load_hash(store))
    for number, cause in ((ANN, Cause.NO_ANSWER), (BOB, Cause.REJECTED)):
        await store.write(attempts.begin(number, NOW))
        await store.write(attempts.end(number, NOW, cause, rang=True))
    await store.write(attempts.tidy(NOW + 30 * DAY_S))
    assert attempts.of(ANN)
    later = NOW + 32 * DAY_S
    await store.write(attempts.tidy(later))
    assert (attempts.of(ANN), len(attempts.of(BOB))) == ((), 1)
    assert await store.read("SELECT outcome FROM attempt") == [("rejected",)]
    again = Attempts(await load_hash(store))
    await again.load(store, NOW + REFUSAL_KEPT_S + 1)
    assert again.of(BOB) == ()
    assert await store.read("SELECT * FROM attempt") == []


async def test_the_lists_hold_no_number_in_memory(attempts: Attempts, deny: DenyList) -> None:
    attempts.begin(ANN, NOW)
    deny.add([ANN], NOW)
    dump: list[str] = []
    for db in (attempts._db, deny._db):
        assert isinstance(db, sqlite3.Connection)
        dump += db.iterdump()
    assert ANN not in "".join(dump)
