import asyncio

import pytest

from drivers.call_control import CallRefused
from drivers.facts import DigitHeard, ModemDeaf, ModemLost, PhoneLifted
from drivers.fxo.judge import Verdict
from tests.drivers.fxo.conftest import Open

ON_HOOK = ["AT+VLS=0", "ATH", "AT+FCLASS=8", "AT+VSM=1,8000,0,0", "AT+VSD=0,0"]


async def test_a_call_from_the_dial_tone_to_the_busy_tone(bench: Open) -> None:
    line = await bench()
    await line.dial("0123")
    await line.rule(Verdict.RINGBACK)
    await line.rule(Verdict.ANSWERED_RINGBACK_STOPPED)
    await line.rule(Verdict.DISCONNECTED_TONE)
    await line.told_of("alerting", "active ringback_stopped", "released normal")
    assert line.last.raw_cause == "disconnected tone"
    assert line.fake.sent[:4] == ["AT+VLS=1", "AT+VTR", "ATDT0123;", "AT+VTR"]
    assert line.fake.sent[4:9] == ON_HOOK
    assert line.fake.words == [b"\x10\x10\x10^"] * 2
    assert len(line.judges) == 1


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.BUSY, "released busy"),
        (Verdict.CONGESTION, "released network_error"),
        (Verdict.SIT, "released unassigned"),
        (Verdict.DISCONNECTED_LOOP, "released network_error"),
    ],
)
async def test_a_call_that_comes_to_nothing(bench: Open, verdict: Verdict, told: str) -> None:
    line = await bench()
    await line.dial()
    await line.rule(verdict)
    await line.told_of(told)
    assert not line.modem.calls.live


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.ANSWERED_POLARITY, "active polarity"),
        (Verdict.ANSWERED_VOICE, "active voice"),
        (Verdict.ANSWERED_DIALED, "active unknown"),
    ],
)
async def test_an_answer_says_what_it_rests_on(bench: Open, verdict: Verdict, told: str) -> None:
    line = await bench()
    await line.dial()
    await line.rule(verdict)
    await line.told_of(told)


async def test_the_next_call_waits_for_the_hook(bench: Open) -> None:
    line = await bench()
    await line.talk()
    await line.rule(Verdict.BUSY)
    await line.told_of("active voice", "released normal")
    await line.dial("456")
    assert line.fake.sent[-2:] == ["ATDT456;", "AT+VTR"]
    assert len(line.judges) == 2


async def test_no_dial_tone_no_dialling(bench: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.fxo.calls.DIAL_TONE_S", 0.05)
    line = await bench()
    line.modem.calls.place("0123")
    await line.told_of("released network_error")
    assert line.last.raw_cause == "no dial tone"
    assert not [text for text in line.fake.sent if text.startswith("ATD")]


async def test_busy_instead_of_a_dial_tone(bench: Open) -> None:
    line = await bench()
    line.modem.calls.place("0123")
    await line.rule(Verdict.BUSY)
    await line.told_of("released network_error")
    assert not [text for text in line.fake.sent if text.startswith("ATD")]


async def test_a_modem_that_tells_of_the_dial_tone_is_believed(bench: Open) -> None:
    line = await bench()
    line.modem.calls.place("0123")
    await line.until(lambda: line.fake.mode)
    line.judge.by_code["d"] = Verdict.DIAL_TONE
    line.fake.tell("d")
    await line.until(lambda: "ATDT0123;" in line.fake.sent)


async def test_a_line_has_its_prefix_its_pulses_and_its_numbers(bench: Open) -> None:
    line = await bench(pulse=True, prefix="0,", dialable=lambda number: number.replace("+49", "0"))
    await line.dial("+4930123")
    assert "ATDP0,030123;" in line.fake.sent


async def test_a_number_that_cannot_be_dialled(bench: Open) -> None:
    line = await bench()
    line.modem.calls.place("+4930;+FCLASS=0")
    await line.rule(Verdict.DIAL_TONE)
    await line.told_of("released network_error")


async def test_the_modem_says_what_is_wrong_with_a_dial(bench: Open) -> None:
    line = await bench()
    line.fake.replies["ATDT0123;"] = ["NO DIALTONE"]
    line.modem.calls.place("0123")
    await line.rule(Verdict.DIAL_TONE)
    await line.told_of("released network_error")
    assert line.last.raw_cause == "NO DIALTONE"


async def test_hanging_up_in_each_state(bench: Open) -> None:
    line = await bench()
    key = line.modem.calls.place("0123")
    await line.modem.calls.hang_up(key)  # not even off the hook
    key = line.modem.calls.place("0123")
    await line.until(lambda: line.fake.mode)
    await line.modem.calls.hang_up(key)  # no dial tone yet
    await line.modem.calls.hang_up(await line.dial())
    assert line.calls == ["released cancelled us"] * 3
    line.facts.clear()
    await line.modem.calls.hang_up(await line.talk())
    assert line.calls == ["active voice", "released normal us"]
    with pytest.raises(CallRefused):
        await line.modem.calls.hang_up(key)


async def test_hanging_up_breaks_a_dial_off(bench: Open) -> None:
    line = await bench()
    line.fake.replies["ATDT0123;"] = [""]  # it is still dialling
    key = line.modem.calls.place("0123")
    await line.rule(Verdict.DIAL_TONE)
    await line.until(lambda: "ATDT0123;" in line.fake.sent)
    line.fake.replies[""] = ["NO CARRIER"]  # any octet breaks it off
    await line.modem.calls.hang_up(key)
    assert line.calls == ["released cancelled us"]
    assert not line.fake.mode


async def test_digits_both_ways(bench: Open) -> None:
    line = await bench()
    key = await line.talk()
    for code in "/55~/5~":
        line.fake.tell(code)
    await line.until(lambda: len(line.told(DigitHeard)) == 2)
    await line.modem.calls.dtmf(key, "1#")
    assert line.fake.sent[-3:] == ["AT+VTS=1", "AT+VTS=#", "AT+VTR"]
    await line.modem.calls.dtmf(key, "!")
    assert line.fake.sent[-2:] == ["AT+VTS=!", "AT+VTR"]
    assert line.calls == ["active voice"]


async def test_a_digit_that_the_modem_refuses(bench: Open) -> None:
    line = await bench()
    key = await line.talk()
    line.fake.replies["AT+VTS=A"] = ["ERROR"]
    with pytest.raises(CallRefused, match="ERROR"):
        await line.modem.calls.dtmf(key, "A")
    await line.until(lambda: line.fake.mode == "AT+VTR")  # the call goes on
    assert line.calls == ["active voice"]


async def test_a_parallel_phone_keeps_the_line(bench: Open) -> None:
    line = await bench()
    line.fake.tell("P")
    await line.until(lambda: line.told(PhoneLifted))
    line.modem.calls.place("0123")
    await line.told_of("released network_error")
    assert line.fake.sent == []
    line.fake.tell("p")
    await line.until(lambda: len(line.told(PhoneLifted)) == 2)
    assert [fact.lifted for fact in line.told(PhoneLifted)] == [True, False]
    await line.dial()


async def test_unplugged_in_the_middle_of_a_call(bench: Open) -> None:
    line = await bench()
    await line.talk()
    line.fake.unplug()
    await line.until(lambda: line.told(ModemLost))
    assert line.calls == ["active voice", "released lost"]
    assert line.troubles == ["gone"]


async def test_the_modem_ends_the_stream_by_itself(bench: Open) -> None:
    line = await bench()
    await line.talk()
    line.fake.mode = ""
    line.fake.put(b"\x80" * 10 + b"\x10\x03\r\nOK\r\n")
    await line.told_of("active voice", "released normal")
    await line.dial()


async def test_a_modem_that_does_not_leave_the_stream_is_reset(
    bench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.fxo.stream.LEAVE_S", 0.05)
    line = await bench()
    key = await line.talk()
    monkeypatch.setattr(line.fake, "_ends", lambda _dles, _word: False)
    await line.modem.calls.hang_up(key)
    assert line.calls == ["active voice", "released normal us"]
    assert line.told(ModemDeaf)


async def test_a_modem_that_opens_no_stream_costs_the_call(bench: Open) -> None:
    line = await bench()
    line.fake.replies["AT+VTR"] = ["ERROR"]
    line.modem.calls.place("0123")
    await line.told_of("released network_error")
    assert line.last.raw_cause == "AT+VTR was answered with ERROR"


async def test_garbage_in_the_stream_and_outside_does_no_harm(bench: Open) -> None:
    line = await bench()
    line.fake.put(bytes(range(256)) * 3 + b"\x10\x10\r\n")
    await asyncio.sleep(0)
    line.fake.tell("p")
    await line.talk()
    line.fake.put(bytes(octet for octet in range(256) if octet not in b"\x10") * 3)
    line.fake.put(b"\x10\xff\x10\x00\x10~\x10\x1a")
    await line.until(lambda: len(line.frames) == 4)
    await line.rule(Verdict.DISCONNECTED_SILENCE)
    await line.until(lambda: line.calls[-1] == "released normal")
