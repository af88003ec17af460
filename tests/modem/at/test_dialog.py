from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modem.at.command import Answer, Command, Priority, default_timeout_s
from modem.at.dialog import (
    MAX_WAITING,
    PROBE_TIMEOUT_S,
    QUIET_S,
    Deaf,
    Dialog,
    DialogFull,
    Event,
    Write,
)
from modem.at.framing import Message

CSQ = Command("AT+CSQ", prefixes=("+CSQ:",))
SEND = Command("AT+CMGS=7", prefixes=("+CMGS:",), body="0011")
DIAL = Command("ATD112;", call=True, priority=Priority.CALL)
HANG_UP = Command("AT+CHUP", priority=Priority.HANGUP)


def answers(events: list[Event]) -> list[Answer]:
    return [event for event in events if isinstance(event, Answer)]


def unsolicited(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message)]


def written(events: list[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Write))


def run_timers(dialog: Dialog, until: Callable[[Event], bool]) -> tuple[list[Event], float]:
    """Let time pass from one timer to the next until an event is what is wanted."""
    events: list[Event] = []
    for _ in range(50):
        due = dialog.timer()
        assert due is not None
        new = dialog.handle_timer(due)
        events += new
        if any(until(event) for event in new):
            return events, due
    raise AssertionError("it never came")


def test_an_answer_is_told_from_what_comes_by_itself() -> None:
    dialog = Dialog()
    assert dialog.send(CSQ, 0.0) == b"AT+CSQ\r"
    stream = b'\r\nRING\r\n\r\n+CSQ: 17,99\r\n\r\n+CMTI: "SM",3\r\n\r\nOK\r\n'
    events = dialog.receive(stream, 0.1)
    assert unsolicited(events) == ["RING", '+CMTI: "SM",3']
    assert answers(events)[0].lines == ["+CSQ: 17,99"]
    assert answers(events)[0].ok


def test_the_echo_is_dropped() -> None:
    dialog = Dialog()
    dialog.send(Command("AT+CGMM", bare=True), 0.0)
    events = dialog.receive(b"AT+CGMM\r\r\nEC25\r\n\r\nOK\r\n", 0.1)
    assert unsolicited(events) == []
    assert answers(events)[0].lines == ["EC25"]


def test_one_command_at_a_time_in_the_order_of_priority() -> None:
    dialog = Dialog()
    assert dialog.send(CSQ, 0.0)
    probe = Command("AT", priority=Priority.PROBE)
    assert dialog.send(probe, 0.0) == b""
    assert dialog.send(HANG_UP, 0.0) == b""
    assert written(dialog.receive(b"\r\nOK\r\n", 0.1)) == b"AT+CHUP\r"
    assert written(dialog.receive(b"\r\nOK\r\n", 0.2)) == b"AT\r"


def test_a_hang_up_breaks_off_a_dial_that_blocks() -> None:
    dialog = Dialog()
    dialog.send(DIAL, 0.0)
    assert dialog.send(HANG_UP, 1.0) == b"\r"  # V.250 5.6.1: any octet aborts
    events = dialog.receive(b"\r\nNO CARRIER\r\n", 1.1)
    assert not answers(events)[0].ok
    assert written(events) == b"AT+CHUP\r"


def test_no_probe_while_a_call_is_set_up() -> None:
    dialog = Dialog()
    dialog.setting_up_call = True
    assert dialog.send(Command("AT", priority=Priority.PROBE), 0.0) == b""
    assert dialog.send(CSQ, 0.0) == b"AT+CSQ\r"
    assert written(dialog.receive(b"\r\nOK\r\n", 0.1)) == b""
    assert dialog.resume_probes(0.2) == b"AT\r"


def test_no_carrier_answers_a_dial_and_nothing_else() -> None:
    dialog = Dialog()
    dialog.send(CSQ, 0.0)
    events = dialog.receive(b"\r\nNO CARRIER\r\n", 0.1)
    assert unsolicited(events) == ["NO CARRIER"]
    assert answers(events) == []


def test_the_body_goes_out_behind_an_awaited_prompt_only() -> None:
    dialog = Dialog()
    dialog.send(SEND, 0.0)
    assert written(dialog.receive(b'\r\n+CMTI: "SM",1\r\n\r\n>', 0.1)) == b"0011\x1a"
    events = dialog.receive(b" 0011\r\n+CMGS: 9\r\n\r\nOK\r\n", 0.2)
    assert answers(events)[0].lines == ["+CMGS: 9"]


def test_a_prompt_that_nobody_awaits_is_left() -> None:
    dialog = Dialog()
    dialog.send(Command("AT+CNMA"), 0.0)
    assert written(dialog.receive(b"\r\n> ", 0.1)) == b"\x1b"


def test_a_late_answer_confirms_no_other_command() -> None:
    dialog = Dialog()
    dialog.send(CSQ, 0.0)
    dialog.send(HANG_UP, 0.0)
    events, now = run_timers(dialog, lambda event: isinstance(event, Answer))
    assert answers(events)[0].final is None
    assert dialog.receive(b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n", now + 0.1) != []  # late, for nobody
    events, now = run_timers(dialog, lambda event: isinstance(event, Write))
    assert written(events) == b"AT\r"
    assert answers(dialog.receive(b"\r\nOK\r\n", now)) == []
    events, _ = run_timers(dialog, lambda event: isinstance(event, Write))
    assert written(events) == b"AT+CHUP\r"


def test_the_late_ok_and_the_ok_of_the_probe_are_both_absorbed() -> None:
    dialog = Dialog()
    dialog.send(CSQ, 0.0)
    run_timers(dialog, lambda event: isinstance(event, Answer))
    _, now = run_timers(dialog, lambda event: isinstance(event, Write))  # AT
    dialog.send(HANG_UP, now)
    dialog.receive(b"\r\nOK\r\n", now)  # the late one
    assert written(dialog.receive(b"\r\nOK\r\n", now + QUIET_S / 2)) == b""  # that of AT
    events, _ = run_timers(dialog, lambda event: isinstance(event, Write))
    assert written(events) == b"AT+CHUP\r"


def test_a_modem_stuck_in_its_prompt_is_freed() -> None:
    dialog = Dialog()
    dialog.send(SEND, 0.0)
    events, _ = run_timers(dialog, lambda event: isinstance(event, Write))
    assert written(events) == b"\x1b"


def test_a_modem_that_answers_no_at_is_deaf_and_still_asked() -> None:
    dialog = Dialog()
    dialog.send(CSQ, 0.0)
    events, now = run_timers(dialog, lambda event: isinstance(event, Deaf))
    assert written(events).count(b"AT\r") == 3
    assert now == pytest.approx(CSQ.limit_s + 3 * (QUIET_S + PROBE_TIMEOUT_S), abs=0.1)
    events, now = run_timers(dialog, lambda event: isinstance(event, Write))
    dialog.receive(b"\r\nOK\r\n", now)
    dialog.handle_timer(now + QUIET_S)
    assert dialog.send(CSQ, now + 2 * QUIET_S) == b"AT+CSQ\r"


def test_a_modem_that_forgets_its_ok() -> None:
    dialog = Dialog()
    dialog.send(Command("AT+CPIN?", prefixes=("+CPIN:",), final_optional=True), 0.0)
    assert answers(dialog.receive(b"\r\n+CPIN: READY\r\n", 0.1)) == []
    events, _ = run_timers(dialog, lambda event: isinstance(event, Answer))
    assert answers(events)[0].ok
    assert answers(events)[0].lines == ["+CPIN: READY"]


def test_the_queue_is_bounded() -> None:
    dialog = Dialog()
    for _ in range(MAX_WAITING + 1):
        dialog.send(Command("AT"), 0.0)
    with pytest.raises(DialogFull):
        dialog.send(Command("AT"), 0.0)


@pytest.mark.parametrize(
    ("text", "limit_s"),
    [("ATD123;", 60), ("ATE0", 5), ("AT+COPS=?", 180), ("AT+COPS?", 30), ("at+chup", 90)],
)
def test_every_command_has_its_time(text: str, limit_s: float) -> None:
    assert default_timeout_s(text) == limit_s


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_garbage_never_raises_and_time_always_frees_the_port(chunks: list[bytes]) -> None:
    dialog = Dialog()
    dialog.send(SEND, 0.0)
    now = 0.0
    for chunk in chunks:
        now += 0.01
        dialog.receive(chunk, now)
    dialog.send(HANG_UP, now)
    seen = b""
    for _ in range(60):
        due = dialog.timer()
        if b"AT+CHUP" in seen or due is None:
            break
        events = dialog.handle_timer(due)
        seen += written(events)
        if seen.endswith(b"AT\r"):
            events = dialog.receive(b"\r\nOK\r\n", due)
            seen += written(events)
    assert b"AT+CHUP" in seen or not dialog.busy
