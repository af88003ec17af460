import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from mqtt import docs
from mqtt.examples import EXAMPLES
from mqtt.fields import Model
from mqtt.messages import (
    COMMANDS,
    VERSION,
    CallEvent,
    Command,
    Dial,
    Sms,
    Status,
    Ussd,
    mark_replayed,
)
from mqtt.parsing import MAX_PAYLOAD, Refusal, parse_command
from mqtt.topics import ROOT
from mqtt.vocabulary import Purpose, Reason, Verb

DIAL = {"id": "a1", "expires_at": "2026-11-23T10:00:00.000Z", "to": "+4315550100"}
MODELS = pytest.mark.parametrize("model", EXAMPLES, ids=lambda model: model.__name__)


def dial(**changes: object) -> bytes:
    return json.dumps({**DIAL, **changes}).encode()


def refused(verb: str, payload: bytes) -> Refusal:
    answer = parse_command(verb, payload)
    assert isinstance(answer, Refusal)
    return answer


@MODELS
def test_an_example_survives_the_way_there_and_back(model: type[Model]) -> None:
    payload = json.dumps(EXAMPLES[model]).encode()
    message = model.decode(payload)
    assert model.decode(message.encode()) == message
    assert json.loads(message.encode()).items() >= EXAMPLES[model].items()


@MODELS
def test_an_example_fits_its_schema(model: type[Model]) -> None:
    schema = docs.schema(model)
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.FormatChecker()
    jsonschema.validate(EXAMPLES[model], schema, format_checker=checker)
    jsonschema.validate(model.decode(json.dumps(EXAMPLES[model]).encode()).as_dict(), schema)


@MODELS
def test_a_reader_ignores_what_it_does_not_know(model: type[Model]) -> None:
    payload = json.dumps({**EXAMPLES[model], "of_the_future": [1]}).encode()
    assert model.decode(payload) == model.decode(json.dumps(EXAMPLES[model]).encode())


def test_a_dial_has_defaults() -> None:
    command = parse_command("dial", dial())
    assert command == Dial(
        id="a1", expires_at=datetime(2026, 11, 23, 10, tzinfo=UTC), to="+4315550100"
    )
    assert isinstance(command, Dial)
    assert (command.purpose, command.ring_timeout_s) == (Purpose.MANUAL, 60)


def test_times_are_utc_with_milliseconds() -> None:
    vienna = datetime(2026, 11, 23, 11, 0, 0, 123456, timezone(timedelta(hours=1)))
    command = Dial(id="a", expires_at=vienna, to="1")
    assert json.loads(command.encode())["expires_at"] == "2026-11-23T10:00:00.123Z"


@pytest.mark.parametrize(
    "text",
    ["2026-11-23T10:00:00+01:00", "2026-11-23t10:00:00z", "2026-11-23T10:00:00.123456789Z"],
)
def test_any_rfc_3339_time_is_read(text: str) -> None:
    assert isinstance(parse_command("dial", dial(expires_at=text)), Dial)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T10:00:00",
        "2026-11-23 10:00:00Z",
        "2026-11-23",
        "2026-W48-1T10:00:00Z",
        "2026-13-23T10:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-11-23T10:00:00Z",
        1795428000,
        None,
        "",
    ],
)
def test_a_time_that_is_none_is_refused(text: object) -> None:
    assert refused("dial", dial(expires_at=text)).reason is Reason.BAD_REQUEST


def test_a_naive_time_cannot_be_sent() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Dial(id="a", expires_at=datetime(2026, 11, 23), to="1")  # noqa: DTZ001  # the point


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"to": 5}, "Field 'to': Input should be a valid string."),
        ({"to": ""}, "Field 'to': String should have at least 1 character."),
        ({"to": "1" * 33}, "Field 'to': String should have at most 32 characters."),
        ({"ring_timeout_s": "60"}, "Field 'ring_timeout_s': Input should be a valid number."),
        ({"ring_timeout_s": True}, "Field 'ring_timeout_s': Input should be a valid number."),
        ({"ring_timeout_s": 5}, "'ring_timeout_s': Input should be greater than or equal to 15."),
        ({"purpose": "fun"}, "Input should be 'manual', 'campaign' or 'broadcast'."),
        ({"line": "a/b"}, "Field 'line'"),
        ({"reply_to": "a/#"}, "Field 'reply_to'"),
        ({"tag": "x" * 129}, "Field 'tag': String should have at most 128 characters."),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], sentence: str) -> None:
    refusal = refused("dial", dial(**changes))
    assert (refusal.reason, refusal.id) == (Reason.BAD_REQUEST, "a1")
    assert sentence in refusal.message


@pytest.mark.parametrize("field", DIAL)
def test_a_missing_field_is_named(field: str) -> None:
    payload = json.dumps({name: DIAL[name] for name in DIAL if name != field}).encode()
    assert refused("dial", payload).message == f"Field '{field}' is missing; add it."


@pytest.mark.parametrize("verb", ["dial", "answer", "dtmf", "sms", "ussd"])
def test_commands_that_age_need_their_end(verb: str) -> None:
    payload = {**EXAMPLES[COMMANDS[Verb(verb)]]}
    del payload["expires_at"]
    assert "'expires_at' is missing" in refused(verb, json.dumps(payload).encode()).message


@pytest.mark.parametrize(
    ("payload", "identifier"),
    [
        (b'{"id": "a1", "to": "+43', "a1"),
        (b'{"id": "a', None),
        (b"", None),
        (b"\xff\xfe", None),
        (b"[" * 30_000, None),
        (b'{"id": "a/1"', None),
    ],
)
def test_what_is_no_json_is_refused(payload: bytes, identifier: str | None) -> None:
    refusal = refused("dial", payload)
    assert (refusal.reason, refusal.id) == (Reason.BAD_JSON, identifier)


@pytest.mark.parametrize("payload", [b"[1]", b"5", b"null", b'"dial"'])
def test_json_that_is_no_object_is_refused(payload: bytes) -> None:
    refusal = refused("dial", payload)
    assert (refusal.reason, refusal.id) == (Reason.BAD_REQUEST, None)


def test_a_megabyte_is_refused_unread() -> None:
    refusal = refused("sms", b'{"id": "a1"}' + b" " * 1_000_000)
    assert (refusal.reason, refusal.id) == (Reason.TOO_LARGE, None)
    assert str(MAX_PAYLOAD) in refusal.message


@pytest.mark.parametrize("verb", set(Verb) - set(COMMANDS))
def test_a_verb_of_later_is_unsupported(verb: Verb) -> None:
    assert refused(verb, dial()) == Refusal(
        verb, Reason.UNSUPPORTED, refused(verb, dial()).message, "a1"
    )


@pytest.mark.parametrize("verb", ["", "DIAL", "call", "x" * 10_000])
def test_an_unknown_verb_is_refused(verb: str) -> None:
    refusal = refused(verb, dial())
    assert (refusal.reason, refusal.id) == (Reason.UNKNOWN_VERB, "a1")
    assert len(refusal.verb) <= 64


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"text": "*100#"}, True),
        ({"text": "1", "session_id": "u-1"}, True),
        ({"cancel": True, "session_id": "u-1"}, True),
        ({}, False),
        ({"text": "1", "cancel": True}, False),
        ({"text": '1",15\rATD1;'}, False),
    ],
)
def test_ussd_takes_a_text_or_a_cancel(fields: dict[str, object], *, fits: bool) -> None:
    payload = json.dumps({"id": "a", "expires_at": DIAL["expires_at"], "line": "l", **fields})
    assert isinstance(parse_command("ussd", payload.encode()), Ussd if fits else Refusal)


def test_the_longest_sms_is_read() -> None:
    payload = dial(text="\N{GRINNING FACE}" * 1530)
    assert len(payload) < MAX_PAYLOAD
    assert isinstance(parse_command("sms", payload), Sms)


def test_only_the_field_is_marked_replayed() -> None:
    event = CallEvent.decode(json.dumps(EXAMPLES[CallEvent]).encode())
    event = event.model_copy(update={"gateway": "x", "tag": '"replayed":false'})
    marked = CallEvent.decode(mark_replayed(event.encode()))
    assert marked == event.model_copy(update={"replayed": True})


def test_the_version_is_that_of_the_topics() -> None:
    assert ROOT.endswith(f"/{VERSION}")


def test_a_payload_cannot_change() -> None:
    status = Status.decode(json.dumps(EXAMPLES[Status]).encode())
    with pytest.raises(ValidationError, match="frozen"):
        status.state = "offline"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
FIELDS = sorted({name for model in COMMANDS.values() for name in model.model_fields})


@given(verb=st.sampled_from(sorted(Verb)) | st.text(), payload=st.binary(max_size=200))
@example(verb="dial", payload=b'{"id":"\\ud800"}')
def test_bytes_never_raise(verb: str, payload: bytes) -> None:
    assert isinstance(parse_command(verb, payload), Refusal | Command)


@given(verb=st.sampled_from(sorted(Verb)), fields=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_fields_never_raise(verb: str, fields: dict[str, object]) -> None:
    answer = parse_command(verb, json.dumps(fields).encode())
    if isinstance(answer, Refusal):
        assert len(answer.message) <= 300
        assert answer.id is None or answer.id == fields["id"]
    else:
        assert answer.id == fields["id"]


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_we_write_we_can_read(moment: datetime) -> None:
    command = Dial(id="a", expires_at=moment, to="1")
    assert abs(Dial.decode(command.encode()).expires_at - moment) < timedelta(milliseconds=1)
