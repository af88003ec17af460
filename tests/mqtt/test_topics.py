import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqtt import topics
from mqtt.catalog import CHANNELS, schema_of
from mqtt.topics import Topic, Topics

OWN = Topics("vienna")


def test_topics_are_built() -> None:
    assert OWN.of(topics.STATUS) == "trunkline/v1/vienna/status"
    assert OWN.of(topics.CALL, "c-1") == "trunkline/v1/vienna/call/c-1"
    assert OWN.commands == "trunkline/v1/vienna/cmd/+"


def test_topics_are_read() -> None:
    assert topics.parse("trunkline/v1/vienna/cmd/dial") == Topic("vienna", "cmd", "dial")
    assert topics.parse("trunkline/v1/vienna/cdr") == Topic("vienna", "cdr")


@pytest.mark.parametrize("text", ["", "a/b", "+", "#", "a b", "x" * 65, "ü", "a\n", "a\x00"])
def test_what_is_no_level_makes_no_topic(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be a level"):
        Topics(text)
    if text:
        with pytest.raises(ValueError, match="cannot be a level"):
            OWN.of(topics.CALL, text)


@pytest.mark.parametrize(
    "topic",
    ["", "trunkline/v1", "trunkline/v1/vienna", "trunkline/v2/a/cdr", "trunkline/v1/a/b/c/d"],
)
def test_other_topics_are_none_of_ours(topic: str) -> None:
    assert topics.parse(topic) is None


@given(st.text())
def test_a_topic_that_is_read_can_be_built(rest: str) -> None:
    topic = f"trunkline/v1/{rest}"
    if parsed := topics.parse(topic):
        assert Topics(parsed.gateway).of(parsed.kind, parsed.item) == topic


@pytest.mark.parametrize(
    "topic",
    ["dialer/7/answers", "trunkline/v1/vienna/reply", "trunkline/v1/vienna/reply/d7", "a"],
)
def test_an_answer_may_go_there(topic: str) -> None:
    assert OWN.accepts_reply(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "a/+",
        "#",
        "$SYS/a",
        "a\x00",
        "x" * 257,
        "trunkline/v1/vienna/cmd/dial",
        "trunkline/v1/vienna/status",
        "trunkline/v1/vienna/replyx",
    ],
)
def test_an_answer_may_not_go_there(topic: str) -> None:
    assert not OWN.accepts_reply(topic)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.kind)
def test_each_topic_names_its_schema(channel: topics.Topic) -> None:
    assert schema_of(OWN.of(channel.kind, "x")) == schema_of(OWN.of(channel.kind))


def test_schemas_by_topic() -> None:
    assert schema_of(OWN.of(topics.CALL, "c-1")) == "CallEvent"
    assert schema_of(OWN.of(topics.COMMAND, "dial")) == "Dial"
    assert schema_of("dialer/7/answers") == "Reply"
    assert schema_of("a/b/c/call") == "Reply"
