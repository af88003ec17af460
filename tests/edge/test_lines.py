"""Lines: what they do, and that the trouble of one of them never touches another."""

import logging
import os
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modem.at.command import TIMEOUTS_S, Command
from mqtt.messages import LineStatus
from mqtt.vocabulary import LineState, Result
from simulator.sim_card import Lock
from tests.edge.conftest import Open
from tests.edge.worlds import ANSWERS, RINGS, STAYS, World, eventually

PIN = "7391"
each_family = pytest.mark.parametrize("family", ["generic", "quectel", "simcom", "huawei"])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.keeper.AGAIN_S", 0.02)
    monkeypatch.setattr("edge.keeper.MAX_AGAIN_S", 0.1)
    monkeypatch.setattr("drivers.modem.WAKE_S", 1)


@pytest.fixture
def deaf_port() -> Iterator[tuple[int, Path]]:
    """A pty on which nobody answers, and the end that could."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, Path(os.ttyname(slave))
    os.close(master)
    os.close(slave)


def take_tty(name: str) -> list[int]:
    """Occupies a tty's name, so that the modem that had it comes back with another."""
    ends: list[int] = []
    while not Path(name).exists():
        ends += os.openpty()
    return ends


async def in_state(world: World, line: str, state: str) -> None:
    def holds() -> bool:
        status = world.ear.line(line)
        return status is not None and status.state == state

    await world.ear.until(holds)


def seen(world: World, line: str) -> LineStatus:
    """What stands on a line's topic now."""
    status = world.ear.line(line)
    assert status is not None
    return status


def only(world: World) -> str:
    [line] = world.ear.lines()
    return line.line


async def works(world: World) -> None:
    """The world's lines still carry a call."""
    assert (await world.ear.cdr(await world.dial(ANSWERS))).cause == "normal"


@each_family
async def test_a_line_says_all_about_itself(open_world: Open, family: str) -> None:
    async with open_world({"family": family}) as world:
        await world.ear.until(lambda: seen(world, only(world)).operator)
        line = seen(world, only(world))
        part = world.modem.part
        assert (line.state, line.registration) == ("ready", "home")
        assert (line.imei, line.sim) == (part.imei, part.sims[0].iccid)
        assert (line.operator, line.modem, line.signal_dbm) == ("Simnet", "m0", -73)


async def test_a_line_is_disabled_in_a_call_and_the_call_goes_on(open_world: Open) -> None:
    async with open_world() as world:
        call = await world.dial(STAYS)
        await world.ear.state(call, "answered")
        await world.ear.ask("line", line=only(world), action="disable")
        await in_state(world, only(world), "disabled")
        assert world.calls[0].ended_s is None
        await world.ear.ask("hangup", call_id=call)
        assert (await world.ear.cdr(call)).cause == "normal"
        reply = await world.order(ANSWERS)
        assert (reply.result, reply.reason) == ("refused", "line_not_ready")
        assert reply.message == "The line is not ready: disabled by the owner."
        await world.ear.ask("line", line=only(world), action="enable")
        await world.ready()
        assert (await world.ear.cdr(await world.dial(ANSWERS))).cause == "normal"


async def test_a_line_that_was_disabled_stays_so_after_a_restart(open_world: Open) -> None:
    async with open_world({}, {}) as world:
        line = min(line.line for line in world.ear.lines())
        await world.ear.ask("line", line=line, action="disable")
        await in_state(world, line, "disabled")
        await world.stop()
        world.start()
        await world.ready(1)
        await in_state(world, line, "disabled")


@each_family
async def test_a_line_is_reset_by_command(open_world: Open, family: str) -> None:
    async with open_world({"family": family}) as world:
        line = only(world)
        call = await world.dial(RINGS)
        busy = await world.ear.ask("line", line=line, action="reset")
        assert (busy.result, busy.reason) == ("refused", "line_busy")
        await world.ear.ask("hangup", call_id=call)
        await world.ear.cdr(call)
        since = seen(world, line).since
        assert (await world.ear.ask("line", line=line, action="reset")).result is Result.DONE
        await in_state(world, line, "ready")
        await world.ear.until(lambda: seen(world, line).since > since)
        await world.ready()
        await works(world)


async def test_a_line_without_a_network_is_searching(open_world: Open) -> None:
    async with open_world({"family": "quectel"}) as world:
        line = only(world)
        world.modem.lose_registration()
        await in_state(world, line, "searching")
        world.modem.radio.update()
        await in_state(world, line, "ready")
        await works(world)


@pytest.mark.parametrize(
    ("number", "state"), [(RINGS, "dialing"), (RINGS, "alerting"), (STAYS, "answered")]
)
@each_family
async def test_a_modem_that_vanishes_in_a_call_closes_it_and_comes_back(
    open_world: Open, family: str, number: str, state: str
) -> None:
    slow = {"setup_s": 100_000} if state == "dialing" else {}
    async with open_world({"family": family}, {"family": family}, network=slow) as world:
        call = await world.dial(number)
        event = await world.ear.state(call, state)
        await eventually(lambda: world.calls)
        line = event.line or ""
        modem = world.sim.modems[seen(world, line).modem or ""]
        before = modem.port._tty
        modem.vanish()
        cdr = await world.ear.cdr(call)
        assert (cdr.cause, cdr.hangup_by) == ("lost", "unknown")
        await in_state(world, line, "absent")
        await world.ready(1)
        taken = take_tty(before)
        modem.come_back()
        await world.ready(2)
        assert modem.port._tty != before
        for end in taken:
            os.close(end)
        assert seen(world, line).state is LineState.READY
        assert len(world.ear.lines()) == 2


async def test_calls_that_wait_for_a_line_do_not_die_with_it(open_world: Open) -> None:
    async with open_world() as world:
        first = await world.dial(STAYS)
        await world.ear.state(first, "answered")
        second = await world.dial(ANSWERS)
        world.modem.vanish()
        assert (await world.ear.cdr(first)).cause == "lost"
        await in_state(world, only_sim(world), "absent")
        world.modem.come_back()
        assert (await world.ear.cdr(second)).cause == "normal"


def only_sim(world: World) -> str:
    return next(line.line for line in world.ear.lines() if line.sim)


@pytest.mark.parametrize("noise", [b"", b"\x00\xff" * 500, b"login: \r\nOK?\r\n" * 50])
async def test_a_port_that_is_no_modem_is_said_and_stops_nothing(
    open_world: Open, deaf_port: tuple[int, Path], noise: bytes
) -> None:
    master, path = deaf_port
    async with open_world(running=False) as world:
        world.add_modem("odd", path)
        world.start()
        await in_state(world, "modem-odd", "failed")
        os.write(master, noise)
        reason = seen(world, "modem-odd").reason
        assert reason == f"nothing at {path} answers AT: is it the AT port?"
        await world.ready(1)
        await works(world)


async def test_a_port_that_is_not_there_is_said_until_it_is(
    open_world: Open, tmp_path: Path
) -> None:
    missing, nothing = tmp_path / "ttyNone", tmp_path / "file"
    nothing.write_text("no tty")
    async with open_world({}, {}, running=False) as world:
        world.sim.modems["m1"].vanish()
        world.add_modem("missing", missing)
        world.add_modem("file", nothing)
        world.start()
        for name in ("m1", "missing", "file"):
            await in_state(world, f"modem-{name}", "failed")
        assert "is not there" in (seen(world, "modem-missing").reason or "")
        await works(world)
        world.sim.modems["m1"].come_back()
        await world.ready(2)
        assert world.ear.line("modem-m1") is None


@each_family
async def test_a_sim_is_pulled_out_and_put_in_again(open_world: Open, family: str) -> None:
    async with open_world({"family": family}, {}) as world:
        line = next(line.line for line in world.ear.lines() if line.modem == "m0")
        world.modem.remove_sim()
        await in_state(world, line, "absent")
        await works(world)
        world.modem.insert_sim()
        await world.ready(2)
        assert seen(world, line).state is LineState.READY


async def test_a_line_follows_its_sim_to_another_modem(open_world: Open) -> None:
    empty = {"family": "quectel", "sims": [{"present": False}]}
    async with open_world({"family": "quectel"}, empty, running=False) as world:
        one, two = world.sim.modems.values()
        world.start()
        await world.ready(1)
        await in_state(world, "modem-m1", "failed")
        assert "no SIM" in (seen(world, "modem-m1").reason or "")
        line = only_sim(world)
        one.remove_sim()
        await in_state(world, line, "absent")
        one.cards, two.cards = two.cards, one.cards
        two.insert_sim()
        await in_state(world, line, "ready")
        assert seen(world, line).modem == "m1"
        await works(world)


@pytest.mark.parametrize("family", ["quectel", "simcom"])
async def test_a_modem_is_switched_to_its_other_sim(open_world: Open, family: str) -> None:
    model = {"quectel": "EC25", "simcom": "A7672E"}[family]
    modem = {"family": family, "model": model, "sims": [{}, {}]}
    async with open_world(modem) as world:
        first = only(world)
        reply = await world.ear.ask("line", line=first, action="switch_sim", slot=2)
        assert reply.result is Result.DONE, reply

        def others() -> list[LineStatus]:
            return [line for line in world.ear.lines() if line.line != first]

        await world.ear.until(lambda: [line.state for line in others()] == ["ready"])
        [second] = others()
        assert (second.state, second.sim) == ("ready", world.modem.cards[1].part.iccid)
        await works(world)


async def test_a_modem_with_one_slot_cannot_be_switched(open_world: Open) -> None:
    async with open_world() as world:
        reply = await world.ear.ask("line", line=only(world), action="switch_sim", slot=2)
        assert (reply.result, reply.reason) == ("refused", "line_not_ready")
        reply = await world.ear.ask("line", line=only(world), action="switch_sim")
        assert (reply.result, reply.reason) == ("refused", "bad_request")


def locked(family: str) -> dict[str, Any]:
    return {"family": family, "sims": [{"pin": PIN}]}


def pins(world: World) -> list[str]:
    return [line for line in world.modem.received if line.startswith("AT+CPIN=")]


@each_family
async def test_a_sim_is_unlocked_with_the_pin_of_the_owner(open_world: Open, family: str) -> None:
    async with open_world(locked(family), running=False) as world:
        world.know_sim(pin=PIN, line="desk")
        world.start()
        await in_state(world, "desk", "ready")
        await works(world)
        assert len(pins(world)) == 1


@each_family
async def test_a_wrong_pin_is_tried_once_in_its_life(
    open_world: Open, family: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_world(locked(family), {}, running=False) as world:
        caplog.set_level(logging.DEBUG)
        world.know_sim(pin="4826", line="desk")
        for reason in ("it will not be tried again", "refused this PIN before"):
            world.start()
            await in_state(world, "desk", "locked")
            await world.ear.until(lambda: reason in (seen(world, "desk").reason or ""))  # noqa: B023
            await works(world)
            await world.ear.ask("line", line="desk", action="reset")
            await world.ready(1)
            await world.stop()
        assert (len(pins(world)), world.modem.cards[0].pin_tries) == (1, 2)
        assert "4826" not in caplog.text
        world.know_sim(pin=PIN, line="desk")  # the owner corrects it
        world.start()
        await in_state(world, "desk", "ready")
        assert PIN not in caplog.text


async def test_a_pin_with_one_try_left_is_not_tried(open_world: Open) -> None:
    async with open_world(locked("quectel"), running=False) as world:
        world.modem.cards[0].pin_tries = 1
        world.know_sim(pin="4826", line="desk")
        world.start()
        await in_state(world, "desk", "locked")
        assert pins(world) == []


async def test_a_sim_without_a_known_pin_and_one_that_wants_its_puk_are_locked(
    open_world: Open,
) -> None:
    async with open_world(locked("generic"), locked("quectel"), running=False) as world:
        one, two = world.sim.modems.values()
        two.cards[0].lock = Lock.PUK
        world.start()
        reasons = ["asks for its PUK", "needs its PIN"]
        await world.ear.until(
            lambda: all(any(r in (x.reason or "") for x in world.ear.lines()) for r in reasons)
        )
        assert [line for line in [*one.received, *two.received] if "CPIN=" in line] == []


async def test_a_sim_that_is_busy_at_first_comes_up(open_world: Open) -> None:
    async with open_world({"family": "huawei", "oddities": {"sim_busy": 1}}) as world:
        await works(world)


@pytest.mark.parametrize("family", ["generic", "simcom"])
async def test_a_modem_that_hangs_is_brought_back(
    open_world: Open, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.keeper.PROBE_S", 0.05)
    monkeypatch.setattr("modem.at.dialog.QUIET_S", 0.02)
    monkeypatch.setattr("modem.at.dialog._PROBE", Command("AT", timeout_s=0.1))
    for command in ("AT", "AT+CFUN"):
        monkeypatch.setitem(TIMEOUTS_S, command, 0.1)
    async with open_world({"family": family}, {}) as world:
        line = next(line.line for line in world.ear.lines() if line.modem == "m0")
        world.modem.hang(100)
        await in_state(world, line, "absent")
        await works(world)
        await world.ready(2)
