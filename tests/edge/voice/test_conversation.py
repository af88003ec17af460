"""Who hears whom in a conversation, tick by tick."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest

from drivers.audio.port import Counters, Trouble
from edge.voice.clock import MediaClock, Tick
from edge.voice.conversation import Conversation
from modem.pcm import FRAME_BYTES, FRAME_SAMPLES, SILENCE


def level(value: int) -> bytes:
    """A frame of which every sample is `value`."""
    return value.to_bytes(2, "little", signed=True) * FRAME_SAMPLES


def value(frame: bytes) -> int:
    """The value that every sample has."""
    assert len(frame) == FRAME_BYTES
    [found] = set(np.frombuffer(frame, "<i2").tolist())
    return int(found)


class Port:
    """A sound port in the hand of a test; it says the same frame in each tick."""

    def __init__(self, says: int) -> None:
        self.counters = Counters()
        self.says = level(says)
        self.heard: list[bytes] = []
        self.on_frame: Callable[[bytes], None] | None = None
        self.on_trouble: Callable[[Trouble], None] | None = None
        self.stopped = 0

    def start(
        self, on_frame: Callable[[bytes], None], on_trouble: Callable[[Trouble], None]
    ) -> None:
        self.on_frame, self.on_trouble = on_frame, on_trouble
        on_frame(self.says)  # two are held from the first tick on

    def write(self, frame: bytes) -> None:
        self.heard.append(frame)

    def stop(self) -> None:
        self.stopped += 1
        self.on_frame = None


class HandClock(MediaClock):
    """A clock that ticks when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.tick: Tick | None = None

    def add(self, tick: Tick) -> None:
        self.tick = tick

    def remove(self, tick: Tick) -> None:
        assert self.tick == tick
        self.tick = None


class Room:
    """A conversation, its ports by name, and what each heard in the last tick."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.troubles: list[tuple[str, Trouble]] = []
        self.talk = Conversation(self.clock, lambda name, what: self.troubles.append((name, what)))
        self.ports: dict[str, Port] = {}

    def add(self, **says: int) -> None:
        for name, what in says.items():
            self.ports[name] = Port(what)
            self.talk.add(name, self.ports[name])

    def tick(self, times: int = 1) -> dict[str, int]:
        """Let frames come and go; what each heard."""
        self.ticks(times)
        return {name: value(port.heard[-1]) for name, port in self.ports.items()}

    def ticks(self, times: int) -> None:
        for _ in range(times):
            for port in self.ports.values():
                if port.on_frame:
                    port.on_frame(port.says)
            if self.clock.tick:
                self.clock.tick(asyncio.get_running_loop().time())


@pytest.fixture
async def room() -> Room:
    return Room()


def music(*values: int) -> Callable[[], bytes | None]:
    """A source that plays these levels, once."""
    frames: Iterator[bytes] = iter([level(each) for each in values])
    return lambda: next(frames, None)


async def test_who_is_added_hears_nobody_and_nobody_hears_it(room: Room) -> None:
    room.add(line=100, phone=7)
    assert room.tick(3) == {"line": 0, "phone": 0}


async def test_two_hear_each_other_octet_by_octet(room: Room) -> None:
    room.add(line=100, phone=7)
    room.talk.connect("line", "phone")
    assert room.tick() == {"line": 7, "phone": 100}
    assert room.ports["line"].heard[-1] == room.ports["phone"].says


async def test_one_way_stays_one_way(room: Room) -> None:
    room.add(line=100, phone=7)
    room.talk.hears("phone", "line")
    assert room.tick() == {"line": 0, "phone": 100}
    room.talk.ignores("phone", "line")
    assert room.tick() == {"line": 0, "phone": 0}


async def test_three_hear_the_sum_of_the_others(room: Room) -> None:
    room.add(line=100, phone=7, other=1000)
    room.talk.connect("line", "phone", "other")
    assert room.tick() == {"line": 1007, "phone": 1100, "other": 107}


async def test_a_sum_is_clipped_and_never_wraps(room: Room) -> None:
    room.add(a=30_000, b=30_000, c=-30_000, d=-30_000, e=0)
    room.talk.hears("e", "a", "b")
    room.talk.hears("a", "c", "d")
    assert room.tick() | {"b": 0, "c": 0, "d": 0} == {
        "a": -32768,
        "b": 0,
        "c": 0,
        "d": 0,
        "e": 32767,
    }


async def test_listen_whisper_and_join(room: Room) -> None:
    room.add(line=100, phone=7, boss=1000)
    room.talk.connect("line", "phone")
    room.talk.listen("boss")
    assert room.tick() == {"line": 7, "phone": 100, "boss": 107}
    room.talk.whisper("boss", "phone")
    assert room.tick() == {"line": 7, "phone": 1100, "boss": 107}
    room.talk.join("boss")
    assert room.tick() == {"line": 1007, "phone": 1100, "boss": 107}
    room.talk.listen("boss")
    assert room.tick() == {"line": 7, "phone": 100, "boss": 107}
    room.talk.remove("boss")
    assert room.ports.pop("boss").stopped == 1
    assert room.tick() == {"line": 7, "phone": 100}


async def test_hold_with_music_and_with_silence(room: Room) -> None:
    room.add(line=100, phone=7)
    room.talk.connect("line", "phone")
    room.talk.hold("line", music(*range(1, 4)))
    assert room.tick() == {"line": 1, "phone": 0}
    assert room.tick() == {"line": 2, "phone": 0}
    room.talk.resume("line")
    assert room.tick() == {"line": 7, "phone": 100}
    room.talk.hold("line")
    assert room.tick() == {"line": 0, "phone": 0}
    room.talk.resume("line")
    assert room.tick() == {"line": 7, "phone": 100}


async def test_a_muted_party_is_heard_by_nobody_and_no_tap(room: Room) -> None:
    said: list[Mapping[str, bytes]] = []
    room.add(line=100, phone=7)
    room.talk.connect("line", "phone")
    room.talk.tap(said.append)
    room.talk.mute("phone", on=True)
    assert room.tick() == {"line": 0, "phone": 100}
    assert said[-1] == {"line": level(100), "phone": SILENCE}
    room.talk.mute("phone", on=False)
    assert room.tick() == {"line": 7, "phone": 100}


async def test_an_announcement_is_mixed_in_and_leaves_at_its_end(room: Room) -> None:
    ended: list[str] = []
    room.add(line=100, phone=7)
    room.talk.connect("line", "phone")
    room.talk.play("note", music(1000, 2000), "line", on_end=lambda: ended.append("note"))
    assert room.tick() == {"line": 1007, "phone": 100}
    assert room.tick() == {"line": 2007, "phone": 100}
    assert ended == []
    assert room.tick() == {"line": 7, "phone": 100}
    assert ended == ["note"]
    assert "note" not in room.talk


async def test_what_is_removed_tells_no_end(room: Room) -> None:
    ended: list[str] = []
    room.add(line=100)
    room.talk.play("note", music(1000, 2000), "line", on_end=lambda: ended.append("note"))
    room.tick()
    room.talk.remove("note")
    assert room.tick(3) == {"line": 0}
    assert ended == []


async def test_an_end_may_play_the_next_or_close_all(room: Room) -> None:
    room.add(line=100)
    room.talk.play(
        "a",
        music(1),
        "line",
        on_end=lambda: room.talk.play("b", music(2), "line", on_end=room.talk.close),
    )
    assert room.tick() == {"line": 1}
    room.tick()
    assert room.tick() == {"line": 2}
    room.tick()
    assert room.ports["line"].stopped == 1
    assert room.clock.tick is None


async def test_gains_are_of_what_comes_and_of_what_goes(room: Room) -> None:
    room.add(phone=1000)
    room.ports["line"] = Port(100)
    room.talk.add("line", room.ports["line"], gain_in_db=20.0, gain_out_db=-20.0)
    room.talk.connect("line", "phone")
    assert room.tick() == {"line": 100, "phone": 1000}
    room.ports["line"].says = level(30_000)
    assert room.tick(3)["phone"] == 32767


async def test_taps_come_and_go_and_a_broken_one_is_dropped(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Mapping[str, bytes]) -> None:
        raise OSError("disk full")

    said: list[Mapping[str, bytes]] = []
    room.add(line=100, phone=7)
    room.talk.connect("line", "phone")
    room.talk.tap(broken)
    room.talk.tap(said.append)
    assert room.tick(3) == {"line": 7, "phone": 100}
    assert said == [{"line": level(100), "phone": level(7)}] * 3
    assert caplog.text.count("cannot listen in") == 1
    room.talk.untap(said.append)
    room.tick()
    assert len(said) == 3


async def test_a_broken_source_ends_and_the_talk_goes_on(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> bytes:
        raise ValueError("no frame")

    ended: list[str] = []
    room.add(line=100, phone=7)
    room.talk.connect("line", "phone")
    room.talk.play("note", broken, "line", on_end=lambda: ended.append("note"))
    assert room.tick() == {"line": 7, "phone": 100}
    assert ended == ["note"]
    assert "note cannot be played on" in caplog.text


async def test_trouble_is_told_with_its_party(room: Room) -> None:
    room.add(line=100, phone=7)
    on_trouble = room.ports["line"].on_trouble
    assert on_trouble
    on_trouble(Trouble.NO_FRAMES)
    assert room.troubles == [("line", Trouble.NO_FRAMES)]


async def test_a_port_that_says_nothing_is_silence(room: Room) -> None:
    room.add(line=100, phone=7)
    room.talk.connect("line", "phone")
    room.tick()
    room.ports["line"].on_frame = None
    room.ticks(40)
    heard = room.ports["phone"].heard
    assert heard[-40] == level(100)  # was held
    assert heard[-39][:2] == level(100)[:2]  # fades
    assert heard[-38:] == [SILENCE] * 38
    buffer = room.talk.buffer_of("line")
    assert buffer
    assert buffer.counters.concealed > 0


async def test_the_same_name_again_is_another_party(room: Room) -> None:
    room.add(line=100, phone=7)
    before = room.ports["phone"]
    room.add(phone=9)
    room.talk.connect("line", "phone")
    assert before.stopped == 1
    assert room.tick() == {"line": 9, "phone": 100}


async def test_a_talk_ticks_while_somebody_is_there(room: Room) -> None:
    assert room.clock.tick is None
    room.add(line=100)
    assert room.clock.tick is not None
    room.talk.close()
    room.talk.close()
    assert room.clock.tick is None
    assert room.ports["line"].stopped == 1
