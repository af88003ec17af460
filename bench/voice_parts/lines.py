"""The far ends of the simulator's calls: each says the tone with marks and notes what it hears."""

from bench.voice_parts import tone
from simulator import Simulator
from simulator.calls import NetworkCall, Side
from simulator.sound.device import Tally

_TALLIED = ("starved", "overrun", "unread")


class FarEnd:
    """Mouth and ear of one who was called."""

    def __init__(self) -> None:
        self.notes = tone.Notes()
        self._tone = tone.tone(tone.LINE_HZ)
        self._at = 0

    def frame(self) -> bytes:
        """Say the next 20 ms."""
        at = self._at
        self._at = (at + 1) % len(self._tone)
        if at == 0:
            self.notes.say()
        return self._tone[at]

    def hear(self, frame: bytes) -> None:
        """Note 20 ms."""
        self.notes.hear(frame)


class Lines:
    """All of them, by the number that was called."""

    def __init__(self, simulator: Simulator) -> None:
        tone.steady()
        self._simulator = simulator
        self._ends: dict[str, FarEnd] = {}
        self._tally: dict[str, int] = {}

    def do(self, order: str) -> object:
        """Do one order and give its answer."""
        match order:
            case "talk":
                self._talk()
            case "begin":
                for end in self._ends.values():
                    end.notes.begin()
                self._tally = self._count()
            case "end":
                self._end()
            case "found":
                ends = {
                    number: end.notes.found(tone.PHONE_HZ) for number, end in self._ends.items()
                }
                return {"ends": ends, "tally": self._tally}
            case unknown:
                raise ValueError(f"no such order: {unknown}")
        return {}

    def _talk(self) -> None:
        """Have everybody who has answered talk."""
        self._ends = {}
        for call in self._simulator.network.calls:
            if call.answered_s is not None and call.ended_s is None:
                self._ends[call.callee_number] = _talks(call)

    def _end(self) -> None:
        """Measure no more; keep what modems found missing or too much in what they played."""
        for end in self._ends.values():
            end.notes.over = True
        before = self._tally
        self._tally = {name: count - before[name] for name, count in self._count().items()}

    def _count(self) -> dict[str, int]:
        tallies: list[Tally] = [modem.audio.tally for modem in self._simulator.modems.values()]
        return {name: sum(getattr(tally, name) for tally in tallies) for name in _TALLIED}


def _talks(call: NetworkCall) -> FarEnd:
    end = FarEnd()
    call.sound.set_mouth(Side.CALLEE, end)
    call.sound.set_ear(Side.CALLEE, end)
    return end
