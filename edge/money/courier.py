"""Brings one top-up to the carrier: waits until the line is quiet, lets the code leave, listens.

The only place where a code goes to a modem, and only after `sent` is on disk. What the carrier
said, or that it said nothing, comes back as the event that moves the saga.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

import phonenumbers

from config.carriers import CarrierProfile
from config.money import TopUpRule
from edge import clock
from edge.lines import Line
from edge.money.balance_desk import BalanceDesk
from edge.money.conversation import Conversations, NoAnswer, Talk
from edge.money.entry import write_money
from edge.money.judge import Words, judge_reply
from edge.money.requests import Request, recharge_request
from edge.money.saga import Event, TopUp
from edge.money.topups import TopUps
from edge.money.vault import WrongKey

QUIET_S = 900.0  # that a top-up waits for a line without a call
FRESH_S = 900.0  # a balance that is older is asked for before, to tell a rise by


@dataclass(frozen=True, slots=True)
class Errand:
    """A reserved top-up, the line that gets it, and (a transfer) the line and rule that give it."""

    topup: TopUp
    line: Line
    giver: Line | None = None
    rule: TopUpRule | None = None

    @property
    def speaker(self) -> Line:
        """The line that talks to the carrier."""
        return self.giver or self.line


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an errand; `reason` says why nothing left, or no answer came.

    `late`: the words came by SMS, so they may be late ones about another top-up.
    """

    event: Event
    text: str | None = None
    reason: str | None = None
    late: bool = False


class Courier:
    """Carries out errands, one at a time on a line."""

    def __init__(self, topups: TopUps, conversations: Conversations, balances: BalanceDesk) -> None:
        self._topups = topups
        self._conversations = conversations
        self._balances = balances

    async def carry(self, errand: Errand) -> Verdict:
        """Redeem or transfer, once; raises StoreError, SagaError with nothing sent."""
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(QUIET_S):
                    hold = self._conversations.hold(errand.speaker)
                    talk = await held.enter_async_context(hold)
            except TimeoutError:
                return Verdict(Event.NOT_SENT, reason="the line was never free of calls")
            except NoAnswer as error:  # nobody could talk at all
                return Verdict(Event.NOT_SENT, reason=str(error))
            return await self._talk(talk, errand)

    async def _talk(self, talk: Talk, errand: Errand) -> Verdict:
        if not await self._look(talk, errand):
            return Verdict(Event.NOT_SENT, reason="the carrier did not tell the balance before")
        if not self._may_give(errand):
            return Verdict(Event.NOT_SENT, reason="the SIM that gives must keep what it has")
        profile = errand.speaker.carrier
        try:
            code = await self._topups.send(errand.topup.topup_id, clock.now().timestamp())
        except WrongKey as error:
            return Verdict(Event.NOT_SENT, reason=str(error))
        request = _request(errand, code.get_secret_value() if code else None)
        if request is None:
            return Verdict(Event.NOT_SENT, reason="no way to send it is known any more")
        try:
            text = await talk.ask(request, profile.after_call if profile else None)
        except NoAnswer as error:
            event = Event.NO_REPLY if error.sent else Event.NOT_SENT
            return Verdict(event, reason=str(error))
        by_sms = request.text is not None
        return Verdict(judge_reply([text], words_of(profile)), text, late=by_sms)

    async def _look(self, talk: Talk, errand: Errand) -> bool:
        """See the balance before, unless it was just seen: a rise must be told from it.

        False when the carrier keeps silent: a code would be lost in that silence.
        """
        fund = self._balances.fund(errand.speaker)
        known = fund.sure(errand.topup.currency) is not None
        fresh = known and clock.now().timestamp() - fund.at < FRESH_S
        return fresh or await self._balances.ask_in(talk, errand.speaker)

    def _may_give(self, errand: Errand) -> bool:
        """Whether a giver keeps enough, now that its balance is known and this one is taken off."""
        donor, rule = errand.topup.donor, errand.rule
        if donor is None or rule is None:
            return True
        left = self._topups.left(donor)
        enough = left is not None and left >= rule.donor_keeps
        return enough and self._topups.open_on(donor) is None


def _request(errand: Errand, code: str | None) -> Request | None:
    profile, rule = errand.speaker.carrier, errand.rule
    if code is not None:
        return recharge_request(profile.recharge if profile else None, code)
    if rule is None or rule.code is None or errand.line.number is None:
        return None
    amount = write_money(rule.amount) or ""
    number = national(errand.line.number)
    filled = rule.code.replace("{number}", number).replace("{amount}", amount)
    return Request(rule.sms_to, filled) if rule.sms_to else Request(filled)


def national(number: str) -> str:
    """The digits of a number as they are dialled in its own country; what is no E.164 stays."""
    try:
        parsed = phonenumbers.parse(number)
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    except phonenumbers.NumberParseException:
        written = number
    return "".join(char for char in written if char.isdecimal())


def words_of(profile: CarrierProfile | None) -> Words:
    """The carrier's words of success and failure; none are known of a stranger."""
    rules = profile.recharge if profile else None
    return Words(rules.success_words, rules.failure_words) if rules else Words((), ())
