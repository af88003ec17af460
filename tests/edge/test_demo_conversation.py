"""The demo's conversation: what is made of what was heard, and what stops it."""

import hashlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from config.models import Mqtt
from config.tones import ProgressTone
from edge.demo.children import Children
from edge.demo.conversation import Conversation, judge
from edge.demo.office import CALLEE_HZ, PHONE_HZ, new_account
from edge.demo.phone import PhoneKind
from edge.demo.screen import nothing
from edge.demo.sentences import said
from edge.demo.talking import Talking
from edge.voice.tones import tone_frames
from modem.pcm import SILENCE
from mqtt.messages import Recorded
from tests.brokers import Mosquitto


def tone(hertz: int) -> list[bytes]:
    return list(tone_frames(ProgressTone(freqs_hz=(hertz,)), 400))


def record(folder: Path, left: list[bytes], right: list[bytes], **more: Any) -> Recorded:
    """A recording as the gateway tells of it, where `more` says nothing else."""
    path = folder / "c-1.wav"
    sides = [np.frombuffer(b"".join(side), "<i2") for side in (left, right)]
    sf.write(path, np.stack(sides, axis=1), 8000, subtype="PCM_16")
    octets = path.read_bytes()
    sha256 = hashlib.sha256(octets).hexdigest()
    facts: dict[str, Any] = {"seconds": 0.4, "octets": len(octets), "sha256": sha256}
    return Recorded(**({"path": str(path)} | facts | more))


PHONE, CALLEE, NOTHING = tone(PHONE_HZ), tone(CALLEE_HZ), [SILENCE] * 20


def judged(folder: Path, recorded: Recorded | None, **more: Any) -> Conversation:
    given: dict[str, Any] = {"by_phone": CALLEE, "by_callee": PHONE, "keep": folder / "kept.wav"}
    return judge(PhoneKind.BARESIP, recorded=recorded, **(given | more))


def test_both_are_heard_and_the_recording_is_kept(tmp_path: Path) -> None:
    recorded = record(tmp_path, CALLEE, PHONE)
    told = judged(tmp_path, recorded)
    kept = tmp_path / "kept.wav"
    assert told.facts() == {
        "phone": "baresip",
        "heard_by_phone": 1.0,
        "heard_by_callee": 1.0,
        "recording": str(kept),
        "seconds": 0.4,
        "sha256": hashlib.sha256(kept.read_bytes()).hexdigest(),
        "ok": True,
        "problems": [],
    }
    heard, where = said(told)
    assert heard == (
        "A phone (baresip) called out: it heard the callee's tone (100.0% of the sound), "
        "and the callee heard the phone's (100.0%)."
    )
    assert where == f"Their 0.4 s are recorded in {kept}"


@pytest.mark.parametrize(
    ("heard", "problem"),
    [
        ({"by_phone": NOTHING}, "the phone did not hear the other's tone: it is 0% of what"),
        ({"by_phone": []}, "the phone did not hear"),
        ({"by_callee": CALLEE}, "the callee did not hear"),
        (
            {"keep": Path("/proc/none/kept.wav")},
            "cannot be written to /proc/none/kept.wav: No such",
        ),
    ],
)
def test_somebody_is_not_heard(tmp_path: Path, heard: dict[str, Any], problem: str) -> None:
    told = judged(tmp_path, record(tmp_path, CALLEE, PHONE), **heard)
    [found] = told.problems
    assert problem in found
    assert not told.ok
    assert next(said(told)) == f"The conversation failed: {found}"


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda _: None, "the call was not recorded"),
        (lambda at: record(at, PHONE, CALLEE), "the tone of 700 Hz is 0% of the recording's left"),
        (lambda at: record(at, CALLEE, NOTHING), "440 Hz is 0% of the recording's right side"),
        (lambda at: record(at, CALLEE, PHONE, sha256="0" * 64), "not what its record says"),
        (lambda at: record(at, CALLEE, PHONE, complete=False), "not what its record says"),
        (lambda at: record(at, CALLEE, PHONE, path=f"{at}/gone.wav"), "cannot be read"),
    ],
    ids=["none", "sides", "right", "checksum", "cut", "gone"],
)
def test_the_recording_is_not_right(
    tmp_path: Path, make: Callable[[Path], Recorded | None], problem: str
) -> None:
    told = judged(tmp_path, make(tmp_path))
    assert problem in told.problems[0]


def test_it_says_when_the_phone_is_ours() -> None:
    told = Conversation(PhoneKind.OWN, problems=("it took too long",))
    who, problem = said(told)
    assert who.endswith("own SIP side, as baresip is missing: `sudo apt-get install baresip-core`.")
    assert problem == "The conversation failed: it took too long"


async def test_a_gateway_that_cannot_serve_phones_is_named(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = new_account()
    monkeypatch.setattr("edge.demo.talking.new_account", lambda: account)
    access = Mqtt(host="127.0.0.1", port=broker.port)
    children = Children(tmp_path)
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", account.port))
        talking = Talking(children, tmp_path, access, lambda _: None, nothing)
        told = await talking.run(tmp_path / "kept.wav")
    await children.stop_all()
    [problem] = told.problems
    assert "The office ended with code" in problem
    assert "SIP cannot be served" in problem
    assert told.facts()["recording"] is None


async def test_a_conversation_that_never_begins_is_given_up(
    broker: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.demo.talking.PATIENCE_S", 0.3)
    access = Mqtt(host="127.0.0.1", port=broker.port)
    children = Children(tmp_path)
    talking = Talking(children, tmp_path, access, lambda _: None, nothing)
    told = await talking.run(tmp_path / "kept.wav")
    await children.stop_all()
    assert told.problems[0].startswith("it took too long. The office runs")
