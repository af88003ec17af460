"""Somebody outside who says the steps of his rule, from the answer on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulator.calls import NetworkCall, Side
from simulator.sound import speech, steps
from simulator.sound.frames import FRAME_S, SILENCE, Echo, Mouth, Quiet

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Mapping, Sequence

    from simulator.clock import Clock

_KEY_S, _GAP_S = 0.1, 0.1
_BEEP_HZ, _BEEP_S = 1000.0, 0.4


_Voice = Callable[[float], Mouth]  # is told for how long its piece is on already


def _quiet(_since_s: float) -> Mouth:
    return Quiet()


@dataclass(frozen=True, slots=True)
class _Piece:
    """One mouth for so long (None: until the end), made when somebody listens."""

    for_s: float | None
    mouth: _Voice = _quiet
    key: str = ""
    on_key: Mapping[str, Sequence[steps.Step]] = field(default_factory=dict)


class Talker:
    """Mouth and ear of one side; time passes by the network's clock, whether heard or not."""

    def __init__(self, said: Sequence[steps.Step], clock: Clock, *, repeat: bool = False) -> None:
        self._said = said
        self._clock = clock
        self._repeat = repeat
        self._rest: list[_Piece] = []
        self._piece = _Piece(None)
        self._began_s = 0.0
        self._mouth: Mouth | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._call: NetworkCall | None = None
        self._side = Side.CALLEE

    def start(self, call: NetworkCall, side: Side) -> None:
        """Begin to talk."""
        self._call, self._side = call, side
        call.sound.set_mouth(side, self)
        call.sound.set_ear(side, self)
        self._rest = _pieces(self._said)
        self._next()

    def stop(self) -> None:
        """Say no more."""
        self._call = None
        self._wait(None)

    def key(self, digit: str) -> None:
        """Learn that the other side pressed a key."""
        if branch := self._piece.on_key.get(digit):
            self._repeat = False
            self._rest = _pieces(branch)
            self._next()

    def frame(self) -> bytes:
        """Return the next 20 ms of the step that is on."""
        if self._call is None:
            return SILENCE
        if self._mouth is None:
            self._mouth = self._piece.mouth(self._clock.now() - self._began_s)
        return self._mouth.frame()

    def hear(self, frame: bytes) -> None:
        """Listen, if that is what the step is about."""
        if isinstance(self._mouth, Echo):
            self._mouth.hear(frame)

    def _next(self) -> None:
        if self._call is None or self._call.ended_s is not None:
            return
        if not self._rest and self._repeat:
            self._rest = _pieces(self._said)
        self._piece = self._rest.pop(0) if self._rest else _Piece(None)
        self._mouth = None
        self._began_s = self._clock.now()
        self._wait(self._piece.for_s)
        if self._piece.key:
            self._call.press(self._side, self._piece.key)

    def _wait(self, seconds: float | None) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None if seconds is None else self._clock.later(seconds, self._next)


def _pieces(said: Iterable[steps.Step]) -> list[_Piece]:
    return [piece for step in said for piece in _of(step)]


def _of(step: steps.Step) -> list[_Piece]:
    match step:
        case steps.Tone() | steps.Silence() | steps.Echo() | steps.Music():
            pieces = [_Piece(step.for_s, _voice(step))]
        case steps.Speech():
            pieces = [_sentence(step.text)]
        case steps.Greeting():
            pieces = [_sentence(step.text), _Piece(_BEEP_S, lambda _: _steady(_BEEP_HZ))]
        case steps.Press():
            pieces = [piece for key in step.keys for piece in _pressed(key, inband=step.inband)]
        case steps.WaitKey():
            pieces = [_Piece(step.for_s, on_key=step.on_key)]
    return pieces


def _voice(step: steps.Tone | steps.Silence | steps.Echo | steps.Music) -> _Voice:
    match step:
        case steps.Tone():
            return lambda _: _steady(step.hz)
        case steps.Silence():
            return lambda _: Quiet()
        case steps.Echo():
            return lambda _: Echo()
        case steps.Music():
            return lambda _: _tune()


def _sentence(text: str) -> _Piece:
    length_s = max(FRAME_S, speech.length_s(text))
    return _Piece(length_s, lambda since_s: speech.mouth(text, since_s))


def _pressed(key: str, *, inband: bool) -> list[_Piece]:
    return [_Piece(_KEY_S, (lambda _: _key(key)) if inband else _quiet, key), _Piece(_GAP_S)]


def _steady(hz: float) -> Mouth:
    from simulator.sound import waves  # noqa: PLC0415 - numpy, only for those who listen

    return waves.steady(hz)


def _key(digit: str) -> Mouth:
    from simulator.sound import waves  # noqa: PLC0415 - as above

    return waves.key(digit)


def _tune() -> Mouth:
    from simulator.sound import waves  # noqa: PLC0415 - as above

    return waves.Tune()
