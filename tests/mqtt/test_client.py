import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.models import Mqtt
from mqtt import client
from mqtt.client import CommandRefused, Dialer, soon
from mqtt.messages import CallEvent, Cdr, Dial
from mqtt.session import BrokerAway
from mqtt.vocabulary import CallState, Cause, Reason, UssdState
from tests.brokers import Mosquitto
from tests.mqtt.fake_gateway import STATES, fake_gateway

REPO = Path(__file__).parents[2]
GUIDE = (REPO / "docs" / "mqtt.md").read_text()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as child:
        yield child


def dialer(broker: Mosquitto, access: Mqtt | None = None) -> Dialer:
    return Dialer("127.0.0.1", broker.port, "vienna", access)


async def test_the_example_of_the_guide_runs(broker: Mosquitto) -> None:
    found = re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    code = found[1].replace("1883", str(broker.port))
    assert len([line for line in code.splitlines() if line]) == 10
    async with fake_gateway(broker) as gateway:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, cwd=REPO, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await asyncio.wait_for(child.communicate(), 20)
    states = [f"{state} desk-1" for state in STATES]
    assert printed.decode().splitlines() == [*states, "normal 2.5"]
    assert isinstance(gateway.commands[0], Dial)
    assert gateway.commands[0].tag == "order 1017"


async def test_a_call_gives_each_state_once_and_its_cdr(broker: Mosquitto) -> None:
    async with fake_gateway(broker), dialer(broker) as me:
        call = await me.dial("+4315550100")
        assert call.call_id == "c-1"
        assert (await call.cdr()).cause is Cause.NORMAL
        assert [event.state async for event in call] == list(STATES)
        assert me._watchers == {}


async def test_a_call_whose_end_was_missed_ends_with_its_cdr(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.mqtt.fake_gateway.STATES", (CallState.DIALING,))
    async with fake_gateway(broker), dialer(broker) as me:
        call = await me.dial("+4315550100")
        assert [event.state async for event in call] == [CallState.DIALING]


async def test_a_refusal_is_raised_with_its_reason(broker: Mosquitto) -> None:
    async with fake_gateway(broker), dialer(broker) as me:
        with pytest.raises(CommandRefused, match=r"bad_number: No\.") as refused:
            await me.dial("+0")
        assert refused.value.reply.reason is Reason.BAD_NUMBER
        assert me._watchers == {}


async def test_the_other_commands(broker: Mosquitto) -> None:
    async with fake_gateway(broker) as gateway, dialer(broker) as me:
        assert await me.sms("+4315550100", "Good morning") == "s-1"
        answer = await me.ussd("desk-1", "*100#")
        assert (answer.state, answer.text) == (UssdState.REPLY, "12.40 EUR")
        assert (await me.sync()).boot_id == "b"
        call = await me.dial("+4315550100", ring_timeout_s=30)
        await call.hangup()
    assert [command.verb for command in gateway.commands] == [
        "sms",
        "ussd",
        "sync",
        "dial",
        "hangup",
    ]


async def test_events_of_everybody_can_be_read(broker: Mosquitto) -> None:
    async with fake_gateway(broker), dialer(broker) as me, dialer(broker) as listener:
        events = listener.events()
        await me.dial("+4315550100")
        kinds = [type(await asyncio.wait_for(anext(events), 10)) for _ in range(5)]
    assert kinds == [CallEvent] * 4 + [Cdr]


async def test_a_reader_that_sleeps_loses_the_oldest(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "UNREAD_MAX", 2)
    async with fake_gateway(broker), dialer(broker) as me:
        events = me.events()
        call = await me.dial("+4315550100")
        await call.cdr()
        assert [type(await anext(events)) for _ in range(2)] == [CallEvent, Cdr]
    assert "an event was dropped" in caplog.text


async def test_no_gateway_no_answer(broker: Mosquitto) -> None:
    async with dialer(broker) as me:
        command = Dial(id="a", expires_at=soon(10), to="+4315550100")
        with pytest.raises(TimeoutError):
            await me.ask(command, timeout_s=0.1)
        assert me._replies == {}


async def test_a_dialer_finds_back_after_a_restart_of_the_broker(broker: Mosquitto) -> None:
    async with fake_gateway(broker) as gateway, dialer(broker) as me:
        broker.stop()
        with pytest.raises(BrokerAway):
            await me.sync()
        gateway.up.clear()
        me._up.clear()
        broker.start()
        await asyncio.wait_for(asyncio.gather(gateway.up.wait(), me._up.wait()), 10)
        call = await me.dial("+4315550100")
        assert (await call.cdr()).cause is Cause.NORMAL


async def test_a_dialer_with_a_client_id_misses_nothing_while_away(broker: Mosquitto) -> None:
    access = Mqtt(client_id="desk")
    async with fake_gateway(broker):
        async with dialer(broker, access):
            pass
        async with dialer(broker) as another:
            await (await another.dial("+4315550100")).cdr()
        me = dialer(broker, access)
        events = me.events()
        async with me:
            states = [await asyncio.wait_for(anext(events), 10) for _ in range(4)]
    assert [event.state for event in states if isinstance(event, CallEvent)] == list(STATES)


async def test_garbage_from_a_gateway_is_passed_over(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    async with fake_gateway(broker) as gateway, dialer(broker) as me:
        for topic in ("cdr", "call/c-1", "sms"):
            await gateway.session.publish(f"trunkline/v1/vienna/{topic}", b"\xff{")
        assert (await me.sync()).boot_id == "b"
    assert caplog.text.count("not understood") == 3


async def test_no_broker_is_a_connection_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CONNECT_TIMEOUT_S", 0.1)
    with pytest.raises(ConnectionError, match="no link to the broker"):
        await dialer(Mosquitto(tmp_path)).__aenter__()
