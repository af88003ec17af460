"""SMS on one modem: send, receive, acknowledge.

A message is deleted from the SIM, or acknowledged to the network, only when its reader says that it
is on disk. A full storage is silent, so what is stored is listed at the start and on a slow timer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine

from config.profiles import ModemProfile
from drivers.facts import Fact, MessageReceived, Receipt, StorageFull, Unreadable
from modem import urc as urcs
from modem.at.command import Answer, Command, Priority
from modem.errors import ParseError
from modem.sms.pdu import Deliver, EncodedPdu, StatusReport, Submit, decode_pdu
from modem.sms.storage import (
    MessagePushed,
    MessageStored,
    StoredPdu,
    parse_cmgl,
    parse_cmgr,
    parse_cmgs,
)
from modem.urc import Urc

log = logging.getLogger(__name__)

LIST_EVERY_S = 600.0  # a full storage announces nothing (27.005 3.4.1 leaves it open)
SIM_BUSY_CODES = frozenset({14, 314, 515})  # +CME SIM busy, +CMS SIM busy, please wait
SEND_TRIES = 3
RETRY_S = 2.0


class SendFailed(Exception):  # noqa: N818 - an answer, not a mistake
    """The network or the modem did not take the message; the text is what it said."""


class Messaging:
    """The SMS side of one modem."""

    def __init__(
        self,
        ask: Callable[[Command], Awaitable[Answer]],
        profile: ModemProfile,
        emit: Callable[[Fact], None],
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._ask = ask
        self._profile = profile
        self._emit = emit
        self._spawn = spawn
        self._storage = profile.sms.storage
        self._told: set[Receipt] = set()
        self._choosing = asyncio.Lock()

    async def start(self) -> None:
        """PDU mode, storage, routing of new messages; then fetch what is there already."""
        await self._ask(Command("AT+CMGF=0"))
        await self._ask(_choice(self._storage))
        for routing in self._profile.sms.cnmi:
            if (await self._ask(Command(f"AT+CNMI={routing}"))).ok:
                break
        self._spawn(self._list_for_ever())

    async def send(self, pdu: EncodedPdu, *, secret: bool = False) -> int:
        """Send one PDU; gives its reference, 0 to 255. Raises SendFailed.

        A `secret` one is in no log and is sent once: what failed may have left all the same.
        """
        text = f"AT+CMGS={pdu.length}"
        for tries_left in reversed(range(1 if secret else SEND_TRIES)):
            command = Command(text, prefixes=("+CMGS:",), body=pdu.pdu, secret=secret)
            answer = await self._ask(command)
            if answer.ok or answer.error_code not in SIM_BUSY_CODES or not tries_left:
                break
            await asyncio.sleep(RETRY_S)
        if not answer.ok:
            raise SendFailed(answer.reason)
        try:
            return parse_cmgs(answer.lines[0])
        except (ParseError, IndexError) as error:
            raise SendFailed("the modem sent it but gave no reference") from error

    async def acknowledge(self, receipt: Receipt) -> None:
        """The message is on disk: delete it, or tell the network so."""
        if receipt.index is None:
            if self._profile.sms.cnma:
                await self._ask(Command(self._profile.sms.cnma))
            return
        command = Command(f"AT+CMGD={receipt.index}")
        await self._ask_in(receipt.storage or self._storage, command)
        self._told.discard(receipt)

    def hear(self, urc: Urc) -> bool:
        """Take an event; False when it is none about messages."""
        match urc:
            case MessagePushed():
                self._tell(urc.pdu, Receipt())
            case MessageStored():
                self._spawn(self._fetch(urc))
            case urcs.StorageFull():
                self._emit(StorageFull(urc.storage))
                self._spawn(self._list())
            case _:
                return False
        return True

    async def _ask_in(self, storage: str, command: Command) -> Answer:
        """Ask about what lies in `storage`, with nobody choosing another one in between."""
        async with self._choosing:
            await self._ask(_choice(storage))
            return await self._ask(command)

    async def _fetch(self, stored: MessageStored) -> None:
        """Read one announced message where the announcement says, or find it in a list."""
        if stored.index < 0:
            await self._list()
        else:
            await self._read(Receipt(stored.storage or self._storage, stored.index))

    async def _read(self, receipt: Receipt) -> None:
        command = Command(f"AT+CMGR={receipt.index}", prefixes=("+CMGR:",))
        answer = await self._ask_in(receipt.storage or self._storage, command)
        try:
            message = parse_cmgr(answer.lines) if answer.ok else None
        except ParseError as error:
            log.warning("message %s not understood: %s", receipt.index, error)
            return
        if isinstance(message, StoredPdu):
            self._tell(message.pdu, receipt)

    async def _list_for_ever(self) -> None:
        while True:
            await self._list()
            await asyncio.sleep(LIST_EVERY_S)

    async def _list(self) -> None:
        """Fetch all that is stored."""
        command = Command("AT+CMGL=4", prefixes=("+CMGL:",), priority=Priority.PROBE)
        answer = await self._ask_in(self._storage, command)
        try:
            messages = parse_cmgl(answer.lines)
        except ParseError as error:
            log.warning("message list not understood: %s", error)
            return
        for message in messages:
            if isinstance(message, StoredPdu) and message.index is not None:
                self._tell(message.pdu, Receipt(self._storage, message.index))

    def _tell(self, pdu: str, receipt: Receipt) -> None:
        """Pass a message on, once as long as it lies there."""
        if receipt in self._told:
            return
        message = _decode(pdu)
        if message is None:
            return
        if receipt.index is not None:
            self._told.add(receipt)
        self._emit(MessageReceived(pdu, message, receipt))


def _choice(storage: str) -> Command:
    """Make `storage` the one that is read and deleted from (27.005 3.2.2)."""
    return Command(f'AT+CPMS="{storage}"', prefixes=("+CPMS:",), priority=Priority.PROBE)


def _decode(pdu: str) -> Deliver | StatusReport | Unreadable | None:
    """Read a received PDU; None for a draft of our own."""
    try:
        message = decode_pdu(pdu)
    except ParseError as error:
        return Unreadable(str(error))
    return None if isinstance(message, Submit) else message
