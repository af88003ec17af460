"""USSD: one session at a time, and each comes to an end, whatever the modem sends or does not."""

import asyncio

import pytest

from drivers.facts import UssdHeard
from drivers.ussd import UssdRefused
from modem.ussd import CANCEL, UssdState
from tests.drivers.warp import warped
from tests.drivers.wire import SILENCE, Plug, settle

BALANCE = 'AT+CUSD=1,"*100#",15'
TEXT = '+CUSD: 0,"12.50 EUR",15'
ENDED = UssdHeard(UssdState.ENDED, "12.50 EUR")

# What comes after the request, line by line: its OK may come anywhere.
ENDINGS = {
    "after the OK": (["OK", TEXT], ENDED),
    "before the OK": ([TEXT, "OK"], ENDED),
    "with other news around": (["+CREG: 1", "OK", "+CSQ: 9,99", TEXT, "+CREG: 5"], ENDED),
    "release first, text behind": (["OK", '+CUSD: 2,"Releasing"', TEXT], ENDED),
    "release without text, text behind": (["OK", "+CUSD: 2", TEXT], ENDED),
    "text with status 2": (["OK", '+CUSD: 2,"12.50 EUR",15'], ENDED),
    "line ends in the text": (
        ["OK", '+CUSD: 0,"One\r\nTwo",15'],
        UssdHeard(UssdState.ENDED, "One\nTwo"),
    ),
    "UCS-2 that says 15": (
        ["OK", '+CUSD: 0,"00310032",15'],
        UssdHeard(UssdState.ENDED, "12"),
    ),
    "refused": (["+CME ERROR: 30"], UssdHeard(UssdState.FAILED, None, "+CME ERROR: 30")),
    "refused after the OK": (
        ["OK", "+CME ERROR: 30"],
        UssdHeard(UssdState.FAILED, None, "+CME ERROR: 30"),
    ),
    "not supported": (["OK", "+CUSD: 4"], UssdHeard(UssdState.FAILED, None, "not_supported")),
    "network time-out": (["OK", "+CUSD: 5"], UssdHeard(UssdState.FAILED, None, "timed_out")),
    "nothing behind the OK": (
        ["OK"],
        UssdHeard(UssdState.FAILED, None, "the network did not answer"),
    ),
}


@pytest.mark.parametrize(("lines", "heard"), ENDINGS.values(), ids=ENDINGS)
@warped
async def test_a_request_ends_once(plug: Plug, lines: list[str], heard: UssdHeard) -> None:
    bench = plug("simcom-sim7600", {BALANCE: "\n".join(lines)})
    await bench.modem.ussd.send("*100#")
    await asyncio.sleep(200)
    assert [(fact.state, fact.text) for fact in bench.told(UssdHeard)] == [
        (heard.state, heard.text)
    ]
    if heard.state is UssdState.FAILED:
        assert bench.told(UssdHeard)[0].reason == heard.reason
    assert not bench.modem.ussd.busy


@warped
async def test_a_modem_is_told_to_give_up_when_the_network_is_silent(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    await bench.modem.ussd.send("*100#")
    await asyncio.sleep(200)
    assert bench.wire.sent == [BALANCE, CANCEL]


@warped
async def test_a_request_that_is_never_answered_fails(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {BALANCE: SILENCE})
    await bench.modem.ussd.send("*100#")
    [heard] = bench.told(UssdHeard)
    assert (heard.state, heard.reason) == (UssdState.FAILED, "no answer from the modem")


@warped
async def test_a_menu_is_answered_in_the_same_session(plug: Plug) -> None:
    menu = '+CUSD: 1,"1 Balance",15'
    bench = plug("simcom-sim7600", {BALANCE: f"OK\n{menu}", 'AT+CUSD=1,"1",15': f"OK\n{TEXT}"})
    await bench.modem.ussd.send("*100#")
    await settle()
    assert bench.modem.ussd.busy
    await bench.modem.ussd.send("1")
    await settle()
    assert bench.told(UssdHeard) == [UssdHeard(UssdState.MENU, "1 Balance"), ENDED]


@warped
async def test_a_second_request_waits_for_the_first(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    await bench.modem.ussd.send("*100#")
    with pytest.raises(UssdRefused, match="under way"):
        await bench.modem.ussd.send("*101#")
    assert bench.wire.sent == [BALANCE]


@warped
async def test_a_session_can_be_cancelled_and_its_late_text_is_no_reply(plug: Plug) -> None:
    bench = plug("simcom-sim7600", {CANCEL: "+CME ERROR: 3"})
    await bench.modem.ussd.send("*100#")
    await bench.modem.ussd.cancel()
    assert bench.told(UssdHeard) == []
    assert not bench.modem.ussd.busy


@warped
async def test_what_the_network_says_by_itself_is_told(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    bench.wire.say('+CUSD: 0,"You have mail",15', "+CUSD: 2")
    await settle()
    assert bench.facts == [UssdHeard(UssdState.ENDED, "You have mail")]


@pytest.mark.parametrize(
    ("profile", "request_"),
    [
        ("simcom-sim7600", BALANCE),
        ("quectel-ec2x", 'AT+CUSD=1,"002A0031003000300023",15'),
        ("huawei-e1550", 'AT+CUSD=1,"AA180C3602",15'),
    ],
)
@warped
async def test_a_request_is_written_as_the_family_reads_it(
    plug: Plug, profile: str, request_: str
) -> None:
    bench = plug(profile)
    await bench.modem.ussd.send("*100#")
    assert bench.wire.count(request_) == 1


@warped
async def test_an_ep06_that_never_hands_over_a_reply_is_not_asked(plug: Plug) -> None:
    bench = plug("quectel-ep06")
    with pytest.raises(UssdRefused):
        await bench.modem.ussd.send("*100#")
    assert bench.wire.sent == []


@pytest.mark.parametrize("text", ["", '*100#"', "*100#\r\nATD1;", "x" * 200])
@warped
async def test_a_request_that_cannot_be_written_is_refused_unsent(plug: Plug, text: str) -> None:
    bench = plug("simcom-sim7600")
    with pytest.raises(UssdRefused):
        await bench.modem.ussd.send(text)
    assert bench.wire.sent == []
    assert not bench.modem.ussd.busy
