"""The retained topics, with a broker that takes its time."""

import asyncio
from collections.abc import Callable

import pytest

from edge.board import Board
from mqtt.session import BrokerAway

ALARM = "trunkline/v1/office/alarm/topup-desk-1"


class SlowBroker:
    """While it takes a payload, `meanwhile` happens; `taken` has all in their order."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def publish(self, topic: str, payload: bytes) -> None:
        assert topic == ALARM
        await asyncio.sleep(0)
        self.meanwhile()
        self.taken.append(payload)


@pytest.fixture
def broker() -> SlowBroker:
    return SlowBroker()


async def test_what_is_taken_down_while_it_goes_out_is_taken_down_next(broker: SlowBroker) -> None:
    board = Board(broker.publish)
    board.show(ALARM, b"a top-up is unknown")
    broker.meanwhile = lambda: board.show(ALARM, b"")
    await board.flush()
    await board.flush()
    assert broker.taken == [b"a top-up is unknown", b""]


async def test_what_is_raised_again_while_it_is_taken_down_stands(broker: SlowBroker) -> None:
    board = Board(broker.publish)
    board.show(ALARM, b"one")
    await board.flush()
    board.show(ALARM, b"")
    broker.meanwhile = lambda: board.show(ALARM, b"two")
    await board.flush()
    await board.flush()
    assert broker.taken == [b"one", b"", b"two"]


async def test_what_was_taken_down_is_not_told_to_a_broker_that_comes_back(
    broker: SlowBroker,
) -> None:
    board = Board(broker.publish)
    for payload in (b"one", b""):
        board.show(ALARM, payload)
        await board.flush()
    board.set_connected(connected=True)
    await board.flush()
    assert broker.taken == [b"one", b""]


async def test_what_a_broker_did_not_take_is_told_when_it_is_back(broker: SlowBroker) -> None:
    def fail() -> None:
        raise BrokerAway("gone")

    board = Board(broker.publish)
    board.show(ALARM, b"one")
    await board.flush()
    board.show(ALARM, b"")
    broker.meanwhile = fail
    await board.flush()
    broker.meanwhile = lambda: None
    board.set_connected(connected=True)
    await board.flush()
    assert broker.taken == [b"one", b""]
