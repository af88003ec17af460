"""All modems and all lines: who comes, who goes, and who hears what a modem says."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from config.models import GatewayConfig
from config.profiles import Profiles
from drivers.discovery import Discovery, UsbModem
from drivers.facts import Fact, RegistrationSeen, SignalSeen
from edge import clock
from edge.keeper import Keeper, Source
from edge.lines import Line, line_id_of
from edge.store import Store
from mqtt.vocabulary import LineAction, LineState

log = logging.getLogger(__name__)

Alarm = Callable[[str, str | None, str | None], None]


class Listener(Protocol):
    """Who is told what happens on lines."""

    def on_fact(self, line: Line, fact: Fact) -> None:
        """A modem said something about calls, messages or sessions."""

    def on_changed(self, line: Line) -> None:
        """What is shown of a line changed."""

    def on_gone(self, line: Line) -> None:
        """The line is no more."""


class Fleet:
    """Keepers by modem name, lines by line_id."""

    def __init__(
        self, config: GatewayConfig, profiles: Profiles, store: Store, alarm: Alarm
    ) -> None:
        self._config = config
        self._profiles = profiles
        self._store = store
        self._raise = alarm
        self._sims = {sim.iccid: sim for sim in config.sim}
        self._keepers: dict[str, tuple[Keeper, asyncio.Task[None]]] = {}
        self.states: dict[str, LineState] = {}
        self._discovery: Discovery | None = None
        self._use: dict[str, tuple[int, float]] = {}
        self.lines: dict[str, Line] = {}

    async def load(self) -> None:
        """Remember how much each line was used, and make the lines of the configuration."""
        rows = await self._store.read("SELECT line, calls, talk_s FROM line_use")
        self._use = {line: (calls, talk_s) for line, calls, talk_s in rows}
        for sim in self._config.sim:
            self.line_of_sim(sim.iccid)

    def start(self, listener: Listener) -> None:
        """Take up the modems of the configuration, and those that are plugged in."""
        self._listener = listener
        for line in self.lines.values():
            self.changed(line)
        for modem in self._config.modem:
            profile = self._profiles.by_name[modem.profile] if modem.profile else None
            self._keep(Source(modem.name, modem.port, profile, modem.baudrate))
        if self._config.discovery.usb:
            wanted = {
                usb_id: {profile.interfaces.at}
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

    def act(self, line: Line, action: LineAction, slot: int | None) -> bool:
        """Do what a `line` command asks; False when the line has no modem that can."""
        keeper = self.keeper_of(line)
        match action:
            case LineAction.ENABLE | LineAction.DISABLE:
                line.enabled = action is LineAction.ENABLE
                self.changed(line)
                return True
            case LineAction.RESET:
                if keeper:
                    keeper.end_life("reset by command")
                return keeper is not None
            case LineAction.SWITCH_SIM:
                return keeper is not None and slot is not None and keeper.switch_slot(slot)

    def keeper_of(self, line: Line) -> Keeper | None:
        """Who keeps the modem in which the line sits."""
        found = self._keepers.get(line.modem_name or "")
        return found[0] if found else None

    # --- what keepers ask

    def line_of_sim(self, iccid: str) -> Line:
        """The line of a SIM, new or known."""
        sim = self._sims.get(iccid)
        name = line_id_of(iccid, sim)
        if name not in self.lines:
            enabled = sim.enabled if sim else True
            line = Line(name, iccid, enabled, sim.number if sim else None)
            line.calls_made, line.talk_s = self._use.get(name, (0, 0.0))
            self.lines[name] = line
        return self.lines[name]

    def line_of_modem(self, name: str) -> Line:
        """A line that stands for a modem whose SIM is not known."""
        return self.lines.setdefault(f"modem-{name}", Line(f"modem-{name}", None))

    def drop_line_of_modem(self, name: str) -> None:
        """The SIM is known now, or the modem is gone."""
        if line := self.lines.pop(f"modem-{name}", None):
            self.states.pop(line.line, None)
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
                self.changed(line)
            case SignalSeen():
                line.signal_dbm = fact.dbm
                self.changed(line)
            case _:
                self._listener.on_fact(line, fact)

    def changed(self, line: Line) -> None:
        """Note when a line entered its state, and have it shown."""
        state, _ = line.state
        if self.states.get(line.line) is not state:
            self.states[line.line] = state
            line.since = clock.now()
        self._listener.on_changed(line)

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
        self._keep(Source(name, Path(modem.ports[at]), profile, usb_path=modem.usb_path))

    def _unplugged(self, usb_path: str) -> None:
        name = f"usb-{usb_path.replace('.', '-')}"
        log.info("%s: unplugged", name)
        if kept := self._keepers.get(name):
            kept[1].cancel()
        self.drop_line_of_modem(name)

    def _keep(self, source: Source) -> None:
        before = self._keepers.pop(source.name, None)
        keeper = Keeper(source, self._profiles, self, self._store)
        life = _after(before[1] if before else None, keeper)
        task = asyncio.get_running_loop().create_task(life, name=f"keeper {source.name}")
        task.add_done_callback(_report)
        self._keepers[source.name] = (keeper, task)


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
