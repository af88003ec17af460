"""What a modem's audio and a phone's RTP look like to the bridge: one shape for both."""

from drivers.audio.port import AudioPort as Sound
from drivers.audio.port import Counters, Trouble

__all__ = ["Counters", "Sound", "Trouble"]
