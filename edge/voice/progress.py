"""What became of a call on an analogue line, from what is heard: answered, busy, hung up.

A call goes through three phases: until the number is out only the dial tone counts; until it is
answered, how the callee's line sounds; then its end. The answer is taken for certain by polarity
where the chip tells of it, else by voice after ringback, else by voice. What is neither stays
unknown. The end is a tone, a loop that opens or reverses again, or a long silence.

What a chip says it hears is believed where no frames come. Where they do our own detector decides,
and believes fewer cycles if the chip agrees: chips take talkers for busy.
"""

from collections.abc import Mapping
from enum import IntEnum, auto
from math import inf
from types import MappingProxyType

from config.tones import CountryTones, learned
from config.voice import AnswerBy, Tone
from drivers.fxo.judge import DIALED, EVIDENCE, TAKEN, Verdict
from edge.voice.detector import CYCLES, Heard, ToneDetector
from edge.voice.meter import Talk
from modem.pcm import FRAME_S

SILENCE_S = 30.0  # as SPA3102 and GXW410x hang up
_REVERSALS_S = 0.6  # between the reversals of answer and hang-up: field guide 1.3
_HEARS_S = 0.5  # without a frame for so long nobody listens
_AGREES_S = 5.0  # in which a chip's word for a tone counts
_AGREED_CYCLES = 2
_AFTER_RINGBACK_S = 0.4  # of voice: "hello" is longer
_WITHOUT_S = 1.0  # of voice where no ringback was heard
_LATE = 1.25  # of a ringback's period: a ring that has not come by then comes no more

_TONES: Mapping[Heard, Verdict] = MappingProxyType(
    {
        Heard.DIAL: Verdict.DIAL_TONE,
        Heard.RINGBACK: Verdict.RINGBACK,
        Heard.BUSY: Verdict.BUSY,
        Heard.CONGESTION: Verdict.CONGESTION,
        Heard.DISCONNECT: Verdict.DISCONNECTED_TONE,
        Heard.SIT: Verdict.SIT,
    }
)
_CODES: Mapping[str, Heard] = MappingProxyType(
    {"d": Heard.DIAL, "r": Heard.RINGBACK, "b": Heard.BUSY, "J": Heard.SIT}
)


class _Phase(IntEnum):
    """How far the call is."""

    SEIZED = auto()
    DIALLED = auto()
    ANSWERED = auto()
    OVER = auto()


class ProgressJudge:
    """Judges one call on an FXO line from off-hook to its end; a verdict is given once."""

    def __init__(
        self,
        tones: CountryTones,
        answer_by: AnswerBy,
        disconnect: Tone | None = None,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._answer_by = answer_by
        self._ears = ToneDetector(tones, learned(disconnect) if disconnect else None)
        self._talk = Talk()
        self._silence_s = silence_s
        self._period_s = max(sum(tone.cadence_ms) for tone in tones.ringback) / 1000
        self._rang_s = inf  # since the last ring
        self._phase = _Phase.SEIZED
        self._given: set[Verdict] = set()
        self._heard_at = -inf
        self._agreed_at = -inf
        self._reversed_at = -inf

    def hear(self, frame: bytes, now: float) -> Verdict | None:
        """Take 20 ms of the line; return the verdict in the frame that makes it certain."""
        self._heard_at = now
        agreed = now - self._agreed_at < _AGREES_S
        self._ears.cycles = _AGREED_CYCLES if agreed else CYCLES
        heard = self._ears.hear(frame)
        self._rang_s = 0.0 if heard is Heard.RINGBACK else self._rang_s + FRAME_S
        self._talk.hear(self._ears.level_dbov, tonal=self._ears.tonal)
        if heard and (verdict := self._tone(heard)):
            return verdict
        return self._voice() or self._quiet()

    def code(self, code: str, now: float) -> Verdict | None:
        """Take what the modem told behind DLE, a reversed line as "L"; or DIALED, or TAKEN."""
        match code:
            case _ if code == DIALED:
                return self._dialled()
            case _ if code == TAKEN:
                self._enter(_Phase.ANSWERED)
            case "l":
                return self._give(Verdict.DISCONNECTED_LOOP)
            case "L":
                return self._reversal(now)
            case "b" | "d" | "r" | "J" if now - self._heard_at > _HEARS_S:
                return self._tone(_CODES[code])
            case "b":
                self._agreed_at = now
            case _:  # silence, digits, the phone beside: no verdict on the call
                pass
        return None

    def _tone(self, heard: Heard) -> Verdict | None:
        """Return what a tone means in this phase."""
        verdict = _TONES[heard]
        if self._phase is _Phase.ANSWERED:
            return None if heard is Heard.RINGBACK else self._give(Verdict.DISCONNECTED_TONE)
        if self._phase is _Phase.DIALLED and heard is Heard.DIAL:
            return self._give(Verdict.DISCONNECTED_TONE)
        return self._give(verdict)

    def _voice(self) -> Verdict | None:
        """Return the answer that is heard, where the owner lets it be heard."""
        by = self._answer_by
        if self._phase is not _Phase.DIALLED or by in {AnswerBy.POLARITY, AnswerBy.DIALED}:
            return None
        rang = Verdict.RINGBACK in self._given
        if rang and by is not AnswerBy.VOICE:
            stopped = by is AnswerBy.RINGBACK and self._rang_s > _LATE * self._period_s
            spoke = self._talk.voice_s >= _AFTER_RINGBACK_S
            return self._give(Verdict.ANSWERED_RINGBACK_STOPPED) if stopped or spoke else None
        if by is not AnswerBy.RINGBACK and self._talk.voice_s >= _WITHOUT_S:
            return self._give(Verdict.ANSWERED_VOICE)
        return None

    def _quiet(self) -> Verdict | None:
        if self._phase is _Phase.SEIZED or self._talk.quiet_s < self._silence_s:
            return None
        return self._give(Verdict.DISCONNECTED_SILENCE)

    def _dialled(self) -> Verdict | None:
        self._enter(_Phase.DIALLED)
        if self._answer_by is AnswerBy.DIALED:
            return self._give(Verdict.ANSWERED_DIALED)
        return None

    def _reversal(self, now: float) -> Verdict | None:
        """Take the line's reversal: the first one is the answer, a later one the end."""
        gap, self._reversed_at = now - self._reversed_at, now
        if self._phase is _Phase.DIALLED and self._answer_by in {AnswerBy.AUTO, AnswerBy.POLARITY}:
            return self._give(Verdict.ANSWERED_POLARITY)
        by_polarity = Verdict.ANSWERED_POLARITY in self._given
        return self._give(Verdict.DISCONNECTED_LOOP) if by_polarity and gap > _REVERSALS_S else None

    def _give(self, verdict: Verdict) -> Verdict | None:
        """Return a verdict unless it was given, and let the call go on to its phase."""
        if self._phase is _Phase.OVER or verdict in self._given:
            return None
        self._given.add(verdict)
        if verdict in EVIDENCE:
            self._enter(_Phase.ANSWERED)
        elif verdict not in {Verdict.DIAL_TONE, Verdict.RINGBACK}:
            self._enter(_Phase.OVER)
        return verdict

    def _enter(self, phase: _Phase) -> None:
        """Go on; a call never goes back."""
        if phase > self._phase:
            self._phase = phase
            self._talk.forget()
            self._ears.dialled = True
