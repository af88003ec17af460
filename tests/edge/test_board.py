"""The retained topics, with a broker that takes its time."""

import asyncio

import pytest

from edge.board import Board
from mqtt.session import BrokerAway

ALARM = "trunkline/v1/office/alarm/topup-desk-1"


class SlowBroker:
    """`heard` has all payloads in their order; each is taken, or lost, when a test says so."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._waiting: list[asyncio.Future[None]] = []

    def publish(self, topic: str, payload: bytes) -> asyncio.Future[None]:
        assert topic == ALARM
        self.heard.append(payload)
        self._waiting.append(asyncio.get_running_loop().create_future())
        return self._waiting[-1]

    async def take(self, count: int = 1) -> None:
        for _ in range(count):
            self._waiting.pop(0).set_result(None)
        await asyncio.sleep(0)

    async def lose(self) -> None:
        for future in self._waiting:
            future.set_exception(BrokerAway("gone"))
        self._waiting.clear()
        await asyncio.sleep(0)


@pytest.fixture
def broker() -> SlowBroker:
    return SlowBroker()


@pytest.fixture
def board(broker: SlowBroker) -> Board:
    board = Board(broker.publish)
    board.set_connected(connected=True)
    return board


def come_back(board: Board) -> None:
    board.set_connected(connected=False)
    board.set_connected(connected=True)


async def test_a_change_goes_out_at_once_and_the_same_again_does_not(
    board: Board, broker: SlowBroker
) -> None:
    for payload in (b"one", b"one", b"two"):
        board.show(ALARM, payload)
    assert broker.heard == [b"one", b"two"]


async def test_a_broker_that_comes_hears_only_the_newest_word(broker: SlowBroker) -> None:
    board = Board(broker.publish)
    board.show(ALARM, b"one")
    board.show(ALARM, b"two")
    assert broker.heard == []
    board.set_connected(connected=True)
    assert broker.heard == [b"two"]


async def test_what_is_raised_again_while_it_is_taken_down_stands(
    board: Board, broker: SlowBroker
) -> None:
    for payload in (b"one", b"", b"two"):
        board.show(ALARM, payload)
    await broker.take(3)
    come_back(board)
    assert broker.heard == [b"one", b"", b"two", b"two"]


async def test_what_was_taken_down_is_not_told_to_a_broker_that_comes_back(
    board: Board, broker: SlowBroker
) -> None:
    for payload in (b"one", b""):
        board.show(ALARM, payload)
    await broker.take(2)
    come_back(board)
    assert broker.heard == [b"one", b""]


@pytest.mark.parametrize("taken", [0, 1, 2, 3])
async def test_what_a_broker_did_not_take_is_told_when_it_is_back(
    board: Board, broker: SlowBroker, taken: int
) -> None:
    for payload in (b"one", b"", b"two", b""):
        board.show(ALARM, payload)
    await broker.take(taken)
    await broker.lose()
    come_back(board)
    assert broker.heard == [b"one", b"", b"two", b"", b""]


async def test_it_waits_until_the_broker_has_all(board: Board, broker: SlowBroker) -> None:
    board.show(ALARM, b"one")
    board.show(ALARM, b"two")
    waiting = asyncio.create_task(board.all_sent())
    await broker.take()
    assert not waiting.done()
    await broker.take()
    await waiting
    await board.all_sent()
