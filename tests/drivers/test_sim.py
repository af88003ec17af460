"""The SIM at the start: what it waits for, who it is, and when the modem is ready with it."""

import asyncio
import logging

import pytest

from drivers.modem import SIM_WAIT_S, ModemFailed
from modem.sim import Lock, Retries
from tests.drivers.warp import warped
from tests.drivers.wire import SILENCE, Plug, Reply, settle

# --- the SIM


@pytest.mark.parametrize(
    ("answer", "lock"),
    [
        ("+CPIN: READY\nOK", Lock.READY),
        ("+CPIN: READY", Lock.READY),  # Wavecom forgets the OK
        ("+CPIN: SIM PIN\nOK", Lock.SIM_PIN),
        ("+CPIN: SIM PUK\nOK", Lock.SIM_PUK),
        ("+CME ERROR: 10", Lock.NOT_INSERTED),
        ("+CME ERROR: SIM not inserted", Lock.NOT_READY),
        ("+CME ERROR: 11", Lock.SIM_PIN),
        ("ERROR", Lock.NOT_READY),
        (SILENCE, Lock.NOT_READY),
    ],
)
@warped
async def test_what_the_sim_waits_for(plug: Plug, answer: str, lock: Lock) -> None:
    bench = plug(replies={"AT+CPIN?": answer})
    assert await bench.modem.read_lock() is lock


@pytest.mark.parametrize("busy", ["+CME ERROR: 14", "+CME ERROR: 515", "+CPIN: NOT READY\nOK"])
@warped
async def test_a_busy_sim_is_asked_again(plug: Plug, busy: str) -> None:
    bench = plug(replies={"AT+CPIN?": [busy, busy, busy, "+CPIN: READY\nOK"]})
    assert await bench.modem.read_lock() is Lock.READY
    assert bench.wire.count("AT+CPIN?") == 4


@warped
async def test_a_pin_is_tried_once_and_never_logged(
    plug: Plug, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench = plug(replies={'AT+CPIN="4711"': "+CME ERROR: 16"})
    assert not await bench.modem.unlock("4711")
    assert bench.wire.sent == ['AT+CPIN="4711"']
    assert "4711" not in caplog.text


@pytest.mark.parametrize(
    ("profile", "question", "answer"),
    [
        ("generic", "AT+CPINR", "+CPINR: SIM PIN,2,3\nOK"),
        ("quectel-ec2x", 'AT+QPINC="SC"', '+QPINC: "SC",2,10\nOK'),
        ("simcom-sim7600", "AT+SPIC", "+SPIC: 2,10,0,10\nOK"),
        ("huawei-e1550", "AT^CPIN?", "^CPIN: READY,,10,2,10,3\nOK"),
    ],
)
@warped
async def test_the_tries_that_are_left_are_known(
    plug: Plug, profile: str, question: str, answer: str
) -> None:
    bench = plug(profile, {question: answer})
    assert (await bench.modem.tries_left()).pin == 2


@pytest.mark.parametrize("answer", ["ERROR", "OK", "+CPINR: what,ever\nOK", SILENCE])
@warped
async def test_tries_that_the_modem_does_not_tell_are_unknown(plug: Plug, answer: str) -> None:
    bench = plug(replies={"AT+CPINR": answer})
    assert await bench.modem.tries_left() == Retries()


@pytest.mark.parametrize(
    ("profile", "replies"),
    [
        ("generic", {"AT+CCID": "8949020000012345678\nOK"}),
        ("generic", {"AT+CCID": "+CCID: 8949020000012345678\nOK"}),
        ("quectel-ec2x", {"AT+QCCID": "+QCCID: 8949020000012345678F\nOK"}),
        ("simcom-sim7600", {"AT+CICCID": "+ICCID: 8949020000012345678\nOK"}),
        ("simcom-sim800", {"AT+CICCID": "ERROR", "AT+CCID": "8949020000012345678f\nOK"}),
        ("huawei-e1550", {"AT^ICCID?": "^ICCID: 989420000010325476F8\nOK"}),
        (
            "huawei-e1550",
            {"AT^ICCID?": "COMMAND NOT SUPPORT", "AT+CCID": "8949020000012345678\nOK"},
        ),
    ],
)
@warped
async def test_the_iccid_in_every_familys_shape(
    plug: Plug, profile: str, replies: dict[str, Reply]
) -> None:
    bench = plug(profile, replies)
    assert (await bench.modem.read_iccid() or "").startswith("894902000001234567")


@warped
async def test_a_sim_that_keeps_its_iccid_back_is_not_attached(plug: Plug) -> None:
    bench = plug(replies={"AT+CCID": "+CME ERROR: 11"})
    assert await bench.modem.read_iccid() is None
    with pytest.raises(ModemFailed, match="ICCID"):
        await bench.modem.attach()


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        (
            '+CNUM: "Own","+49177123",145\n+CNUM: "Fax","+49177124",145\nOK',
            ("+49177123", "+49177124"),
        ),
        ('+CNUM: ,"",129\nOK', ()),
        ("+CME ERROR: 14", ()),
        ("OK", ()),
    ],
)
@warped
async def test_the_sim_says_who_it_is(plug: Plug, answer: str, numbers: tuple[str, ...]) -> None:
    bench = plug(replies={"AT+CNUM": answer})
    sim = await bench.modem.attach()
    assert (sim.iccid, sim.imsi) == ("8949020000012345678", "262011234567890")
    assert sim.numbers == numbers


# --- readiness


@pytest.mark.parametrize("word", ["SMS DONE", "SMS Ready", "SMS READY"])
@warped
async def test_a_simcom_is_ready_when_it_says_so(plug: Plug, word: str) -> None:
    bench = plug("simcom-sim7600", {"AT+CPMS?": "+CMS ERROR: 310"})
    attaching = asyncio.create_task(bench.modem.attach())
    await settle()
    assert not attaching.done()
    bench.wire.say(word)
    await attaching


@warped
async def test_a_simcom_that_was_up_before_us_is_ready_when_its_storage_answers(plug: Plug) -> None:
    busy = "+CMS ERROR: 314"
    bench = plug("simcom-sim7600", {"AT+CPMS?": [busy, busy, '+CPMS: "ME",0,50\nOK']})
    await bench.modem.attach()
    assert bench.wire.count("AT+CPMS?") == 3


@warped
async def test_a_quectel_is_ready_when_all_its_parts_are(plug: Plug) -> None:
    states: list[str] = [f"+QINISTAT: {bits}\nOK" for bits in (0, 1, 3, 7)]
    bench = plug("quectel-ec2x", {"AT+QINISTAT": [*states]})
    await bench.modem.attach()
    assert bench.wire.count("AT+QINISTAT") == 4


@warped
async def test_a_quectel_that_does_not_know_the_question_is_ready(plug: Plug) -> None:
    bench = plug("quectel-ec2x", {"AT+QINISTAT": "ERROR"})
    await bench.modem.attach()
    assert bench.wire.count("AT+QINISTAT") == 1


@warped
async def test_a_modem_that_never_says_that_it_is_ready_is_taken_as_it_is(
    plug: Plug, caplog: pytest.LogCaptureFixture
) -> None:
    bench = plug("quectel-ec2x", {"AT+QINISTAT": "+QINISTAT: 1\nOK"})
    await bench.modem.attach()
    assert bench.wire.count("AT+QINISTAT") == len(SIM_WAIT_S) + 1
    assert "never said that it was ready" in caplog.text


@warped
async def test_a_setting_that_fails_stops_nothing(plug: Plug) -> None:
    refused = dict.fromkeys(("AT+CLIP=1", "AT+CRC=1", "AT+CREG=2", "AT+CEREG=2"), "ERROR")
    bench = plug(replies=refused)
    await bench.modem.attach()
    assert bench.wire.count("AT+COPS=3,0") == 1
