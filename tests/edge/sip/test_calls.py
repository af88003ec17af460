import asyncio
from pathlib import Path

import pytest

from edge.sip.phone import Answered, Ended, PeerKind
from tests.edge.sip.peers import desk, peer, sipp


async def test_a_call_comes_in_and_is_hung_up_by_the_peer(tmp_path: Path) -> None:
    async with desk(pbxs=[peer()]) as here:
        run = asyncio.create_task(
            sipp("calls_and_hangs_up", tmp_path, "-s", "%2B4315550100", to=here.port)
        )
        leg, events = await here.incoming()
        leg.ring()
        leg.answer()
        await events.event(Answered)
        assert (leg.peer.kind, leg.peer.name) == (PeerKind.PBX, "asterisk")
        assert (leg.to, leg.caller, leg.caller_name) == ("+4315550100", "alice", "Alice A.")
        assert here.server.calls_of("asterisk") == 1
        end = await events.event(Ended)
        assert end.code == 200
        assert here.server.calls_of("asterisk") == 0
        assert (await run).code == 0


async def test_a_call_is_hung_up_by_us(tmp_path: Path) -> None:
    async with desk(pbxs=[peer()]) as here:
        run = asyncio.create_task(sipp("calls_and_is_hung_up", tmp_path, to=here.port))
        leg, events = await here.incoming()
        leg.ring(early_media=True)
        leg.answer()
        await events.event(Answered)
        leg.hang_up()
        leg.hang_up()
        end = await events.event(Ended)
        assert (end.code, end.q850) == (200, 16)
        ran = await run
        assert ran.code == 0, ran.said


@pytest.mark.parametrize("code", [404, 486, 503])
async def test_a_call_is_refused(tmp_path: Path, code: int) -> None:
    async with desk(pbxs=[peer()]) as here:
        run = asyncio.create_task(sipp("calls_and_is_refused", tmp_path, to=here.port, code=code))
        leg, events = await here.incoming()
        leg.reject(code, retry_after_s=7, q850=34)
        await events.event(Ended)
        ran = await run
        assert ran.code == 0, ran.said
