"""Who sits in the office: extensions, groups, who may call how far, who takes which line's calls.

Pure: reads the configuration, knows nothing of registrations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from config.models import GatewayConfig
from config.sip import Extension, Group, Pbx, Reach, RingOrder
from config.voice import Incoming
from edge.destination import Destination, NumberKind

_REACHES = tuple(Reach)
_NEEDED = {
    NumberKind.EMERGENCY: Reach.INTERNAL,
    NumberKind.SHORT: Reach.LOCAL,
    NumberKind.FIXED: Reach.LOCAL,
    NumberKind.TOLL_FREE: Reach.LOCAL,
    NumberKind.PREMIUM: Reach.PREMIUM,
    NumberKind.SHARED_COST: Reach.PREMIUM,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Phones that ring together for so long: extensions, a PBX, or an announcement instead."""

    phones: tuple[str, ...] = ()
    ring_s: float = 20.0
    play: str | None = None


class Office:
    """The people and their phones."""

    def __init__(self, config: GatewayConfig) -> None:
        self.home = config.gateway.country
        self.extensions: Mapping[str, Extension] = {e.name: e for e in config.extension}
        self.groups: Mapping[str, Group] = {group.name: group for group in config.group}
        self.pbxs: Mapping[str, Pbx] = {pbx.name: pbx for pbx in config.pbx}
        self._incoming: Mapping[str | None, Incoming] = {
            rule.line: rule for rule in config.incoming
        }

    def has(self, name: str) -> bool:
        """Whether it is an extension or a group."""
        return name in self.extensions or name in self.groups

    def is_full(self, name: str, calls: int) -> bool:
        """Whether an extension has as many calls as it may have."""
        extension = self.extensions.get(name)
        return extension is not None and calls >= extension.max_calls

    def stages(self, name: str, ring_s: float) -> list[Stage]:
        """Which phones ring, in order, for an extension, a group, "pbx NAME" or "play ID"."""
        if name.startswith("play "):
            return [Stage(play=name.removeprefix("play "))]
        group = self.groups.get(name)
        if group is None:
            return [Stage((name,), ring_s)]
        if group.order is RingOrder.ALL:
            return [Stage(group.members, ring_s)]
        return [Stage((member,), group.ring_s) for member in group.members]

    def takes(self, line: str) -> list[Stage]:
        """Who takes a call that comes in over a line; nobody when no rule says so."""
        rule = self._incoming.get(line) or self._incoming.get(None)
        if rule is None:
            return []
        return [stage for to in rule.to for stage in self.stages(to, rule.ring_s)]

    def may_call(self, reach: Reach, to: Destination) -> bool:
        """Whether an extension with this reach may call there."""
        return _REACHES.index(reach) >= _REACHES.index(self._needed(to))

    def _needed(self, to: Destination) -> Reach:
        needed = _NEEDED.get(to.kind, Reach.NATIONAL)
        abroad = to.country is not None and to.country != self.home
        if abroad and to.kind is not NumberKind.EMERGENCY:
            return max(needed, Reach.INTERNATIONAL, key=_REACHES.index)
        return needed
