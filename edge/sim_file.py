"""What a SIM takes along to another gateway: its counters and its last balance, as JSON.

Calls under way stay behind: what is kept for them belongs to the gateway that carries them.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from config.fields import CurrencyCode, Iccid
from edge.limits.counters import find
from edge.limits.state import Entry, State
from edge.money.entry import AMOUNT_END, write_money
from edge.money.funds import Fund
from mqtt.fields import Timestamp
from mqtt.messages import Left

_STATE = TypeAdapter(State)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class TakenBalance(_Part):
    """The last balance of a SIM, as its carrier told it at `at`."""

    amount: Annotated[Decimal, Field(gt=-AMOUNT_END, lt=AMOUNT_END, allow_inf_nan=False)] | None = (
        None
    )
    currency: CurrencyCode | None = None
    at: Timestamp
    expires: date | None = None
    buckets: Annotated[tuple[Left, ...], Field(max_length=20)] = ()


class SimFile(_Part):
    """The whole file; `trunkline_sim` is the version of its form, `account` a State."""

    trunkline_sim: Literal[1]
    iccid: Iccid
    exported_at: Timestamp
    gateway: Annotated[str, Field(max_length=64)]
    account: dict[str, Any]
    balance: TakenBalance | None = None


def write_sim(
    iccid: str, account: Mapping[str, Any], fund: Fund, gateway: str, now: datetime
) -> dict[str, Any]:
    """Put together the file of a SIM; `account` as Account.dump gives it."""
    return SimFile(
        trunkline_sim=1,
        iccid=iccid,
        exported_at=now,
        gateway=gateway,
        account=dict(account),
        balance=_balance(fund),
    ).model_dump(mode="json", exclude_none=True)


def read_sim(facts: object) -> tuple[SimFile, State]:
    """Read a file and the counters in it; raises ValueError with a sentence."""
    try:
        file = SimFile.model_validate(facts)
        state = read_state(file.account)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "all of it"
        message = f"This is no file of `trunkline sim export`: {place}: {first['msg']}."
        raise ValueError(message) from None
    state.holds.clear()
    return file, state


def read_state(account: Mapping[str, Any]) -> State:
    """Read what Account.dump gave; raises ValidationError."""
    return _STATE.validate_python(account)


def dump_state(state: State) -> dict[str, Any]:
    """Write a state as Account.dump does."""
    dumped: dict[str, Any] = _STATE.dump_python(state, mode="json", exclude_defaults=True)
    return dumped


def lowers(ours: State, theirs: State, now: float) -> bool:
    """Whether with theirs we would forget what still counts against a limit; `now` epoch s."""
    for period, count in ours.counts.items():
        other = theirs.counts.get(period)
        for entry in count.entries:
            match = find(other, entry.start) if other else None
            if entry.end > now and _is_more(entry, match or Entry(entry.start, entry.end)):
                return True
    return False


def _is_more(one: Entry, other: Entry) -> bool:
    return any(mine > yours for mine, yours in zip(_used(one), _used(other), strict=True))


def _used(entry: Entry) -> tuple[int | Decimal, ...]:
    return entry.calls, entry.seconds, entry.sms, entry.money, entry.switches


def _balance(fund: Fund) -> TakenBalance | None:
    if not fund.at:
        return None
    amount = write_money(fund.amount)
    return TakenBalance(
        amount=None if amount is None else Decimal(amount),
        currency=fund.currency,
        at=datetime.fromtimestamp(fund.at, UTC),
        expires=fund.expires,
        buckets=fund.buckets,
    )
