"""One story a call, whatever the modem repeats, leaves out or tells in another order."""

import asyncio

import pytest

from drivers.call_control import WATCH_POLL_S, CallRefused
from drivers.facts import CallChanged, DigitHeard
from modem.at.command import TIMEOUTS_S
from modem.causes import Cause
from tests.drivers.call_lines import CEER, LIST, NUMBER, ccinfo, clcc, dialled, dsci
from tests.drivers.warp import warped
from tests.drivers.wire import SILENCE, Plug, settle

# What a family says of a call that is answered and ended, each line as one event.
ANSWERED = {
    "simcom-sim7600": [
        clcc(2),
        clcc(3),
        "VOICE CALL: BEGIN",
        clcc(0),
        f'+COLP: "{NUMBER}",145',
        clcc(6),
        "NO CARRIER",
        "VOICE CALL: END: 000006",
    ],
    "simcom-sim800": [clcc(2), clcc(3), clcc(0), clcc(6), "NO CARRIER"],
    "quectel-ec2x": [ccinfo(2), ccinfo(3), ccinfo(0), ccinfo(-1), "NO CARRIER"],
    "quectel-ep06": [dsci(2), dsci(7), dsci(3), dsci(6), "NO CARRIER"],
    "huawei-e1550": ["^ORIG:1,0", "^CONF:1", "^CONN:1,0", "^CEND:1,6,67,16", "NO CARRIER"],
}
by_family = pytest.mark.parametrize(("profile", "lines"), ANSWERED.items(), ids=ANSWERED)


@by_family
@warped
async def test_an_answered_call_ends_once_however_often_it_is_told(
    plug: Plug, profile: str, lines: list[str]
) -> None:
    bench = plug(profile)
    await dialled(bench)
    for line in lines:
        bench.wire.say(line)
        await settle()
    assert bench.calls == ["1 alerting", "1 active", "1 released normal"]
    assert bench.wire.count(CEER) == 0


@by_family
@warped
async def test_the_same_in_one_read_is_the_same_story(
    plug: Plug, profile: str, lines: list[str]
) -> None:
    bench = plug(profile)
    await dialled(bench)
    bench.wire.say(*lines)
    await settle()
    assert bench.calls == ["1 alerting", "1 active", "1 released normal"]


@by_family
@warped
async def test_every_line_twice_is_the_same_story(
    plug: Plug, profile: str, lines: list[str]
) -> None:
    bench = plug(profile)
    await dialled(bench)
    bench.wire.say(*(line for line in lines for _ in range(2)))
    await settle()
    assert bench.calls == ["1 alerting", "1 active", "1 released normal"]


@by_family
@warped
async def test_a_call_that_begins_at_once_is_not_ended_by_the_echo_of_the_last(
    plug: Plug, profile: str, lines: list[str]
) -> None:
    bench = plug(profile)
    await dialled(bench)
    bench.wire.say(*lines[:-1])
    bench.wire.replies[LIST] = f"{clcc(2)}\nOK"
    await dialled(bench)
    bench.wire.say(lines[-1])
    await settle()
    assert bench.calls[-1] == "1 released normal"
    assert [call.key for call in bench.modem.calls.live] == [2]


@warped
async def test_a_doubt_about_calls_that_are_over_is_none_about_the_next(plug: Plug) -> None:
    bench = plug("quectel-ec2x")
    await dialled(bench)
    bench.wire.say(ccinfo(0), ccinfo(-1))
    await dialled(bench)
    bench.wire.say("NO CARRIER", ccinfo(-1))  # an echo of the first, then the end of the second
    await settle()
    asked = bench.wire.sent.count(LIST)
    bench.wire.replies[LIST] = "OK"
    key = await dialled(bench)
    await asyncio.sleep(1)
    assert bench.wire.sent.count(LIST) == asked
    assert [call.key for call in bench.modem.calls.live] == [key]


# What ends a dial that was never answered: the lines, the cause, how often the cause was asked.
FAILURES = {
    "simcom rejected": (
        "simcom-sim7600",
        [clcc(2), clcc(6), "NO CARRIER", "VOICE CALL: END"],
        "rejected",
        1,
    ),
    "simcom busy": ("simcom-sim7600", [clcc(2), "BUSY", clcc(6), "VOICE CALL: END"], "busy", 0),
    "quectel busy": ("quectel-ec2x", [ccinfo(2), "BUSY", ccinfo(-1)], "busy", 0),
    "quectel no answer": (
        "quectel-ec2x",
        [ccinfo(2), ccinfo(3), "NO ANSWER", ccinfo(-1)],
        "no_answer",
        0,
    ),
    "quectel released": ("quectel-ec2x", [ccinfo(2), ccinfo(-1), "NO CARRIER"], "rejected", 1),
    "ep06 released": ("quectel-ep06", [dsci(2), dsci(7), dsci(6), "NO CARRIER"], "rejected", 1),
    "huawei rejected": ("huawei-e1550", ["^ORIG:1,0", "^CEND: 1,0, 67, 21", "BUSY"], "rejected", 0),
    "huawei busy": ("huawei-e1550", ["^ORIG:1,0", "^CEND:1,0,104,17", "BUSY"], "busy", 0),
    "huawei without cause": (
        "huawei-e1550",
        ["^ORIG:1,0", "^CEND:1,82,29", "NO CARRIER"],
        "rejected",
        1,
    ),
    "generic": ("generic", ["NO CARRIER"], "rejected", 1),
}


@pytest.mark.parametrize(("profile", "lines", "cause", "asked"), FAILURES.values(), ids=FAILURES)
@warped
async def test_the_cause_is_asked_only_when_nobody_told_it(
    plug: Plug, profile: str, lines: list[str], cause: str, asked: int
) -> None:
    bench = plug(profile, {CEER: "+CEER: Call rejected\nOK"})
    await dialled(bench)
    for line in lines:
        bench.wire.say(line)
        await settle()
    assert bench.calls[-1] == f"1 released {cause}"
    assert sum("released" in told for told in bench.calls) == 1
    assert bench.wire.count(CEER) == asked


@warped
async def test_a_busy_that_comes_while_the_cause_is_asked_wins(plug: Plug) -> None:
    bench = plug("quectel-ec2x", {CEER: "+CEER: Normal call clearing\nOK"})
    await dialled(bench)
    bench.wire.say(ccinfo(2), ccinfo(-1), "BUSY")
    await settle()
    assert bench.calls == ["1 released busy"]
    assert bench.told(CallChanged)[-1].raw_cause == "BUSY"


@warped
async def test_a_cause_in_numbers_is_kept_as_it_is_and_not_believed(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {CEER: "+CEER: 0,21\nOK"})
    await dialled(bench)
    bench.wire.say(clcc(2), clcc(6))
    await settle()
    end = bench.told(CallChanged)[-1]
    assert (end.cause, end.raw_cause) == (Cause.NETWORK_ERROR, "0,21")


@pytest.mark.parametrize(
    ("final", "cause"),
    [
        ("BUSY", "busy"),
        ("NO ANSWER", "no_answer"),
        ("+CME ERROR: 30", "network_error"),
        ("+CME ERROR: 3", "barred"),
        ("ERROR", "rejected"),
        ("NO CARRIER", "rejected"),
    ],
)
@warped
async def test_a_dial_that_is_refused_ends_the_call(plug: Plug, final: str, cause: str) -> None:
    bench = plug("generic", {f"ATD{NUMBER};": final, CEER: "+CEER: Call rejected\nOK"})
    await dialled(bench)
    assert bench.calls == [f"1 released {cause}"]


@warped
async def test_a_dial_that_is_never_answered_ends_the_call(plug: Plug) -> None:
    bench = plug("quectel-ec2x", {f"ATD{NUMBER};": SILENCE})
    await dialled(bench)
    await asyncio.sleep(TIMEOUTS_S["ATD"] + 1)
    end = bench.told(CallChanged)[-1]
    assert (end.cause, end.raw_cause) == (Cause.NETWORK_ERROR, "no answer from the modem")


@warped
async def test_connect_is_no_end_of_a_call(plug: Plug) -> None:
    bench = plug("generic", {LIST: f"{clcc(0)}\nOK"})
    await dialled(bench)
    bench.wire.say("CONNECT")
    await settle()
    assert bench.calls == ["1 active"]


# --- hanging up


@warped
async def test_a_call_that_we_hang_up_is_cancelled_and_its_cause_not_asked(plug: Plug) -> None:
    bench = plug("quectel-ec2x")
    key = await dialled(bench)
    bench.wire.say(ccinfo(2), ccinfo(3))
    hanging_up = asyncio.create_task(bench.modem.calls.hang_up(key))
    await settle()
    bench.wire.say(ccinfo(-1), "NO CARRIER")
    await hanging_up
    assert bench.calls == ["1 alerting", "1 released cancelled"]
    assert bench.told(CallChanged)[-1].by_us
    assert bench.wire.count(CEER) == 0


@warped
async def test_a_hang_up_that_fails_because_the_peer_left_is_none(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {"AT+CHUP": "ERROR", "ATH": "ERROR"})
    key = await dialled(bench)
    bench.wire.say(clcc(0))
    await bench.modem.calls.hang_up(key)
    assert bench.calls == ["1 active", "1 released normal"]
    assert bench.wire.sent[1:3] == ["AT+CHUP", "ATH"]


@warped
async def test_a_call_that_the_modem_keeps_is_not_told_as_over(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {"AT+CHUP": "ERROR", "ATH": "ERROR", LIST: f"{clcc(0)}\nOK"})
    key = await dialled(bench)
    bench.wire.say(clcc(0))
    await bench.modem.calls.hang_up(key)
    assert bench.calls == ["1 active"]


@warped
async def test_a_modem_without_a_list_is_believed_when_it_hangs_up(plug: Plug) -> None:
    bench = plug("generic", {LIST: "ERROR"})
    key = await dialled(bench)
    await bench.modem.calls.hang_up(key)
    assert bench.calls == ["1 released cancelled"]


@warped
async def test_a_hang_up_breaks_off_a_dial_that_blocks_the_port(plug: Plug) -> None:
    bench = plug("generic", {f"ATD{NUMBER};": SILENCE, "": "NO CARRIER"})
    key = await dialled(bench)
    await bench.modem.calls.hang_up(key)
    assert bench.wire.sent == [f"ATD{NUMBER};", "", "AT+CHUP"]
    assert bench.calls == ["1 released cancelled"]


@warped
async def test_a_call_that_is_over_cannot_be_hung_up(plug: Plug) -> None:
    bench = plug("generic")
    with pytest.raises(CallRefused):
        await bench.modem.calls.hang_up(7)
    assert bench.wire.sent == []


# --- the guard against calls that never end


@warped
async def test_a_call_whose_end_was_never_told_is_found_missing_twice(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {LIST: [f"{clcc(0)}\nOK", "OK", "OK"]})
    await dialled(bench)
    bench.wire.say(clcc(0))
    await asyncio.sleep(2.5 * WATCH_POLL_S)
    assert bench.calls == ["1 active"]
    await asyncio.sleep(WATCH_POLL_S)
    assert bench.calls == ["1 active", "1 released normal"]


@warped
async def test_a_list_that_was_asked_before_the_end_does_not_bring_the_call_back(
    plug: Plug,
) -> None:
    rings = clcc(4, direction=1)
    bench = plug("quectel-ec2x", {LIST: [f"{rings}\nOK\n{ccinfo(-1, direction=1)}", "OK"]})
    bench.wire.say(ccinfo(4, direction=1))
    await asyncio.sleep(1.5 * WATCH_POLL_S)
    assert bench.wire.count(LIST) == 2
    assert bench.calls == ["1 incoming", "1 released no_answer"]


@pytest.mark.parametrize("answer", ["ERROR", "+CME ERROR: 14", "+CLCC: x,y\nOK"])
@warped
async def test_an_answer_that_is_no_list_ends_no_call(plug: Plug, answer: str) -> None:
    bench = plug("simcom-sim7600", {LIST: answer})
    await dialled(bench)
    bench.wire.say(clcc(0))
    await asyncio.sleep(5.5 * WATCH_POLL_S)
    assert bench.wire.count(LIST) == 5
    assert bench.calls == ["1 active"]


@warped
async def test_the_data_bearer_is_no_call_and_keeps_none_alive(plug: Plug) -> None:
    bearer = '+CLCC: 1,0,0,1,0,"",128'
    bench = plug("quectel-ec2x", {LIST: f"{bearer}\nOK"})
    bench.wire.say(bearer)
    await dialled(bench)
    bench.wire.say(ccinfo(0, index=2))
    await asyncio.sleep(2.5 * WATCH_POLL_S)
    assert bench.calls == ["1 active", "1 released normal"]


@warped
async def test_a_modem_without_reports_is_asked_and_tells_the_whole_call(plug: Plug) -> None:
    states = [f"{clcc(state)}\nOK" for state in (2, 2, 3, 3, 0)]
    bench = plug("generic", {LIST: [*states, "OK"]})
    await dialled(bench)
    await asyncio.sleep(4 * WATCH_POLL_S)
    assert bench.calls == ["1 alerting", "1 active", "1 released normal"]


@warped
async def test_nobody_is_asked_while_there_is_no_call(plug: Plug) -> None:
    bench = plug("generic")
    await asyncio.sleep(10 * WATCH_POLL_S)
    assert bench.wire.sent == []


# --- the rest


@warped
async def test_calls_of_an_earlier_owner_are_ended(plug: Plug) -> None:
    bench = plug("generic", {LIST: f"{clcc(0)}\nOK"})
    await bench.modem.calls.clear()
    assert bench.wire.sent == [LIST, "AT+CHUP"]
    assert bench.calls == []


@warped
async def test_a_data_bearer_is_nothing_to_end(plug: Plug) -> None:
    bench = plug("quectel-ec2x", {LIST: '+CLCC: 1,0,0,1,0,"",128\nOK'})
    await bench.modem.calls.clear()
    assert bench.wire.sent == [LIST]


@warped
async def test_a_cause_that_cannot_be_asked_any_more_still_ends_the_call(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {CEER: SILENCE})
    await dialled(bench)
    bench.wire.say(clcc(2), clcc(6))
    await settle()
    bench.wire.unplug()
    await settle()
    assert bench.calls == ["1 released network_error"]


@pytest.mark.parametrize(
    ("profile", "line"),
    [
        ("quectel-ec2x", "+QTONEDET: 53"),
        ("simcom-sim7600", "+RXDTMF: 5"),
        ("simcom-sim800", "+DTMF: 5"),
        ("huawei-e1550", "^DDTMF: 5"),
    ],
)
@warped
async def test_a_key_that_the_far_end_presses_is_heard(plug: Plug, profile: str, line: str) -> None:
    bench = plug(profile)
    bench.wire.say(line)
    await settle()
    assert bench.facts == [DigitHeard("5")]


@pytest.mark.parametrize(
    ("profile", "sent"),
    [
        ("quectel-ec2x", ['AT+VTS="1"', 'AT+VTS="#"']),
        ("huawei-e1550", ["AT^DTMF=1,1", "AT^DTMF=1,#"]),
    ],
)
@warped
async def test_digits_go_out_one_by_one(plug: Plug, profile: str, sent: list[str]) -> None:
    bench = plug(profile)
    key = await dialled(bench)
    await bench.modem.calls.dtmf(key, "1#")
    assert bench.wire.sent[1:] == sent


@warped
async def test_a_digit_that_the_modem_cannot_send_is_refused_unsent(plug: Plug) -> None:
    bench = plug("huawei-e1550")
    key = await dialled(bench)
    with pytest.raises(CallRefused, match="A"):
        await bench.modem.calls.dtmf(key, "A")
    assert len(bench.wire.sent) == 1
