"""Keeps one modem going: started, watched, brought back when it hangs, rested when it does not.

The ladder, one rung further each time the modem fails soon after it came up:

    open it again - switch its radio off and on - restart it - cut its USB power - let it rest

Nothing is switched more than MAX_RESETS times a day: each switch wears the modem's flash.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from config.profiles import ModemProfile, Profiles
from drivers.audio.port import AudioPlace
from drivers.facts import CardChanged, Fact, ModemDeaf, ModemLost
from drivers.modem import Modem, ModemFailed, ModemIdentity, SimIdentity
from drivers.port import PortError
from drivers.session import SessionLost
from drivers.usb import cut_power
from edge.lines import Line
from edge.store import Op, Store
from edge.tasks import Tasks
from modem.at.command import Command
from modem.sim import Lock
from mqtt.vocabulary import LineState

log = logging.getLogger(__name__)

AGAIN_S = 1.0  # until a port that is away is looked for again
MAX_AGAIN_S = 15.0
REST_S = 300.0
STABLE_S = 60.0  # a modem that lived this long starts at the first rung again
MAX_RESETS = 10  # a day; a maker allows 30 (EC200U manual)
DAY_S = 86_400.0
PROBE_S = 30.0  # between questions to an idle modem whether it lives
SIGNAL_PROBES = 4  # every so many probes the signal is asked too
MIN_TRIES = 2  # with one try left a wrong PIN would lock the card: a person must enter it


class Rung(StrEnum):
    """What is done before the modem is started once more."""

    OPEN = "open"
    RADIO = "radio"
    RESET = "reset"
    POWER = "power"
    REST = "rest"


_LADDER = (Rung.OPEN, Rung.OPEN, Rung.RADIO, Rung.RESET, Rung.POWER, Rung.REST)
_SWITCHES = frozenset({Rung.RADIO, Rung.RESET, Rung.POWER})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a modem is: its name here, its AT port, what is known of it beforehand.

    `audio` is the tty that carries its voice, where there is one.
    """

    name: str
    port: Path
    profile: ModemProfile | None = None
    baudrate: int | None = None
    usb_path: str | None = None
    audio: Path | None = None


class Owner(Protocol):
    """Who owns the lines."""

    def line_of_sim(self, iccid: str) -> Line:
        """The line of a SIM, new or known."""

    def line_of_fxo(self, modem: str) -> Line:
        """The analogue line behind a modem, new or known."""

    def line_of_modem(self, name: str) -> Line:
        """A line that stands for a modem whose SIM is not known."""

    def drop_line_of_modem(self, name: str) -> None:
        """The SIM is known now, or the modem is gone."""

    def pin(self, iccid: str) -> str | None:
        """The PIN of a SIM."""

    def on_fact(self, line: Line, fact: Fact) -> None:
        """A modem said something."""

    def bound(self, line: Line, sim: SimIdentity) -> None:
        """A line's SIM was found in a modem that is ready for calls."""

    def not_switched(self, line: Line) -> None:
        """The modem of a line refused to switch to another slot."""

    def changed(self, line: Line) -> None:
        """A line must be shown anew."""

    def alarm(self, name: str, message: str | None, line: str | None = None) -> None:
        """Raise an alarm, or clear it with None."""


class _Over(Exception):  # noqa: N818 - how a life ends
    """This life of the modem is over; the text says why. `failed`: it counts on the ladder."""

    def __init__(self, reason: str, *, failed: bool) -> None:
        super().__init__(reason)
        self.failed = failed


class Keeper:
    """One modem, from the moment its port is known until the task is cancelled."""

    def __init__(self, source: Source, profiles: Profiles, owner: Owner, store: Store) -> None:
        self.source = source
        self._profiles = profiles
        self._owner = owner
        self._store = store
        self._line: Line | None = None
        self._failures = 0
        self._away = 0
        self._switched: deque[float] = deque()
        self._over: asyncio.Future[_Over] | None = None

    async def run(self) -> None:
        """Live, fail and live again, for ever."""
        while True:
            rung = self._rung()
            if rung is Rung.REST:
                await self._rest()
            born = self._now()
            try:
                await self._live(rung)
            except PortError as error:
                await self._port_away(error)
            except (_Over, ModemFailed, SessionLost) as error:
                await self._failed(error, self._now() - born)

    def end_life(self, reason: str) -> None:
        """Start the modem anew: a person asked for it, or its SIM was changed."""
        if self._over and not self._over.done():
            self._over.set_result(_Over(reason, failed=False))

    def switch_slot(self, slot: int) -> bool:
        """Choose another SIM slot, then start anew; False for a modem with one slot."""
        modem = self._line.modem if self._line else None
        if modem is None or not self.can_switch(slot):
            return False
        modem.spawn(self._switch_slot(modem, slot))
        return True

    def can_switch(self, slot: int) -> bool:
        """Whether the modem is there and has such a command."""
        modem = self._line.modem if self._line else None
        return modem is not None and bool(modem.family.choose_slot(slot))

    async def _switch_slot(self, modem: Modem, slot: int) -> None:
        if await modem.switch_slot(slot):
            self.end_life(f"switched to SIM slot {slot}")
        else:
            log.warning("%s does not switch to SIM slot %d", self.source.name, slot)
            if self._line:
                self._owner.not_switched(self._line)

    # --- one life

    async def _live(self, rung: Rung) -> None:
        self._over = asyncio.get_running_loop().create_future()
        tasks = Tasks(self.source.name)
        modem = self._make_modem(tasks)
        try:
            identity = await self._start(modem, rung)
            modem.spawn(self._watch(modem))
            log.info("%s: %s %s is up", self.source.name, identity.manufacturer, identity.model)
            self._owner.alarm(f"modem-{self.source.name}", None)
            raise await self._over
        finally:
            await tasks.end()
            modem.close()
            self._leave_line()

    def _make_modem(self, tasks: Tasks) -> Modem:
        modem = Modem(
            self.source.port,
            self._profiles,
            self.source.profile,
            self._on_fact,
            tasks.spawn,
            baudrate=self.source.baudrate,
            on_usb=self.source.usb_path is not None,
        )
        modem.audio_place = AudioPlace(self.source.audio, self.source.usb_path)
        return modem

    async def _start(self, modem: Modem, rung: Rung) -> ModemIdentity:
        await self._climb(rung, modem)
        identity = await modem.open()
        self._away = 0
        iccid = await self._unlock(modem, identity)
        self._line = line = self._owner.line_of_sim(iccid)
        self._owner.drop_line_of_modem(self.source.name)
        line.modem, line.modem_name, line.trouble = modem, self.source.name, None
        self._owner.changed(line)
        sim = await modem.attach()
        line.bind(modem, self.source.name, identity, sim)
        self._owner.bound(line, sim)
        self._owner.changed(line)
        await self._read_operator(line, modem)
        return identity

    async def _unlock(self, modem: Modem, identity: ModemIdentity) -> str:
        """Open the SIM, if need be; gives its ICCID."""
        lock = await modem.read_lock()
        iccid = await modem.read_iccid()
        if lock is Lock.READY and iccid:
            return iccid
        if iccid is None or lock is not Lock.SIM_PIN:
            return await self._stuck(identity, iccid, _explain(lock))
        pin = self._owner.pin(iccid)
        if pin is None:
            return await self._stuck(
                identity, iccid, "the SIM needs its PIN: set it in gateway.toml"
            )
        if reason := await self._enter_pin(modem, iccid, pin):
            return await self._stuck(identity, iccid, reason)
        return iccid

    async def _enter_pin(self, modem: Modem, iccid: str, pin: str) -> str | None:
        """Try a PIN once in its life: that it was tried is on disk before it is; why it failed."""
        digest = blake2b(pin.encode(), key=iccid.encode(), digest_size=16).hexdigest()
        tried = await self._store.read("SELECT pin_hash FROM pin_failure WHERE iccid = ?", iccid)
        if tried and tried[0][0] == digest:
            return "the SIM refused this PIN before: set the right one, or enter it in a telephone"
        tries = (await modem.tries_left()).pin
        if tries is not None and tries < MIN_TRIES:
            return f"the PIN has {tries} tries left: enter it in a telephone"
        await self._store.write(
            Op("INSERT OR REPLACE INTO pin_failure VALUES (?, ?)", (iccid, digest))
        )
        if not await modem.unlock(pin):
            return "the SIM refused the PIN; it will not be tried again"
        self._store.write(Op("DELETE FROM pin_failure WHERE iccid = ?", (iccid,)), keep=True)
        return None

    async def _stuck(self, identity: ModemIdentity, iccid: str | None, reason: str) -> str:
        """Show why the SIM cannot be used and wait until a card is changed or someone asks."""
        known = iccid is not None
        line = (
            self._owner.line_of_sim(iccid) if iccid else self._owner.line_of_modem(self.source.name)
        )
        self._line = line
        line.identity, line.modem_name = identity, self.source.name
        line.trouble = (LineState.LOCKED if known else LineState.FAILED, reason)
        self._owner.changed(line)
        log.warning("%s: %s", self.source.name, reason)
        raise await self._wait_over()

    async def _wait_over(self) -> _Over:
        if self._over is None:
            return _Over("never begun", failed=False)
        return await self._over

    async def _read_operator(self, line: Line, modem: Modem) -> None:
        line.operator = await modem.read_operator()
        self._owner.changed(line)

    async def _watch(self, modem: Modem) -> None:
        """Ask an idle modem now and then whether it lives; the dialogue tells if it does not."""
        probes = 0
        while True:
            await asyncio.sleep(PROBE_S)
            probes += 1
            if probes % SIGNAL_PROBES:
                await modem.probe()
            else:
                await modem.ask_network()
                if self._line and self._line.operator is None:
                    await self._read_operator(self._line, modem)

    def _on_fact(self, fact: Fact) -> None:
        match fact:
            case ModemLost():
                self._end(_Over(fact.reason, failed=False))
            case ModemDeaf():
                self._end(_Over("the modem answers nothing any more", failed=True))
            case CardChanged():
                if self._line and fact.inserted is (self._line.iccid is None):
                    self._end(_Over("a SIM was put in or taken out", failed=False))
            case _:
                pass
        if self._line:
            self._owner.on_fact(self._line, fact)

    def _end(self, over: _Over) -> None:
        if self._over and not self._over.done():
            self._over.set_result(over)

    def _leave_line(self) -> None:
        if line := self._line:
            self._line = None
            line.unbind()
            self._owner.changed(line)

    # --- between lives

    def _rung(self) -> Rung:
        rung = _LADDER[min(self._failures, len(_LADDER) - 1)]
        now = self._now()
        while self._switched and now - self._switched[0] > DAY_S:
            self._switched.popleft()
        if rung in _SWITCHES:
            if len(self._switched) >= MAX_RESETS:
                return Rung.REST
            self._switched.append(now)
        return rung

    async def _climb(self, rung: Rung, modem: Modem) -> None:
        """Do what the rung says; a modem that restarts takes its port away at once."""
        try:
            await self._switch(rung, modem)
        except SessionLost as error:
            log.info("%s", error)

    async def _switch(self, rung: Rung, modem: Modem) -> None:
        match rung:
            case Rung.RADIO:
                await modem.knock(Command("AT+CFUN=4"), Command("AT+CFUN=1"))
            case Rung.RESET:
                await modem.knock(Command(modem.profile.reset))
            case Rung.POWER:
                if self.source.usb_path:
                    await cut_power(self.source.usb_path)
            case Rung.OPEN | Rung.REST:
                pass

    async def _rest(self) -> None:
        message = f"{self.source.name} does not come up; next try in {REST_S:.0f} s"
        self._owner.alarm(f"modem-{self.source.name}", message)
        log.error("%s", message)
        await asyncio.sleep(REST_S)
        self._failures = 0

    async def _port_away(self, error: PortError) -> None:
        """The port does not open: loud the first time, then quiet, ever slower."""
        log.log(logging.DEBUG if self._away else logging.WARNING, "%s", error)
        line = self._line_for_trouble()
        line.trouble = (LineState.FAILED, str(error))
        self._owner.changed(line)
        await asyncio.sleep(min(AGAIN_S * 2**self._away, MAX_AGAIN_S))
        self._away = min(self._away + 1, 10)

    async def _failed(self, error: Exception, lived_s: float) -> None:
        counts = not isinstance(error, _Over) or error.failed
        if lived_s > STABLE_S:
            self._failures = 0
        self._failures += counts
        log.warning("%s: %s", self.source.name, error)
        if isinstance(error, ModemFailed):
            line = self._line_for_trouble()
            line.trouble = (LineState.FAILED, str(error))
            self._owner.changed(line)
        await asyncio.sleep(AGAIN_S if counts else 0)

    def _line_for_trouble(self) -> Line:
        line = self._owner.line_of_modem(self.source.name)
        line.modem_name = self.source.name
        return line

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


_LOCKS = {
    Lock.NOT_INSERTED: "there is no SIM in the modem",
    Lock.NOT_READY: "the SIM does not get ready",
    Lock.SIM_PUK: "the SIM is locked and asks for its PUK: enter it in a telephone",
}


def _explain(lock: Lock) -> str:
    if lock is Lock.READY:
        return "the modem does not tell the ICCID of its SIM"
    return _LOCKS.get(lock, f"the SIM asks for {lock}")
