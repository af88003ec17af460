"""Writes the AsyncAPI document and the JSON Schemas of the contract from its models."""

import json
from typing import Any

from mqtt import messages
from mqtt.catalog import CHANNELS, Channel
from mqtt.examples import EXAMPLES
from mqtt.fields import Model
from mqtt.messages import COMMANDS, Reply
from mqtt.topics import COMMAND, REPLY, ROOT
from mqtt.vocabulary import Verb

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MQTT_BINDING = "0.2.0"
_PARAMETERS = {
    "gateway": "Name of the gateway.",
    "line": "A line of the gateway; stable over restarts and re-plugging.",
    "call": "The call_id.",
    "name": "Name of the alarm.",
}
_DESCRIPTION = (
    "Commands to a Trunkline gateway and its events. At least once, QoS 1: drop an event_id that "
    "was seen before. Works on MQTT 3.1.1 and 5. Unknown fields are ignored on receipt."
)
Json = dict[str, Any]


def documents() -> dict[str, str]:
    """Give every generated file: its path below docs/mqtt/ and its text."""
    schemas = {f"schemas/{model.__name__}.json": schema(model) for model in EXAMPLES}
    return {
        name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in {"asyncapi.json": asyncapi(), **schemas}.items()
    }


def schema(model: type[Model]) -> Json:
    """Give the JSON Schema of a payload as its sender writes it."""
    body = model.model_json_schema(mode="validation")
    return {
        "$schema": _DIALECT,
        "$id": f"{model.__name__}.json",
        **body,
        "examples": [EXAMPLES[model]],
    }


def asyncapi() -> Json:
    """Give the AsyncAPI 3.0 document, seen from the gateway: it sends events."""
    models = [channel.model for channel in CHANNELS] + list(COMMANDS.values())
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Trunkline",
            "version": f"{messages.VERSION.removeprefix('v')}.0.0",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            **{channel.kind: _event_channel(channel) for channel in CHANNELS},
            **{f"{COMMAND}-{verb}": _command_channel(verb) for verb in COMMANDS},
            "answer": {"address": None, "messages": _message_refs(Reply)},
        },
        "operations": {
            **{f"send-{channel.kind}": _send(channel) for channel in CHANNELS},
            **{f"receive-{verb}": _receive(verb) for verb in COMMANDS},
        },
        "components": {"messages": {model.__name__: _message(model) for model in models}},
    }


def _event_channel(channel: Channel) -> Json:
    names = ("gateway", channel.item) if channel.item else ("gateway",)
    item = f"/{{{channel.item}}}" if channel.item else ""
    return {
        "address": f"{ROOT}/{{gateway}}/{channel.kind}{item}",
        "summary": channel.summary,
        "messages": _message_refs(channel.model),
        "parameters": {name: {"description": _PARAMETERS[name]} for name in names},
    }


def _command_channel(verb: Verb) -> Json:
    model = COMMANDS[verb]
    return {
        "address": f"{ROOT}/{{gateway}}/{COMMAND}/{verb}",
        "summary": _summary(model),
        "messages": _message_refs(model),
        "parameters": {"gateway": {"description": _PARAMETERS["gateway"]}},
    }


def _send(channel: Channel) -> Json:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel.kind}"},
        "summary": channel.summary,
        "bindings": _bindings(retain=channel.retained),
    }


def _receive(verb: Verb) -> Json:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{COMMAND}-{verb}"},
        "summary": _summary(COMMANDS[verb]),
        "bindings": _bindings(retain=False),
        "reply": {
            "address": {
                "description": f"The MQTT 5 response topic goes before it; `{REPLY}` without both.",
                "location": "$message.payload#/reply_to",
            },
            "channel": {"$ref": "#/channels/answer"},
        },
    }


def _bindings(*, retain: bool) -> Json:
    return {"mqtt": {"qos": 1, "retain": retain, "bindingVersion": _MQTT_BINDING}}


def _message_refs(model: type[Model]) -> Json:
    return {model.__name__: {"$ref": f"#/components/messages/{model.__name__}"}}


def _message(model: type[Model]) -> Json:
    name = model.__name__
    return {
        "name": name,
        "summary": _summary(model),
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./schemas/{name}.json"},
        },
        "examples": [{"payload": EXAMPLES[model]}],
    }


def _summary(model: type[Model]) -> str:
    return (model.__doc__ or "").splitlines()[0]
