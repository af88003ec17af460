"""What SIMs, lines and carriers have used: their accounts, and the place of these on disk.

The account of a SIM follows it from modem to modem; what its line and its carrier may use is shared
with it. Each account is one row, written in the commit of what it counts.
"""

import json
import logging
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from config.limits import Limits, Plan, joined
from config.models import GatewayConfig
from edge.limits.account import Account
from edge.lines import line_id_of_fxo
from edge.store import Op, Store

log = logging.getLogger(__name__)


class Usage:
    """All accounts, made when they are first asked for."""

    def __init__(self, config: GatewayConfig, store: Store, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone
        self._common = config.limits
        self._plans = {plan.name: plan for plan in config.plan}
        self._sims = {sim.iccid: sim for sim in config.sim}
        self._lines = {line.name: line.limits for line in config.line}
        self._carriers = {carrier.name: carrier.limits for carrier in config.carrier}
        self._fxo = {line_id_of_fxo(fxo.modem, fxo): fxo.limits for fxo in config.fxo}
        self._accounts: dict[str, Account] = {}
        self._states: dict[str, dict[str, Any]] = {}

    async def load(self) -> None:
        """Read what was used before; an account that cannot be read begins anew, loudly."""
        for key, body in await self._store.read("SELECT key, body FROM account"):
            self._states[key] = json.loads(body)

    def plan_of(self, iccid: str) -> Plan | None:
        """The plan of a SIM, where it has one."""
        sim = self._sims.get(iccid)
        return self._plans.get(sim.plan) if sim and sim.plan else None

    def of_sim(self, iccid: str, line: str, carrier: str | None) -> tuple[Account, ...]:
        """The account of a SIM, then those it shares, of its line and of its carrier."""
        sim = self._sims.get(iccid)
        limits = joined(self._common, sim.limits if sim else None)
        own = self._account(f"sim:{iccid}", limits, self.plan_of(iccid), carrier)
        return self._shared(own, line, carrier)

    def of_fxo(self, line: str) -> tuple[Account, ...]:
        """The account of an analogue line, then what it shares as a line."""
        limits = joined(self._common, self._fxo.get(line))
        return self._shared(self._account(f"fxo:{line}", limits, None, None), line, None)

    def _shared(self, own: Account, line: str, carrier: str | None) -> tuple[Account, ...]:
        """An account with those that it shares."""
        shared = [
            self._account(f"{kind}:{name}", known[name], None, carrier)
            for kind, name, known in (
                ("line", line, self._lines),
                ("carrier", carrier or "", self._carriers),
            )
            if name in known
        ]
        own.share(*shared)
        return own, *shared

    def export(self, iccid: str) -> dict[str, Any] | None:
        """What a SIM has used, for another gateway; None for a stranger."""
        key = f"sim:{iccid}"
        if key in self._accounts:
            return self._accounts[key].dump()
        return self._states.get(key)

    def adopt(self, iccid: str, state: dict[str, Any]) -> Op:
        """Take over what a SIM has used elsewhere; raises ValueError for what cannot be read."""
        key = f"sim:{iccid}"
        account = self._accounts.get(key) or Account(key, Limits(), None, self._zone)
        account.load(state)
        self._states[key] = account.dump()
        return _row(key, json.dumps(self._states[key]).encode())

    def _account(self, key: str, limits: Limits, plan: Plan | None, carrier: str | None) -> Account:
        known = self._accounts.get(key)
        if known and known.carrier == carrier:
            return known
        account = Account(key, limits, plan, self._zone, carrier)
        state = known.dump() if known else self._states.get(key)
        if state:
            try:
                account.load(state)
            except ValueError as error:
                log.error("what %s has used is lost: %s", key, error)  # noqa: TRY400 - all is said
        if known is None:  # what another boot kept for calls: those it left open are kept anew
            for call_id in account.in_flight():
                account.release(call_id)
        self._accounts[key] = account
        return account


def zone_of(config: GatewayConfig) -> ZoneInfo:
    """The zone in which days and months are counted: as configured, else the machine's."""
    return ZoneInfo(config.gateway.timezone or _machine_zone())


def _machine_zone() -> str:
    """The name of the machine's zone, UTC where it has none. Source: localtime(5)."""
    target = Path("/etc/localtime").resolve()
    name = str(target).partition("zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"


def rows(accounts: tuple[Account, ...]) -> tuple[Op, ...]:
    """What accounts come to now, to be written with what they count."""
    return tuple(_row(account.key, account.dump_json()) for account in accounts)


def _row(key: str, body: bytes) -> Op:
    return Op("INSERT OR REPLACE INTO account VALUES (?, ?)", (key, body))
