"""All modems and all lines: who comes, who goes, and who hears what a modem says."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from config.carriers import Carriers
from config.models import GatewayConfig
from config.profiles import Interfaces, ModemProfile, Profiles
from config.voice import Fxo
from drivers.discovery import Discovery, UsbModem
from drivers.facts import Fact, PhoneLifted, RegistrationSeen, SignalSeen
from drivers.modem import SimIdentity
from edge import clock
from edge.block import Block
from edge.candidates import Candidate, Switch
from edge.keeper import Keeper, Source
from edge.lanes import Spawn
from edge.lines import Line, line_id_of, line_id_of_fxo
from edge.slots import Slots
from edge.store import Op, Store
from edge.usage import Usage, rows
from mqtt.vocabulary import LineAction, LineKind, Reason

log = logging.getLogger(__name__)

SWITCH_S = 20.0  # that a switch to another slot takes, registration included
SWITCH_PATIENCE_S = 120.0  # then a switch that came to nothing is forgotten

_TAKEN_OUT = -1  # in line_enabled: barred by its carrier
_SWITCHES = "Its modem is switching SIMs."

Alarm = Callable[[str, str | None, str | None], None]


class Listener(Protocol):
    """Who is told what happens on lines."""

    def on_fact(self, line: Line, fact: Fact) -> None:
        """A modem said something about calls, messages or sessions."""

    def on_changed(self, line: Line) -> None:
        """What is shown of a line changed."""

    def on_gone(self, line: Line) -> None:
        """The line is no more."""

    def is_idle(self, line: Line) -> bool:
        """Whether no message and no session is under way on a line."""

    def held(self, line: Line) -> Block | None:
        """Why a call must not have the line now, though it looks free."""


class Fleet:
    """Keepers by modem name, lines by line_id."""

    def __init__(
        self,
        config: GatewayConfig,
        profiles: Profiles,
        carriers: Carriers,
        store: Store,
        usage: Usage,
        alarm: Alarm,
        spawn: Spawn,
    ) -> None:
        self._config = config
        self._profiles = profiles
        self._carriers = carriers
        self._slots = Slots(store)
        self._store = store
        self._usage = usage
        self._raise = alarm
        self.spawn = spawn
        self._switching: dict[str, float] = {}  # IMEI -> until when a switch may take
        self._sims = {sim.iccid: sim for sim in config.sim}
        self._fxo = {fxo.modem: fxo for fxo in config.fxo}
        self._keepers: dict[str, tuple[Keeper, asyncio.Task[None]]] = {}
        self._discovery: Discovery | None = None
        self._enabled: dict[str, int] = {}  # by command; it outlives a restart
        self.lines: dict[str, Line] = {}

    async def load(self) -> None:
        """Remember where SIMs are and which lines may be used; make those of the configuration."""
        await self._slots.load()
        self._enabled = dict(await self._store.read("SELECT line, enabled FROM line_enabled"))
        for sim in self._config.sim:
            self.line_of_sim(sim.iccid)
        for fxo in self._config.fxo:
            self.line_of_fxo(fxo.modem)

    def start(self, listener: Listener) -> None:
        """Take up the modems of the configuration, and those that are plugged in."""
        self._listener = listener
        for line in self.lines.values():
            self.changed(line)
        for modem in self._config.modem:
            profile = self._profiles.by_name[modem.profile] if modem.profile else None
            self._keep(Source(modem.name, modem.port, profile, modem.baudrate, audio=modem.audio))
        if self._config.discovery.usb:
            wanted = {
                usb_id: _wanted(profile.interfaces)
                for usb_id, profile in self._profiles.by_usb_id.items()
                if profile.interfaces
            }
            self._discovery = Discovery(wanted, on_added=self._plugged, on_removed=self._unplugged)
            self._discovery.start()

    async def stop(self) -> None:
        """Let all modems go."""
        if self._discovery:
            self._discovery.stop()
        tasks = [task for _, task in self._keepers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def plan(
        self, line: Line, action: LineAction, slot: int | None, *, by_owner: bool
    ) -> Callable[[], None] | None:
        """What does what a `line` command asks; None when the line has no modem that can.

        Only the owner ends a rest, or puts back a line that was taken out.
        """
        keeper = self.keeper_of(line)
        match action:
            case LineAction.ENABLE | LineAction.DISABLE:
                enabled = action is LineAction.ENABLE
                return partial(self._enable, line, enabled=enabled, by_owner=by_owner)
            case LineAction.RESET if keeper:
                return partial(keeper.end_life, "reset by command")
            case LineAction.SWITCH_SIM if keeper and slot and keeper.can_switch(slot):
                return partial(self._switch_by_command, line, slot)
            case _:
                return None

    def _switch_by_command(self, line: Line, slot: int) -> None:
        if not self._switch(line, slot):
            log.warning("%s is in no modem any more that could switch", line.line)

    def take_out(self, line: Line) -> None:
        """Use a line no more until its owner enables it."""
        line.taken_out = True
        self._set_enabled(line, enabled=False)

    def _enable(self, line: Line, *, enabled: bool, by_owner: bool) -> None:
        if enabled and by_owner:
            line.taken_out = False
            if line.accounts:
                line.accounts[0].enable()
                self._store.write(*rows(line.accounts), keep=True)
        self._set_enabled(line, enabled=enabled and not line.taken_out)

    def _set_enabled(self, line: Line, *, enabled: bool) -> None:
        line.enabled = enabled
        value = _TAKEN_OUT if line.taken_out else int(enabled)
        self._enabled[line.line] = value
        row = Op("INSERT OR REPLACE INTO line_enabled VALUES (?, ?)", (line.line, value))
        self._store.write(row, keep=True)
        self.changed(line)

    def keeper_of(self, line: Line) -> Keeper | None:
        """Who keeps the modem in which the line sits."""
        found = self._keepers.get(line.modem_name or "")
        return found[0] if found else None

    # --- what the choice of a line asks

    def candidates(self, only: str | None = None) -> list[Candidate]:
        """All lines as they are now, or one; a SIM that rests in a slot with a switch's cost."""
        now, loop_time = clock.now().timestamp(), asyncio.get_running_loop().time()
        if only is None:
            lines = list(self.lines.values())
        else:
            lines = [self.lines[only]] if only in self.lines else []
        active: dict[str, Line] = {}
        if any(line.modem is None for line in lines):
            active = {imei: line for line in self.lines.values() if (imei := _active_in(line))}
        return [
            self._resting(line, active, now, loop_time) or self._active(line, now, loop_time)
            for line in lines
        ]

    def switch_to(self, line: Line) -> None:
        """Have the modem in which the line's SIM rests use that SIM."""
        place = self._slots.place_of(line.iccid) if line.iccid else None
        active = (other for other in self.lines.values() if place and _active_in(other) == place[0])
        found = next(active, None)
        if place is None or found is None or not self._switch(found, place[1]):
            log.warning("%s cannot be switched to any more", line.line)
        elif line.accounts:
            line.accounts[0].count_switch(clock.now().timestamp())
            self._store.write(*rows(line.accounts), keep=True)

    def _switch(self, active: Line, slot: int) -> bool:
        """Switch a line's modem to another slot; no call goes over it meanwhile."""
        keeper, imei = self.keeper_of(active), _active_in(active)
        if keeper is None or imei is None or not keeper.switch_slot(slot):
            return False
        self._switching[imei] = asyncio.get_running_loop().time() + SWITCH_PATIENCE_S
        return True

    def _active(self, line: Line, now: float, loop_time: float) -> Candidate:
        candidate = line.candidate(now, loop_time)
        if self._is_switching(_active_in(line), loop_time):
            candidate.block = Block(Reason.LINE_BUSY, _SWITCHES, now + SWITCH_S)
            candidate.emergency_ok = False
        candidate.block = candidate.block or self._listener.held(line)
        return candidate

    def _resting(
        self, line: Line, active: Mapping[str, Line], now: float, loop_time: float
    ) -> Candidate | None:
        """A line whose SIM rests in a slot of a modem that is at work with another."""
        if line.modem or not line.enabled or line.iccid is None:
            return None
        place = self._slots.place_of(line.iccid)
        other = active.get(place[0]) if place else None
        if other is None:
            return None
        candidate = line.candidate(now, loop_time)
        block = self._switch_block(line, other, now, loop_time)
        cost = float(self._config.dispatcher.switch_cost)
        candidate.switch, candidate.block = Switch(SWITCH_S, cost, block), line.no_credit
        return candidate

    def _switch_block(self, line: Line, active: Line, now: float, loop_time: float) -> Block | None:
        """Why the modem may not switch now: what runs on it, and flash that wears."""
        if self._is_switching(_active_in(active), loop_time):
            return Block(Reason.LINE_BUSY, _SWITCHES, now + SWITCH_S)
        if self.at_work(active) or not active.attached or loop_time < active.cool_until:
            sentence = f"{active.line} is at work in its modem."
            return Block(Reason.LINE_BUSY, sentence, now + SWITCH_S)
        return line.accounts[0].switch_block(now) if line.accounts else None

    def _is_switching(self, imei: str | None, loop_time: float) -> bool:
        return imei is not None and self._switching.get(imei, 0.0) > loop_time

    def at_work(self, line: Line) -> bool:
        """Whether a call, a message or a session is on the line."""
        return bool(line.calls or line.reserved) or not self._listener.is_idle(line)

    # --- what keepers ask

    def line_of_sim(self, iccid: str) -> Line:
        """The line of a SIM, new or known."""
        sim = self._sims.get(iccid)
        name = line_id_of(iccid, sim)
        if name not in self.lines:
            value = self._enabled.get(name, int(sim.enabled if sim else True))
            line = Line(
                name,
                iccid,
                enabled=value > 0,
                taken_out=value == _TAKEN_OUT,
                number=sim.number if sim else None,
            )
            self.lines[name] = line
            self._open_accounts(line)
        return self.lines[name]

    def line_of_fxo(self, modem: str) -> Line:
        """The analogue line behind a modem, new or known."""
        fxo = self._fxo.get(modem)
        name = line_id_of_fxo(modem, fxo)
        if name not in self.lines:
            value = self._enabled.get(name, int(fxo.enabled if fxo else True))
            line = Line(
                name,
                None,
                LineKind.FXO,
                enabled=value > 0,
                number=fxo.number if fxo else None,
                accounts=self._usage.of_fxo(name),
            )
            self.lines[name] = line
        return self.lines[name]

    def line_of_modem(self, name: str) -> Line:
        """A line that stands for a modem whose SIM is not known."""
        return self.lines.setdefault(f"modem-{name}", Line(f"modem-{name}", None))

    def bound(self, line: Line, sim: SimIdentity) -> None:
        """Find out whose SIM it is, and remember where it is."""
        configured = self._sims.get(sim.iccid)
        line.carrier = (
            self._carriers.by_name.get(configured.carrier)
            if configured and configured.carrier
            else self._carriers.match(sim.imsi, sim.spn)
        )
        self._open_accounts(line)
        self._see_roaming(line)
        if line.identity:
            self._switching.pop(line.identity.imei, None)
            if sim.slot:
                self._slots.see(line.identity.imei, sim.slot, sim.iccid)

    def _open_accounts(self, line: Line) -> None:
        if line.iccid:
            carrier = line.carrier.name if line.carrier else None
            line.accounts = self._usage.of_sim(line.iccid, line.line, carrier)
            line.plan = self._usage.plan_of(line.iccid)

    def not_switched(self, line: Line) -> None:
        """The modem of a line refused to switch to another slot."""
        if imei := _active_in(line):
            self._switching.pop(imei, None)
        self.changed(line)

    def drop_line_of_modem(self, name: str) -> None:
        """The SIM is known now, or the modem is gone."""
        if line := self.lines.pop(f"modem-{name}", None):
            self._listener.on_gone(line)

    def pin(self, iccid: str) -> str | None:
        """The PIN of a SIM: in the configuration, or the first line of its file."""
        sim = self._sims.get(iccid)
        if sim and sim.pin:
            return sim.pin.get_secret_value()
        return _first_line(sim.pin_file) if sim and sim.pin_file else None

    def on_fact(self, line: Line, fact: Fact) -> None:
        """Keep what is about the line itself, pass the rest on."""
        match fact:
            case RegistrationSeen():
                line.see_registration(fact.status)
                self._see_roaming(line)
                self.changed(line)
            case PhoneLifted():
                line.phone_lifted = fact.lifted
                self.changed(line)
            case SignalSeen():
                line.signal_dbm = fact.dbm
                self.changed(line)
            case _:
                self._listener.on_fact(line, fact)

    def changed(self, line: Line) -> None:
        """Something of a line is not as it was."""
        self._listener.on_changed(line)

    def _see_roaming(self, line: Line) -> None:
        if line.accounts and line.registration and line.registration.is_registered:
            line.accounts[0].see_roaming(roaming=line.registration.is_roaming)

    def alarm(self, name: str, message: str | None, line: str | None = None) -> None:
        """Raise an alarm, or clear it with None."""
        self._raise(name, message, line)

    # --- plugging

    def _plugged(self, modem: UsbModem) -> None:
        profile = self._profiles.match(modem.usb_id)
        at = profile.interfaces.at if profile and profile.interfaces else -1
        if profile is None or at not in modem.ports:
            log.warning("USB modem %s at %s has no AT port", modem.usb_id, modem.usb_path)
            return
        name = f"usb-{modem.usb_path.replace('.', '-')}"
        log.info("%s: %s plugged in", name, modem.product or modem.usb_id)
        self._keep(
            Source(
                name,
                Path(modem.ports[at]),
                profile,
                usb_path=modem.usb_path,
                audio=_audio_port(profile, modem),
            )
        )

    def _unplugged(self, usb_path: str) -> None:
        name = f"usb-{usb_path.replace('.', '-')}"
        log.info("%s: unplugged", name)
        if kept := self._keepers.get(name):
            kept[1].cancel()
        self.drop_line_of_modem(name)

    def _keep(self, source: Source) -> None:
        before = self._keepers.pop(source.name, None)
        keeper = self._keeper(source)
        life = _after(before[1] if before else None, keeper)
        task = asyncio.get_running_loop().create_task(life, name=f"keeper {source.name}")
        task.add_done_callback(_report)
        self._keepers[source.name] = (keeper, task)

    def _keeper(self, source: Source) -> Keeper:
        if source.profile is None or not source.profile.is_fxo:
            return Keeper(source, self._profiles, self, self._store)
        from edge.fxo_keeper import FxoKeeper  # noqa: PLC0415 - numpy, only where a line needs it

        fxo = self._fxo.get(source.name) or Fxo(modem=source.name)
        country = fxo.country or self._config.gateway.country
        return FxoKeeper(source, self._profiles, self, self._store, fxo, country)


def _wanted(interfaces: Interfaces) -> set[int]:
    """The interfaces without which a modem is not all there yet."""
    return {each for each in (interfaces.at, interfaces.audio) if each is not None}


def _audio_port(profile: ModemProfile, modem: UsbModem) -> Path | None:
    """The tty that carries a USB modem's voice."""
    audio = profile.interfaces.audio if profile.interfaces else None
    node = modem.ports.get(audio) if audio is not None else None
    return Path(node) if node else None


def _active_in(line: Line) -> str | None:
    """The IMEI of the modem that uses the line's SIM."""
    return line.identity.imei if line.modem and line.identity else None


async def _after(before: asyncio.Task[None] | None, keeper: Keeper) -> None:
    """Keep a modem once the keeper before has let go of its port."""
    if before:
        before.cancel()
        await asyncio.wait([before])
    await keeper.run()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("%s failed", task.get_name(), exc_info=error)


def _first_line(path: Path) -> str | None:
    try:
        return path.read_text().splitlines()[0].strip()
    except (OSError, IndexError) as error:
        log.error("cannot read the PIN in %s: %s", path, error)  # noqa: TRY400 - a trace says no more
        return None
