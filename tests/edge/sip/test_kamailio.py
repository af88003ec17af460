"""A real proxy as the PBX: registration with digest, calls both ways through Record-Route."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.sip import Pbx, PbxMode
from edge.sip.phone import Answered, Ended, Ringing
from tests.edge.sip.peers import HOST, PATIENCE_S, desk, free_udp_port
from tests.edge.sip.rawphone import SDP, header, headers, rawphone

KAMAILIO = shutil.which("kamailio", path="/usr/sbin:/usr/bin")
MODULES = next(Path("/usr/lib").glob("*/kamailio/modules"), Path("/usr/lib/kamailio/modules"))
pytestmark = pytest.mark.skipif(KAMAILIO is None, reason="kamailio is not installed")


@asynccontextmanager
async def kamailio(folder: Path) -> AsyncIterator[int]:
    """Run the proxy; its port."""
    port = free_udp_port()
    text = (Path(__file__).parent / "kamailio.cfg").read_text()
    script = folder / "kamailio.cfg"
    script.write_text(text.replace("PORT", str(port)).replace("MODULES", str(MODULES)))
    with (folder / "log").open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            str(KAMAILIO), "-f", str(script), "-DD", "-E", "-m", "16", "-M", "4",
            "-Y", str(folder), stdout=log, stderr=log,
        )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await _answers(port):
                pass
        yield port
    finally:
        with suppress(ProcessLookupError):
            child.terminate()
        await child.wait()


async def _answers(port: int) -> bool:
    async with rawphone(port) as phone:
        with suppress(ConnectionRefusedError):
            phone.send(phone.request("OPTIONS"))
        try:
            await phone.receive("SIP/2.0", patience_s=0.1)
        except TimeoutError:
            return False
        return True


async def test_registered_called_and_calling_through_a_proxy(tmp_path: Path) -> None:
    async with kamailio(tmp_path) as port:
        pbx = Pbx(
            name="proxy", mode=PbxMode.REGISTER, host=HOST, port=port, username="gw",
            password=SecretStr("pw"),
        )  # fmt: skip
        async with (
            desk(pbxs=[pbx]) as here,
            rawphone(port, user="301", realm="pbx", password="pw") as phone,
        ):
            await here.changes.until(lambda _: here.server.registered("proxy"))
            assert (await phone.register()).startswith("SIP/2.0 200")

            ((leg, events),) = here.call("pbx proxy", to="301", caller="gw")
            invite = await phone.receive("INVITE")
            assert len(headers(invite, "Record-Route")) == 1
            phone.answer(invite, 180)
            await events.event(Ringing)
            phone.answer(invite, 200, body=SDP.format(port=9))
            ack = await phone.receive("ACK")
            assert len(headers(ack, "Via")) == 2
            await events.event(Answered)
            leg.hang_up()
            bye = await phone.receive("BYE")
            phone.answer(bye, 200)
            assert (await events.event(Ended)).code == 200

            phone.call_id += "2"
            phone.send(phone.request("INVITE", user="gw", body=SDP.format(port=9)))
            leg, events = await here.incoming()
            assert (leg.peer.name, leg.to, leg.caller) == ("proxy", "gw", "301")
            leg.ring()
            leg.answer()
            ok = await phone.receive("SIP/2.0 200")
            route = f"Route: {header(ok, 'Record-Route')}"
            tag = header(ok, "To").split("tag=")[1]
            target = header(ok, "Contact").strip("<>")
            for method in ("ACK", "BYE"):
                message = phone.request(method, route, to_tag=tag)
                first, rest = message.split("\r\n", 1)
                phone.send(f"{first.split()[0]} {target} SIP/2.0\r\n{rest}")
            assert (await events.event(Ended)).code == 200
            await phone.receive("SIP/2.0 200")
