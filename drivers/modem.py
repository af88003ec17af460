"""One modem from its port to its facts: start-up, identity, SIM, and who hears which URC.

`open` brings it from "there is a port" to "it answers and says who it is", `read_lock` and `unlock`
deal with the SIM's PIN, `attach` makes it ready for calls and messages. Each raises ModemFailed
with what is wrong; whoever owns the modem then closes it and tries again later.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from config.profiles import FlowControl, ModemProfile, Profiles, Ready
from drivers.audio.port import AudioPlace
from drivers.call_control import CallControl
from drivers.facts import (
    CardChanged,
    Fact,
    ModemDeaf,
    ModemLost,
    RegistrationSeen,
    SignalSeen,
)
from drivers.families import family_of
from drivers.messaging import Messaging
from drivers.session import Session, until_lost
from drivers.ussd import UssdDesk
from modem import urc as urcs
from modem.at.command import Answer, Command, Priority
from modem.at.framing import Message
from modem.errors import ParseError
from modem.network import Operator, RegistrationStatus, parse_cops
from modem.radio import Signal
from modem.sim import (
    CardStatus,
    Lock,
    Retries,
    SimLock,
    parse_cnum_list,
    parse_cpin,
    parse_iccid,
    parse_retries,
    parse_spn,
)

if TYPE_CHECKING:
    from drivers.audio.call_audio import CallAudio

log = logging.getLogger(__name__)

WAKE_S = 10.0  # of AT without an answer: a SIM7100 needs as long (oFono asks it 30 times)
KNOCK_S = 30.0  # for the commands of `knock`: AT+CFUN alone may take half of that
SIM_WAIT_S = (0.1, 0.2, 0.5, 1, 2, 3, 5, 5, 5)  # between questions to a SIM that is still busy
_NO_CARD = frozenset({Lock.NOT_INSERTED, Lock.NOT_READY})


class ModemFailed(Exception):  # noqa: N818 - the caller rests the modem and tries again
    """The modem does not come up; the text says what it did."""


@dataclass(frozen=True, slots=True)
class ModemIdentity:
    """Who the modem says it is."""

    manufacturer: str
    model: str
    revision: str
    imei: str


@dataclass(frozen=True, slots=True)
class SimIdentity:
    """Who the SIM is, and in which slot; `numbers` are its own ones, as far as it knows them."""

    iccid: str
    imsi: str
    spn: str | None
    slot: int | None
    numbers: tuple[str, ...]


class Modem:
    """One modem on one port. Facts go to `on_fact`, in order, from the loop.

    Whoever made it may say in `audio_place` where its sound is.
    """

    def __init__(
        self,
        port: Path,
        profiles: Profiles,
        profile: ModemProfile | None,
        on_fact: Callable[[Fact], None],
        spawn: Callable[[Coroutine[None, None, None]], object],
        *,
        baudrate: int | None = None,
        on_usb: bool = False,
    ) -> None:
        self._profiles = profiles
        self._on_usb = on_usb
        self._fixed = profile is not None and not on_usb  # a USB id may be worn by many models
        self._emit = on_fact
        self._spawn_task = spawn
        first = profile or profiles.generic
        self.session = Session(
            str(port),
            baudrate or first.baudrate,
            on_unsolicited=self._hear,
            on_lost=self._lose,
            on_deaf=self._go_deaf,
            rtscts=first.flow_control is FlowControl.RTSCTS,
        )
        self.audio_place = AudioPlace()
        self.tells_keys = False  # that the far end presses
        self._ready: set[str] = set()
        self._awake = False
        self._use(first)

    def _use(self, profile: ModemProfile) -> None:
        """Speak as `profile` says from now on."""
        self.profile = profile
        self._audio: CallAudio | None = None
        self.family = family_of(profile)
        ask = self.session.send
        self.calls = CallControl(
            ask,
            self.family,
            self._emit,
            self.spawn,
            self.session.set_up_call,
        )
        self.messages = Messaging(ask, profile, self._emit, self.spawn)
        self.ussd = UssdDesk(ask, profile, self._emit, self.spawn)

    @property
    def audio(self) -> "CallAudio | None":
        """The sound of its calls; None for a modem that has none here."""
        if self._audio is None and self.profile.audio:
            from drivers.audio.call_audio import audio_of  # noqa: PLC0415 - 16 MB, for voice alone

            self._audio = audio_of(
                self.profile.audio, self.audio_place, self.session.send, self.spawn
            )
        return self._audio

    def _find_profile(self, identity: ModemIdentity) -> ModemProfile:
        return self._profiles.match_model(identity.manufacturer, identity.model) or self.profile

    async def _route_urcs(self) -> None:
        """Have URCs sent to this USB port, unless they are: the choice is kept in flash."""
        command = self.profile.urc_port
        if command and self._on_usb:
            question, _, value = command.rpartition(",")
            answer = await self.session.ask(Command(question, bare=True, prefixes=("+",)))
            if not any(line.endswith(value) for line in answer.lines):
                await self.session.run([command])

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Start a task of this modem; it ends quietly when the modem goes away."""
        self._spawn_task(until_lost(work))

    async def knock(self, *commands: Command) -> None:
        """Open the port just to send commands that switch something; raises PortError.

        A modem that hangs may do what they say and answer nothing.
        """
        self.session.open()
        with suppress(TimeoutError):
            async with asyncio.timeout(KNOCK_S):
                for command in commands:
                    await self.session.ask(command)
        self.session.close()

    def close(self) -> None:
        """Release the port; live calls are reported as lost."""
        self.session.close()
        self.calls.lose_all("the modem was closed")
        if self._audio:
            self._audio.drop()

    async def open(self) -> ModemIdentity:
        """Open the port, wake the modem, learn who it is and choose its profile."""
        self.session.open()
        await self._wake()
        await self.session.run(self.family.opening)
        identity = ModemIdentity(
            manufacturer=await self.session.read("AT+CGMI"),
            model=await self.session.read("AT+CGMM"),
            revision=await self.session.read("AT+CGMR"),
            imei=await self.session.read("AT+CGSN"),
        )
        found = self.profile if self._fixed else self._find_profile(identity)
        if found is not self.profile:
            self._use(found)
            await self.session.run(self.family.opening)
        await self._route_urcs()
        await self.session.run(self.profile.init)
        await self.session.run(self.profile.hotswap)
        return identity

    async def read_lock(self) -> Lock:
        """Ask what the SIM waits for, again while it is busy; NOT_READY when it never says."""
        command = Command("AT+CPIN?", prefixes=("+CPIN:",), final_optional=True)
        for pause in (*SIM_WAIT_S, 0.0):
            lock = _read_lock(await self.session.ask(command))
            if lock not in {Lock.NOT_READY, Lock.UNKNOWN}:
                return lock
            await asyncio.sleep(pause)
        return Lock.NOT_READY

    async def tries_left(self) -> Retries:
        """How many tries the PIN has left; unknown where the modem does not say."""
        prefixes = self.family.tries_prefixes
        answer = await self.session.ask(Command(self.family.tries_left, prefixes=prefixes))
        try:
            return parse_retries(answer.lines)
        except ParseError:
            return Retries()

    async def unlock(self, pin: str) -> bool:
        """Enter the PIN, once; False when the SIM refuses it."""
        answer = await self.session.ask(Command(f'AT+CPIN="{pin}"', secret=True))
        return answer.ok

    async def read_iccid(self) -> str | None:
        """The ICCID; None where the modem keeps it back (a locked SIM, none at all)."""
        for text in self.family.iccid:
            command = Command(text, prefixes=self.family.iccid_prefixes, bare=True)
            answer = await self.session.ask(command)
            for line in answer.lines:
                try:
                    return parse_iccid(line)
                except ParseError as error:
                    log.debug("%s: %s", self.session.path, error)
        return None

    async def attach(self) -> SimIdentity:
        """Turn reports on, end old calls, learn who the SIM is; what fails is logged."""
        await self._await_ready()
        iccid = await self.read_iccid()
        if iccid is None:
            raise ModemFailed("the modem does not tell the ICCID of its SIM")
        imsi = await self.session.read("AT+CIMI")
        numbers = await self.session.ask(Command("AT+CNUM", prefixes=("+CNUM:",)))
        await self.session.run(("AT+CLIP=1", "AT+CRC=1", "AT+CREG=2", "AT+CEREG=2", "AT+COPS=3,0"))
        if self.profile.dtmf_receive:
            answer = await self.session.ask(Command(self.profile.dtmf_receive))
            self.tells_keys = answer.ok  # not every firmware can
        await self.calls.clear()
        await self.messages.start()
        await self.ussd.start()
        await self.ask_network()
        self.spawn(self._late_settings())
        spn, slot = await self._read_spn(), await self.read_slot()
        return SimIdentity(iccid, imsi, spn, slot, tuple(_numbers(numbers)))

    async def _read_spn(self) -> str | None:
        """The service provider's name, EF_SPN of the SIM; None where it has none."""
        answer = await self.session.ask(Command("AT+CRSM=176,28486,0,0,17", prefixes=("+CRSM:",)))
        try:
            return parse_spn(answer.lines[0]) if answer.lines else None
        except ParseError as error:
            log.debug("%s: %s", self.session.path, error)
            return None

    async def ask_network(self) -> None:
        """Ask for registration and signal; the answers come as facts."""
        for text, prefix in (("AT+CREG?", "+CREG:"), ("AT+CEREG?", "+CEREG:"), ("AT+CSQ", "+CSQ:")):
            answer = await self.session.ask(
                Command(text, prefixes=(prefix,), priority=Priority.PROBE)
            )
            for line in answer.lines:
                self._hear(Message(line))

    async def read_operator(self) -> str | None:
        """The operator's long name, None while there is none."""
        answer = await self.session.ask(
            Command("AT+COPS?", prefixes=("+COPS:",), priority=Priority.PROBE)
        )
        try:
            operator: Operator = parse_cops(answer.lines[0])
        except (ParseError, IndexError):
            return None
        return operator.name

    async def probe(self) -> bool:
        """Ask whether the modem lives."""
        return (await self.session.ask(Command("AT", priority=Priority.PROBE))).ok

    async def raw(self, text: str) -> Answer:
        """Send a technician's line as it is; all that comes until its end is the answer."""
        return await self.session.ask(Command(text, bare=True, prefixes=("+", "^")))

    async def read_slot(self) -> int | None:
        """The SIM slot in use, counted from 1; None for a modem that has one or keeps it back."""
        question = self.family.slot_question()
        if question is None:
            return None
        text, prefix, first = question
        answer = await self.session.ask(Command(text, prefixes=(prefix,)))
        value = "".join(answer.lines[:1]).removeprefix(prefix).strip()
        return int(value) - first + 1 if value in {"0", "1", "2"} else None

    async def switch_slot(self, slot: int) -> bool:
        """Choose another SIM slot; the modem must be attached anew afterwards."""
        lines = self.family.choose_slot(slot)
        return bool(lines) and all([(await self.session.ask(Command(t))).ok for t in lines])

    async def _wake(self) -> None:
        """Ask until anything comes back: a locked modem may refuse even AT."""
        try:
            async with asyncio.timeout(WAKE_S):
                while (await self.session.ask(Command("AT", timeout_s=1.0))).final is None:
                    log.debug("%s sleeps", self.session.path)
        except TimeoutError:
            path = self.session.path
            raise ModemFailed(f"nothing at {path} answers AT: is it the AT port?") from None
        self._awake = True

    async def _await_ready(self) -> None:
        """Wait until SMS and phone book are up; a modem that never says so is taken as it is."""
        for pause in (*SIM_WAIT_S, 0.0):
            if await self._is_ready():
                return
            await asyncio.sleep(pause)
        log.warning("%s never said that it was ready; going on", self.session.path)

    async def _is_ready(self) -> bool:
        match self.profile.ready:
            case Ready.CPIN:
                return True
            case Ready.SMS_DONE:
                if self._ready & {"SMS DONE", "SMS READY"}:
                    return True
                return (await self.session.ask(Command("AT+CPMS?", prefixes=("+CPMS:",)))).ok
            case Ready.QINISTAT:
                answer = await self.session.ask(Command("AT+QINISTAT", prefixes=("+QINISTAT:",)))
                bits = "".join(answer.lines).removeprefix("+QINISTAT:").strip()
                if not answer.ok or not bits.isdecimal():
                    return True  # no such command: older firmware
                return int(bits) & self.profile.ready_mask == self.profile.ready_mask

    async def _late_settings(self) -> None:
        """Settings that ask the network and may take their time (27.007 7.12)."""
        await self.session.run(("AT+CCWA=1",))

    def _hear(self, message: Message) -> None:
        if message.final:
            _ = self.calls.hear_final(message.final) or self.ussd.hear_error(message.final)
            return
        urc = urcs.parse_urc(message.text, message.pdu)
        if self.calls.hear(urc) or self.messages.hear(urc) or self.ussd.hear(urc):
            return
        match urc:
            case RegistrationStatus():
                self._emit(RegistrationSeen(urc))
            case Signal():
                self._emit(SignalSeen(None if urc.dbm is None else round(urc.dbm)))
            case CardStatus():
                self._emit(CardChanged(urc.inserted))
            case SimLock():
                self._emit(CardChanged(inserted=urc.lock not in _NO_CARD))
            case urcs.AudioFlow() if self._audio:
                self._audio.flow(go=urc.go)
            case urcs.Ready():
                self._ready.add(urc.what.upper())
            case urcs.Malformed():
                log.warning("%s: %s", self.session.path, urc.reason)
            case _:
                pass

    def _go_deaf(self) -> None:
        """The dialogue gave up. Before the modem ever woke, `open` says so itself."""
        if self._awake:
            self._awake = False
            self.session.close("the modem answers nothing any more")
            self._emit(ModemDeaf())

    def _lose(self, reason: str) -> None:
        self.calls.lose_all(reason)
        self._emit(ModemLost(reason))


def _read_lock(answer: Answer) -> Lock:
    lines = [*answer.lines, answer.final.text if answer.is_cme and answer.final else ""]
    for line in filter(None, lines):
        try:
            return parse_cpin(line).lock
        except ParseError:
            continue
    return Lock.UNKNOWN


def _numbers(answer: Answer) -> list[str]:
    try:
        return parse_cnum_list(answer.lines)
    except ParseError:
        return []
