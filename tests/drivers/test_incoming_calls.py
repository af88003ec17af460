"""Incoming calls, waiting calls, and two calls at once."""

import asyncio

import pytest

from drivers.call_control import RING_PAUSE_S, CallRefused
from drivers.facts import CallChanged
from tests.drivers.call_lines import LIST, clcc, dialled
from tests.drivers.warp import warped
from tests.drivers.wire import SILENCE, Bench, Plug, settle

# --- two calls


async def with_two(bench: Bench) -> None:
    """An active call that we dialled, and one that waits."""
    await dialled(bench)
    bench.wire.say(clcc(0), '+CCWA: "+49177",145,1', '+CLCC: 2,1,5,0,0,"+49177",145')
    await settle()


@warped
async def test_a_waiting_call_is_told_once(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    await with_two(bench)
    assert bench.calls == ["1 active", "2 waiting"]
    assert bench.told(CallChanged)[-1].call.number == "+49177"


@warped
async def test_of_two_calls_only_the_one_meant_is_hung_up(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {LIST: f"{clcc(0)}\nOK"})
    await with_two(bench)
    await bench.modem.calls.hang_up(2)
    assert bench.wire.count("AT+CHLD=12") == 1
    assert bench.wire.count("AT+CHUP") == 0
    assert bench.calls[-1] == "2 released rejected"


@warped
async def test_a_no_carrier_with_two_calls_asks_the_list_which_one_it_was(plug: Plug) -> None:
    other = '+CLCC: 2,1,4,0,0,"+49177",145'
    bench = plug("simcom-sim7600", {LIST: f"{other}\nOK"})
    await with_two(bench)
    bench.wire.say("NO CARRIER")
    await asyncio.sleep(1)
    assert bench.calls == ["1 active", "2 waiting", "2 incoming", "1 released normal"]


@warped
async def test_a_waiting_call_that_rings_when_the_other_ended_is_the_same_call(plug: Plug) -> None:
    bench = plug("huawei-e1550")
    await dialled(bench)
    bench.wire.say("^ORIG:1,0", "^CONN:1,0", '+CCWA: "+49177",145,1')
    bench.wire.say("^CEND:1,9,67,16")
    bench.wire.say("RING", '+CLIP: "+49177",145')
    await settle()
    assert bench.calls == ["1 active", "2 waiting", "1 released normal", "2 incoming"]


@warped
async def test_a_waiting_call_is_answered_by_holding_the_other(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    await with_two(bench)
    bench.wire.replies[LIST] = f'{clcc(1)}\n+CLCC: 2,1,0,0,0,"+49177",145\nOK'
    await bench.modem.calls.answer(2)
    await settle()
    assert bench.wire.count("AT+CHLD=2") == 1
    assert bench.calls[2:] == ["2 active", "1 held"]


@warped
async def test_an_e1550_is_never_told_to_end_one_call_before_it_alerts(plug: Plug) -> None:
    bench = plug("huawei-e1550")
    await dialled(bench)
    bench.wire.say("^ORIG:1,0", '+CCWA: "+49177",145,1')
    await bench.modem.calls.hang_up(1)
    assert not [line for line in bench.wire.sent if "CHLD" in line]
    assert bench.wire.count("AT+CHUP") == 1


@warped
async def test_every_call_of_an_unplugged_modem_is_lost(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    await with_two(bench)
    bench.wire.unplug()
    assert bench.calls[2:] == ["1 released lost", "2 released lost"]


# --- incoming calls


@warped
async def test_an_incoming_call_waits_for_its_number(plug: Plug) -> None:
    bench = plug()
    bench.wire.say("RING")
    await settle()
    assert bench.calls == []
    bench.wire.say('+CLIP: "+49177",145')
    await asyncio.sleep(2 * RING_PAUSE_S)
    assert [fact.call.number for fact in bench.told(CallChanged)] == ["+49177"]


@warped
async def test_a_call_without_number_is_told_after_a_pause_and_named_later(plug: Plug) -> None:
    bench = plug()
    bench.wire.say("+CRING: VOICE")
    await asyncio.sleep(2 * RING_PAUSE_S)
    bench.wire.say("+CRING: VOICE", '+CLIP: "+49177",145')
    await settle()
    assert [fact.call.number for fact in bench.told(CallChanged)] == [None, "+49177"]
    assert bench.calls == ["1 incoming", "1 incoming"]


@warped
async def test_a_call_that_stops_before_its_number_came_began_and_ended_once(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    bench.wire.say("RING", "NO CARRIER")
    await asyncio.sleep(2 * RING_PAUSE_S)
    assert bench.calls == ["1 incoming", "1 released no_answer"]


@warped
async def test_a_missed_call_of_a_simcom_ends_without_no_carrier(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    bench.wire.say("RING", '+CLIP: "+49177",145', clcc(4, direction=1))
    bench.wire.say("MISSED_CALL: 11:01AM 0177123")
    await settle()
    assert bench.calls == ["1 incoming", "1 released no_answer"]


@warped
async def test_an_answered_call_in_the_order_of_a_simcom(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {"ATA": SILENCE})
    bench.wire.say("RING", '+CLIP: "+49177",145', clcc(4, direction=1))
    answering = asyncio.create_task(bench.modem.calls.answer(1))
    await settle()
    bench.wire.say("VOICE CALL: BEGIN", "OK", clcc(0, direction=1))
    await answering
    bench.wire.say(clcc(6, direction=1), "VOICE CALL: END: 000008")
    await settle()
    assert bench.calls == ["1 incoming", "1 active", "1 released normal"]


@warped
async def test_a_caller_who_leaves_while_we_answer_ends_the_call(plug: Plug) -> None:
    bench = plug("generic", {"ATA": "NO CARRIER"})
    bench.wire.say("RING", '+CLIP: "+49177",145')
    await settle()
    with pytest.raises(CallRefused, match="NO CARRIER"):
        await bench.modem.calls.answer(1)
    await settle()
    assert bench.calls == ["1 incoming", "1 released no_answer"]
