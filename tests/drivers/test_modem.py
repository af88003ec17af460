"""From a port that is there to a modem that can call: woken, known, unlocked, ready."""

import asyncio

import pytest

from drivers.facts import (
    CallChanged,
    CardChanged,
    ModemDeaf,
    ModemLost,
    RegistrationSeen,
    SignalSeen,
)
from drivers.modem import ModemFailed, ModemIdentity
from drivers.session import SessionLost
from modem.at.command import Command
from modem.sim import Lock
from tests.drivers.warp import warped
from tests.drivers.wire import SILENCE, Plug, settle

EC25 = {"AT+CGMI": "Quectel\nOK", "AT+CGMM": "EC25\nOK"}
URC_PORT = 'AT+QURCCFG="urcport"'


# --- opening


@warped
async def test_a_modem_says_who_it_is(plug: Plug) -> None:
    bench = plug(opened=False)
    assert await bench.modem.open() == ModemIdentity("Maker", "Model 1", "1.0", "490154203237518")


@pytest.mark.parametrize(
    ("answer", "model"),
    [
        ("Model 1\nOK", "Model 1"),
        ("+CGMM: Model 1\nOK", "Model 1"),
        ('+CGMM: "Model 1"\nOK', "Model 1"),
        ("Model 1\n24-11-08\n(c) Maker\nOK", "Model 1"),
        ("ERROR", ""),
        ("OK", ""),
        ("RING\nModel 1\nOK", "Model 1"),
    ],
)
@warped
async def test_its_model_is_the_first_line_that_answers(
    plug: Plug, answer: str, model: str
) -> None:
    bench = plug(replies={"AT+CGMM": answer}, opened=False)
    assert (await bench.modem.open()).model == model


@warped
async def test_a_stick_that_sleeps_is_woken(plug: Plug) -> None:
    bench = plug(replies={"AT": [*([SILENCE] * 3), "OK"]}, opened=False)
    assert (await bench.modem.open()).model == "Model 1"


@warped
async def test_a_locked_modem_that_refuses_even_at_is_awake(plug: Plug) -> None:
    locked = dict.fromkeys(("AT", "ATE0", "AT+CMEE=1", "AT+CGMM"), "+CME ERROR: 11")
    bench = plug(replies=locked | {"AT+CPIN?": "+CPIN: SIM PIN\nOK"}, opened=False)
    await bench.modem.open()
    assert await bench.modem.read_lock() is Lock.SIM_PIN


@warped
async def test_a_port_where_nobody_answers_is_said_to_be_none(plug: Plug) -> None:
    bench = plug(replies={"AT": SILENCE}, opened=False)
    with pytest.raises(ModemFailed, match="is it the AT port"):
        await bench.modem.open()
    assert bench.facts == []


@warped
async def test_a_modem_that_is_pulled_out_while_it_starts_is_lost(plug: Plug) -> None:
    bench = plug(replies={"AT+CGMM": SILENCE}, opened=False)
    opening = asyncio.create_task(bench.modem.open())
    await settle()
    bench.wire.unplug()
    with pytest.raises(SessionLost):
        await opening
    assert bench.facts == [ModemLost("unplugged")]


# --- urc routing


@warped
async def test_urcs_that_come_here_already_are_not_sent_here_again(plug: Plug) -> None:
    replies = EC25 | {URC_PORT: '+QURCCFG: "urcport","usbat"\nOK'}
    bench = plug("quectel-ec2x", replies, opened=False, on_usb=True)
    await bench.modem.open()
    assert bench.wire.count(URC_PORT) >= 1
    assert bench.wire.count(f'{URC_PORT},"usbat"') == 0


@warped
async def test_urcs_that_go_elsewhere_are_sent_here(plug: Plug) -> None:
    replies = EC25 | {URC_PORT: '+QURCCFG: "urcport","uart1"\nOK'}
    bench = plug("quectel-ec2x", replies, opened=False, on_usb=True)
    await bench.modem.open()
    assert bench.wire.count(f'{URC_PORT},"usbat"') == 1


@warped
async def test_a_modem_on_a_serial_line_keeps_its_urcs_there(plug: Plug) -> None:
    bench = plug("quectel-ec2x", EC25 | {URC_PORT: '+QURCCFG: "urcport","uart1"\nOK'}, opened=False)
    await bench.modem.open()
    assert not any("QURCCFG" in line for line in bench.wire.sent)


# --- what it tells by itself


@warped
async def test_registration_and_signal_are_facts(plug: Plug) -> None:
    bench = plug("quectel-ec2x")
    bench.wire.say("+CREG: 5", '+QIND: "csq",20,99', "+CSQ: 99,99")
    await settle()
    [registration] = bench.told(RegistrationSeen)
    assert registration.status.is_registered
    assert bench.told(SignalSeen) == [SignalSeen(-73), SignalSeen(None)]


@warped
async def test_registration_and_signal_that_were_asked_for_are_the_same_facts(plug: Plug) -> None:
    bench = plug(replies={"AT+CREG?": "+CREG: 2,1\nOK", "AT+CSQ": "+CSQ: 20,99\nOK"})
    await bench.modem.ask_network()
    assert [fact.status.is_registered for fact in bench.told(RegistrationSeen)] == [True]
    assert bench.told(SignalSeen) == [SignalSeen(-73)]


@pytest.mark.parametrize(
    ("profile", "line", "fact"),
    [
        ("quectel-ec2x", "+QSIMSTAT: 1,0", CardChanged(inserted=False)),
        ("quectel-ec2x", "+QSIMSTAT: 1,1", CardChanged(inserted=True)),
        ("quectel-ec2x", "+QUSIM: 1", CardChanged(inserted=None)),
        ("huawei-e1550", "^SIMST:255", CardChanged(inserted=False)),
        ("huawei-e1550", "^SIMST: 1", CardChanged(inserted=True)),
        ("simcom-sim7600", "+CPIN: NOT INSERTED", CardChanged(inserted=False)),
        ("simcom-sim7600", "+CPIN: SIM REMOVED", CardChanged(inserted=False)),
    ],
)
@warped
async def test_a_card_that_is_put_in_or_taken_out_is_a_fact(
    plug: Plug, profile: str, line: str, fact: CardChanged
) -> None:
    bench = plug(profile)
    bench.wire.say(line)
    await settle()
    assert bench.facts == [fact]


@pytest.mark.parametrize("line", ["+CREG: what", "^CONN: x", "+CLCC: 1", "^ORIG:", "nonsense"])
@warped
async def test_garbage_is_no_fact(plug: Plug, line: str) -> None:
    bench = plug("huawei-e1550")
    bench.wire.say(line)
    await settle()
    assert bench.facts == []


@warped
async def test_a_modem_that_answers_nothing_any_more_is_deaf_once(plug: Plug) -> None:
    bench = plug(opened=False)
    await bench.modem.open()
    bench.wire.replies["AT"] = SILENCE
    assert not await bench.modem.probe()
    with pytest.raises(SessionLost, match="answers nothing"):
        await bench.modem.probe()
    await asyncio.sleep(60)
    assert bench.facts == [ModemDeaf()]
    assert not bench.wire.is_open


@warped
async def test_a_modem_that_falls_asleep_while_it_starts_does_not_hold_us(plug: Plug) -> None:
    bench = plug(opened=False)
    await bench.modem.open()
    bench.wire.replies |= dict.fromkeys(("AT", "AT+CLIP=1", "AT+CRC=1"), SILENCE)
    with pytest.raises(SessionLost):
        await bench.modem.attach()


@warped
async def test_a_hung_modem_is_told_to_reset_though_it_answers_nothing(plug: Plug) -> None:
    silent = dict.fromkeys(("AT", "AT+CFUN=4", "AT+CFUN=1"), SILENCE)
    bench = plug(replies=silent, opened=False)
    await bench.modem.knock(Command("AT+CFUN=4"), Command("AT+CFUN=1"))
    assert bench.wire.sent[0] == "AT+CFUN=4"
    assert not bench.wire.is_open


@warped
async def test_an_idle_modem_is_asked_whether_it_lives(plug: Plug) -> None:
    bench = plug()
    assert await bench.modem.probe()


@pytest.mark.parametrize(
    ("answer", "name"),
    [('+COPS: 0,0,"BUSY LINE",7\nOK', "BUSY LINE"), ("+COPS: 0\nOK", None), ("ERROR", None)],
)
@warped
async def test_the_operator_is_known_by_name(plug: Plug, answer: str, name: str | None) -> None:
    bench = plug(replies={"AT+COPS?": answer})
    assert await bench.modem.read_operator() == name


# --- switched and closed


@pytest.mark.parametrize(
    ("profile", "choice"),
    [("quectel-ec2x", "AT+QDSIM=1"), ("simcom-a76xx", "AT+SWITCHSIM=1")],
)
@warped
async def test_another_slot_is_chosen_with_the_radio_off_and_on(
    plug: Plug, profile: str, choice: str
) -> None:
    bench = plug(profile)
    assert await bench.modem.switch_slot(2)
    assert bench.wire.sent == [choice, "AT+CFUN=0", "AT+CFUN=1"]


@warped
async def test_a_modem_with_one_slot_is_not_asked_for_another(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    assert not await bench.modem.switch_slot(2)
    assert bench.wire.sent == []


@warped
async def test_a_slot_that_is_refused_is_not_called_chosen(plug: Plug) -> None:
    bench = plug("quectel-ec2x", {"AT+QDSIM=1": "ERROR"})
    assert not await bench.modem.switch_slot(2)


@pytest.mark.parametrize(
    ("profile", "question", "answer", "slot"),
    [
        ("quectel-ec2x", "AT+QDSIM?", "+QDSIM: 1\nOK", 2),
        ("simcom-a76xx", "AT+SWITCHSIM?", "+SWITCHSIM: 0\nOK", 1),
        ("quectel-ec2x", "AT+QDSIM?", "ERROR", None),
        ("quectel-ec2x", "AT+QDSIM?", "+QDSIM: two\nOK", None),
        ("simcom-sim7600", "AT", "OK", None),
    ],
)
@warped
async def test_the_slot_in_use_is_counted_from_one(
    plug: Plug, profile: str, question: str, answer: str, slot: int | None
) -> None:
    bench = plug(profile, {question: answer})
    assert await bench.modem.read_slot() == slot


@warped
async def test_a_modem_can_be_reset_before_it_is_opened(plug: Plug) -> None:
    bench = plug(opened=False)
    await bench.modem.knock(Command("AT+CFUN=4"), Command("AT+CFUN=1"))
    assert bench.wire.sent == ["AT+CFUN=4", "AT+CFUN=1"]
    assert not bench.wire.is_open


@warped
async def test_closing_ends_its_calls_as_lost(plug: Plug) -> None:
    bench = plug("simcom-sim7600")
    bench.modem.calls.place("123")
    await settle()
    bench.modem.close()
    [fact] = bench.told(CallChanged)
    assert (fact.call.is_over, fact.cause) == (True, "lost")


@warped
async def test_a_technician_sees_all_that_a_line_brings(plug: Plug) -> None:
    bench = plug(replies={"AT+QCFG?": "+QCFG: one\nplain\n^TWO: 2\nOK"})
    answer = await bench.modem.raw("AT+QCFG?")
    assert answer.lines == ["+QCFG: one", "plain", "^TWO: 2"]
