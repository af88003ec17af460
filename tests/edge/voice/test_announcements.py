"""Announcements: whatever file or text is given, frames come out, or a sentence."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.voice import announcements as module
from edge.voice import sound_file, speech
from edge.voice.announcements import (
    SPOKEN,
    AnnouncementError,
    Announcements,
    File,
    Text,
    add,
    listing,
    remove,
)
from edge.voice.sound_file import SoundError, as_wav, in_frames, read_sound
from modem.pcm import FRAME_BYTES, RATE

needs_espeak = pytest.mark.skipif(
    not shutil.which(speech.PROGRAM), reason="espeak-ng is not installed"
)


@pytest.fixture
def announcements(tmp_path: Path) -> Iterator[Announcements]:
    made = Announcements(tmp_path, "en")
    yield made
    made.stop()


def sine(rate: int, seconds: float, channels: int) -> NDArray[np.float64]:
    one = np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * 440 / rate) * 0.5
    return np.stack([one] * channels, axis=1)


def tone_file(path: Path, rate: int = 8000, channels: int = 1, **form: str) -> Path:
    sf.write(path, sine(rate, 1.0, channels), rate, **form)
    return path


def loudest(sound: bytes) -> int:
    samples = np.frombuffer(sound, "<i2").astype(float)
    return round(int(np.abs(np.fft.rfft(samples)).argmax()) * RATE / len(samples))


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a program in the place of espeak-ng."""
    path = tmp_path / "program"
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setattr(speech, "PROGRAM", str(path))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
async def test_any_usual_wav_is_played(
    tmp_path: Path, announcements: Announcements, rate: int, channels: int
) -> None:
    tone_file(tmp_path / "hello.wav", rate, channels)
    frames = await announcements.frames(File("hello"))
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert len(frames) == pytest.approx(50, abs=1)
    sound = b"".join(frames)
    assert loudest(sound) == pytest.approx(440, abs=1)
    assert np.abs(np.frombuffer(sound, "<i2")).max() == pytest.approx(16384, rel=0.05)


async def test_opus_is_played(tmp_path: Path, announcements: Announcements) -> None:
    tone_file(tmp_path / "hello.opus", 48000, 2, format="OGG", subtype="OPUS")
    frames = await announcements.frames(File("hello"))
    assert loudest(b"".join(frames)) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "FLOAT", "ULAW", "ALAW"])
def test_every_kind_of_wav_is_read(tmp_path: Path, subtype: str) -> None:
    path = tone_file(tmp_path / "x.wav", subtype=subtype)
    assert loudest(read_sound(path.read_bytes())) == 440


def test_sound_in_our_form_stays_as_it_is() -> None:
    sound = np.arange(-32768, 32768, 7, dtype="<i2").tobytes()
    assert read_sound(as_wav(sound)) == sound


def test_the_last_frame_is_filled_with_silence() -> None:
    first, last = in_frames(b"ab" * 161)
    assert first == b"ab" * 160
    assert last == b"ab" + bytes(318)


@given(st.binary(max_size=300), st.sampled_from([b"", b"RIFF", b"OggS", as_wav(bytes(64))[:40]]))
def test_garbage_is_told_never_raised(garbage: bytes, start: bytes) -> None:
    with suppress(SoundError):
        assert len(read_sound(start + garbage)) % 2 == 0


@given(st.integers(0, 43), st.integers(0, 255))
def test_a_header_with_a_wrong_octet_does_no_harm(at: int, octet: int) -> None:
    wav = bytearray(as_wav(bytes(3200)))
    wav[at] = octet
    with suppress(SoundError):
        assert len(read_sound(bytes(wav))) <= 2 * sound_file.MAX_S * RATE


def test_numbers_that_are_none_are_silence(tmp_path: Path) -> None:
    samples = np.array([0.5, np.nan, np.inf, -np.inf, 2.0], np.float32)
    sf.write(tmp_path / "x.wav", samples, RATE, subtype="FLOAT")
    sound = np.frombuffer(read_sound((tmp_path / "x.wav").read_bytes()), "<i2")
    assert sound.tolist() == [16384, 0, 32767, -32768, 32767]


def test_what_is_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wav = tone_file(tmp_path / "x.wav").read_bytes()
    monkeypatch.setattr(sound_file, "MAX_S", 0.9)
    with pytest.raises(SoundError, match="it is longer than"):
        read_sound(wav)
    monkeypatch.setattr(sound_file, "MAX_OCTETS", 1000)
    with pytest.raises(SoundError, match="it is larger than"):
        read_sound(wav)


@pytest.mark.parametrize(
    ("rate", "channels", "form", "why"),
    [
        (2000, 1, {}, "2000 samples a second"),
        (8000, 9, {}, "9 channels"),
        (44100, 1, {"format": "OGG", "subtype": "VORBIS"}, "not with Opus"),
        (44100, 1, {"format": "FLAC"}, "neither WAV nor Opus"),
        (44100, 1, {"format": "MP3"}, "neither WAV nor Opus"),
    ],
)
def test_other_sound_is_refused_by_name(
    tmp_path: Path, rate: int, channels: int, form: dict[str, str], why: str
) -> None:
    path = tone_file(tmp_path / "x.wav", rate, channels, **form)
    with pytest.raises(SoundError, match=why):
        read_sound(path.read_bytes())


def test_a_wav_without_sound_is_told() -> None:
    with pytest.raises(SoundError, match="no sound in it"):
        read_sound(as_wav(b""))


async def test_a_wav_that_is_none_is_a_sentence(
    tmp_path: Path, announcements: Announcements
) -> None:
    (tmp_path / "hello.wav").write_text("This is a letter.")
    with pytest.raises(AnnouncementError) as caught:
        await announcements.frames(File("hello"))
    assert str(caught.value) == "Announcement hello cannot be played: it is neither WAV nor Opus."


@pytest.mark.parametrize("name", ["../secret", "", "a/b", "a.b", "A", "x" * 65, "a\n", ".spoken"])
async def test_an_id_is_no_path(announcements: Announcements, name: str) -> None:
    with pytest.raises(AnnouncementError, match="named by a-z"):
        await announcements.frames(File(name))


async def test_a_missing_one_says_how_to_add_it(announcements: Announcements) -> None:
    with pytest.raises(AnnouncementError, match="trunkline announce add hello FILE"):
        await announcements.frames(File("hello"))


async def test_a_pipe_is_not_waited_for(tmp_path: Path, announcements: Announcements) -> None:
    os.mkfifo(tmp_path / "hello.wav")
    with pytest.raises(AnnouncementError, match="is no file"):
        await announcements.frames(File("hello"))


async def test_a_file_is_read_once_and_again_when_it_changes(
    tmp_path: Path, announcements: Announcements
) -> None:
    tone_file(tmp_path / "hello.wav")
    first = await announcements.frames(File("hello"))
    assert await announcements.frames(File("hello")) is first
    add(tmp_path, "hello", tone_file(tmp_path / "other.wav", 16000))
    os.utime(tmp_path / "hello.wav", ns=(1, 1))
    assert await announcements.frames(File("hello")) is not first


async def test_memory_is_bounded(
    tmp_path: Path, announcements: Announcements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CACHE_FRAMES", 120)
    for number in range(5):
        tone_file(tmp_path / f"a{number}.wav")
        await announcements.frames(File(f"a{number}"))
    assert [path.name for path, _, _ in announcements._cache] == ["a3.wav", "a4.wav"]


def test_add_list_remove(tmp_path: Path) -> None:
    folder = tmp_path / "announcements"
    source = tone_file(tmp_path / "from.wav", 44100, 2)
    assert listing(folder) == []
    assert add(folder, "closed", source) == pytest.approx(1.0, abs=0.01)
    assert sf.info(folder / "closed.wav").samplerate == RATE
    (folder / "letter.wav").write_text("Dear Sir")
    (folder / "notes.txt").write_text("")
    closed, letter = listing(folder)
    assert (closed.id, closed.problem) == ("closed", None)
    assert closed.seconds == pytest.approx(1.0, abs=0.01)
    assert letter.problem == "Announcement letter cannot be played: it is neither WAV nor Opus."
    remove(folder, "closed")
    with pytest.raises(AnnouncementError, match="There is no announcement closed"):
        remove(folder, "closed")


def test_a_new_one_replaces_that_of_the_other_kind(tmp_path: Path) -> None:
    tone_file(tmp_path / "closed.opus", 48000, format="OGG", subtype="OPUS")
    add(tmp_path, "closed", tone_file(tmp_path / "Source.wav"))
    assert [found.path.name for found in listing(tmp_path)] == ["closed.wav"]


def test_what_cannot_be_played_is_not_added(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Sir")
    with pytest.raises(AnnouncementError, match="neither WAV nor Opus"):
        add(tmp_path / "announcements", "letter", tmp_path / "letter")
    with pytest.raises(AnnouncementError, match="cannot be read: No such file"):
        add(tmp_path / "announcements", "letter", tmp_path / "none")
    assert not (tmp_path / "announcements").exists()


@needs_espeak
async def test_text_is_spoken_once_and_kept(tmp_path: Path, announcements: Announcements) -> None:
    frames = await announcements.frames(Text("This call is recorded."))
    assert 40 < len(frames) < 250
    assert np.abs(np.frombuffer(b"".join(frames), "<i2")).max() > 3000
    [kept] = (tmp_path / SPOKEN).iterdir()
    written = kept.stat().st_ino
    assert await announcements.frames(Text("  This call\nis recorded. ")) is frames
    german = await announcements.frames(Text("This call is recorded.", "de"))
    assert german != frames
    assert kept.stat().st_ino == written


@needs_espeak
async def test_a_voice_that_is_not_there_is_told(announcements: Announcements) -> None:
    with pytest.raises(AnnouncementError, match="cannot speak xx"):
        await announcements.frames(Text("Hello", "xx"))


async def test_without_espeak_it_is_said_how_to_get_it(
    announcements: Announcements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "PROGRAM", "espeak-that-is-not-installed")
    with pytest.raises(AnnouncementError, match=r"cannot be run \(No such file.*\): install it"):
        await announcements.frames(Text("Hello"))


async def test_the_text_is_on_stdin_and_nowhere_else(
    tmp_path: Path, announcements: Announcements, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    code = f"import sys; open({str(seen)!r}, 'w').write(repr(sys.argv[1:]) + sys.stdin.read())"
    program(tmp_path, monkeypatch, code)
    with pytest.raises(AnnouncementError, match="nothing to say"):
        await announcements.frames(Text("-w /etc/passwd"))
    assert seen.read_text() == "['-v', 'en', '-b', '1', '--stdin', '--stdout']-w /etc/passwd"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import time; time.sleep(60)", "took longer than"),
        ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "does not come to an end"),
        ("print('no sound')", "neither WAV nor Opus"),
        ("raise SystemExit(3)", r"cannot speak en \(exit code 3\)"),
    ],
)
async def test_a_program_that_misbehaves_is_ended_and_told(
    tmp_path: Path,
    announcements: Announcements,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    why: str,
) -> None:
    if "sleep" in code:
        monkeypatch.setattr(speech, "TIMEOUT_S", 0.2)
    program(tmp_path, monkeypatch, code)
    with pytest.raises(AnnouncementError, match=why):
        await announcements.frames(Text("Hello"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (Text(""), "nothing to say"),
        (Text("\x00\n\t"), "nothing to say"),
        (Text("x" * 1001), "longer than 1000 characters"),
        (Text("Hello", "../../etc"), "is no language"),
        (Text("Hello", "-w"), "is no language"),
    ],
)
async def test_bad_texts_are_told(announcements: Announcements, text: Text, why: str) -> None:
    with pytest.raises(AnnouncementError, match=why):
        await announcements.frames(text)


async def test_spoken_texts_do_not_fill_the_disk(
    tmp_path: Path, announcements: Announcements, monkeypatch: pytest.MonkeyPatch
) -> None:
    wav = tmp_path / "tone.wav"
    tone_file(wav)
    code = f"import sys; sys.stdout.buffer.write(open({str(wav)!r}, 'rb').read())"
    program(tmp_path, monkeypatch, code)
    monkeypatch.setattr(speech, "CACHE_OCTETS", 40_000)
    for number in range(4):
        await announcements.frames(Text(f"text {number}"))
    kept = list((tmp_path / SPOKEN).iterdir())
    assert sum(path.stat().st_size for path in kept) <= 40_000
    assert len(kept) == 2
