import hashlib
import importlib.util
import json
import os
import select
import signal
import subprocess
import wave
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from edge.demo import baresip, broker
from edge.demo.audit import Audit
from edge.demo.cast import LIMITED, PREPAID, Cast
from edge.demo.children import Children
from edge.demo.dialing import Attempt
from edge.demo.options import BrokerKind, DemoFailed
from edge.demo.owner import Checked
from edge.demo.sentences import sentences
from edge.demo.story import Books, Story, tell_story
from mqtt import topics
from mqtt.messages import CallEvent, Cdr, Event, LineStatus, MoneyEvent
from mqtt.session import Inbound
from mqtt.vocabulary import (
    AnswerEvidence,
    CallState,
    Cause,
    Direction,
    HangupBy,
    LineKind,
    LineState,
    MoneyKind,
)
from tests.edge.processes import PATIENCE_S, TRUNKLINE, child

OWN = topics.Topics("demo")
EVENT_FIELDS = ("event_id", "boot_id", "seq", "ts", "gateway")
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


def demo(folder: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    """Run the demo to its end; its output is one JSON object."""
    ended = subprocess.run(
        [*TRUNKLINE, "demo", "--speed", "50", "--json", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    summary: dict[str, Any] = json.loads(ended.stdout)
    return summary


def check_recording(talked: dict[str, Any], path: Path) -> None:
    """Both sides are in the file that is named, and nothing else is wrong."""
    assert (talked["ok"], talked["problems"]) == (True, [])
    assert min(talked["heard_by_phone"], talked["heard_by_callee"]) > 0.9
    assert talked["recording"] == str(path)
    assert talked["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        assert file.getnframes() / 8000 == pytest.approx(talked["seconds"], abs=0.01)
    assert talked["seconds"] > 1.9


def test_the_demo_loses_nothing(tmp_path: Path) -> None:
    summary = demo(tmp_path, "--lines", "4", "--calls", "8")
    assert {name: summary[name] for name in ("calls", "cdrs", "duplicates", "lost")} == {
        "calls": 8,
        "cdrs": 8,
        "duplicates": 0,
        "lost": 0,
    }
    assert sum(summary["by_cause"].values()) == 8
    assert summary["exhausted_lines"] == 1
    assert summary["took_over"] in {"prepaid", "office", "sim-0000000303"}
    assert summary["balances"]["limited"]["first"] == "12.5"
    prepaid = summary["balances"]["prepaid"]
    assert (prepaid["first"], prepaid["lowest"], prepaid["currency"]) == ("20.15", "19.97", "EUR")
    assert Decimal(prepaid["last"]) > 40
    assert (summary["topups"], summary["vouchers_used"]) == ({"confirmed": 1}, 1)
    assert summary["ledger_entries"] > 10
    assert (summary["ledger_problems"], summary["disagreements"]) == (0, [])
    assert summary["left_out"] == []
    talked = summary["conversation"]
    assert talked["phone"] == ("baresip" if baresip.is_installed() else "own")
    check_recording(talked, tmp_path / "trunkline-demo-call.wav")


@pytest.mark.skipif(not importlib.util.find_spec("iotcore"), reason="needs the wheel iotcore")
def test_the_demo_needs_no_installed_broker(tmp_path: Path) -> None:
    summary = demo(tmp_path, "--lines", "2", "--calls", "2", "--broker", "iotcore")
    assert (summary["broker"], summary["cdrs"]) == ("iotcore", 2)
    assert summary["topups"] == {"confirmed": 1}
    assert summary["left_out"] == ["no limit: it takes 6 calls"]


def test_one_line_and_no_other_phone_show_what_they_can(tmp_path: Path) -> None:
    place = tmp_path / "call.wav"
    options = ("--lines", "1", "--calls", "1", "--recording", str(place))
    summary = demo(tmp_path, *options, PATH=str(tmp_path))
    assert (summary["cdrs"], summary["exhausted_lines"], summary["topups"]) == (1, 0, {})
    assert summary["left_out"] == [
        "no top-up: it takes 2 calls",
        "no limit: it takes two lines, one that stops and one that takes over",
    ]
    assert summary["conversation"]["phone"] == "own"
    check_recording(summary["conversation"], place)


def test_a_killed_demo_leaves_no_process_behind() -> None:
    with child("demo", "--lines", "1", "--speed", "50", stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == "v-1: 30.00 EUR imported\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 3
        handles = [os.pidfd_open(int(pid)) for pid in children]
        process.kill()
    for handle in handles:
        assert select.select([handle], [], [], PATIENCE_S)[0]
        os.close(handle)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_cleans_up(number: signal.Signals, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path))
        with child("demo", "--lines", "1", "--speed", "50", stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            process.send_signal(number)
            assert process.wait(PATIENCE_S) != 0
    assert list(tmp_path.iterdir()) == []


async def test_a_child_that_ends_early_shows_its_last_words(tmp_path: Path) -> None:
    children = Children(tmp_path)
    await children.start("gateway", "sh", "-c", "echo no room >&2; exit 3")
    with pytest.raises(DemoFailed, match=r"(?s)The gateway ended with code 3; .*no room"):
        await children.watch()
    await children.stop_all()


async def test_a_child_that_does_not_listen_is_killed(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    mocker.patch("edge.demo.children.STOP_S", 0.01)
    children = Children(tmp_path)
    process = await children.start(
        "deaf", "sh", "-c", "trap '' TERM; echo; exec sleep 60", talks=True
    )
    assert process.stdout
    await process.stdout.readline()
    await children.stop_all()
    assert process.returncode == -signal.SIGKILL


def test_without_any_broker_it_says_how_to_get_one(mocker: MockerFixture) -> None:
    mocker.patch("shutil.which", return_value=None)
    with pytest.raises(DemoFailed, match="sudo apt-get install mosquitto"):
        broker.choose(BrokerKind.MOSQUITTO)
    mocker.patch("importlib.util.find_spec", return_value=None)
    with pytest.raises(DemoFailed, match="pip install iotcore"):
        broker.choose(BrokerKind.AUTO)


def call_event(call_seq: int, state: CallState, **more: Any) -> CallEvent:
    fields = _fields(f"e-{call_seq}") | {"call_seq": call_seq, "state": state} | more
    return CallEvent(**fields)


def cdr(event_id: str = "e-cdr", **more: Any) -> Cdr:
    fields = {
        "ended_at": AT,
        "ring_s": 1.0,
        "talk_s": 0.0,
        "cause": Cause.BUSY,
        "hangup_by": HangupBy.REMOTE,
        "answer_evidence": AnswerEvidence.UNKNOWN,
    }
    return Cdr(**(_fields(event_id) | fields | more))


def _fields(event_id: str) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "boot_id": "b",
        "seq": 1,
        "ts": AT,
        "gateway": "demo",
        "call_id": "c-1",
        "direction": Direction.OUTGOING,
        "number": "+4930123456",
        "tag": "demo 1",
    }


def entry(number: int, kind: MoneyKind, amount: str, **more: Any) -> MoneyEvent:
    fields = {name: _fields(f"e-money-{number}")[name] for name in EVENT_FIELDS}
    known = {"entry": number, "kind": kind, "amount": amount, "currency": "EUR", "line": PREPAID}
    return MoneyEvent(**(fields | known | more))


def hear(audit: Audit, event: Event) -> None:
    topic = {Cdr: OWN.of(topics.CDR), MoneyEvent: OWN.of(topics.MONEY)}.get(type(event))
    audit.hear(Inbound(topic or OWN.of(topics.CALL, "c-1"), event.encode(), retained=False))


def test_the_audit_counts_what_comes_twice() -> None:
    audit = Audit(lambda _: None)
    dialing = call_event(1, CallState.DIALING)
    hear(audit, dialing)
    hear(audit, dialing)
    assert audit.duplicates == 1
    hear(audit, call_event(1, CallState.ALERTING, event_id="e-other"))
    assert audit.duplicates == 2
    hear(audit, cdr())
    hear(audit, cdr("e-cdr-again"))
    assert audit.duplicates == 3
    hear(audit, entry(1, MoneyKind.CHARGE, "0.09"))
    hear(audit, entry(1, MoneyKind.CHARGE, "0.09"))
    assert audit.duplicates == 4
    assert audit.states == {"c-1": [dialing]}


def test_the_audit_knows_which_call_has_no_cdr() -> None:
    heard: list[Cdr | MoneyEvent] = []
    audit = Audit(heard.append)
    hear(audit, call_event(1, CallState.DIALING))
    assert audit.without_cdr == {"c-1"}
    assert not audit.all_over.is_set()
    hear(audit, cdr())
    assert audit.without_cdr == set()
    assert audit.all_over.is_set()
    assert audit.of(Direction.OUTGOING) == heard
    assert audit.of(Direction.INCOMING) == []


def attempt(record: Cdr | None, *states: tuple[int, CallState, Cause | None]) -> Attempt:
    events = [call_event(seq, state, cause=cause) for seq, state, cause in states]
    return Attempt("+4930123456", "demo 1", "c-1", events, record)


DIALING = (1, CallState.DIALING, None)
ENDED = (2, CallState.ENDED, Cause.BUSY)


def test_an_attempt_agrees_with_its_cdr() -> None:
    assert attempt(cdr(), DIALING, ENDED).is_consistent


@pytest.mark.parametrize(
    "told",
    [
        attempt(None, DIALING, ENDED),
        attempt(cdr()),
        attempt(cdr(), DIALING),
        attempt(cdr(), ENDED),
        attempt(cdr(), DIALING, (3, CallState.ENDED, Cause.BUSY)),
        attempt(cdr(), DIALING, (2, CallState.ENDED, Cause.NORMAL)),
        attempt(cdr(number="+4930"), DIALING, ENDED),
        attempt(cdr(tag="demo 2"), DIALING, ENDED),
    ],
    ids=["no cdr", "no event", "no end", "no begin", "gap", "cause", "number", "tag"],
)
def test_an_attempt_disagrees_with_its_cdr(told: Attempt) -> None:
    assert not told.is_consistent


# --- the story of lines and money

SIM = "8949020000000000006"
CAST = Cast({PREPAID: SIM}, {PREPAID: 2, LIMITED: 4}, "", bills_alike=True, left_out=())
TOLD = [
    entry(1, MoneyKind.BALANCE, "20.15"),
    entry(2, MoneyKind.CHARGE, "0.18"),
    entry(3, MoneyKind.BALANCE, "19.97"),
    entry(4, MoneyKind.TOPUP_RESERVED, "30", topup_id="t-4", voucher="v-1", cause="low_balance"),
    entry(5, MoneyKind.TOPUP_SENT, "30", topup_id="t-4", voucher="v-1"),
    entry(6, MoneyKind.TOPUP_CONFIRMED, "30", topup_id="t-4", voucher="v-1", cause="accepted"),
    entry(7, MoneyKind.BALANCE, "49.97"),
]


def story(**more: Any) -> Story:
    """What is made of TOLD, where the books are as `more` says."""
    audit = Audit(lambda _: None)
    for event in TOLD:
        hear(audit, event)
    status = LineStatus(
        gateway="demo", line=LIMITED, kind=LineKind.GSM, state=LineState.EXHAUSTED, since=AT
    )
    audit.hear(Inbound(OWN.of(topics.LINE, LIMITED), status.encode(), retained=True))
    turned_away = Attempt("+49", "demo 1", "c-1", [], cdr(line="office"), LIMITED, refused=True)
    given: dict[str, Any] = {"entries": 7, "problems": (), "unexplained": "0"}
    given |= {"balance": "49.97", "tries": 1} | more
    carriers = {
        "accounts": {SIM: {"balance": given["balance"]}},
        "vouchers": {"tries": given["tries"], "tried": 1},
    }
    checked = Checked(given["entries"], given["problems"], {SIM: given["unexplained"]})
    steps = [event for event in TOLD if event.topup_id]
    return tell_story(CAST, audit, [turned_away], Books(checked, steps, carriers))


def test_the_story_of_a_limit_and_a_topup() -> None:
    told = story()
    assert told.adds_up
    assert told.facts() == {
        "exhausted_lines": 1,
        "took_over": "office",
        "balances": {
            PREPAID: {"first": "20.15", "lowest": "19.97", "last": "49.97", "currency": "EUR"}
        },
        "topups": {"confirmed": 1},
        "vouchers_used": 1,
        "ledger_entries": 7,
        "ledger_problems": 0,
        "disagreements": [],
        "left_out": [],
    }
    assert list(sentences(told)) == [
        "limited is exhausted: used up",
        "office took over: a call that asked for limited went out there.",
        "The balance of prepaid fell from 20.15 to 19.97 EUR and then rose to 49.97 EUR.",
        "Entry 4: t-4: 30.00 EUR is set aside for prepaid with v-1 (the balance is low).",
        "Entry 5: t-4: sent with v-1, waiting for the carrier.",
        "Entry 6: t-4: prepaid got 30.00 EUR (the carrier took it).",
        "The ledger adds up: 7 entries, and the carrier's own books say the same.",
    ]


@pytest.mark.parametrize(
    ("books", "says"),
    [
        ({"problems": ("v-1 was sent 2 times",)}, "v-1 was sent 2 times"),
        ({"entries": 8}, "1 entries of the ledger were not told over MQTT"),
        ({"tries": 2}, "the carrier saw 1 vouchers 2 times, the ledger has 1 top-ups confirmed"),
        ({"balance": "79.97"}, "prepaid was told to have 49.97, at the carrier it has 79.97"),
        ({"unexplained": "-30"}, "-30 EUR on prepaid are neither charges nor top-ups"),
    ],
)
def test_books_that_do_not_agree(books: dict[str, Any], says: str) -> None:
    told = story(**books)
    assert not told.adds_up
    assert list(sentences(told))[-1] == says
