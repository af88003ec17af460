"""The sound of one call: who says what to whom, and what was heard."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simulator.calls import OUTSIDE, Cause, Side
from simulator.sound import speech
from simulator.sound.frames import Ear, Mouth, Pipe, Quiet

if TYPE_CHECKING:
    from simulator.calls import NetworkCall
    from simulator.scenario import NetworkPart

_KEPT_FRAMES = 6000  # 120 s for each side
_KEPT_CALLS = 64  # whose sound is remembered; 3.8 MB each at most


class Exchange:
    """What the calls of one network share: its tones and announcements, and a bounded memory."""

    def __init__(self, part: NetworkPart) -> None:
        self._part = part
        self._kept: deque[CallSound] = deque()

    def sound(self, call: NetworkCall) -> CallSound:
        """Return the sound of a new call; the oldest one's is forgotten."""
        if len(self._kept) >= _KEPT_CALLS:
            self._kept.popleft().forget()
        sound = CallSound(call, self)
        self._kept.append(sound)
        return sound

    def explains_s(self, call: NetworkCall, cause: int, by: Side) -> float:
        """Return for how long the caller is told why, before his call is released."""
        from_modem = call.caller.name != OUTSIDE
        to_modem = call.callee is not None and call.callee.name != OUTSIDE
        if by is Side.CALLER or cause == Cause.TEMPORARY_FAILURE or not from_modem or to_modem:
            return 0.0
        return self._part.failure_sound_s

    def ringing(self) -> Mouth:
        """Return what a caller hears while it rings."""
        return self._tone("ringback") if self._part.ringback else Quiet()

    def failing(self, cause: int) -> Mouth:
        """Return what a caller hears when his call fails: words, or a tone."""
        if text := self._part.announcements.get(cause):
            return speech.mouth(text)
        return self._tone("busy" if cause == Cause.BUSY else "congestion")

    def _tone(self, name: str) -> Mouth:
        from simulator.sound import tones, waves  # noqa: PLC0415 - numpy, only for those who listen

        return waves.Tone(tones.TONES[self._part.tones][name])


class CallSound:
    """Each side has a mouth and an ear; by default what one says waits until the other asks.

    A device takes `listen` and gives `speak` once in 20 ms of its own clock. Somebody outside has
    no clock: he hears when he is spoken to, and says something when the other side listens.
    """

    def __init__(self, call: NetworkCall, exchange: Exchange) -> None:
        self._call = call
        self._exchange = exchange
        there, back = Pipe(), Pipe()
        self._mouths: dict[Side, Mouth] = {Side.CALLER: there, Side.CALLEE: back}
        self._ears: dict[Side, Ear] = {Side.CALLEE: there, Side.CALLER: back}
        self._heard = {side: deque[bytes](maxlen=_KEPT_FRAMES) for side in self._mouths}
        self._ringing: Mouth | None = None
        self._failing: Mouth | None = None

    def listen(self, side: Side) -> bytes:
        """Return the next 20 ms that this side hears."""
        frame = self._source(side).frame()
        self._heard[side].append(frame)
        return frame

    def speak(self, side: Side, frame: bytes) -> None:
        """Say 20 ms; before the answer and after the end nobody hears it."""
        call, other = self._call, opposite(side)
        if call.answered_s is None or call.ended_s is not None:
            return
        party = call.callee if other is Side.CALLEE else call.caller
        if party is not None and party.name == OUTSIDE:
            self._heard[other].append(frame)
        self._ears[other].hear(frame)

    def set_mouth(self, side: Side, mouth: Mouth) -> None:
        """Let something else speak for this side."""
        self._mouths[side] = mouth

    def set_ear(self, side: Side, ear: Ear) -> None:
        """Let something else listen for this side."""
        self._ears[side] = ear

    def heard(self, side: Side) -> list[bytes]:
        """Return what this side heard, the last 120 s of it."""
        return list(self._heard[side])

    def forget(self) -> None:
        """Drop what was heard, and remember no more."""
        self._heard = {side: deque[bytes](maxlen=0) for side in self._heard}

    def _source(self, side: Side) -> Mouth:
        call = self._call
        if call.ended_s is not None:
            return Quiet()
        if call.answered_s is not None:
            return self._mouths[opposite(side)]
        return self._progress() if side is Side.CALLER else Quiet()

    def _progress(self) -> Mouth:
        """Return what the exchange plays to the caller before an answer."""
        call = self._call
        if call.failing is not None:
            self._failing = self._failing or self._exchange.failing(call.failing)
            return self._failing
        if call.alerted_s is None:
            return Quiet()
        self._ringing = self._ringing or self._exchange.ringing()
        return self._ringing


def opposite(side: Side) -> Side:
    """Return the other end."""
    return Side.CALLEE if side is Side.CALLER else Side.CALLER
