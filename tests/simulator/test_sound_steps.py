"""What callees say, step by step; most of it needs no sound and so runs a hundred times faster."""

from __future__ import annotations

from itertools import dropwhile, groupby
from typing import Any

import pytest
from pydantic import ValidationError

from simulator import Scenario
from simulator.calls import NetworkCall, Side
from simulator.sound import speech
from simulator.sound.listen import discontinuities, level, share
from simulator.sound.waves import steady
from tests.simulator.ear import sounding
from tests.simulator.terminal import Terminal
from tests.simulator.worlds import eventually, world

NUMBER = "+49401"
QUECTEL = {"family": "quectel"}
SENTENCE = "One moment please"


def callee(*says: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"number": NUMBER, "answer_after_s": 0, "then": "stay", "says": says} | more]


async def heard_for(said: list[dict[str, Any]], frames: int) -> list[bytes]:
    """Call him, audio on before he answers, and return what is heard from the first sound on."""
    said[0]["answer_after_s"] = 0.1
    network = {"setup_s": 0, "ringback": False}
    async with sounding({}, callees=said, network=network) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{NUMBER};")
        await tty.ask("AT+QPCMV=1,0")
        await eventually(lambda: sim.network.calls[0].answered_s is not None)
        await ear.hears(frames)
        return list(dropwhile(lambda frame: not any(frame), ear.frames))


def runs(heard: list[bytes], *hz: float) -> list[tuple[float, int]]:
    """Return what is heard in turn, 0 for silence, and for how many frames each."""
    tones = [max((share([frame], each), each) for each in hz) for frame in heard]
    whats = [tone if part > 0.9 else 0 for part, tone in tones]
    return [(what, len(list(same))) for what, same in groupby(whats)]


async def test_steps_follow_each_other() -> None:
    said = callee(
        {"do": "tone", "hz": 440, "for_s": 0.2},
        {"do": "silence", "for_s": 0.1},
        {"do": "tone", "hz": 1004},
    )
    tone, silence, other = runs(await heard_for(said, 25), 440, 1004)
    assert (tone[0], silence[0], other[0]) == (440, 0, 1004)
    assert tone[1] == pytest.approx(10, abs=4)
    assert silence[1] == pytest.approx(5, abs=4)


async def test_what_is_said_can_be_said_again_and_again() -> None:
    said = callee(
        {"do": "tone", "hz": 440, "for_s": 0.1}, {"do": "silence", "for_s": 0.1}, repeat=True
    )
    heard = runs(await heard_for(said, 30), 440)
    assert len(heard) >= 5
    assert {what for what, _ in heard[::2]} == {440}
    assert {what for what, _ in heard[1::2]} == {0}


async def test_keys_are_told_once_each_and_sound_only_in_band() -> None:
    async with world(QUECTEL, callees=callee({"do": "keys", "keys": "12#"})) as (sim, (tty,)):
        await tty.ask("AT+QTONEDET=1")
        await tty.ask(f"ATD{NUMBER};")
        await tty.until("+QTONEDET: 35")
        assert sim.network.calls[0].digits == [(Side.CALLEE, digit) for digit in "12#"]


@pytest.mark.parametrize("inband", [True, False])
async def test_a_key_in_band_is_two_tones(*, inband: bool) -> None:
    said = callee({"do": "keys", "keys": "5", "inband": inband}, {"do": "silence"})
    heard = await heard_for(said, 15)
    loud = [frame for frame in heard if any(frame)]
    assert len(loud) == pytest.approx(5 if inband else 0, abs=4 if inband else 0)
    assert not loud or share(loud, 770) + share(loud, 1336) > 0.9


async def _press_1(tty: Terminal, sim_call: NetworkCall) -> None:
    await eventually(lambda: sim_call.answered_s is not None)
    await tty.ask('AT+VTS="1"')


MENU = {
    "do": "wait_key",
    "for_s": 5,
    "on_key": {"1": [{"do": "keys", "keys": "11"}], "9": [{"do": "keys", "keys": "99"}]},
}


async def test_a_key_that_he_waits_for_chooses_what_comes_then() -> None:
    said = callee(MENU, {"do": "keys", "keys": "0"}, repeat=True)
    async with world(QUECTEL, callees=said) as (sim, (tty,)):
        await tty.ask(f"ATD{NUMBER};")
        call = sim.network.calls[0]
        await _press_1(tty, call)
        start_s = sim.clock.now()
        await eventually(lambda: sim.clock.now() > start_s + 12)
        assert "".join(digit for side, digit in call.digits if side is Side.CALLEE) == "11"


async def test_without_a_key_in_time_he_goes_on() -> None:
    said = callee(MENU, {"do": "keys", "keys": "0"})
    async with world(QUECTEL, callees=said) as (sim, (tty,)):
        await tty.ask(f"ATD{NUMBER};")
        call = sim.network.calls[0]
        await eventually(lambda: bool(call.digits))
        assert call.digits == [(Side.CALLEE, "0")]
        assert call.talk_s >= 5


async def test_who_hung_up_presses_no_more_keys() -> None:
    said = callee({"do": "keys", "keys": "1"}, {"do": "silence", "for_s": 1}, repeat=True)
    async with world(QUECTEL, callees=said) as (sim, (tty,)):
        await tty.ask(f"ATD{NUMBER};")
        call = sim.network.calls[0]
        await eventually(lambda: len(call.digits) == 2)
        await tty.ask("AT+CHUP")
        pressed, start_s = len(call.digits), sim.clock.now()
        await eventually(lambda: sim.clock.now() > start_s + 5)
        assert len(call.digits) == pressed


async def test_a_greeting_is_words_a_beep_and_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "_made", {"Hello": _tone_of(300, 8)})
    heard = await heard_for(callee({"do": "greeting", "text": "Hello"}), 36)
    in_turn = [(what, count) for what, count in runs(heard, 300, 1000) if what or count > 2]
    assert [what for what, _ in in_turn] == [300, 1000, 0]
    assert in_turn[1][1] == pytest.approx(20, abs=5)


async def test_who_listens_late_misses_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = _tone_of(300, 8) + _tone_of(900, 100)
    monkeypatch.setattr(speech, "_made", {"Hello": sentence})
    said = callee({"do": "speech", "text": "Hello"})
    async with sounding({}, callees=said) as (sim, (tty,), (ear,)):
        await tty.ask(f"ATD{NUMBER};")
        await eventually(lambda: sim.network.calls[0].talk_s > 0.25)
        await tty.ask("AT+QPCMV=1,0")
        assert share(await ear.hears(5), 900) > 0.9


def _tone_of(hz: float, frames: int) -> bytes:
    tone = steady(hz)
    return b"".join(tone.frame() for _ in range(frames))


def test_a_sentence_is_sound_with_espeak_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "_made", {})
    guess_s = speech.length_s(SENTENCE)
    speech.prepare([SENTENCE])
    assert speech.length_s(SENTENCE) == pytest.approx(guess_s, rel=0.8)
    assert _said_level() > 300
    monkeypatch.setattr(speech, "_made", {})
    monkeypatch.setenv("PATH", "")
    speech.prepare([SENTENCE])
    assert speech.length_s(SENTENCE) == guess_s
    assert _said_level() > 300


def _said_level() -> float:
    mouth = speech.mouth(SENTENCE)
    return level([mouth.frame() for _ in range(40)])


async def test_music_plays_and_goes_on() -> None:
    heard = await heard_for(callee({"do": "music"}), 42)
    assert min(level(heard[at : at + 5]) for at in range(0, 35, 5)) > 1000
    assert len({round(share(heard[at : at + 10], 523), 1) for at in range(0, 40, 10)}) > 1


@pytest.mark.parametrize(
    "step",
    [
        {"do": "sing"},
        {"do": "tone"},
        {"do": "tone", "hz": 5000},
        {"do": "keys", "keys": "12E"},
        {"do": "silence", "for_s": 0},
        {"do": "wait_key", "on_key": {"12": []}},
        {"do": "echo", "delay": 3},
    ],
)
def test_a_step_that_makes_no_sense_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Scenario.model_validate({"callees": callee(step)})


def test_a_modem_without_an_audio_port_cannot_be_given_one() -> None:
    for family, model in (("generic", ""), ("simcom", "SIM800L")):
        with pytest.raises(ValidationError, match="no audio port"):
            Scenario.model_validate(
                {"modems": [{"name": "m", "family": family, "model": model, "audio": True}]}
            )


def test_discontinuities_are_counted_one_by_one() -> None:
    tone = steady(440)
    frames = [tone.frame() for _ in range(200)]
    assert discontinuities(frames, 440) == 0
    assert discontinuities([bytes(320)] * 5 + frames + [bytes(320)] * 5, 440) == 0
    lost = frames[:50] + frames[51:120] + frames[121:]
    assert discontinuities(lost, 440) == 2
    silenced = [*frames[:60], bytes(320), *frames[61:]]
    assert discontinuities(silenced, 440) == 1
    whole = b"".join(frames)
    cut = whole[:8100] + whole[8130:]  # 15 samples out of the middle of a frame
    assert discontinuities([cut[at : at + 320] for at in range(0, len(cut), 320)], 440) == 1
    assert discontinuities([], 440) == 0


def test_the_share_of_a_frequency() -> None:
    low, high = steady(440), steady(1004)
    mixed = [low.frame() if at < 50 else high.frame() for at in range(100)]
    assert share(mixed, 440) == pytest.approx(0.5, abs=0.02)
    assert share(mixed, 700) < 0.01
    assert share([bytes(320)] * 20, 440) == 0
    assert share([], 440) == 0
