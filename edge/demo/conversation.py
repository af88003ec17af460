"""What came of the demo's conversation: who heard whom, and whether the recording has it."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile as sf

from edge.demo.office import CALLEE_HZ, PHONE_HZ
from edge.demo.phone import PhoneKind, sides
from mqtt.messages import Recorded
from simulator.sound.listen import share

CLEAR = 0.9  # the share of its tone in what is heard of somebody, at least

Frames = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Conversation:
    """`heard_by_...` is the other's tone in what each heard, 0 to 1 of its energy.

    `recording` is a file that stays; `problems` are sentences without their full stop.
    """

    phone: PhoneKind
    heard_by_phone: float = 0.0
    heard_by_callee: float = 0.0
    recording: Path | None = None
    seconds: float = 0.0
    sha256: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether both were heard, and the recording holds it."""
        return not self.problems

    def facts(self) -> dict[str, Any]:
        """The conversation for --json."""
        return {
            "phone": self.phone,
            "heard_by_phone": self.heard_by_phone,
            "heard_by_callee": self.heard_by_callee,
            "recording": str(self.recording) if self.recording else None,
            "seconds": self.seconds,
            "sha256": self.sha256,
            "ok": self.ok,
            "problems": list(self.problems),
        }


def judge(
    phone: PhoneKind, by_phone: Frames, by_callee: Frames, recorded: Recorded | None, keep: Path
) -> Conversation:
    """Measure what was heard, and bring the recording to `keep`."""
    shares = round(share(by_phone, CALLEE_HZ), 3), round(share(by_callee, PHONE_HZ), 3)
    problems = [*_unclear("phone", shares[0]), *_unclear("callee", shares[1])]
    kept = None
    if recorded is None:
        problems.append("the call was not recorded")
    else:
        problems += _problems(recorded)
        try:
            kept = _keep(Path(recorded.path), keep)
        except OSError as error:
            problems.append(f"the recording cannot be written to {keep}: {error.strerror}")
    return Conversation(
        phone,
        *shares,
        recording=kept,
        seconds=recorded.seconds if recorded else 0.0,
        sha256=recorded.sha256 if recorded else None,
        problems=tuple(problems),
    )


def _unclear(who: str, found: float) -> Iterator[str]:
    if found < CLEAR:
        yield f"the {who} did not hear the other's tone: it is {found:.0%} of what was heard"


def _problems(recorded: Recorded) -> Iterator[str]:
    """What is wrong with a recording, by itself and held against its record."""
    path = Path(recorded.path)
    try:
        octets = path.read_bytes()
        line, office = sides(path)
    except (OSError, ValueError, sf.SoundFileError) as error:
        yield f"the recording cannot be read: {error}"
        return
    if not recorded.complete or hashlib.sha256(octets).hexdigest() != recorded.sha256:
        yield "the recording is not what its record says"
    for side, frames, hertz in (("left", line, CALLEE_HZ), ("right", office, PHONE_HZ)):
        if (found := share(frames, hertz)) < CLEAR:
            yield f"the tone of {hertz} Hz is {found:.0%} of the recording's {side} side"


def _keep(recording: Path, place: Path) -> Path:
    """Copy a recording out of the demo's folder; raises OSError."""
    part = place.with_name(f"{place.name}.part")
    shutil.copyfile(recording, part)
    return part.replace(place)
