import asyncio
import logging
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from mqtt import link
from mqtt.packets import MAX_PACKET
from mqtt.session import BrokerAway, Inbound, LinkState, PublishRefused
from mqtt.wire import Wire
from tests.brokers import Iotcore, Mosquitto
from tests.mqtt.rig import GATEWAY, STATUS, Rig, connected, heard, other, running

COMMAND = f"trunkline/v1/{GATEWAY}/cmd/dial"
CDR = f"trunkline/v1/{GATEWAY}/cdr"


def wire_of(rig: Rig) -> Wire:
    """The socket of a session that is up."""
    found = rig.session._window._link
    assert found is not None
    assert found._wire is not None
    return found._wire


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as child:
        yield child


async def test_a_session_comes_up_and_publishes(broker: Mosquitto) -> None:
    async with other(broker, "trunkline/#") as listener, connected(broker) as rig:
        await rig.session.publish(CDR, b"{}", correlation=b"c1", expiry_s=60)
        message = await heard(listener)
    assert (message.topic.value, message.payload) == (CDR, b"{}")
    assert message.properties is not None
    assert message.properties.json() == {  # type: ignore[no-untyped-call]
        "ContentType": "application/json",
        "CorrelationData": b"c1".hex(),
        "MessageExpiryInterval": 60,
        "UserProperty": [("schema", "Cdr")],
    }


async def test_many_publishes_arrive_in_order(broker: Mosquitto) -> None:
    async with other(broker, "trunkline/#") as listener, connected(broker) as rig:
        await asyncio.gather(*(rig.session.publish(CDR, b"%d" % n) for n in range(2000)))
        assert [(await heard(listener)).payload for _ in range(2000)] == [
            b"%d" % n for n in range(2000)
        ]


async def test_a_command_comes_with_its_way_back(broker: Mosquitto) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ResponseTopic = "dialer/answers"
    properties.CorrelationData = b"\x00\x01"
    async with connected(broker) as rig, other(broker) as dialer:
        await dialer.publish(COMMAND, b"x" * 1_000_000, 1, properties=properties)
        command = await rig.command()
    assert (command.verb, len(command.payload)) == ("dial", 1_000_000)
    assert (command.response_topic, command.correlation) == ("dialer/answers", b"\x00\x01")


async def test_a_retained_command_is_stale(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    async with other(broker) as dialer:
        await dialer.publish(COMMAND, b"stale", 1, retain=True)
        async with connected(broker) as rig:
            await dialer.publish(COMMAND, b"fresh", 1)
            assert (await rig.command()).payload == b"fresh"
    assert "ignored a retained command" in caplog.text


async def test_commands_wait_while_the_gateway_is_away(broker: Mosquitto) -> None:
    async with connected(broker):
        pass
    async with other(broker) as dialer:
        for n in range(3):
            await dialer.publish(COMMAND, b"%d" % n, 1)
    async with connected(broker) as rig:
        assert [(await rig.command()).payload for _ in range(3)] == [b"0", b"1", b"2"]


async def test_commands_wait_over_a_restart_of_the_broker(broker: Mosquitto) -> None:
    async with connected(broker):
        pass
    async with other(broker) as dialer:
        await dialer.publish(COMMAND, b"kept", 1)
    broker.stop()
    broker.start()
    async with connected(broker) as rig:
        assert (await rig.command()).payload == b"kept"


async def test_a_broker_that_restarts_fails_what_is_pending(broker: Mosquitto) -> None:
    async with connected(broker) as rig:
        pending = [rig.session.publish(CDR, b"%d" % n) for n in range(500)]
        broker.stop(kill=True)
        results = await asyncio.gather(*pending, return_exceptions=True)
        assert isinstance(results[-1], BrokerAway)
        assert {type(result) for result in results} <= {BrokerAway, type(None)}
        assert (await rig.state())[0] is LinkState.DOWN
        assert not rig.session.connected
        with pytest.raises(BrokerAway):
            await rig.session.publish(CDR, b"{}")
        broker.start()
        await rig.until(LinkState.UP)
        await rig.session.publish(CDR, b"{}")


async def test_trouble_is_loud_once_and_its_end_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, "mqtt.session")
    monkeypatch.setattr("mqtt.session.PAUSE_MAX_S", 0.01)
    broker = Mosquitto(tmp_path)
    async with running(broker) as rig:
        await rig.until(LinkState.DOWN)
        while sum("no link" in record.message for record in caplog.records) < 3:
            await asyncio.wait([rig.task], timeout=0.01)
        with broker:
            await rig.until(LinkState.UP)
            levels = [r.levelno for r in caplog.records if r.name == "mqtt.session"]
            assert levels[0] == logging.WARNING
            assert set(levels[1:-1]) == {logging.DEBUG}
            assert levels[-1] == logging.INFO
            assert "is up after" in caplog.text


async def test_too_many_waiting_messages_are_told_off(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mqtt.window.MAX_WAITING", 100)
    async with connected(broker) as rig:
        pending = [rig.session.publish(CDR, b"x") for _ in range(link.MAX_UNACKNOWLEDGED + 101)]
        results = await asyncio.gather(*pending, return_exceptions=True)
        assert isinstance(results[-1], BrokerAway)
        assert results[:100] == [None] * 100


async def test_a_cancelled_publish_does_not_stop_the_others(broker: Mosquitto) -> None:
    async with connected(broker) as rig:
        pending = [rig.session.publish(CDR, b"%d" % n) for n in range(300)]
        for future in pending[::2]:
            future.cancel()
        assert await asyncio.gather(*pending[1::2]) == [None] * 150


async def test_the_will_is_published_when_the_link_dies(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "WILL_DELAY_S", 0)
    async with other(broker, STATUS) as listener, connected(broker) as rig:
        with socket.socket(fileno=os.dup(wire_of(rig).fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)
        assert (await heard(listener)).payload == b'{"state":"offline"}'
    async with other(broker, STATUS) as late:
        assert (await heard(late)).retain


async def test_a_goodbye_leaves_no_will(broker: Mosquitto) -> None:
    async with other(broker, "trunkline/#") as listener:
        async with connected(broker):
            pass
        await listener.publish(CDR, b"after", 1)
        assert (await heard(listener)).payload == b"after"


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """A password file of mosquitto in which vienna's password is "right"."""
    path = tmp_path / "users"
    subprocess.run(["mosquitto_passwd", "-c", "-b", path, "vienna", "right"], check=True)
    return path


async def test_a_wrong_password_is_told(
    tmp_path: Path, users: Path, caplog: pytest.LogCaptureFixture
) -> None:
    password = tmp_path / "password"
    password.write_text("wrong\n")
    lines = ("allow_anonymous false", f"password_file {users}")
    with Mosquitto(tmp_path, *lines) as broker:
        access = {"username": "vienna", "password_file": password}
        async with running(broker, **access) as rig:
            state, why = await rig.state()
            assert state is LinkState.REFUSED
            assert "check mqtt.username" in why
            assert why in caplog.text
        password.write_text("right\n")
        async with connected(broker, **access):
            pass


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_forbidden_topic_does_not_stop_the_others(tmp_path: Path, version: str) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic read trunkline/v1/+/cmd/+\ntopic write trunkline/v1/vienna/#\n")
    with Mosquitto(tmp_path, f"acl_file {acl}") as broker:
        async with connected(broker, version=version) as rig:
            forbidden = rig.session.publish("trunkline/v1/berlin/cdr", b"{}")
            await rig.session.publish(CDR, b"{}")
            if version == "5":
                with pytest.raises(PublishRefused, match="Not authorized"):
                    await forbidden
            else:  # 3.1.1 has no way to say so
                await forbidden


async def test_an_impossible_topic_does_not_stop_the_others(broker: Mosquitto) -> None:
    async with connected(broker) as rig:
        with pytest.raises(PublishRefused):
            await rig.session.publish("dialer/+/answers", b"{}")
        await rig.session.publish(CDR, b"{}")


async def test_a_broker_without_mqtt_5_gets_3_1_1(tmp_path: Path) -> None:
    with Iotcore(tmp_path) as broker:
        async with running(broker) as rig:
            why = await rig.until(LinkState.UP)
            await rig.session.publish(CDR, b"{}")
    assert "3.1.1" in why


async def test_3_1_1_carries_the_contract_too(broker: Mosquitto) -> None:
    async with connected(broker, version="3.1.1") as rig, other(broker, CDR) as dialer:
        await dialer.publish(COMMAND, b"{}", 1)
        assert (await rig.command()).response_topic is None
        await rig.session.publish(CDR, b"{}", correlation=b"c")
        assert (await heard(dialer)).payload == b"{}"


async def test_3_1_1_takes_what_it_cannot_forbid(broker: Mosquitto) -> None:
    size = MAX_PACKET + 1_000_000
    async with connected(broker, version="3.1.1") as rig, other(broker) as dialer:
        await dialer.publish(COMMAND, b"x" * size, 1)
        assert len((await rig.command()).payload) == size
        await rig.session.publish(CDR, b"{}")


ANSWERS = {
    "version": b"\x20\x02\x00\x01",
    "garbage": b"\x20\x03\xff\xff\xff\xf0\x01",
    "silence": b"",
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_what_cannot_shake_hands_is_down(kind: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(ANSWERS[kind])
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        broker = Mosquitto(Path(), port=server.sockets[0].getsockname()[1])
        async with running(broker) as rig:
            state, why = await rig.state()
    assert state is LinkState.DOWN
    assert why.startswith("no link to the broker")


class Scripted:
    """A broker that accepts us, acknowledges the subscription, says its last words, goes deaf."""

    def __init__(self, last_words: bytes = b"") -> None:
        self._last_words = last_words
        self._over = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Mosquitto:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return Mosquitto(Path(), port=self._server.sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._over.set()
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"\x20\x03\x00\x00\x00")
        await reader.read(1000)
        writer.write(b"\x90\x04\x00\x01\x00\x01" + self._last_words)
        await self._over.wait()
        writer.close()


async def test_a_deaf_broker_does_not_hold_us(caplog: pytest.LogCaptureFixture) -> None:
    async with Scripted() as broker, connected(broker) as rig:
        wire = wire_of(rig)
        stuck = [rig.session.publish(CDR, b"x" * 1_000_000) for _ in range(20)]
        await asyncio.wait(stuck, timeout=0.05)
        await rig.stop()
        assert wire.fileno() == -1
        failures = await asyncio.gather(*stuck, return_exceptions=True)
    assert {type(failure) for failure in failures} == {BrokerAway}
    assert not caplog.records


async def test_bytes_that_are_no_mqtt_end_the_link_and_nothing_else() -> None:
    garbage = b"\x32\x02\xff\xff" + b"\xf0\x7f" * 20
    async with Scripted(garbage) as broker, running(broker) as rig:
        await rig.until(LinkState.UP)
        why = await rig.until(LinkState.DOWN)
        assert not rig.task.done()
    assert why.startswith("no link to the broker")


async def test_a_second_gateway_of_the_same_name_is_told() -> None:
    async with Scripted(b"\xe0\x02\x8e\x00") as broker, running(broker) as rig:
        await rig.until(LinkState.UP)
        why = await rig.until(LinkState.REFUSED)
    assert "another client uses our mqtt.client_id" in why


async def test_a_broker_that_says_nothing_when_it_drops_us(broker: Mosquitto) -> None:
    async with connected(broker) as first, connected(broker):
        why = await first.until(LinkState.DOWN)
    assert "another client uses our mqtt.client_id" in why


async def test_a_handler_that_fails_does_not_break_the_link(broker: Mosquitto) -> None:
    def fail(inbound: Inbound) -> None:
        raise LookupError(inbound.verb)

    failures: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: failures.append(repr(context["exception"]))
    )
    async with connected(broker) as rig, other(broker) as dialer:
        rig.session._on_command = fail
        await dialer.publish(COMMAND, b"{}", 1)
        await rig.session.publish(CDR, b"{}")
        assert rig.session.connected
    assert failures == ["LookupError('dial')"]
