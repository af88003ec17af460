import asyncio
from pathlib import Path

import pytest

from drivers.modem import ModemFailed
from drivers.port import PortError
from modem.at.command import Command
from tests.drivers.fxo.conftest import Open


async def test_it_says_who_it_is_and_is_made_ready(bench: Open) -> None:
    line = await bench(up=False, register="02")
    identity = await line.modem.open()
    assert (identity.manufacturer, identity.model) == ("CONEXANT", "56000")
    await line.modem.attach()
    assert line.fake.sent[-7:] == [
        "AT+VLS=0",
        "ATH",
        "AT+FCLASS=8",
        "AT+VSM=1,8000,0,0",
        "AT+VSD=0,0",
        "AT!4886=02",
        "AT+VCID=1",
    ]
    assert await line.modem.probe()
    assert (await line.modem.raw("ATI0")).lines == ["56000"]


@pytest.mark.parametrize("profile", ["conexant-cx930xx", "usr-5637"])
async def test_the_stream_of_an_earlier_owner_is_ended(bench: Open, profile: str) -> None:
    line = await bench(profile, up=False)
    line.fake.mode = "AT+VTR" if profile.startswith("conexant") else "AT+VRX"
    line.fake.put(b"\x80\r\nOK\r\n" * 200)
    await line.up()
    assert len(line.fake.words) == 1
    await line.talk()


async def test_voice_mode_may_need_a_reset(bench: Open) -> None:
    line = await bench(up=False)
    line.fake.replies["AT+FCLASS=8"] = ["ERROR", "OK"]
    await line.modem.open()
    await line.modem.attach()
    first = line.fake.sent.index("AT+FCLASS=8")
    assert line.fake.sent[first + 1 : first + 3] == ["ATZ", "ATE0"]


async def test_a_modem_without_voice_mode_does_not_come_up(bench: Open) -> None:
    line = await bench(up=False)
    line.fake.replies["AT+FCLASS=8"] = ["ERROR", "ERROR"]
    await line.modem.open()
    with pytest.raises(ModemFailed, match="FCLASS"):
        await line.modem.attach()


async def test_a_modem_that_was_reset_behind_our_back_is_set_up_again(bench: Open) -> None:
    line = await bench()
    line.fake.replies["AT+VLS=1"] = ["ERROR", "OK"]
    await line.dial()
    assert line.fake.sent[:3] == ["AT+VLS=1", "AT+FCLASS=8", "AT+VSM=1,8000,0,0"]


async def test_nobody_there(bench: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("drivers.fxo.modem.WAKE_S", 0.05)
    line = await bench(up=False, link=tmp_path / "modem")
    line.fake.replies["AT"] = [""]
    with pytest.raises(ModemFailed, match="is it the AT port"):
        await line.modem.open()
    line.modem.close()
    line.fake.unplug()
    with pytest.raises(PortError):
        await line.modem.open()


async def test_a_knock_switches_something(bench: Open) -> None:
    line = await bench(up=False)
    await line.modem.knock(Command("ATZ"))
    assert line.fake.sent == ["ATZ"]


async def test_in_a_call_no_line_goes_into_the_sound(bench: Open) -> None:
    line = await bench()
    await line.talk()
    sent = list(line.fake.sent)
    assert (await line.modem.raw("ATI0")).final is None
    assert await line.modem.probe()
    await asyncio.sleep(0)
    assert line.fake.sent == sent
    assert line.fake.played == b""
