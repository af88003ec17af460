"""What a device is given keeps to its clock, and forgets what it held when it ran empty."""

from drivers.audio.port import Counters
from drivers.audio.stream import DeviceStream
from modem.pcm import FRAME_BYTES, FRAME_S, RATE, SILENCE


def play(seconds: float, *, held_up: range = range(0)) -> tuple[int, Counters]:
    """Take and give at a steady pace, giving nothing in some ticks; octets given."""
    counters = Counters()
    stream = DeviceStream(RATE, counters)
    given = 0
    for tick in range(round(seconds / FRAME_S)):
        now = 100 + tick * FRAME_S
        stream.take(SILENCE, now)
        if tick not in held_up:
            given += len(stream.give(SILENCE, now + 0.007))
    return given, counters


def test_a_steady_stream_is_given_as_it_is() -> None:
    given, counters = play(20)
    assert given == round(20 / FRAME_S) * FRAME_BYTES
    assert counters.slips == 0


def test_what_was_not_given_in_time_is_not_given_later() -> None:
    """The device played silence meanwhile; more now would be delay for the rest of the call."""
    given, counters = play(20, held_up=range(400, 405))
    assert given == (round(20 / FRAME_S) - 5) * FRAME_BYTES
    assert counters.slips == 0
