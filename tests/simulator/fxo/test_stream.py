"""Sound and codes on the modem's one port."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.calls import Side
from simulator.fxo.shield import Parting, shield
from simulator.fxo.stream import Mode
from simulator.sound.frames import SILENCE
from simulator.sound.listen import discontinuities, level, share
from simulator.sound.waves import Clip, steady
from tests.simulator.fxo.lines import STAYS, UNSIGNED, in_voice, line
from tests.simulator.worlds import eventually

DLE_FRAME = b"\x00\x90" * 160  # 0x10 in 8 bits without a sign
SPOKEN = b"".join(UNSIGNED.octets(frame) for frame in [steady(440).frame()] * 20)


def test_dles_in_sound_are_doubled_and_pairs_shortened() -> None:
    sound = b"a\x10b\x10\x10c\x10\x10\x10"
    assert shield(sound, pairs=False) == b"a\x10\x10b\x10\x10\x10\x10c" + b"\x10\x10" * 3
    assert shield(sound, pairs=True) == b"a\x10\x10b\x10\x1ac\x10\x1a\x10\x10"


@given(
    sound=st.lists(st.sampled_from(b"\x10\x03!\x80"), max_size=40).map(bytes),
    cut=st.integers(0, 80),
)
@pytest.mark.parametrize("dles", [1, 3])
def test_sound_comes_through_whole_however_it_is_cut(dles: int, sound: bytes, cut: int) -> None:
    sent = sound.replace(b"\x10", b"\x10\x10") + b"\x10" * dles + b"\x03"
    parting = Parting(dles)
    pieces = parting.feed(sent[:cut]) + parting.feed(sent[cut:])
    assert b"".join(piece for piece in pieces if isinstance(piece, bytes)) == sound
    assert [piece for piece in pieces if isinstance(piece, int)] == [3]


def test_one_dle_does_not_end_a_conexants_stream_but_its_duplex() -> None:
    assert Parting(3).feed(b"ab\x10\x03cd\x10!") == [b"ab", b"cd"]
    assert Parting(3).feed(b"ab\x10^") == [b"ab", ord("^")]
    assert Parting(3).feed(b"\x10\x1a") == [b"\x10\x10"]


def test_endless_dles_are_not_kept() -> None:
    parting = Parting(3)
    heard = [piece for _ in range(1000) for piece in parting.feed(b"\x10")]
    assert sum(len(piece) for piece in heard if isinstance(piece, bytes)) > 400


async def test_full_duplex_carries_both_ways_and_ends_by_one_dle() -> None:
    async with line() as (sim, device, tty):
        await in_voice(tty)
        await tty.ask(f"ATDT{STAYS}")
        await tty.ask("AT+VTR", final="CONNECT")
        await tty.code("r")
        [call] = sim.network.calls
        while call.answered_s is None:
            await tty.sound(0.02)
        said = steady(440)
        for _ in range(30):
            tty.send(shield(UNSIGNED.octets(said.frame()), pairs=True))
            await tty.sound(0.02)
        heard = await tty.sound(0.4)
        assert share(heard, 1004) > 0.95
        assert discontinuities(heard, 1004) == 0
        at_the_other_end = [frame for frame in call.heard(Side.CALLEE) if frame != SILENCE]
        assert share(at_the_other_end, 440) > 0.95
        assert discontinuities(at_the_other_end, 440) == 0
        assert (await tty.end(b"\x10^")).endswith("\x10\x03\r\nOK\r\n")
        assert device.stream.mode is Mode.COMMANDS
        assert "u" in tty.codes


async def carries_dles(family: str, dles: int) -> None:
    async with line(family) as (sim, _, tty):
        await in_voice(tty, usr=family == "usr")
        await tty.ask(f"ATDT{STAYS}")
        await eventually(lambda: bool(sim.network.calls and sim.network.calls[0].answered_s))
        [call] = sim.network.calls
        call.set_mouth(Side.CALLEE, Clip(DLE_FRAME * 100))
        await tty.ask("AT+VRX", final="CONNECT")
        assert set(await tty.sound(0.2)) == {DLE_FRAME}
        await tty.end(b"\x10" * dles + b"!")
        await tty.ask("AT+VTX", final="CONNECT")
        tty.send(b"\x10\x10" * 1600 + b"\x10" * dles + b"\x03")
        await tty.until("\r\nOK\r\n")
        assert call.heard(Side.CALLEE).count(DLE_FRAME) == 10
        assert tty.codes == "\x03"


async def test_a_dle_in_the_sound_is_sound_both_ways() -> None:
    await asyncio.gather(carries_dles("conexant", 3), carries_dles("usr", 1))


async def test_what_was_sent_is_played_to_the_end_or_thrown_away_at_once() -> None:
    async with line("usr") as (sim, device, tty):
        await in_voice(tty, usr=True)
        await tty.ask(f"ATDT{STAYS}")
        await eventually(lambda: bool(sim.network.calls and sim.network.calls[0].answered_s))
        await tty.ask("AT+VTX", final="CONNECT")
        tty.send(SPOKEN + b"\x10\x03")
        await tty.until("\r\nOK\r\n")
        [call] = sim.network.calls
        played = [frame for frame in call.heard(Side.CALLEE) if frame != SILENCE]
        assert len(played) == 20
        await tty.ask("AT+VTX", final="CONNECT")
        tty.send(SPOKEN + b"\x10\x18AT\r")
        await tty.until("\r\nOK\r\n\r\nOK\r\n")
        assert device.stream.mode is Mode.COMMANDS


async def test_a_conexant_wants_three_dles_before_etx() -> None:
    async with line() as (_, device, tty):
        await in_voice(tty)
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VRX", final="CONNECT")
        tty.send(b"\x10\x03\x10!")
        await tty.sound(0.2)
        assert device.stream.mode is Mode.RECEIVE
        await tty.end(b"\x10\x10\x10\x03")
        await tty.ask("AT")


async def test_a_command_is_understood_behind_the_rest_of_a_stream() -> None:
    async with line() as (_, _, tty):
        await in_voice(tty)
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VTR", final="CONNECT")
        await tty.end(b"\x10^\x80\x81\x7f")
        assert await tty.ask("AT+VLS?") == ["1"]


async def test_silence_is_told_from_the_start_and_after_a_voice() -> None:
    async with line() as (sim, _, tty):
        await in_voice(tty)
        await tty.ask("AT+VSD=0,2")
        await tty.ask(f"ATDT{STAYS}")
        await eventually(lambda: bool(sim.network.calls and sim.network.calls[0].answered_s))
        [call] = sim.network.calls
        call.set_mouth(Side.CALLEE, Clip(b""))
        await tty.ask("AT+VTR", final="CONNECT")
        await tty.code("s")
        call.set_mouth(Side.CALLEE, Clip(steady(440).frame()))
        await tty.code("q")
        assert level(await tty.sound(0.2)) == 0


async def test_more_than_two_seconds_ahead_are_thrown_away() -> None:
    async with line("usr") as (_, _, tty):
        await in_voice(tty, usr=True)
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VTX", final="CONNECT")
        await tty.send_all(b"\x80" * 20_000)
        await tty.until("\x10o")
