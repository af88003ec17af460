"""What real modems do wrong, as named flags with a probability each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random


class Oddity(StrEnum):
    """One misbehaviour; the comment says when the dice are thrown."""

    INTERLEAVED_URCS = "interleaved_urcs"  # per answer: a URC between its lines
    URC_IN_LINE = "urc_in_line"  # per answer: a URC inside one of its lines
    NULS = "nuls"  # per answer: NUL octets before it
    DOUBLE_CR = "double_cr"  # per answer: CR CR LF instead of CR LF
    ECHO_RETURNS = "echo_returns"  # per command: the echo is on again
    LATE_OK = "late_ok"  # per command: the final result comes 10 s after its lines
    SLOW_ANSWERS = "slow_answers"  # per command: 1 to 4 s more
    HANG = "hang"  # per command: no answer to anything for a minute
    TRIPLE_END = "triple_end"  # per call: its end is told two more times
    EARLY_CONNECT = "early_connect"  # per dialled call: ringback is told as answered
    NO_CLIP = "no_clip"  # per incoming call: no number
    LATE_CLIP = "late_clip"  # per incoming call: the number after the second RING
    DATA_BEARER = "data_bearer"  # once at start: CLCC lists a data call too
    VANISH = "vanish"  # per dial: gone 1 s later, back after reenumerate_s
    REGISTRATION_LOST = "registration_lost"  # per registration: lost 30 to 300 s later
    SIM_REMOVED = "sim_removed"  # per registration: card out 30 to 300 s later, in again after 10 s
    STORAGE_FULL = "storage_full"  # once at start: the SMS storage is full of old messages
    SIM_BUSY = "sim_busy"  # once at start: CME 14 for the first 5 s
    AUDIO_LOST = "audio_lost"  # per frame: it never comes
    AUDIO_LATE = "audio_late"  # per frame: it comes with the three after it
    AUDIO_SILENT = "audio_silent"  # each time audio goes on: nothing that is played is heard
    AUDIO_DEAD = "audio_dead"  # each time audio goes on: no frames come


class Dice:
    """Throws for one modem's oddities; the seed decides."""

    def __init__(self, chances: Mapping[Oddity, float], rng: Random) -> None:
        self._chances = dict(chances)
        self._rng = rng

    def set(self, oddity: Oddity, chance: float = 1.0) -> None:
        """Make an oddity happen with this chance (0 to 1) from now on."""
        self._chances[oddity] = chance

    def throw(self, oddity: Oddity) -> bool:
        """Whether it happens this time."""
        chance = self._chances.get(oddity, 0.0)
        return chance > 0 and self._rng.random() < chance
