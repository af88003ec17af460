"""The gateway asks a carrier: nobody hears it, nothing mixes, and it knows whether it left."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from config.money import BalanceChecks
from edge.calls import Call
from edge.money.conversation import NoAnswer
from edge.money.requests import Request
from edge.outcome import Outcome
from mqtt.messages import SmsEvent, Ussd, UssdEvent
from mqtt.vocabulary import Reason, Result
from simulator.scenario import UssdStep
from tests.edge.money.office import CODES, Office, OpenOffice, Settings, scenario

SILENT = Settings(checks=BalanceChecks(enabled=False))
NOTICE = "last call"
MENU = {
    "code": "*101#",
    "text": "1 Balance\n2 Tariff",
    "delay_s": 0.5,
    "menu": {
        "1": {"text": "1 Main\n2 Bonus", "delay_s": 0.5, "menu": {"1": {"text": "Main 5.00"}}},
        "2": {"text": "Tariff S", "delay_s": 0.5},
    },
}
USSD = [
    {"code": "*100#", "text": "5.00 EUR", "delay_s": 1},
    {"code": "*102#", "text": "at once", "how": "before_ok", "delay_s": 0},
    {"code": "*103#", "text": "at last", "how": "twice", "delay_s": 1},
    {"code": "*104#", "how": "silence"},
    {"code": "*107#", "text": "too late", "delay_s": 25},
    {"code": "*108#", "text": "6.00 EUR", "delay_s": 40},
    {"code": "*105#", "how": "error_after_ok", "delay_s": 1},
    {"code": "*106#", "text": f"PIN {CODES[0][:8]} {CODES[0][8:]} is taken", "delay_s": 0.5},
    MENU,
]
FAMILIES = ["generic", "quectel", "simcom", "huawei"]


async def ask(found: Office, to: str, **fields: Any) -> str:
    async with found.talks.hold(found.line) as talk:
        return await talk.ask(Request(to, **fields), NOTICE)


def dial(found: Office, text: str, **fields: Any) -> Outcome:
    until = datetime.now(UTC) + timedelta(seconds=30)
    return found.order(
        found.ussd.handle, Ussd(id="u", line="desk-0", text=text, expires_at=until, **fields)
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("code", "text"), [("*100#", "5.00 EUR"), ("*102#", "at once"), ("*103#", "at last")]
)
async def test_a_code_is_answered_and_nobody_hears_it(
    open_office: OpenOffice, family: str, code: str, text: str
) -> None:
    async with open_office(scenario({"family": family}, ussd=USSD), SILENT) as found:
        assert await ask(found, code) == text
        assert found.of(UssdEvent) == []


async def test_menus_are_walked_through_and_one_that_stays_open_is_closed(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        assert await ask(found, "*101#", steps=("1", "1")) == "Main 5.00"
        assert found.sim.modems["m0"].received[-1] != "AT+CUSD=2"
        assert await ask(found, "*101#", steps=("1",)) == "1 Main\n2 Bonus"
        assert found.sim.modems["m0"].received[-1] == "AT+CUSD=2"
        assert await ask(found, "*100#", steps=("1", "1")) == "5.00 EUR"


async def test_what_was_asked_before_a_crash_answers_nothing_asked_after_it(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        found.tasks.spawn(_ask_in_vain(found, "*107#"))
        await found.until(lambda: 'AT+CUSD=1,"*107#",15' in found.sim.modems["m0"].received)
        await found.crash()
        await found.until(lambda: found.line.is_up)
        assert await ask(found, "*108#") == "6.00 EUR"


async def _ask_in_vain(found: Office, to: str) -> None:
    with suppress(NoAnswer):
        await ask(found, to)


async def test_no_session_of_a_dialer_begins_in_between(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        async with found.talks.hold(found.line) as talk:
            assert found.talks.is_held(found.line)
            refused = dial(found, "*100#")
            assert (refused.result, refused.reason) == (Result.REFUSED, Reason.LINE_BUSY)
            assert await talk.ask(Request("*100#")) == "5.00 EUR"
        assert not found.talks.is_held(found.line)
        assert dial(found, "*100#").result is Result.ACCEPTED
        await found.until(lambda: [event.text for event in found.of(UssdEvent)] == ["5.00 EUR"])


async def test_the_open_session_of_a_dialer_is_left_alone(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        dial(found, "*101#")
        await found.until(lambda: found.of(UssdEvent))
        with pytest.raises(NoAnswer, match="session is open") as raised:
            await ask(found, "*100#")
        assert not raised.value.sent


async def test_two_conversations_follow_each_other(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        said = await asyncio.gather(ask(found, "*100#"), ask(found, "*103#"))
        assert tuple(said) == ("5.00 EUR", "at last")


async def test_it_waits_while_a_call_is_on_the_line(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        found.line.calls[1] = cast("Call", object())
        asking = asyncio.create_task(ask(found, "*100#"))
        await found.until(lambda: found.talks._news)
        assert not any("*100#" in line for line in found.sim.modems["m0"].received)
        found.line.calls.clear()
        found.changed(found.line)
        assert await asking == "5.00 EUR"


@pytest.mark.parametrize("code", ["*104#", "*105#"], ids=["silence", "error"])
async def test_a_request_without_an_answer_may_have_arrived(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    for state in ("asked", "waiting"):
        monkeypatch.setitem(__import__("modem.ussd").ussd._WAIT_S, state, 0.1)
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        with pytest.raises(NoAnswer) as raised:
            await ask(found, code)
        assert raised.value.sent
        monkeypatch.undo()
        assert await ask(found, "*100#") == "5.00 EUR"


async def test_a_request_that_never_left_is_told_from_one_that_may_have(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        with pytest.raises(NoAnswer) as raised:
            await ask(found, '*100#"')
        assert not raised.value.sent
        async with found.talks.hold(found.line) as talk:
            found.line.modem = None
            with pytest.raises(NoAnswer) as raised:
                await talk.ask(Request("*100#"))
            assert not raised.value.sent
            with pytest.raises(NoAnswer) as raised:
                await talk.ask(Request("10086", "YE"))
            assert not raised.value.sent


async def test_a_modem_that_goes_away_may_have_sent_it(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        asking = asyncio.create_task(ask(found, "*104#"))
        await found.until(lambda: "*104#" in str(found.sim.modems["m0"].received))
        found.ussd.on_gone(found.line)
        with pytest.raises(NoAnswer, match="went away") as raised:
            await asking
        assert raised.value.sent


async def test_a_port_that_is_gone_may_have_taken_it(open_office: OpenOffice) -> None:
    async with (
        open_office(scenario({}, ussd=USSD), SILENT) as found,
        found.talks.hold(found.line) as talk,
    ):
        found.modems[0].close()
        with pytest.raises(NoAnswer, match="not open") as raised:
            await talk.ask(Request("*100#"))
        assert raised.value.sent


async def test_a_notice_that_comes_in_between_is_no_answer(open_office: OpenOffice) -> None:
    async with open_office(scenario({}, ussd=USSD), SILENT) as found:
        asking = asyncio.create_task(ask(found, "*100#"))
        await found.until(lambda: "*100#" in str(found.sim.modems["m0"].received))
        number = found.account.number
        found.sim.network.push_ussd(number, UssdStep(text="Your last call cost N5"))
        assert await asking == "5.00 EUR"
        await found.until(lambda: found.of(UssdEvent))
        assert [event.text for event in found.of(UssdEvent)] == ["Your last call cost N5"]


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_code_is_in_no_log_and_masked_where_it_comes_back(
    open_office: OpenOffice, caplog: pytest.LogCaptureFixture, family: str
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_office(scenario({"family": family}, ussd=USSD), SILENT) as found:
        code = CODES[0]
        assert await ask(found, "*106#", code=code) == "PIN *** is taken"
        found.sim.network.send_sms("MTN", found.account.number, f"PIN {code[:4]}-{code[4:]} ok")
        await found.until(lambda: found.of(SmsEvent))
        assert found.of(SmsEvent)[0].text == "PIN *** ok"
        dial(found, "*106#")
        await found.until(lambda: found.of(UssdEvent))
        assert found.of(UssdEvent)[0].text == "PIN *** is taken"
        assert code not in caplog.text


async def test_a_question_by_sms_is_answered_by_the_number_it_went_to(
    open_office: OpenOffice,
) -> None:
    async with open_office(scenario({}, carriers=[_sms_carrier()]), SILENT) as found:
        asking = asyncio.create_task(ask(found, "10086", text="YE"))
        await found.until(lambda: found.talks.is_held(found.line))
        found.sim.network.send_sms("+491701234567", found.account.number, "Hallo")
        assert "可用余额50.00元" in await asking
        await found.until(lambda: len(found.of(SmsEvent)) == 2)


async def test_an_sms_that_nobody_answers_may_have_arrived(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.money.conversation.SMS_REPLY_S", 0.1)
    async with open_office(scenario({}, carriers=[_sms_carrier()]), SILENT) as found:
        with pytest.raises(NoAnswer, match="no reply") as raised:
            await ask(found, "10086", text="WHAT")
        assert raised.value.sent


def _sms_carrier() -> dict[str, Any]:
    return {"name": "c", "dialect": "cn-mobile"}
