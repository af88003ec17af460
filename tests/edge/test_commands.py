"""Commands and their answers: one answer an id, whatever is sent, through either door."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mqtt.messages import Cdr, Reply, Snapshot
from mqtt.vocabulary import Result
from tests.edge.conftest import Open
from tests.edge.worlds import ANSWERS, CALLEES, RINGS, STAYS, World, eventually, soon


def dials(world: World) -> list[str]:
    return [line for line in world.modem.received if line.startswith("ATD")]


async def through_socket(world: World, verb: str, **payload: Any) -> dict[str, Any]:
    """Ask through the door of this machine."""
    reader, writer = await asyncio.open_unix_connection(world.config.control.socket)
    writer.write(json.dumps({"verb": verb, "payload": payload}).encode() + b"\n")
    answer: dict[str, Any] = json.loads(await reader.readline())
    writer.close()
    await writer.wait_closed()
    return answer


DIAL = {"id": "d1", "to": ANSWERS, "expires_at": "2099-01-01T00:00:00Z"}
BAD_PAYLOADS = [
    ("dial", b"no json", "bad_json"),
    ("dial", b"\xff\xfe\x00", "bad_json"),
    ("dial", b"", "bad_json"),
    ("dial", b"[" * 60_000, "bad_json"),
    ("dial", b"[1, 2]", "bad_request"),
    ("dial", json.dumps(DIAL | {"to": 4930}).encode(), "bad_request"),
    ("dial", json.dumps(DIAL | {"ring_timeout_s": "60"}).encode(), "bad_request"),
    ("dial", json.dumps(DIAL | {"id": "d 1"}).encode(), "bad_request"),
    ("dial", json.dumps({"id": "d1", "to": ANSWERS}).encode(), "bad_request"),
    ("dial", json.dumps(DIAL | {"expires_at": "tomorrow"}).encode(), "bad_request"),
    ("dial", json.dumps(DIAL | {"expires_at": "2020-01-01T00:00:00Z"}).encode(), "expired"),
    ("dial", json.dumps(DIAL | {"tag": "x" * 1_000_000}).encode(), "too_large"),
    ("dial", json.dumps(DIAL | {"line": "cellar"}).encode(), "unknown_line"),
    ("fly", json.dumps(DIAL).encode(), "unknown_verb"),
    ("config", json.dumps(DIAL).encode(), "unsupported"),
    ("hangup", json.dumps({"id": "h1", "call_id": "c-none"}).encode(), "unknown_call"),
    (
        "line",
        json.dumps({"id": "l1", "line": "cellar", "action": "reset"}).encode(),
        "unknown_line",
    ),
    ("line", json.dumps({"id": "l1", "line": "x", "action": "burn"}).encode(), "bad_request"),
]


@pytest.mark.parametrize(("verb", "payload", "reason"), BAD_PAYLOADS)
async def test_a_bad_command_is_answered_and_stops_nothing(
    open_world: Open, verb: str, payload: bytes, reason: str
) -> None:
    async with open_world() as world:
        live = await world.dial(STAYS)
        await world.ear.state(live, "answered")
        reply = await world.ear.answer_to(verb, payload)
        assert (reply.result, reply.reason) == ("refused", reason)
        assert reply.message
        assert len(dials(world)) == 1
        assert world.calls[0].ended_s is None
        await world.ear.ask("hangup", call_id=live)
        await world.ear.cdr(live)


NO_NUMBERS = (
    *("+491701234567;", "+49170;ATH", "ATD112", "+4917AT01234567", "+49170123456x", "MARIE"),
    *("+49170\r\nATH", "+49170\x1a", "+491701234567i", "+491701234567 w 12", "+49,170,1"),
    *("tel:+491701234567", "+", "-", "+1" * 15, "\uff11\uff12\uff13", "01701"),
    *("*31#+491701234567", "#31#01701234567"),
)


async def test_only_a_number_ever_reaches_a_modem(open_world: Open) -> None:
    async with open_world() as world:
        for number in NO_NUMBERS:
            reply = await world.order(number)
            assert (reply.result, reply.reason) == ("refused", "bad_number"), number
        assert dials(world) == []


async def test_a_national_number_is_dialled_where_the_country_is_known(open_world: Open) -> None:
    callees = [*CALLEES, {"number": "112", "does": "no_answer"}]
    async with open_world(config={"gateway": {"country": "DE"}}, callees=callees) as world:
        call = await world.dial("030 1234-5600")
        assert (await world.ear.cdr(call)).number == "+493012345600"
        assert dials(world) == ["ATD+493012345600;"]
        emergency = await world.dial("112", ring_timeout_s=15)
        await world.ear.state(emergency, "alerting")
        assert dials(world)[-1] == "ATD112;"
        await world.ear.ask("hangup", call_id=emergency)
        await world.ear.cdr(emergency)


async def test_a_clock_that_was_never_set_refuses_what_has_a_time(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world() as world:
        monkeypatch.setattr("edge.clock.BUILT", datetime(2100, 1, 1, tzinfo=UTC))
        reply = await world.order(ANSWERS)
        assert (reply.result, reply.reason) == ("refused", "clock_not_set")
        assert (await world.ear.ask("sync")).result is Result.DONE


async def test_a_call_that_is_over_cannot_be_hung_up(open_world: Open) -> None:
    async with open_world() as world:
        call = await world.dial(ANSWERS)
        await world.ear.cdr(call)
        reply = await world.ear.ask("hangup", call_id=call)
        assert (reply.result, reply.reason) == ("refused", "unknown_call")


async def test_the_same_id_twice_at_once_is_one_call(open_world: Open) -> None:
    async with open_world() as world:
        payload = json.dumps(DIAL | {"to": RINGS}).encode()
        await asyncio.gather(*(world.ear.publish("dial", payload) for _ in range(5)))
        await world.ear.until(lambda: len(world.ear.replies("d1")) == 5)
        assert len({reply.encode() for reply in world.ear.replies("d1")}) == 1
        await eventually(lambda: world.calls)
        assert len(dials(world)) == 1


async def test_the_same_id_later_and_after_a_restart_is_one_call(open_world: Open) -> None:
    async with open_world() as world:
        first = await world.ear.ask("dial", **DIAL)
        assert first.call_id
        await world.ear.cdr(first.call_id)
        again = await world.ear.ask("dial", **DIAL)
        await world.stop()
        world.start()
        await world.ready()
        later = await world.ear.ask("dial", **DIAL)
        other = await world.ear.ask("dial", **DIAL | {"to": RINGS})  # the id counts, not the rest
        socket = await through_socket(world, "dial", **DIAL)
        assert first == again == later == other == Reply.model_validate_json(json.dumps(socket))
        assert (len(dials(world)), len(world.ear.heard.of(Cdr))) == (1, 1)


async def test_a_refusal_is_remembered_too(open_world: Open) -> None:
    async with open_world() as world:
        fields = DIAL | {"line": "cellar"}
        first = await world.ear.ask("dial", **fields)
        assert first == await world.ear.ask("dial", **fields)
        assert first.reason == "unknown_line"


async def test_an_answer_goes_where_the_command_says(open_world: Open) -> None:
    async with open_world() as world:
        own = f"trunkline/v1/{world.config.gateway.name}"
        for place in (f"{own}/reply/dialer-7", f"{own}/cdr", "$SYS/x", "a/#", f"{own}/status"):
            reply = await world.ear.ask("sync", reply_to=place)
            assert reply.result in {"done", "refused"}
        assert world.ear.status() is not None
        assert not world.ear.heard.of(Cdr)


async def test_the_socket_knows_the_same_verbs(open_world: Open) -> None:
    async with open_world() as world:
        answer = await through_socket(world, "dial", id="s1", to=ANSWERS, expires_at=soon())
        assert answer["result"] == "accepted"
        cdr = await world.ear.cdr(answer["call_id"])
        assert cdr.cause == "normal"
        listed = await through_socket(world, "cdrs")
        assert [one["call_id"] for one in listed["cdrs"]] == [cdr.call_id]
        assert (await through_socket(world, "fly"))["reason"] == "unknown_verb"
        assert "off" in (await through_socket(world, "at", line="x", command="ATI"))["error"]


@pytest.mark.parametrize(
    "line", [b"no json\n", b"[]\n", b'{"verb": 7}\n', b'{"payload": []}\n', b"x" * 200_000 + b"\n"]
)
async def test_nonsense_on_the_socket_stops_nothing(open_world: Open, line: bytes) -> None:
    async with open_world() as world:
        reader, writer = await asyncio.open_unix_connection(world.config.control.socket)
        writer.write(line)
        answer = await reader.readline()
        assert b"error" in answer or answer == b""
        writer.close()
        assert (await through_socket(world, "sync", id="s1"))["result"] == "done"


async def test_a_watcher_sees_what_is_published(open_world: Open) -> None:
    async with open_world() as world:
        reader, writer = await asyncio.open_unix_connection(world.config.control.socket)
        writer.write(b'{"verb": "watch"}\n')
        await writer.drain()
        assert (await through_socket(world, "sync", id="s1"))["result"] == "done"
        call = await world.dial(ANSWERS)
        await world.ear.cdr(call)
        seen: list[str] = []
        while not seen or not seen[-1].endswith("/cdr"):
            seen.append(json.loads(await reader.readline())["topic"])
        assert seen.count(f"trunkline/v1/{world.config.gateway.name}/call/{call}") == 4
        writer.close()


async def test_the_console_talks_to_a_modem_where_it_is_allowed(open_world: Open) -> None:
    async with open_world(config={"console": {"at_enabled": True}}) as world:
        [line] = world.ear.lines()
        answer = await through_socket(world, "at", line=line.line, command="AT+CGMR")
        assert answer == {"lines": ["SW100_R01"], "final": "OK"}
        for bad in ("rm -rf", "AT\rATH", "AT\x1a", 7):
            assert "error" in await through_socket(world, "at", line=line.line, command=bad)


async def test_a_snapshot_tells_lines_and_calls_as_the_events_did(open_world: Open) -> None:
    async with open_world({}, {}) as world:
        call = await world.dial(STAYS, tag="t")
        await world.ear.state(call, "answered")
        _, other = await world.rung_on("m1")
        reply = await world.ear.ask("sync")
        snapshot = reply.data
        assert isinstance(snapshot, Snapshot)
        last = {event.call_id: event for event in world.ear.events(call) + world.ear.events(other)}
        assert {live.call_id: (live.call_seq, live.state) for live in snapshot.calls} == {
            event.call_id: (event.call_seq, event.state) for event in last.values()
        }
        assert snapshot.seq == max(event.seq for event in last.values())
        await world.ear.until(
            lambda: all(line == world.ear.line(line.line) for line in snapshot.lines)
        )
        assert {line.state for line in snapshot.lines} == {"busy"}
