"""Lines without a SIM: an FXO modem behind the gateway, from the dial command to the CDR."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from math import pi, sin
from pathlib import Path
from typing import Any

import pytest

from drivers.fxo.judge import Verdict
from mqtt.messages import CallEvent, Capacity, LineStatus
from mqtt.vocabulary import Reason, Result
from tests.drivers.fxo.fake import QUIET, FakeFxo, FakeJudge
from tests.drivers.wire import profiles
from tests.edge.conftest import Open
from tests.edge.worlds import World, soon

CALLEE = "+4930123456"
ROOM = 1000  # octets that may wait to be read
LINE = "landline"

Desk = Callable[..., AbstractAsyncContextManager["Office"]]


class Office:
    """A world with an FXO modem in it; its judge says what the test wants."""

    def __init__(self, world: World, fake: FakeFxo, judges: list[FakeJudge]) -> None:
        self.world = world
        self.ear = world.ear
        self.fake = fake
        self._judges = judges

    @property
    def line(self) -> LineStatus:
        status = self.ear.line(LINE)
        assert status is not None
        return status

    @property
    def judge(self) -> FakeJudge:
        return self._judges[-1]

    async def in_state(self, state: str) -> None:
        def holds() -> bool:
            status = self.ear.line(LINE)
            return status is not None and status.state == state

        await self.ear.until(holds)

    async def rule(self, verdict: Verdict, mode: str = "AT+VTR") -> None:
        async with asyncio.timeout(5):
            while self.fake.mode != mode:  # noqa: ASYNC110 - the modem tells nobody of it
                await asyncio.sleep(0.001)
        self.judge.next.append(verdict)
        self.fake.sound()

    async def dial(self, **fields: Any) -> str:
        """Dial, up to the callee's line."""
        call = await self.world.dial(CALLEE, line=LINE, **fields)
        await self.rule(Verdict.DIAL_TONE)
        async with asyncio.timeout(5):
            while "dialed" not in self.judge.codes:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
        return call


@pytest.fixture
def office(open_world: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    """Opens a world with an FXO modem: `office(fxo={...})`."""
    monkeypatch.setattr("drivers.fxo.hook.REST_S", 0)
    monkeypatch.setattr("drivers.fxo.stream.RESCUE_S", 0.02)
    monkeypatch.setattr("edge.keeper.AGAIN_S", 0.02)
    monkeypatch.setattr("drivers.fxo.bell.RINGS_GONE_S", 0.3)

    @asynccontextmanager
    async def open_office(
        fxo: dict[str, Any] | None = None, *, judged: bool = True, country: str = "DE"
    ) -> AsyncIterator[Office]:
        judges: list[FakeJudge] = []

        def judge(*_settings: Any) -> FakeJudge:
            judges.append(FakeJudge())
            return judges[-1]

        if judged:
            monkeypatch.setattr("edge.fxo_keeper.ProgressJudge", judge)
        name = "conexant-cx930xx"
        fake = FakeFxo(profiles().by_name[name], tmp_path / "desk")
        config = {
            "gateway": {"country": country},
            "modem": [{"name": "desk", "port": str(fake.path), "profile": name}],
            "fxo": [{"modem": "desk", "line": LINE} | (fxo or {})],
        }
        async with open_world(config=config, running=False) as world:
            world.start()
            one = Office(world, fake, judges)
            try:
                await one.in_state("ready")
                yield one
            finally:
                fake.unplug()

    return open_office


async def test_a_line_without_a_sim_is_ready_when_its_modem_is(office: Desk) -> None:
    async with office({"number": "+4930999"}) as one:
        line = one.line
        assert (line.kind, line.number, line.modem) == ("fxo", "+4930999", "desk")
        assert (line.sim, line.imei, line.registration) == (None, None, None)
        await one.ear.until(
            lambda: [c.ready for c in one.ear.heard.of(Capacity)][-1:] == [{"gsm": 0, "fxo": 1}]
        )
        assert "AT!4886=02" in one.fake.sent  # Germany's caller id


async def test_a_call_from_the_command_to_the_record(office: Desk) -> None:
    async with office() as one:
        call = await one.dial()
        assert "ATDT030123456;" in one.fake.sent  # as the country dials it
        await one.rule(Verdict.RINGBACK)
        await one.ear.state(call, "alerting")
        await one.rule(Verdict.ANSWERED_VOICE)
        await one.ear.state(call, "answered")
        assert one.line.state == "busy"
        await one.rule(Verdict.DISCONNECTED_TONE)
        cdr = await one.ear.cdr(call)
        assert (cdr.line, cdr.sim, cdr.cause) == (LINE, None, "normal")
        assert cdr.raw_cause == "disconnected tone"
        await one.in_state("ready")


async def test_hanging_up_puts_the_line_down(office: Desk) -> None:
    async with office() as one:
        call = await one.dial()
        await one.ear.ask("hangup", call_id=call, expires_at=soon())
        assert (await one.ear.cdr(call)).cause == "cancelled"
        assert not one.fake.mode
        assert "AT+VLS=0" in one.fake.sent[-8:]


async def test_a_call_comes_in_with_its_number(office: Desk) -> None:
    async with office() as one:
        one.fake.say("RING", "NMBR = 0301234567")
        await one.ear.until(lambda: one.ear.heard.of(CallEvent))
        event = one.ear.heard.of(CallEvent)[0]
        assert (event.direction, event.number) == ("incoming", "0301234567")
        await one.ear.ask("answer", call_id=event.call_id, expires_at=soon())
        await one.ear.state(event.call_id, "answered")
        await one.rule(Verdict.DISCONNECTED_LOOP)
        assert (await one.ear.cdr(event.call_id)).cause == "normal"


async def test_a_parallel_phone_makes_the_line_busy(office: Desk) -> None:
    async with office() as one:
        one.fake.tell("P")
        await one.in_state("busy")
        assert one.line.reason == "a parallel phone is off the hook"
        one.fake.tell("p")
        await one.in_state("ready")


async def test_limits_hold_on_a_line_without_a_sim(office: Desk) -> None:
    async with office({"limits": {"max_calls_day": 1}}) as one:
        call = await one.dial()
        await one.rule(Verdict.ANSWERED_VOICE)
        await one.ear.state(call, "answered")
        await one.rule(Verdict.BUSY)
        await one.ear.cdr(call)
        await one.in_state("exhausted")
        reply = await one.world.order(CALLEE, line=LINE)
        assert (reply.result, reply.reason) == (Result.REFUSED, Reason.LIMIT_REACHED)
        [use] = one.line.use or []
        assert (use.used, use.most) == (1, 1)


async def test_no_message_and_no_request_goes_over_it(office: Desk) -> None:
    async with office() as one:
        sms = await one.ear.ask("sms", to=CALLEE, text="hi", line=LINE, expires_at=soon())
        ussd = await one.ear.ask("ussd", line=LINE, text="*100#", expires_at=soon())
        assert (sms.result, ussd.result) == (Result.REFUSED, Result.REFUSED)


async def test_an_unplugged_modem_loses_its_call_and_its_line_waits(office: Desk) -> None:
    async with office() as one:
        call = await one.dial()
        one.fake.unplug()
        assert (await one.ear.cdr(call)).cause == "lost"
        await one.in_state("failed")


async def test_a_modem_that_does_not_come_up_is_reset(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.fxo.modem.WAKE_S", 0.05)
    async with office() as one:
        one.fake.replies["AT"] = ["", ""]  # two lives long
        one.fake.sent.clear()
        await one.ear.ask("line", line=LINE, action="reset")
        await one.in_state("failed")
        assert "answers AT" in (one.line.reason or "")
        await one.in_state("ready")
        assert one.fake.sent.count("ATZ") == 1


async def test_a_disabled_line_is_disabled(office: Desk) -> None:
    async with office() as one:
        await one.ear.ask("line", line=LINE, action="disable")
        await one.in_state("disabled")


@cache
def second(freqs: tuple[int, ...]) -> bytes:
    """A second of a tone as unsigned octets; it goes on with its own beginning."""
    return bytes(
        128 + round(sum(40 * sin(2 * pi * freq * place / 8000) for freq in freqs))
        for place in range(8000)
    )


@pytest.mark.parametrize(
    ("country", "dial", "busy", "on_ms", "off_ms"),
    [
        ("DE", (425,), (425,), 480, 480),
        ("US", (350, 440), (480, 620), 500, 500),
        ("GB", (350, 440), (400,), 375, 375),
    ],
)
async def test_the_busy_tones_of_three_countries_end_a_call(
    office: Desk,
    country: str,
    dial: tuple[int, ...],
    busy: tuple[int, ...],
    on_ms: int,
    off_ms: int,
) -> None:
    """Source of the tones: ITU-T E.180 supplement 2."""
    async with office(judged=False, country=country) as one:
        call = await one.world.dial(CALLEE, line=LINE)
        await hear(one, dial, 0, 0, lambda: _dialled(one) or bool(one.ear.cdrs(call)))
        assert not one.ear.cdrs(call), f"{one.ear.cdrs(call)[0].raw_cause} {one.fake.sent[-14:]}"
        await hear(one, busy, on_ms, off_ms, lambda: bool(one.ear.cdrs(call)))
        cdr = await one.ear.cdr(call)
        assert (cdr.cause, cdr.raw_cause) == ("busy", "busy")


def _dialled(one: Office) -> bool:
    return any(text.startswith("ATD") for text in one.fake.sent)


async def hear(
    one: Office, freqs: tuple[int, ...], on_ms: int, off_ms: int, done: Callable[[], bool]
) -> None:
    """Let the line sound until it is done, ten times as fast as a real one."""
    async with asyncio.timeout(20):
        at = 0
        while not done():
            on = not on_ms or at // 8 % (on_ms + off_ms) < on_ms
            if one.fake.mode and one.fake.unread < ROOM:
                one.fake.sound(second(freqs)[at % 8000 :][:160] if on else QUIET)
                at += 160
            await asyncio.sleep(0.002)
