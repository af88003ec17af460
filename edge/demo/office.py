"""Where the demo's conversation takes place: a modem that can be heard, a callee, a gateway."""

import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from config.models import Mqtt
from edge.demo.broker import free_port
from edge.demo.children import Children
from edge.demo.phone import HOST, Account
from edge.demo.stage import TRUNKLINE, gateway_toml
from simulator import Scenario, Simulator
from simulator.scenario import ModemPart

GATEWAY, OFFICE = "demo-office", "office"  # its name, and that of its process
LINE, EXTENSION, CALLEE = "desk", "201", "+493000002001"
CALLEE_HZ, PHONE_HZ = 700, 440  # what they say: neither is a tone of the network
_RTP = range(20_000, 30_000)

_SCENARIO = {  # in real time: sound goes no faster
    "network": {"setup_s": 0.3},
    "callees": [
        {
            "number": CALLEE,
            "answer_after_s": 0.5,
            "then": "stay",
            "says": [{"do": "tone", "hz": CALLEE_HZ}],
        }
    ],
    "modems": [
        {
            "name": LINE,
            "family": "quectel",
            "audio": True,
            "latency_ms": 1,
            "registration_delay_s": 0,
        }
    ],
}


def new_account() -> Account:
    """The extension of the phone."""
    return Account(EXTENSION, secrets.token_hex(8), free_port(socket.SOCK_DGRAM))


@asynccontextmanager
async def open_office(
    children: Children, parent: Path, access: Mqtt, account: Account
) -> AsyncIterator[Simulator]:
    """Run the modem in this process and the gateway as a child, all in a folder of their own."""
    folder = parent / OFFICE
    folder.mkdir()
    simulator = Simulator(Scenario.model_validate(_SCENARIO), folder / "modems")
    await simulator.start()
    try:
        config = folder / "gateway.toml"
        config.write_text(
            gateway_toml(GATEWAY, folder, access, simulator.ports, simulator.audio_ports)
            + _voice_toml(folder, account)
            + "".join(_sim(modem) for modem in simulator.scenario.lines())
        )
        await children.start(OFFICE, *TRUNKLINE, "--config", str(config), "run")
        try:
            yield simulator
        finally:
            await children.stop(OFFICE)
    finally:
        await simulator.stop()


def _voice_toml(folder: Path, account: Account) -> str:
    """Write what the gateway has for voice. Nobody is told of a recording that he asked for."""
    return (
        f'\n[sip]\naddress = "{HOST}"\nport = {account.port}\n'
        f"rtp_from = {_RTP.start}\nrtp_to = {_RTP.stop - 2}\n"
        f'\n[voice]\nannouncements = "{folder}/announcements"\n'
        f'\n[recording]\nkeep = "all"\nnotice = false\nfolder = "{folder}/recordings"\n'
        f'\n[[extension]]\nname = "{account.name}"\npassword = "{account.password}"\n'
        'may_call = "international"\n'
    )


def _sim(modem: ModemPart) -> str:
    """Name the line of a modem after the modem."""
    return f'\n[[sim]]\niccid = "{modem.sims[0].iccid}"\nline = "{modem.name}"\n'
