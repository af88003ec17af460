"""The gateway talks to a carrier over a line: by USSD, through its menus, or by SMS and its reply.

One conversation at a time on a line, and none while a call is on it. The words stay between the
two: they are told as no USSD event, and a code that may not be seen is in no log and masked in
whatever the carrier ever says back. Whoever asks learns whether a request that was not answered
may have reached the carrier.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from weakref import WeakSet

from drivers.facts import UssdHeard
from drivers.messaging import SendFailed
from drivers.modem import Modem
from drivers.session import SessionLost
from drivers.ussd import UssdRefused
from edge.lines import Line
from edge.money.requests import Codes, Request, same_number
from edge.ussd_desk import UssdDesk
from modem.at.dialog import DialogFull
from modem.errors import ParseError
from modem.sms import concat
from modem.sms.address import Address
from modem.sms.pdu import EncodedPdu, Submit, encode_submit
from modem.ussd import UssdState

USSD_REPLY_S = 180.0  # the modem's own clock runs out first, unless it went away
SMS_REPLY_S = 180.0


class NoAnswer(Exception):  # noqa: N818 - an answer of its own
    """The carrier did not answer; the text says why.

    `sent`: the request may have reached it all the same, so it may act on it.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Talk:
    """One conversation, as long as Conversations.hold lasts. `aside` hears what is no answer."""

    def __init__(self, line: Line, codes: Codes, aside: Callable[[str], None]) -> None:
        self._line = line
        self._codes = codes
        self._aside = aside
        self._notice: re.Pattern[str] | None = None
        self._word: asyncio.Future[UssdHeard] | None = None
        self._reply: tuple[str, asyncio.Future[str]] | None = None
        self._sent = False

    async def ask(self, request: Request, notice: str | None = None) -> str:
        """Return the carrier's words; raises NoAnswer.

        A text that matches `notice` answers nothing: the carrier says it by itself, after a call.
        """
        self._notice = re.compile(notice, re.IGNORECASE) if notice else None
        self._sent = False
        if request.code:
            self._codes.keep(request.code)
        if request.text is None:
            text = await self._by_ussd(request)
        else:
            text = await self._by_sms(request.to, request.text, secret=request.code is not None)
        return self._codes.hide(text)

    async def _by_ussd(self, request: Request) -> str:
        word = await self._say(request.to, secret=request.code is not None)
        for step in request.steps:
            if word.state is UssdState.MENU:
                word = await self._say(step, secret=False)
        if word.state is UssdState.MENU:
            await self._close_menu()
        if word.state is UssdState.FAILED:
            raise NoAnswer(word.reason or "the network refused the request", sent=True)
        return word.text or ""

    def hear(self, word: UssdHeard) -> None:
        """The network said something on this line."""
        waiting = self._word and not self._word.done()
        if word.text and (not waiting or self._is_notice(word.text)):
            self._aside(word.text)
        elif waiting and self._word:
            self._word.set_result(word)

    def hear_sms(self, sender: str, text: str) -> bool:
        """Take a message if it is the reply."""
        if self._reply is None or self._is_notice(text):
            return False
        number, reply = self._reply
        if reply.done() or not same_number(sender, number):
            return False
        reply.set_result(text)
        return True

    def _is_notice(self, text: str) -> bool:
        return self._notice is not None and self._notice.search(text) is not None

    async def _say(self, text: str, *, secret: bool) -> UssdHeard:
        modem = self._line.modem
        if modem is None:
            raise NoAnswer("the line has no modem", sent=self._sent)
        self._word = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(USSD_REPLY_S):
                await modem.ussd.send(text, secret=secret)
                self._sent = True
                return await self._word
        except UssdRefused as error:
            raise NoAnswer(str(error), sent=self._sent) from None
        except (SessionLost, DialogFull) as error:
            raise NoAnswer(str(error), sent=True) from None
        except TimeoutError:
            raise NoAnswer("the network did not answer", sent=True) from None

    async def _close_menu(self) -> None:
        if modem := self._line.modem:
            with suppress(
                SessionLost, DialogFull
            ):  # then the menu is gone too, or closes by itself
                await modem.ussd.cancel()

    async def _by_sms(self, number: str, text: str, *, secret: bool) -> str:
        modem = self._line.modem
        if modem is None:
            raise NoAnswer("the line has no modem", sent=False)
        pdus = _pdus(number, text)
        reply: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reply = number, reply
        try:
            async with asyncio.timeout(SMS_REPLY_S):
                for pdu in pdus:
                    await modem.messages.send(pdu, secret=secret)
                return await reply
        except (SendFailed, SessionLost, DialogFull) as error:
            raise NoAnswer(str(error), sent=True) from None
        except TimeoutError:
            raise NoAnswer("no reply came", sent=True) from None


class Conversations:
    """All conversations with carriers: at most one on a line."""

    def __init__(self, ussd: UssdDesk, codes: Codes) -> None:
        self._ussd = ussd
        self._codes = codes
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._news: dict[str, asyncio.Future[None]] = {}
        self._talks: dict[str, Talk] = {}
        self._met: WeakSet[Modem] = WeakSet()

    @asynccontextmanager
    async def hold(self, line: Line) -> AsyncIterator[Talk]:
        """Wait until no call is on the line, then have it; raises NoAnswer, with nothing sent.

        The dispatcher keeps off a line that `is_held`.
        """
        async with self._turns[line.line]:
            while not _is_quiet(line):
                news = self._news[line.line] = asyncio.get_running_loop().create_future()
                await news
            talk = Talk(line, self._codes, lambda text: self._ussd.tell_unasked(line, text))
            if not self._ussd.open_private(line, talk.hear):
                raise NoAnswer("a USSD session is open on the line", sent=False)
            self._talks[line.line] = talk
            try:
                await self._meet(line)
                yield talk
            finally:
                del self._talks[line.line]
                self._ussd.close_private(line)

    async def _meet(self, line: Line) -> None:
        """What was asked before the gateway began must not be answered in a conversation."""
        modem = line.modem
        if modem is None or modem in self._met:
            return
        try:
            await modem.ussd.cancel()
        except (SessionLost, DialogFull) as error:
            raise NoAnswer(str(error), sent=False) from None
        self._met.add(modem)

    def is_held(self, line: Line) -> bool:
        """Whether the gateway talks to the carrier on this line."""
        return line.line in self._talks

    def on_changed(self, line: Line) -> None:
        """The line entered another state."""
        if line.line in self._news and _is_quiet(line):
            news = self._news.pop(line.line)
            if not news.done():
                news.set_result(None)

    def on_sms(self, line: Line, sender: str, text: str) -> bool:
        """Take a message if it is the reply that somebody waits for."""
        talk = self._talks.get(line.line)
        return talk is not None and talk.hear_sms(sender, text)


def _pdus(number: str, text: str) -> list[EncodedPdu]:
    recipient = Address.of(number)
    try:
        parts = concat.split(text)
        return [encode_submit(Submit(recipient=recipient, user_data=part)) for part in parts]
    except ParseError as error:
        raise NoAnswer(str(error), sent=False) from None


def _is_quiet(line: Line) -> bool:
    """Whether the network is there and no call is; a SIM without credit or minutes is asked too."""
    return line.is_up and not line.calls and not line.reserved
