"""What the names of recordings say.

`CALL.wav` is whole. `CALL.cut.wav` plays, but lacks something: the disk was full or slow, or the
gateway died. `CALL.wav.part` is being written; `CALL.wav.broken` was left by a crash and does not
play. A second recording of a call is `CALL.2.wav`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from config.voice import RecordingFormat

_NAME = re.compile(
    r"(?P<call>[A-Za-z0-9-]{1,64})(\.(?P<number>[1-9][0-9]?))?(?P<cut>\.cut)?"
    r"\.(?P<format>wav|opus)(?P<rest>\.part|\.broken)?"
)


class Condition(StrEnum):
    """What a file's name says of it."""

    WHOLE = "whole"
    CUT = "cut"
    WRITING = "writing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a recording, taken apart."""

    call_id: str
    format: RecordingFormat
    condition: Condition
    stem: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Take a file's name apart; None for a file that is no recording of ours."""
        if not (found := _NAME.fullmatch(text)):
            return None
        number = f".{found['number']}" if found["number"] else ""
        condition = {".part": Condition.WRITING, ".broken": Condition.BROKEN}.get(
            found["rest"] or ""
        ) or (Condition.CUT if found["cut"] else Condition.WHOLE)
        kind = RecordingFormat(found["format"])
        return cls(found["call"], kind, condition, f"{found['call']}{number}")
