"""A phone and a simulated subscriber hear each other through modem, bridge and two clocks."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.profiles import load_profiles
from drivers.audio.port import AudioPlace, Counters, Trouble
from drivers.facts import CallChanged, Fact
from drivers.modem import Modem
from edge.tasks import Tasks
from edge.voice.clock import MediaClock
from edge.voice.conversation import Conversation
from edge.voice.line_sound import LineSound
from modem.calls import CallState
from modem.pcm import FRAME_SAMPLES, RATE
from simulator import Scenario, Simulator
from simulator.calls import Side
from simulator.sound.listen import discontinuities, share

SAYS_440 = "+4940123456"
CALLEE = {
    "number": SAYS_440,
    "answer_after_s": 0,
    "then": "stay",
    "says": [{"do": "tone", "hz": 440}],
}
NETWORK = {"setup_s": 0, "ring_timeout_s": 10}
SECONDS = 2


class Phone:
    """A phone that says 1004 Hz, a frame for each that it is sent."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.heard: list[bytes] = []
        self._on_frame: Callable[[bytes], None] | None = None

    def start(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        del on_trouble
        self._on_frame = on_frame
        on_frame(self._next())

    def write(self, frame: bytes) -> None:
        self.heard.append(frame)
        if self._on_frame:
            self._on_frame(self._next())

    def stop(self) -> None:
        self._on_frame = None

    def _next(self) -> bytes:
        first = len(self.heard) * FRAME_SAMPLES
        at = np.arange(first, first + FRAME_SAMPLES) / RATE
        return bytes(np.rint(8000 * np.sin(2 * np.pi * 1004 * at)).astype("<i2").data)


class Line:
    """A modem that is driven as the gateway drives it, and its sound."""

    def __init__(self, simulator: Simulator, profile: str) -> None:
        self._tasks = Tasks("m0")
        self.active = asyncio.Event()
        profiles = load_profiles()
        self.modem = Modem(
            Path(simulator.ports["m0"]),
            profiles,
            profiles.by_name[profile],
            self._hear,
            self._tasks.spawn,
        )
        self.modem.audio_place = AudioPlace(tty=Path(simulator.audio_ports["m0"]))

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, CallChanged) and fact.call.state is CallState.ACTIVE:
            self.active.set()

    async def close(self) -> None:
        await self._tasks.end()
        self.modem.close()


def scenario(family: str, **keys: Any) -> Scenario:
    modem = {"name": "m0", "family": family, "audio": True, "latency_ms": 0} | keys
    modem["registration_delay_s"] = 0
    return Scenario.model_validate(
        {"speed": 1, "network": NETWORK, "callees": [CALLEE], "modems": [modem]}
    )


@pytest.mark.parametrize(
    ("family", "profile", "ppm"),
    [
        ("quectel", "quectel-ec2x", 200),
        ("simcom", "simcom-sim7600", -200),
        ("huawei", "huawei-e1550", 0),
    ],
)
async def test_both_hear_each_other_without_a_click(family: str, profile: str, ppm: int) -> None:
    simulator = Simulator(scenario(family, audio_ppm=ppm))
    await simulator.start()
    line, phone, troubles = Line(simulator, profile), Phone(), list[tuple[str, Trouble]]()
    talk = Conversation(MediaClock(), lambda name, what: troubles.append((name, what)))
    try:
        await line.modem.open()
        await line.modem.attach()
        audio = line.modem.audio
        assert audio
        sound = LineSound(audio)
        talk.add("phone", phone)
        talk.add("line", sound)
        talk.connect("phone", "line")
        line.modem.calls.place(SAYS_440)
        async with asyncio.timeout(5):
            await line.active.wait()
        sound.answered()
        await asyncio.sleep(SECONDS)
        call = simulator.network.calls[0]
        said = call.heard(Side.CALLEE)[25:]
        buffer = talk.buffer_of("line")
        assert buffer
        assert buffer.headroom_s < 0.05
    finally:
        talk.close()
        await line.close()
        await simulator.stop()
    heard = phone.heard[25:]
    assert len(heard) > 50
    assert share(heard[20:], 440) > 0.98
    assert share(said[20:], 1004) > 0.9
    assert troubles == []
    if not buffer.counters.concealed:  # a busy machine may be late
        assert discontinuities(heard, 440) == 0
