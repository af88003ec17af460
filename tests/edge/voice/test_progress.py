"""Whole calls on an analogue line: what is told of them, and when."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from config.tones import SHIPPED, load_tones
from config.voice import AnswerBy, Tone
from drivers.fxo.judge import DIALED, TAKEN, Judge, Verdict
from edge.voice.progress import ProgressJudge
from modem.pcm import RATE, SILENCE
from tests.edge.voice.signals import (
    ESPEAK,
    NO_ESPEAK,
    Sound,
    frames,
    noise,
    silence,
    speech,
    talk,
    tone,
)

TONES = load_tones([SHIPPED])
DE = TONES.of("DE")
HELLO = talk(
    [(0.25, 0.1, 650.0), (0.35, 0.2, 720.0), (0.2, 0.08, 640.0), (0.4, 0.3, 690.0)] * 3, 131
)
DIAL = tone(DE.dial[0], 1.5)
BUSY = tone(DE.busy[0], 6)


def ringing(seconds: float, country: str = "de") -> Sound:
    return tone(TONES.of(country).ringback[0], seconds)


def told(judge: Judge, *script: Sound | str) -> list[tuple[Verdict, float]]:
    """Play a call, sound and codes in turn; return each verdict with its second."""
    found, now = [], 0.0
    for part in script:
        if isinstance(part, str):
            found += [(judge.code(part, now), now)]
            continue
        for frame in frames(part + noise(len(part) / RATE, -50)[: len(part)]):
            now += 0.02
            found += [(judge.hear(frame, now), now)]
    return [(verdict, at) for verdict, at in found if verdict]


def verdicts(
    *script: Sound | str, by: AnswerBy = AnswerBy.AUTO, disconnect: Tone | None = None
) -> list[Verdict]:
    return [verdict for verdict, _ in told(ProgressJudge(DE, by, disconnect), *script)]


@pytest.mark.parametrize("country", ["de", "us", "gb", "cn", "in", "jp", "fr"])
def test_a_call_is_dialled_rings_is_answered_and_hung_up(country: str) -> None:
    tones = TONES.of(country)
    script = told(
        ProgressJudge(tones, AnswerBy.AUTO),
        *(silence(0.5), tone(tones.dial[0], 1.5), DIALED, silence(1.5), ringing(8, country)),
        *(silence(0.2), HELLO, HELLO, silence(1), tone(tones.busy[0], 8)),
    )
    assert [verdict for verdict, _ in script] == [
        Verdict.DIAL_TONE,
        Verdict.RINGBACK,
        Verdict.ANSWERED_RINGBACK_STOPPED,
        Verdict.DISCONNECTED_TONE,
    ]
    times = [at for _, at in script]
    assert times[0] <= 1.1
    assert 11.7 < times[2] < 12.9


@pytest.mark.skipif(not ESPEAK, reason=NO_ESPEAK)
def test_a_voice_of_words_answers_and_is_never_the_end(tmp_path: Path) -> None:
    said = speech(tmp_path, "en", 60)
    script = (DIAL, DIALED, silence(1), ringing(6.5), said, said)
    assert verdicts(*script) == [
        Verdict.DIAL_TONE,
        Verdict.RINGBACK,
        Verdict.ANSWERED_RINGBACK_STOPPED,
    ]


def test_busy_before_an_answer_is_busy() -> None:
    assert verdicts(DIAL, DIALED, silence(2), BUSY, HELLO) == [Verdict.DIAL_TONE, Verdict.BUSY]
    congestion = tone(DE.congestion[0], 5)
    assert verdicts(DIALED, silence(2), congestion) == [Verdict.CONGESTION]


def test_after_the_ringing_nobody_spoke_and_the_line_hung_up() -> None:
    assert verdicts(DIALED, ringing(9), silence(3), BUSY) == [Verdict.RINGBACK, Verdict.BUSY]


@pytest.mark.parametrize(
    ("by", "answer"),
    [
        (AnswerBy.AUTO, [Verdict.RINGBACK]),
        (AnswerBy.RINGBACK, [Verdict.RINGBACK, Verdict.ANSWERED_RINGBACK_STOPPED]),
        (AnswerBy.VOICE, [Verdict.RINGBACK]),
        (AnswerBy.POLARITY, [Verdict.RINGBACK]),
        (AnswerBy.DIALED, [Verdict.ANSWERED_DIALED]),
    ],
)
def test_ringback_that_stops_and_nothing_more(by: AnswerBy, answer: Sequence[Verdict]) -> None:
    assert verdicts(DIALED, ringing(11), silence(9), by=by) == answer


@pytest.mark.parametrize(
    ("by", "answer"),
    [
        (AnswerBy.AUTO, [Verdict.ANSWERED_VOICE]),
        (AnswerBy.VOICE, [Verdict.ANSWERED_VOICE]),
        (AnswerBy.RINGBACK, []),
        (AnswerBy.POLARITY, []),
        (AnswerBy.DIALED, [Verdict.ANSWERED_DIALED]),
    ],
)
def test_voice_without_ringback(by: AnswerBy, answer: Sequence[Verdict]) -> None:
    assert verdicts(DIALED, silence(2), HELLO, silence(2), by=by) == answer


def test_while_it_rings_nobody_answers() -> None:
    assert verdicts(DIALED, ringing(40)) == [Verdict.RINGBACK]


@pytest.mark.parametrize("country", ["us", "fr", "in", "au"])
def test_nor_while_a_phone_abroad_rings(country: str) -> None:
    assert set(verdicts(DIALED, silence(1), ringing(20, country))) <= {Verdict.RINGBACK}


def test_what_is_said_before_the_number_is_out_is_no_answer() -> None:
    assert verdicts(HELLO, HELLO, DIAL) == [Verdict.DIAL_TONE]


@pytest.mark.parametrize("by", [AnswerBy.AUTO, AnswerBy.POLARITY])
def test_polarity_answers_and_hangs_up(by: AnswerBy) -> None:
    found = told(ProgressJudge(DE, by), DIALED, ringing(3), "L", silence(0.3), "L", HELLO, "L")
    assert [verdict for verdict, _ in found] == [
        Verdict.RINGBACK,
        Verdict.ANSWERED_POLARITY,
        Verdict.DISCONNECTED_LOOP,
    ]
    assert found[2][1] > 6  # the reversal 0.3 s after the answer was a bounce


def test_polarity_is_nothing_where_the_owner_takes_ringback() -> None:
    assert verdicts(DIALED, silence(1), "L", silence(1), "L", by=AnswerBy.RINGBACK) == []


def test_a_loop_that_opens_ends_a_call_in_any_phase() -> None:
    assert verdicts("l") == [Verdict.DISCONNECTED_LOOP]
    assert verdicts(DIALED, ringing(3), "l", BUSY)[1:] == [Verdict.DISCONNECTED_LOOP]
    assert verdicts(TAKEN, HELLO, "l", "l") == [Verdict.DISCONNECTED_LOOP]


def test_a_call_that_we_answered_only_ends() -> None:
    assert verdicts(TAKEN, HELLO, ringing(6), HELLO, BUSY) == [Verdict.DISCONNECTED_TONE]


def test_a_dial_tone_in_a_call_is_its_end() -> None:
    assert verdicts(TAKEN, HELLO, tone(DE.dial[0], 4)) == [Verdict.DISCONNECTED_TONE]
    assert verdicts(DIAL, DIALED, silence(1), tone(DE.dial[0], 4))[1:] == [
        Verdict.DISCONNECTED_TONE
    ]


def test_half_a_minute_of_silence_ends_a_call() -> None:
    found = told(ProgressJudge(DE, AnswerBy.AUTO), TAKEN, HELLO, silence(33))
    assert [verdict for verdict, _ in found] == [Verdict.DISCONNECTED_SILENCE]
    assert found[0][1] == pytest.approx(len(HELLO) / RATE + 30, abs=0.6)
    assert verdicts(TAKEN, *[silence(25), HELLO] * 3) == []


def test_a_learned_tone_ends_a_call() -> None:
    own = Tone(freqs_hz=(620,), cadence_ms=(300, 200))
    sound = tone(DE.busy[0].model_copy(update=own.model_dump()), 5)
    assert verdicts(TAKEN, HELLO, sound) == []
    assert verdicts(TAKEN, HELLO, sound, disconnect=own) == [Verdict.DISCONNECTED_TONE]


def test_special_information_tones_are_told() -> None:
    parts = [
        tone(DE.dial[0].model_copy(update={"freqs_hz": (hz,)}), 0.34) for hz in (950, 1400, 1800)
    ]
    assert verdicts(DIALED, silence(1), *parts, silence(0.3), HELLO) == [Verdict.SIT]


def test_a_chip_is_believed_where_nothing_is_heard() -> None:
    judge = ProgressJudge(DE, AnswerBy.AUTO)
    assert judge.code("d", 1) is Verdict.DIAL_TONE
    assert judge.code(DIALED, 2) is None
    assert [judge.code("r", 3), judge.code("r", 7)] == [Verdict.RINGBACK, None]
    assert judge.code("b", 9) is Verdict.BUSY


def test_a_chip_that_takes_a_talker_for_busy_is_not() -> None:
    assert verdicts(TAKEN, HELLO, "b", HELLO, "b", HELLO) == []


def test_but_with_its_word_two_cycles_are_enough() -> None:
    short = tone(DE.busy[0], 2.2)
    assert verdicts(TAKEN, HELLO, short) == []
    assert verdicts(TAKEN, HELLO, "b", short) == [Verdict.DISCONNECTED_TONE]


@pytest.mark.parametrize("code", ["s", "q", "P", "p", "h", "0", "", "\x10", "~", "polarity"])
def test_other_codes_tell_nothing(code: str) -> None:
    assert verdicts(DIALED, code, silence(1), code) == []


def test_after_the_end_nothing_is_told() -> None:
    judge = ProgressJudge(DE, AnswerBy.AUTO)
    assert judge.code("l", 1) is Verdict.DISCONNECTED_LOOP
    assert [judge.code(code, 2) for code in ("l", "L", "b", DIALED, TAKEN)] == [None] * 5
    assert not any(judge.hear(frame, 3) for frame in frames(BUSY, np.asarray(HELLO)))
    assert judge.hear(SILENCE, 4) is None
