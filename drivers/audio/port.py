"""What an audio port looks like from outside: frames both ways, counters, and its troubles.

A frame is 20 ms: 320 octets, 160 samples s16le at 8 kHz (`modem.pcm`). The device has its own
clock: frames come when it has them, and what is written is played when it takes them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Trouble(StrEnum):
    """What is wrong with the sound of a device; each is told once, until it is well again."""

    SILENT = "silent"  # frames without energy, though somebody should be heard
    NO_FRAMES = "no_frames"  # nothing comes
    WRONG_RATE = "wrong_rate"  # more or fewer samples a second than were agreed
    GONE = "gone"  # the device went away, or does not open
    REFUSED = "refused"  # the modem does not switch its sound on
    STUCK = "stuck"  # the device takes nothing of what is played


@dataclass(frozen=True, slots=True)
class AudioPlace:
    """Where a modem's sound may be found: its tty, and the USB device that may have a card."""

    tty: Path | None = None
    usb_path: str | None = None


@dataclass(slots=True)
class Counters:
    """What became of the sound of one port since its start; in frames unless said otherwise."""

    frames_in: int = 0  # handed on to us by the device
    frames_out: int = 0  # given to the device
    dropped: int = 0  # written, and thrown away because the device could not take it
    late: int = 0  # had to be played and was not there in time
    slips: int = 0  # single samples added or taken away, to keep to the device's clock


class AudioPort(Protocol):
    """The sound of one device, both ways. Everything happens in the event loop."""

    @property
    def counters(self) -> Counters:
        """What has become of the frames so far; it lives on after stop()."""
        ...

    def start(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        """Begin: `on_frame` gets each frame as it comes; never before start or after stop.

        Does not raise: what does not open is told to `on_trouble`.
        """
        ...

    def write(self, frame: bytes) -> None:
        """Play 20 ms; never blocks, never raises; drops and counts what cannot be played."""
        ...

    def stop(self) -> None:
        """End; neither callback is called again. Safe to call twice."""
        ...
