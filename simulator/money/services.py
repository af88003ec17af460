"""What a carrier does for a SIM that asks by USSD or SMS: balance, vouchers, transfers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from simulator.clock import draw, seeded
from simulator.money.account import Account, Movement, What
from simulator.money.dialect import Page
from simulator.money.parts import FaultKind, FaultPart, Service
from simulator.money.speech import Speech
from simulator.money.vouchers import Verdict
from simulator.scenario import UssdHow, UssdStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.money.carrier import Carrier
    from simulator.network import Network

GARBAGE = "ΔΦ@ ¡¿ 7f;; 0:: §"
_SILENT = frozenset({FaultKind.SILENT, FaultKind.DROPPED})
_SLOW = frozenset({FaultKind.LATE, FaultKind.BY_SMS})
_UNDONE = frozenset({FaultKind.DROPPED, FaultKind.UNAVAILABLE})


class Services:
    """Answers in the carrier's dialect; what its faults say goes wrong does."""

    def __init__(self, carrier: Carrier, network: Network) -> None:
        self._carrier = carrier
        self._network = network
        self._dialect = carrier.dialect
        self._speech = Speech(carrier.dialect, network.clock)
        self._rng = seeded("services", carrier.part.name)
        self._doors = {
            Service.BALANCE: carrier.dialect.balance,
            Service.RECHARGE: carrier.dialect.recharge,
            Service.TRANSFER: carrier.dialect.transfer,
        }

    def is_own(self, number: str) -> bool:
        """Whether SMS to this number are for the carrier."""
        return any(door.sms_to == number for door in self._doors.values() if door.sms_to)

    def dialled(self, account: Account, code: str) -> UssdStep | None:
        """Answer a USSD code, None for one that is not the carrier's."""
        for service, door in self._doors.items():
            asked = door.opens(code)
            if asked is not None:
                page, fault = self._serve(account, service, asked)
                return self._by_ussd(account, page, fault)
        return None

    def heard(self, account: Account, to: str, text: str) -> None:
        """Answer an SMS to the carrier; one that says nothing known gets no answer."""
        for service, door in self._doors.items():
            asked = door.opens_by_sms(to, text)
            if asked is not None:
                page, fault = self._serve(account, service, asked)
                self._by_sms(account, page, fault)
                return

    def text(self, account: Account, text: str) -> None:
        """Write an SMS to a SIM."""
        self._network.centre.send_text(self._dialect.sender, account.number, text)

    def notify(self, account: Account, text: str) -> None:
        """Tell a SIM something unasked, the way this carrier does."""
        match self._dialect.notices:
            case "sms":
                self.text(account, text)
            case "ussd":
                self._network.push_ussd(account.number, self._speech.step(Page(text=text)))
            case "none":
                pass

    def after_call(self, account: Account, charge: Movement) -> str:
        """Return what is told of a call that was charged."""
        text, seconds = self._dialect.texts.after_call, str(charge.billed_s)
        return self._speech.say(account, text, cost=-charge.amount, seconds=seconds)

    # --- what is asked

    def _serve(
        self, account: Account, service: Service, asked: Mapping[str, str]
    ) -> tuple[Page, FaultPart | None]:
        fault = self._carrier.faults.strike(service, asked.get("code", ""))
        if fault and fault.kind in _UNDONE:
            if service is Service.RECHARGE:
                self._use(account, asked["code"], Verdict.NOT_TAKEN)
            return Page(text=self._dialect.texts.unavailable), fault
        page = self._do(account, service, asked)
        return (Page(text=GARBAGE) if fault and fault.kind is FaultKind.GARBAGE else page), fault

    def _do(self, account: Account, service: Service, asked: Mapping[str, str]) -> Page:
        match service:
            case Service.BALANCE if account.barred:
                return Page(text=self._dialect.texts.barred)
            case Service.BALANCE:
                return self._speech.balance(account)
            case Service.RECHARGE:
                return Page(text=self._recharge(account, asked["code"]))
            case Service.TRANSFER:
                amount = Decimal(asked["amount"].replace("*", "."))
                return Page(text=self._transfer(account, asked["number"], amount))

    def _recharge(self, account: Account, code: str) -> str:
        carrier, now = self._carrier, self._network.clock.now()
        locked = account.wrong_codes >= carrier.part.max_wrong_codes
        verdict = Verdict.LOCKED if locked else carrier.vouchers.judge(code)
        amount = self._use(account, code, verdict)
        if verdict is Verdict.WRONG_CODE:
            account.wrong_codes += 1
        if verdict is not Verdict.ACCEPTED:
            return self._dialect.texts.refused[verdict]
        account.wrong_codes = 0
        account.prolong(carrier.part.topup_days, now)
        account.move(Movement(now, What.TOPUP, amount, code))
        return self._speech.say(account, self._dialect.texts.recharged, amount=amount)

    def _use(self, account: Account, code: str, verdict: Verdict) -> Decimal:
        now = self._network.clock.now()
        return self._carrier.vouchers.use(now, account.iccid, code, verdict)

    def _transfer(self, account: Account, number: str, amount: Decimal) -> str:
        texts, now = self._dialect.texts, self._network.clock.now()
        other = self._carrier.accounts.get(self._network.normalise(number))
        covered = 0 < amount <= account.credit(now) and not account.barred
        if other is None or other is account or not covered:
            return texts.not_transferred
        account.move(Movement(now, What.TRANSFER, -amount, other.number))
        other.move(Movement(now, What.TRANSFER, amount, account.number))
        received = self._speech.say(other, texts.received, amount=amount, number=account.number)
        self.text(other, received)
        return self._speech.say(account, texts.transferred, amount=amount, number=other.number)

    # --- how it is answered

    def _by_ussd(self, account: Account, page: Page, fault: FaultPart | None) -> UssdStep:
        if fault and fault.kind in _SILENT:
            return UssdStep(how=UssdHow.SILENCE)
        if fault and fault.kind is FaultKind.BY_SMS:
            self._by_sms(account, page, fault)
            return self._speech.step(Page(text=self._dialect.texts.by_sms))
        step = self._speech.step(page)
        if fault and fault.kind is FaultKind.LATE:
            return step.model_copy(update={"delay_s": fault.delay_s})
        return step

    def _by_sms(self, account: Account, page: Page, fault: FaultPart | None) -> None:
        if fault and fault.kind in _SILENT:
            return
        delay_s = draw(fault.delay_s, self._rng) if fault and fault.kind in _SLOW else 0.0
        self._network.clock.later(delay_s, self.text, account, page.text)
