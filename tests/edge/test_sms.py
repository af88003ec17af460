"""Short messages: sent with what became of them, received once, long ones put together."""

from datetime import UTC, datetime
from typing import Any

import pytest

from drivers.messaging import Messaging
from modem.at.dialog import DialogFull
from modem.errors import ParseError
from modem.sms.pdu import EncodedPdu
from mqtt.messages import SmsEvent
from mqtt.vocabulary import Result
from simulator import pdu
from tests.edge.conftest import Open
from tests.edge.worlds import OUTSIDE, STAYS, World, eventually, soon

each_family = pytest.mark.parametrize("family", ["generic", "quectel", "simcom", "huawei"])
LONG = "Zu Dionys, dem Tyrannen, schlich Damon, den Dolch im Gewande. " * 6
UNICODE = "Grüße aus Wien: Йод, 漢字, 😀. " * 4
FAILED_FOR_GOOD = 0x45  # TP-ST: incompatible destination, 23.040 9.2.3.15


async def send(world: World, text: str, **fields: Any) -> str:
    reply = await world.ear.ask("sms", to=OUTSIDE, text=text, expires_at=soon(), **fields)
    assert reply.result is Result.ACCEPTED, reply
    assert reply.sms_id
    return reply.sms_id


async def told(world: World, sms_id: str, *states: str) -> SmsEvent:
    """Wait for the states of a message, and for no others; gives the last event."""
    ear = world.ear
    await ear.until(lambda: [event.state for event in ear.sms(sms_id)] == list(states))
    return ear.sms(sms_id)[-1]


async def received(world: World, count: int) -> list[SmsEvent]:
    await world.ear.until(lambda: len(world.ear.sms()) >= count)
    assert (await world.ear.ask("sync")).result is Result.DONE
    assert len(world.ear.sms()) == count
    return world.ear.sms()


def hand_over(world: World, *parts: pdu.UserData, at: datetime | None = None) -> None:
    """Let the network deliver messages, in this order."""
    for part in parts:
        tpdu = pdu.deliver(OUTSIDE, 0, part, at or datetime.now(UTC))
        world.sim.network.centre._arrive(world.number, tpdu)


@each_family
@pytest.mark.parametrize("text", ["Hallo {Welt} €5", LONG, UNICODE], ids=["one", "long", "unicode"])
async def test_a_message_is_sent_as_it_was_written(
    open_world: Open, family: str, text: str
) -> None:
    async with open_world({"family": family}) as world:
        sent = await told(world, await send(world, text), "sent")
        parts = list(world.sim.network.messages)
        assert "".join(part.text for part in parts) == text
        assert {(part.sender, part.recipient) for part in parts} == {(world.number, OUTSIDE)}
        assert (sent.parts, sent.number) == (len(parts), OUTSIDE)


@each_family
async def test_a_delivery_is_reported_when_all_parts_arrived(open_world: Open, family: str) -> None:
    async with open_world({"family": family}) as world:
        for text in ("Hallo", LONG):
            await told(world, await send(world, text, status_report=True), "sent", "delivered")


@pytest.mark.parametrize("family", ["generic", "quectel"])
async def test_a_part_may_be_delivered_before_the_last_one_is_sent(
    open_world: Open, family: str
) -> None:
    network = {"sms_delay_s": 0, "report_delay_s": 0}
    async with open_world({"family": family, "latency_ms": 500}, network=network) as world:
        await told(world, await send(world, LONG, status_report=True), "sent", "delivered")


@each_family
async def test_a_message_that_is_not_delivered_has_failed(open_world: Open, family: str) -> None:
    async with open_world({"family": family}, network={"report_delay_s": 100_000}) as world:
        sms = await send(world, "Hallo", status_report=True)
        sent = await told(world, sms, "sent")
        assert sent.reference is not None
        report = pdu.status_report(sent.reference, OUTSIDE, datetime.now(UTC), FAILED_FOR_GOOD)
        world.sim.network.centre._arrive(world.number, report)
        failed = await told(world, sms, "sent", "failed")
        assert failed.reason == "not delivered, status 69"


async def test_a_report_of_nothing_that_was_sent_changes_nothing(open_world: Open) -> None:
    async with open_world() as world:
        report = pdu.status_report(77, OUTSIDE, datetime.now(UTC), 0)
        world.sim.network.centre._arrive(world.number, report)
        await told(world, await send(world, "Hallo"), "sent")


async def test_reports_are_awaited_over_a_restart(open_world: Open) -> None:
    async with open_world(network={"report_delay_s": 100_000}) as world:
        sms = await send(world, "Hallo", status_report=True)
        sent = await told(world, sms, "sent")
        await world.stop()
        world.start()
        await world.ready()
        assert sent.reference is not None
        report = pdu.status_report(sent.reference, OUTSIDE, datetime.now(UTC), 0)
        world.sim.network.centre._arrive(world.number, report)
        await told(world, sms, "sent", "delivered")


async def test_a_message_that_the_network_refuses_has_failed(open_world: Open) -> None:
    async with open_world() as world:
        world.modem.radio.status = type(world.modem.radio.status).SEARCHING  # it says nothing
        failed = await told(world, await send(world, "Hallo"), "failed")
        assert "331" in (failed.reason or "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"to": "+43;1"}, "bad_number"),
        ({"to": "MARIE"}, "bad_number"),
        ({"to": "112"}, "emergency_number"),
        ({"to": "+499001234567"}, "premium_number"),
        ({"to": "+12005550100"}, "unassigned_number"),
        ({"text": ""}, "bad_request"),
        ({"text": "x" * 1531}, "bad_request"),
        ({"line": "cellar"}, "unknown_line"),
        ({"validity_s": 1}, "bad_request"),
    ],
)
async def test_a_message_that_cannot_be_sent_is_refused(
    open_world: Open, fields: dict[str, Any], reason: str
) -> None:
    async with open_world() as world:
        whole = {"to": OUTSIDE, "text": "Hallo", "expires_at": soon()} | fields
        reply = await world.ear.ask("sms", **whole)
        assert (reply.result, reply.reason) == ("refused", reason)
        assert not world.sim.network.messages


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DialogFull("full"), "the modem has too much to do; send it again later"),
        (ParseError("no such digit"), "it cannot be written as an SMS: no such digit"),
    ],
    ids=["full", "unwritable"],
)
async def test_a_message_that_cannot_be_handed_over_stops_no_other(
    open_world: Open, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    as_it_is, problems = Messaging.send, [error]

    async def fail_once(messaging: Messaging, pdu: EncodedPdu) -> int:
        if problems:
            raise problems.pop()
        return await as_it_is(messaging, pdu)

    monkeypatch.setattr(Messaging, "send", fail_once)
    async with open_world() as world:
        failed, sent = await send(world, "eins"), await send(world, "zwei")
        assert (await told(world, failed, "failed")).reason == reason
        await told(world, sent, "sent")


async def test_a_message_that_waits_is_not_sent_on_a_line_that_was_disabled(
    open_world: Open,
) -> None:
    async with open_world({"latency_ms": 2000}) as world:
        line = world.ear.lines()[0].line
        first, second = await send(world, "eins"), await send(world, "zwei")
        reply = await world.ear.ask("line", line=line, action="disable")
        assert reply.result is Result.DONE
        await told(world, first, "sent")
        failed = await told(world, second, "failed")
        assert failed.reason == "the line is not ready any more: disabled by the owner"


async def test_messages_share_the_lines(open_world: Open) -> None:
    async with open_world({"latency_ms": 500}, {"latency_ms": 500}) as world:
        for n in range(10):
            await send(world, f"Nummer {n}")
        await world.ear.until(lambda: len(world.ear.sms()) == 10)
        assert {event.state for event in world.ear.sms()} == {"sent"}
        senders = [message.sender for message in world.sim.network.messages]
        assert {senders.count(sender) for sender in senders} == {5}


@each_family
@pytest.mark.parametrize("text", ["Guten Tag", LONG, UNICODE], ids=["one", "long", "unicode"])
async def test_a_message_comes_in_once_and_leaves_the_sim(
    open_world: Open, family: str, text: str
) -> None:
    async with open_world({"family": family}) as world:
        world.sim.network.send_sms(OUTSIDE, world.number, text)
        [event] = await received(world, 1)
        assert (event.text, event.number, event.state) == (text, OUTSIDE, "received")
        assert (event.direction, event.sent_at is not None) == ("incoming", True)
        stores = [world.modem.card.store if world.modem.card else None]
        await eventually(lambda: not any(store.slots for store in stores if store))
        await eventually(lambda: not world.modem.inbox.awaits_ack)


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 2, 0), (0, 0, 2, 1)])
async def test_the_parts_of_a_long_message_come_in_any_order(
    open_world: Open, order: tuple[int, ...]
) -> None:
    async with open_world({"family": "quectel"}) as world:
        parts = pdu.user_data(LONG, 7)
        hand_over(world, *(parts[at] for at in order))
        [event] = await received(world, 1)
        assert (event.text, event.parts) == (LONG, 3)


async def test_parts_wait_on_disk_for_the_rest(open_world: Open) -> None:
    async with open_world({"family": "quectel"}) as world:
        first, *rest = pdu.user_data(LONG, 7)
        hand_over(world, first)
        await eventually(
            lambda: any("CNMA" in line or "CMGD" in line for line in world.modem.received)
        )
        await world.stop()
        world.start()
        await world.ready()
        hand_over(world, *rest)
        [event] = await received(world, 1)
        assert event.text == LONG


@each_family
async def test_the_same_message_twice_is_told_once(open_world: Open, family: str) -> None:
    async with open_world({"family": family}) as world:
        [part] = pdu.user_data("Guten Tag", 1)
        [other] = pdu.user_data("Guten Abend", 1)
        at = datetime.now(UTC)
        hand_over(world, part, part, other, at=at)
        assert {event.text for event in await received(world, 2)} == {"Guten Tag", "Guten Abend"}


@each_family
async def test_messages_come_and_go_while_a_call_is_up(open_world: Open, family: str) -> None:
    async with open_world({"family": family}) as world:
        call = await world.dial(STAYS)
        await world.ear.state(call, "answered")
        world.sim.network.send_sms(OUTSIDE, world.number, "Guten Tag")
        assert [event.text for event in await received(world, 1)] == ["Guten Tag"]
        await told(world, await send(world, "Hallo"), "sent")
        assert world.calls[0].ended_s is None
        await world.ear.ask("hangup", call_id=call)
        assert (await world.ear.cdr(call)).cause == "normal"


async def test_what_lies_on_the_sim_at_the_start_is_told(open_world: Open) -> None:
    async with open_world(running=False) as world:
        await eventually(lambda: world.modem.radio.registered)
        world.sim.network.send_sms(OUTSIDE, world.number, "von gestern")
        card = world.modem.card
        await eventually(lambda: card and card.store.slots)
        world.start()
        await world.ready()
        assert [event.text for event in await received(world, 1)] == ["von gestern"]
        await eventually(lambda: card and not card.store.slots)


@pytest.mark.parametrize("junk", ["00", "079194", "07919471227210244405851234567890", "FF" * 60])
async def test_a_message_that_nobody_can_read_is_told_and_stops_nothing(
    open_world: Open, junk: str
) -> None:
    async with open_world() as world:
        world.modem.urc(f"+CMT: ,{len(junk) // 2}", junk)
        world.sim.network.send_sms(OUTSIDE, world.number, "Guten Tag")
        await world.ear.until(lambda: any(event.text == "Guten Tag" for event in world.ear.sms()))
