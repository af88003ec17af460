"""One worked example of each payload, for the generated docs and their tests."""

from typing import Any

from mqtt import messages as m
from mqtt.fields import Model

_AT = "2026-11-23T10:00:00.000Z"
_END = "2026-11-23T10:01:12.480Z"
_COMMAND = {"id": "7f9c2b", "expires_at": "2026-11-23T10:00:10.000Z"}
_EVENT = {
    "event_id": "0b6f3a52-58d1-4b0e-9a38-2f0b8c1f6c11",
    "boot_id": "5f1d2c9e",
    "seq": 42,
    "ts": _AT,
    "gateway": "vienna",
    "replayed": False,
}
_LINE = {
    "gateway": "vienna",
    "line": "desk-1",
    "kind": "gsm",
    "state": "ready",
    "since": _AT,
    "operator": "A1",
    "registration": "home",
    "signal_dbm": -71,
    "sim": "8943010000000000001",
    "number": "+436641234567",
    "modem": "EC25",
}
_SNAPSHOT = {
    "boot_id": "5f1d2c9e",
    "seq": 42,
    "lines": [_LINE],
    "calls": [
        {
            "call_id": "c-1",
            "call_seq": 3,
            "direction": "outgoing",
            "state": "alerting",
            "number": "+4315550100",
            "since": _AT,
            "cmd_id": "7f9c2b",
            "line": "desk-1",
        }
    ],
}

EXAMPLES: dict[type[Model], dict[str, Any]] = {
    m.Dial: {**_COMMAND, "to": "+4315550100", "line": "desk-1", "tag": "order 1017"},
    m.Hangup: {"id": "7f9c2c", "call_id": "c-1"},
    m.Answer: {**_COMMAND, "call_id": "c-2"},
    m.Dtmf: {**_COMMAND, "call_id": "c-1", "digits": "12#"},
    m.Sms: {
        **_COMMAND,
        "to": "+436641234567",
        "text": "Your table is ready.",
        "status_report": True,
    },
    m.Ussd: {**_COMMAND, "line": "desk-1", "text": "*100#"},
    m.Line: {"id": "7f9c2d", "line": "desk-1", "action": "switch_sim", "slot": 2},
    m.Sync: {"id": "7f9c2e"},
    m.Status: {
        "gateway": "vienna",
        "state": "online",
        "boot_id": "5f1d2c9e",
        "version": "0.1.0",
        "since": _AT,
    },
    m.Capacity: {"gateway": "vienna", "ready": {"gsm": 3}, "not_ready": {"searching": 1}},
    m.LineStatus: _LINE,
    m.Alarm: {
        "gateway": "vienna",
        "name": "sim-locked.desk-2",
        "severity": "error",
        "message": "The SIM of desk-2 wants its PUK; enter it in a telephone.",
        "raised_at": _AT,
        "line": "desk-2",
    },
    m.Snapshot: _SNAPSHOT,
    m.Reply: {
        "gateway": "vienna",
        "ts": _AT,
        "id": "7f9c2b",
        "verb": "dial",
        "result": "accepted",
        "call_id": "c-1",
    },
    m.CallEvent: {
        **_EVENT,
        "cmd_id": "7f9c2b",
        "call_id": "c-1",
        "call_seq": 4,
        "direction": "outgoing",
        "state": "answered",
        "prev": "alerting",
        "number": "+4315550100",
        "line": "desk-1",
        "answer_evidence": "network",
        "tag": "order 1017",
    },
    m.Cdr: {
        **_EVENT,
        "cmd_id": "7f9c2b",
        "call_id": "c-1",
        "direction": "outgoing",
        "number": "+4315550100",
        "line": "desk-1",
        "sim": "8943010000000000001",
        "purpose": "manual",
        "tag": "order 1017",
        "queued_at": _AT,
        "dialed_at": _AT,
        "alerting_at": "2026-11-23T10:00:03.120Z",
        "answered_at": "2026-11-23T10:00:11.900Z",
        "ended_at": _END,
        "ring_s": 8.78,
        "talk_s": 60.58,
        "cause": "normal",
        "raw_cause": "16",
        "hangup_by": "remote",
        "answer_evidence": "network",
    },
    m.SmsEvent: {
        **_EVENT,
        "sms_id": "s-1",
        "direction": "incoming",
        "number": "+436641234567",
        "line": "desk-1",
        "state": "received",
        "parts": 1,
        "text": "I am five minutes late.",
        "sent_at": "2026-11-23T09:59:58.000Z",
    },
    m.UssdEvent: {
        **_EVENT,
        "cmd_id": "7f9c2b",
        "session_id": "u-1",
        "line": "desk-1",
        "state": "reply",
        "text": "Your balance is 12.40 EUR.",
    },
}
