"""An office with phones and a line that can be heard; and what was heard, measured."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mqtt.messages import VoiceEvent
from mqtt.vocabulary import VoiceKind
from simulator.calls import Side
from simulator.sound.listen import share
from tests.edge.conftest import Open
from tests.edge.voice.softphone import Softphone, softphone
from tests.edge.worlds import World

RATE = 8000
TENTH = RATE // 10
LOUD = 0.2  # energy of a tenth of a second: what is quieter is no tone
LINE_HZ, ANNA_HZ, BERT_HZ = 700, 440, 1000
SPEAKS, LISTENS, GONE, ENGAGED, RINGS = (f"+4930123400{n:02}" for n in range(5))
CALLEES = [
    {
        "number": SPEAKS,
        "answer_after_s": 0.3,
        "then": "stay",
        "says": [{"do": "tone", "hz": LINE_HZ}],
    },
    {"number": LISTENS, "answer_after_s": 0.3, "then": "stay"},
    {"number": GONE, "does": "unassigned"},
    {"number": ENGAGED, "does": "busy"},
    {"number": RINGS, "answer_after_s": 1000, "then": "stay"},
]
MODEM = {"family": "quectel", "audio": True}


def udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Scene:
    """A world in real time, with the office's phones in it."""

    def __init__(self, world: World, port: int, folder: Path) -> None:
        self.world = world
        self.ear = world.ear
        self.port = port
        self.folder = folder

    @asynccontextmanager
    async def anna(self, **more: Any) -> AsyncIterator[Softphone]:
        """The phone of 201."""
        async with softphone(
            self.folder, "201", "one", self.port, **{"tone_hz": ANNA_HZ} | more
        ) as phone:
            yield phone

    @asynccontextmanager
    async def bert(self, **more: Any) -> AsyncIterator[Softphone]:
        """The phone of 202, which may call local numbers only."""
        async with softphone(
            self.folder, "202", "two", self.port, **{"tone_hz": BERT_HZ} | more
        ) as phone:
            yield phone

    async def told(self, kind: VoiceKind, call_id: str | None = None) -> VoiceEvent:
        """Wait for a voice event."""
        await self.ear.until(lambda: self._told(kind, call_id))
        return self._told(kind, call_id)[0]

    def _told(self, kind: VoiceKind, call_id: str | None) -> list[VoiceEvent]:
        events = self.ear.heard.of(VoiceEvent)
        return [e for e in events if e.kind is kind and call_id in {None, e.call_id}]

    def callee_heard(self, hz: float) -> float:
        """The share that a tone has of what the far end of the last call heard of late."""
        calls = self.world.calls
        frames = calls[-1].heard(Side.CALLEE) if calls else []
        return share(frames[-10:], hz) if frames else 0.0


@asynccontextmanager
async def scene(open_world: Open, folder: Path, **more: Any) -> AsyncIterator[Scene]:
    """One Quectel modem with sound, two extensions, and whatever `more` configures."""
    port = udp_port()
    modems = more.pop("modems", [MODEM])
    callees = more.pop("callees", CALLEES)
    config = office(port, folder, **more)
    async with open_world(*modems, config=config, speed=1, callees=callees) as world:
        yield Scene(world, port, folder)


def office(
    port: int, folder: Path, more_sip: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """Two extensions, 201 and 202, in a group 600."""
    sip = {"address": "127.0.0.1", "port": port, "rtp_from": 20_000, "rtp_to": 29_998}
    return {
        "gateway": {"country": "DE"},
        "sip": sip | (more_sip or {}),
        "voice": {"announcements": folder / "announcements"},
        "recording": {"folder": folder / "recordings", "notice": False},
        "extension": [
            {"name": "201", "password": "one", "may_call": "international"},
            {"name": "202", "password": "two", "may_call": "local"},
        ],
        "group": [{"name": "600", "members": ["201", "202"]}],
        **more,
    }


def share_of(samples: NDArray[np.float32], hz: float) -> float:
    """How much of the sound's energy a tone has, 0 to 1: the middle one of all loud tenths.

    Clocks differ, so a tone keeps its phase for a tenth of a second, not for a whole one.
    """
    return float(np.median(_shares(samples, hz) or [0.0]))


def best_share_of(samples: NDArray[np.float32], hz: float) -> float:
    """The same where it is most."""
    return max(_shares(samples, hz), default=0.0)


def _shares(samples: NDArray[np.float32], hz: float) -> list[float]:
    wave = np.exp(-2j * np.pi * hz / RATE * np.arange(TENTH))
    parts = [samples[at : at + TENTH] for at in range(0, len(samples) - TENTH + 1, TENTH)]
    loud = [(part, float((part**2).sum())) for part in parts]
    return [
        float(2 * abs(part @ wave) ** 2 / TENTH / energy) for part, energy in loud if energy > LOUD
    ]
