"""What is played into a call: announcements, one after the other."""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat

from edge.voice.announcements import AnnouncementError
from edge.voice.conversation import Conversation
from mqtt.messages import Announcement
from mqtt.vocabulary import VoiceKind

PLAYED = "announcement"  # its name in the conversation

Frames = Callable[[Announcement], Awaitable[tuple[bytes, ...]]]
Spawn = Callable[[Coroutine[None, None, None]], None]


@dataclass(frozen=True, eq=False)
class _Item:
    what: Announcement
    listeners: tuple[str, ...]
    times: int
    then: Callable[[], None]

    @property
    def name(self) -> str:
        """How events call it."""
        return self.what.announcement or "text"


class Playlist:
    """Plays into a conversation; `tell` hears of each beginning and end."""

    def __init__(
        self,
        conversation: Conversation,
        frames: Frames,
        tell: Callable[..., None],
        spawn: Spawn,
    ) -> None:
        self._conversation = conversation
        self._frames = frames
        self._tell = tell
        self._spawn = spawn
        self._items: deque[_Item] = deque()  # the first of them plays

    def add(
        self,
        what: Announcement,
        listeners: tuple[str, ...],
        times: int,
        then: Callable[[], None] | None,
    ) -> None:
        """Play it after what plays; `then` is called at its end, also if it cannot be played."""
        self._items.append(_Item(what, listeners, times, then or _nothing))
        if len(self._items) == 1:
            self._spawn(self._play(self._items[0]))

    def stop(self) -> None:
        """End what plays, and what waits to be played; nothing follows."""
        if self._items:
            self._items.clear()
            self._conversation.remove(PLAYED)
            self._tell(VoiceKind.PLAY_ENDED, reason="stopped")

    def close(self) -> None:
        """The call is over: say nothing more."""
        self._items.clear()

    async def _play(self, item: _Item) -> None:
        try:
            frames = await self._frames(item.what)
        except AnnouncementError as error:
            if self._is_due(item):
                self._played(item, str(error))
            return
        if not self._is_due(item):
            return
        self._tell(VoiceKind.PLAY_STARTED, announcement=item.name)
        self._conversation.play(
            PLAYED,
            partial(next, chain.from_iterable(repeat(frames, item.times)), None),
            *item.listeners,
            on_end=partial(self._played, item),
        )

    def _is_due(self, item: _Item) -> bool:
        return bool(self._items) and self._items[0] is item

    def _played(self, item: _Item, problem: str | None = None) -> None:
        self._items.popleft()
        self._tell(VoiceKind.PLAY_ENDED, announcement=item.name, reason=problem)
        if self._items:
            self._spawn(self._play(self._items[0]))
        item.then()


def _nothing() -> None:
    """Nothing follows."""
