"""`trunkline tones learn`: the tone that a line plays when the far end hung up."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.control_client import ControlClient, RequestRefused
from tests.edge.conftest import Open
from tests.edge.voice.offices import scene

BUSY = "+493012340099"
CALLEES = [
    {
        "number": BUSY,
        "answer_after_s": 0.1,
        "then": "stay",
        "repeat": True,
        "says": [{"do": "tone", "hz": 425, "for_s": 0.24}, {"do": "silence", "for_s": 0.24}],
    }
]


async def test_a_tone_is_learned_from_a_call(open_world: Open, tmp_path: Path) -> None:
    voice = {"enabled": True}
    async with scene(open_world, tmp_path, callees=CALLEES, voice=voice) as office:
        client = ControlClient(office.world.config.control.socket)

        async def learn(seconds: int) -> dict[str, Any]:
            [line] = [line.line for line in office.ear.lines()]
            return await asyncio.to_thread(
                client.own, "tones_learn", timeout_s=30, line=line, seconds=seconds
            )

        with pytest.raises(RequestRefused, match="No answered call"):
            await learn(5)
        call_id = await office.world.dial(BUSY)
        await office.ear.state(call_id, "answered")
        with pytest.raises(RequestRefused, match="seconds"):
            await learn(0)
        tone = (await learn(5))["tone"]
        assert tone["freqs_hz"] == pytest.approx([425], abs=5)
        assert tone["cadence_ms"] == pytest.approx([240, 240], abs=25)
        await office.ear.ask("hangup", call_id=call_id)
        await office.ear.cdr(call_id)
