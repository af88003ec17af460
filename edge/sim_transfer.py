"""SIMs that move to another gateway: what they have used goes with them and counts there too."""

from typing import Any

from edge import clock
from edge.control import Refused
from edge.fleet import Fleet
from edge.lines import Line
from edge.money.balances import Balances
from edge.owner_requests import ExportSim, ImportSim, read
from edge.sim_file import SimFile, TakenBalance, dump_state, lowers, read_sim, read_state, write_sim
from edge.store import Store, StoreError
from edge.usage import Usage


class SimTransfer:
    """Gives and takes SimFiles; `gateway` is the name of this one."""

    def __init__(
        self, gateway: str, store: Store, usage: Usage, balances: Balances, fleet: Fleet
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._usage = usage
        self._balances = balances
        self._fleet = fleet

    def sim_of(self, line: str) -> str:
        """The ICCID of a line's SIM; raises Refused."""
        known = self._fleet.lines.get(line)
        if known is None or known.iccid is None:
            raise Refused(f"There is no line {line} with a SIM; see `trunkline lines`.")
        return known.iccid

    async def export(self, payload: dict[str, Any]) -> object:
        """Counters and balance of a SIM, for another gateway: a SimFile."""
        iccid = read(ExportSim, payload).iccid
        account = self._quiet_account(iccid)
        fund = self._balances.fund(iccid)
        if account is None and not fund.at:
            raise Refused(f"Nothing is known of the SIM {iccid}; `trunkline line LINE` names SIMs.")
        return write_sim(iccid, account or {}, fund, self._gateway, clock.now())

    async def take(self, payload: dict[str, Any]) -> object:
        """Take over what a SIM used elsewhere: {"iccid", "gateway", "balance": was it news}."""
        wanted = read(ImportSim, payload)
        try:
            file, state = read_sim(wanted.file)
        except ValueError as error:
            raise Refused(str(error)) from None
        news = self._news(file)
        if account := self._quiet_account(file.iccid):
            ours = read_state(account)
            if not wanted.force and lowers(ours, state, clock.now().timestamp()):
                raise Refused(
                    "This gateway has counted more of the SIM than the file tells; "
                    "--force counts less from now on."
                )
            if news is None:
                state.balance = ours.balance
        try:
            await self._store.write(self._usage.adopt(file.iccid, dump_state(state)))
        except StoreError as error:
            raise Refused(f"The disk takes no records: {error}.") from error
        self._show(file, news)
        return {"iccid": file.iccid, "gateway": file.gateway, "balance": news is not None}

    def _quiet_account(self, iccid: str) -> dict[str, Any] | None:
        """What a SIM has used; raises Refused while a call uses it."""
        account = self._usage.export(iccid)
        if account and account.get("holds"):
            raise Refused("A call is on this SIM; try again when it is over and counted.")
        return account

    def _news(self, file: SimFile) -> TakenBalance | None:
        """The balance of a file if it is newer than ours."""
        balance = file.balance
        if balance is None:
            return None
        at, ours = balance.at.timestamp(), self._balances.fund(file.iccid).at
        return balance if ours < at <= clock.now().timestamp() else None

    def _show(self, file: SimFile, news: TakenBalance | None) -> None:
        line = self._line_of(file.iccid)
        if news:
            self._balances.write(
                news.at.timestamp(),
                {
                    "sim": file.iccid,
                    "line": line.line if line else None,
                    "amount": news.amount,
                    "currency": news.currency,
                    "expires": news.expires,
                    "buckets": news.buckets,
                    "message": f"was told to the gateway {file.gateway}",
                },
            )
        if line:
            self._fleet.changed(line)

    def _line_of(self, iccid: str) -> Line | None:
        lines = self._fleet.lines.values()
        return next((line for line in lines if line.iccid == iccid), None)
