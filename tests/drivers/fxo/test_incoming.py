import pytest

from drivers.call_control import CallRefused
from drivers.facts import DigitHeard
from drivers.fxo.judge import Verdict
from tests.drivers.fxo.conftest import Open

WHO = ["DATE = 0805", "TIME = 1432", "NMBR = 0301234567", "NAME = EXAMPLE LTD"]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.fxo.bell.SAME_RING_S", 0)
    monkeypatch.setattr("drivers.fxo.bell.NAME_S", 0.05)
    monkeypatch.setattr("drivers.fxo.bell.RINGS_GONE_S", 0.1)


async def test_a_caller_is_named_answered_and_gone(bench: Open) -> None:
    line = await bench()
    line.fake.say("RING", *WHO)
    await line.told_of("incoming")
    call = line.last.call
    assert call.number == "0301234567"
    await line.modem.calls.answer(call.key)
    assert line.fake.sent == ["AT+VLS=1", "AT+VTR"]
    assert line.judge.codes == ["taken"]
    line.fake.tell("9")
    await line.until(lambda: line.told(DigitHeard))
    await line.rule(Verdict.DISCONNECTED_LOOP)
    await line.told_of("incoming", "active", "released normal")
    assert line.last.by_us is False


@pytest.mark.parametrize("lines", [["NMBR=0301234567", "RING"], ["RING", "NMBR=0301234567"]])
async def test_the_number_comes_before_or_behind_the_ring(bench: Open, lines: list[str]) -> None:
    line = await bench()
    line.fake.say(*lines)
    await line.told_of("incoming")
    assert line.last.call.number == "0301234567"


@pytest.mark.parametrize(
    "lines", [["RING"], ["RING", "RING"], ["RING", "NMBR = P"], ["RING", "DATE = 0805"]]
)
async def test_a_call_without_a_number_is_told_too(bench: Open, lines: list[str]) -> None:
    line = await bench()
    line.fake.say(*lines)
    await line.told_of("incoming")
    assert line.last.call.number is None


async def test_a_number_that_comes_late_is_added(bench: Open) -> None:
    line = await bench()
    line.fake.say("RING", "RING")
    await line.told_of("incoming")
    line.fake.say("NMBR = 0301234567")
    await line.told_of("incoming", "incoming")
    assert line.last.call.number == "0301234567"


async def test_rings_behind_a_dle_are_rings(bench: Open) -> None:
    line = await bench()
    line.fake.tell("R")
    line.fake.tell("R")
    await line.told_of("incoming")


async def test_when_the_rings_stop_the_caller_is_gone(bench: Open) -> None:
    line = await bench()
    line.fake.say("RING")
    await line.told_of("incoming", "released no_answer")
    assert not line.last.by_us
    with pytest.raises(CallRefused):
        await line.modem.calls.answer(line.last.call.key)
    line.fake.say("RING")
    await line.until(lambda: len(line.calls) == 3)


async def test_a_number_that_no_ring_follows_names_nobody(
    bench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.fxo.bell.STALE_S", 0)
    line = await bench()
    line.fake.say("NMBR = 0301234567")
    await line.modem.probe()
    line.fake.say("RING")
    await line.told_of("incoming")
    assert line.last.call.number is None


async def test_a_call_that_is_taken_on_a_parallel_phone(bench: Open) -> None:
    line = await bench()
    line.fake.say("RING", "NMBR = 1")
    line.fake.tell("P")
    await line.told_of("incoming", "released no_answer")
    assert line.last.raw_cause == "it was taken on a parallel phone"


async def test_a_call_is_refused_by_taking_and_dropping_it(bench: Open) -> None:
    line = await bench()
    line.fake.say("RING", "NMBR = 1")
    await line.told_of("incoming")
    await line.modem.calls.hang_up(line.last.call.key)
    await line.told_of("incoming", "released rejected us")
    assert line.fake.sent[:3] == ["AT+VLS=1", "AT+VTR", "AT+VLS=0"]


async def test_a_call_out_meets_one_that_comes_in(bench: Open) -> None:
    line = await bench()
    line.fake.say("RING", "NMBR = 1")
    await line.told_of("incoming")
    line.modem.calls.place("0123")
    await line.until(lambda: len(line.calls) == 2)
    assert (line.calls[1], line.last.call.number) == ("released network_error", "0123")
    assert "AT+VLS=1" not in line.fake.sent


async def test_an_answer_that_the_modem_refuses(bench: Open) -> None:
    line = await bench()
    line.fake.say("RING", "NMBR = 1")
    await line.told_of("incoming")
    line.fake.replies["AT+VLS=1"] = ["ERROR", "ERROR"]
    with pytest.raises(CallRefused):
        await line.modem.calls.answer(line.last.call.key)
    await line.told_of("incoming", "released network_error")
