"""What the modems say of themselves, and what they refuse."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from simulator import Scenario
from tests.simulator.fxo.lines import in_voice, line

CONEXANT = ["56000", "CX93001-EIS_V0.2002-V92", "CONEXANT", "CX93001"]
USR = ["5601", "U.S. Robotics 56K FAX USB V1.2.23", "U.S. Robotics", "USR5637"]


@pytest.mark.parametrize(("family", "says"), [("conexant", CONEXANT), ("usr", USR)])
async def test_each_says_who_it_is(family: str, says: list[str]) -> None:
    async with line(family, speed=100) as (_, _, tty):
        assert await tty.ask("ATI0") + await tty.ask("ATI3") == says[:2]
        assert await tty.ask("AT+GMI;+GMM") == says[2:]


async def test_settings_are_read_back_bare_and_forgotten_by_atz() -> None:
    async with line(speed=100) as (_, _, tty):
        assert await tty.ask("AT+FCLASS=?") == ["0,1,1.0,2,8"]
        await tty.ask("AT!4886=02;-STE=3;+VCID=1;+FCLASS=8;+VGR=140")
        assert await tty.ask("AT!4886?;+VCID?;+FCLASS?;+VGR?") == ["02", "1", "8", "140"]
        await tty.ask("ATZ")
        await tty.ask("ATE0")
        assert await tty.ask("AT!4886?;+VCID?;+FCLASS?") == ["00", "0", "0"]


@pytest.mark.parametrize(
    "command",
    [
        *("+VLS=2", "+VSM=129,8000", "+VSM=1,11025", "+VSD=5", "+VGR=loud", "+VCID=3", "+FCLASS=1"),
        *("+VTX", "+VRX", "+VTR", "+VTS=5", "+VTR=?", "+CREG?", "+CMGF=0", "D03x", "!4886=09"),
    ],
)
async def test_what_makes_no_sense_on_the_hook_is_an_error(command: str) -> None:
    async with line(speed=100) as (sim, device, tty):
        await in_voice(tty)
        await tty.ask(f"AT{command}", final="ERROR")
        assert not device.loop.lifted
        assert not sim.network.calls


@pytest.mark.parametrize("command", ["+VLS=1", "+VSM=1,8000", "+VSD=0,50", "+VTX", "+VGR=128"])
async def test_voice_commands_are_errors_in_data_mode(command: str) -> None:
    async with line(speed=100) as (_, _, tty):
        await tty.ask(f"AT{command}", final="ERROR")


async def test_voice_mode_may_be_refused_until_a_reset() -> None:
    async with line(speed=100, chip={"refuses_voice": True}) as (_, _, tty):
        await tty.ask("AT+FCLASS=8", final="ERROR")
        await tty.ask("ATZ")
        await tty.ask("AT+FCLASS=8")


async def test_a_usr_has_no_full_duplex() -> None:
    async with line("usr", speed=100) as (_, _, tty):
        await in_voice(tty, usr=True)
        await tty.ask("AT+VLS=1")
        await tty.ask("AT+VTR", final="ERROR")
        await tty.ask("AT!4886=00", final="ERROR")


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"family": "usr", "exchange": {"country": "XX"}}, "no tones of country 'XX'"),
        ({"family": "usr", "sims": []}, "one SIM"),
        ({"family": "conexant", "audio": True}, "no audio port"),
        ({"family": "huawei", "exchange": {"country": "FR"}}, "only conexant and usr have an"),
    ],
)
def test_a_line_that_cannot_be_is_refused(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        Scenario.model_validate({"modems": [{"name": "m"} | wrong]})
