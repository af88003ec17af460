"""One call's sound: who takes part, who hears whom, and who listens in without being there.

Each tick a frame is pulled from every member, summed for each party from those it hears, and
written. Where a party hears one member, which is nearly always, the frame is handed on as it is.
"""

import logging
from collections.abc import Callable, Mapping

from drivers.audio.port import Trouble
from edge.voice.clock import MediaClock
from edge.voice.drift import DriftBuffer
from edge.voice.member import Party, Player, Source
from edge.voice.mixing import factor_of, mix
from edge.voice.sound import Sound
from modem.pcm import SILENCE

log = logging.getLogger(__name__)

Tap = Callable[[Mapping[str, bytes]], None]  # what each member said in this tick, by name


class Conversation:
    """Members by name. A party that was added hears nobody, and nobody hears it, until told so.

    Everything may be changed while it runs, from a tap or a source too. `on_trouble` gets the name
    of the party with what its port tells.
    """

    def __init__(
        self, clock: MediaClock, on_trouble: Callable[[str, Trouble], None] | None = None
    ) -> None:
        self._clock = clock
        self._on_trouble = on_trouble or _log_trouble
        self._parties: dict[str, Party] = {}
        self._players: dict[str, Player] = {}
        self._hears: dict[str, set[str]] = {}
        self._held: set[str] = set()
        self._taps: tuple[Tap, ...] = ()
        self._plan: list[tuple[Party, tuple[str, ...]]] | None = None
        self._ticking = False

    def __contains__(self, name: str) -> bool:
        return name in self._parties or name in self._players

    # --- who takes part

    def add(
        self, name: str, sound: Sound, *, gain_in_db: float = 0.0, gain_out_db: float = 0.0
    ) -> None:
        """Take in a party and start its port; gains of what comes from it and of what it hears.

        A member of the same name leaves.
        """
        self.remove(name)
        party = Party(name, sound, factor_of(gain_in_db), factor_of(gain_out_db))
        self._parties[name] = party
        self._changed()
        party.start(self._on_trouble)

    def play(
        self,
        name: str,
        source: Source,
        *to: str,
        gain_db: float = 0.0,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        """Have the parties `to` hear a source besides what they hear; it leaves when it ends.

        `on_end` is called at its end, not when it is removed before. The same name is replaced.
        """
        self.remove(name)
        self._players[name] = Player(name, source, factor_of(gain_db), on_end)
        for listener in to:
            self.hears(listener, name)
        self._changed()

    def remove(self, name: str) -> None:
        """Let a member go and stop its port; nobody is not worth a word."""
        self._players.pop(name, None)
        if party := self._parties.pop(name, None):
            self.resume(name)
            party.stop()
        self._hears.pop(name, None)
        for heard in self._hears.values():
            heard.discard(name)
        self._changed()

    def close(self) -> None:
        """Let everybody go. Safe to call twice."""
        for name in (*self._players, *self._parties):
            self.remove(name)
        self._taps = ()
        self._changed()

    # --- who hears whom

    def hears(self, listener: str, *speakers: str) -> None:
        """Have a party hear these members too."""
        self._hears.setdefault(listener, set()).update(speakers)
        self._changed()

    def ignores(self, listener: str, *speakers: str) -> None:
        """Have a party hear these members no more."""
        self._hears.setdefault(listener, set()).difference_update(speakers)
        self._changed()

    def connect(self, *names: str) -> None:
        """Have these hear each other: two parties, or a conference."""
        for name in names:
            self.hears(name, *(other for other in names if other != name))

    def listen(self, name: str) -> None:
        """Have a party hear all the others; none hears it."""
        for other in self._parties:
            self.ignores(other, name)
        self.hears(name, *(other for other in self._parties if other != name))

    def whisper(self, name: str, to: str) -> None:
        """Have a party hear all the others; `to` alone hears it."""
        self.listen(name)
        self.hears(to, name)

    def join(self, name: str) -> None:
        """Have a party hear all the others, and all of them hear it."""
        self.listen(name)
        for other in self._parties:
            if other != name:
                self.hears(other, name)

    def hold(self, name: str, music: Source | None = None) -> None:
        """Have a party hear music or silence alone, and nobody hear it, until resume()."""
        self._held.add(name)
        if music:
            self.play(_music(name), music, name)
        self._changed()

    def resume(self, name: str) -> None:
        """Put a party back to where it was before hold()."""
        if name in self._held:
            self._held.discard(name)
            self.remove(_music(name))

    def mute(self, name: str, *, on: bool) -> None:
        """Have nobody hear a party, taps neither."""
        if party := self._parties.get(name):
            party.muted = on

    # --- who listens in

    def tap(self, tap: Tap) -> None:
        """Give `tap` each tick what each member said: silence of who is muted."""
        self._taps = (*self._taps, tap)

    def untap(self, tap: Tap) -> None:
        """Give it no more. Safe to call twice."""
        self._taps = tuple(other for other in self._taps if other != tap)

    def buffer_of(self, name: str) -> DriftBuffer | None:
        """What stands between a party's clock and ours: its counters and its delay."""
        party = self._parties.get(name)
        return party.buffer if party else None

    # --- each tick

    def _changed(self) -> None:
        self._plan = None
        needed = bool(self._parties or self._players)
        if needed is not self._ticking:
            self._ticking = needed
            (self._clock.add if needed else self._clock.remove)(self._tick)

    def _tick(self, now: float) -> None:
        said = {name: party.pull(now) for name, party in self._parties.items()}
        if self._players:
            self._pull_players(said, now)
        plan = self._plan
        if plan is None:
            plan = self._plan = self._make_plan()
        for party, speakers in plan:
            if len(speakers) == 1:
                party.write(said.get(speakers[0], SILENCE))
            else:
                party.write(mix([said.get(name, SILENCE) for name in speakers]))
        for tap in self._taps:
            self._give(tap, said)

    def _make_plan(self) -> list[tuple[Party, tuple[str, ...]]]:
        return [(party, self._heard_by(name)) for name, party in self._parties.items()]

    def _heard_by(self, name: str) -> tuple[str, ...]:
        heard = self._hears.get(name, set())
        if name in self._held:
            heard = heard & {_music(name)}
        return tuple(sorted(other for other in heard if other in self and other not in self._held))

    def _pull_players(self, said: dict[str, bytes], now: float) -> None:
        for name, player in tuple(self._players.items()):
            try:
                said[name] = player.pull(now)
            except Exception:  # what plays must not silence who talks
                log.exception("%s cannot be played on", name)
                player.over = True
            if player.over and self._players.get(name) is player:
                self.remove(name)
                if player.on_end:
                    player.on_end()

    def _give(self, tap: Tap, said: Mapping[str, bytes]) -> None:
        try:
            tap(said)
        except Exception:  # who listens in must not silence who talks
            log.exception("somebody cannot listen in any more")
            self.untap(tap)


def _music(name: str) -> str:
    return f"music for {name}"


def _log_trouble(name: str, trouble: Trouble) -> None:
    log.warning("the sound of %s: %s", name, trouble)
