"""Hook, dial tone, digits, and what is heard of the other end."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.sound.listen import share
from tests.simulator.fxo.lines import ANSWERS, in_voice, line


def frames(octets: bytes) -> list[bytes]:
    return [((np.frombuffer(octets, np.uint8).astype("<i2") - 128) * 256).tobytes()]


@pytest.mark.parametrize(("country", "hz"), [("DE", (425,)), ("US", (350, 440)), ("FR", (440,))])
async def test_the_countrys_dial_tone_is_heard_off_the_hook(
    country: str, hz: tuple[int, ...]
) -> None:
    async with line(exchange={"country": country}) as (_, _, tty):
        await in_voice(tty)
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VRX", final="CONNECT")
        heard = frames(await tty.sound(0.8))
        assert sum(share(heard, each) for each in hz) > 0.9
        assert "d" in tty.codes
        await tty.end(b"\x10\x10\x10!")
