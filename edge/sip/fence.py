"""Who may speak at all: networks, rates, and addresses that are locked out. Pure.

It sees each datagram before anything else does, and says no without an answer. Its memory is
bounded: where a table is full, the address that was quiet for longest is forgotten.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import TypeVar

_T = TypeVar("_T")
MAX_OCTETS = 16_384  # of a message; the longest of phones are 4000
MIN_OCTETS = 32  # shorter ones only keep a NAT open
_MAX_SOURCES = 4096
# Tokens a second, and at once. A PBX with ten calls a second sends 20 INVITEs and 80 messages.
_MESSAGES = (300.0, 600.0)
_INVITES = (40.0, 100.0)
_EVERYBODY = (1000.0, 2000.0)  # messages; each costs the event loop some 0.3 ms


class Drop(StrEnum):
    """Why a datagram is dropped."""

    NETWORK = "network"
    LOCKED = "locked"
    SIZE = "size"
    RATE = "rate"
    TEXT = "text"


@dataclass(slots=True)
class _Bucket:
    rate: float
    size: float
    level: float
    filled_at: float

    def take(self, now: float) -> bool:
        self.level = min(self.size, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(slots=True)
class _Source:
    messages: _Bucket
    invites: _Bucket


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0
    locked_until: float = 0.0


@dataclass(slots=True)
class Fence:
    """Judges datagrams. Time is in seconds and only goes forward."""

    networks: tuple[IPv4Network, ...]
    lockout_after: int
    lockout_s: float
    dropped: Counter[Drop] = field(default_factory=Counter)
    _everybody: _Bucket = field(default_factory=lambda: _full(_EVERYBODY, 0.0))
    _trusted: frozenset[IPv4Network] = frozenset()
    _sources: OrderedDict[str, _Source] = field(default_factory=OrderedDict)
    _failures: OrderedDict[str, _Failures] = field(default_factory=OrderedDict)

    def trust(self, networks: Iterable[IPv4Network]) -> None:
        """Let these speak as well: the addresses of the PBXs."""
        self._trusted = frozenset(networks)

    def admits(self, data: bytes, source: str, now: float) -> bool:
        """Whether a datagram is looked at any further."""
        if len(data) < MIN_OCTETS:
            return False
        reason = self._judge(data, source, now)
        if reason is not None:
            self.dropped[reason] += 1
        return reason is None

    def failed(self, source: str, now: float) -> bool:
        """Count a wrong password; whether the address is locked out by it."""
        failures = _entry(self._failures, source, _Failures)
        if now - failures.last > self.lockout_s:
            failures.count = 0
        failures.count += 1
        failures.last = now
        if failures.count < self.lockout_after:
            return False
        failures.count, failures.locked_until = 0, now + self.lockout_s
        return True

    def succeeded(self, source: str) -> None:
        """Forget the wrong passwords of an address: somebody there knows the right one."""
        self._failures.pop(source, None)

    def _judge(self, data: bytes, source: str, now: float) -> Drop | None:
        if not self.is_near(source):
            return Drop.NETWORK
        failures = self._failures.get(source)
        if failures is not None and now < failures.locked_until:
            return Drop.LOCKED
        if len(data) > MAX_OCTETS:
            return Drop.SIZE
        buckets = _entry(
            self._sources, source, lambda: _Source(_full(_MESSAGES, now), _full(_INVITES, now))
        )
        if not buckets.messages.take(now) or not self._everybody.take(now):
            return Drop.RATE
        if data.startswith(b"INVITE ") and not buckets.invites.take(now):
            return Drop.RATE
        return None if _is_text(data) else Drop.TEXT

    def is_near(self, source: str) -> bool:
        """Whether an address is in a network that may speak."""
        try:
            address = IPv4Address(source)
        except AddressValueError:
            return False
        return any(address in net for net in (*self.networks, *self._trusted))


def _full(rate: tuple[float, float], now: float) -> _Bucket:
    return _Bucket(rate[0], rate[1], rate[1], now)


def _entry(table: OrderedDict[str, _T], source: str, make: Callable[[], _T]) -> _T:
    """The entry of an address, new where there is none, as the one that was used last."""
    entry = table.get(source)
    if entry is None:
        while len(table) >= _MAX_SOURCES:
            table.popitem(last=False)
        entry = table[source] = make()
    table.move_to_end(source)
    return entry


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\x00" not in data
