"""From the bytes of a command to a typed command, or to a refusal that helps its sender."""

from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from mqtt.messages import COMMANDS, AnyCommand
from mqtt.topics import is_level
from mqtt.vocabulary import Reason, Verb

MAX_PAYLOAD = 64 * 1024  # octets; the largest honest command, an SMS, needs about 10 kB
_MAX_SENTENCE = 300  # characters; a Reply allows 512

_HINTS = {
    "missing": "Field '{field}' is missing; add it.",
    "json_invalid": "The payload is not JSON; send one UTF-8 JSON object.",
    "model_type": "The payload is JSON but no object; send one JSON object.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a payload is no command, in a code and in a sentence; `id` where it could be read."""

    verb: str
    reason: Reason
    message: str
    id: str | None = None


def parse_command(verb: str, payload: bytes) -> AnyCommand | Refusal:
    """Read the payload of `cmd/{verb}`; never raises."""
    if len(payload) > MAX_PAYLOAD:
        message = f"The payload has {len(payload)} octets; at most {MAX_PAYLOAD} are read."
        return Refusal(verb[:64], Reason.TOO_LARGE, message)
    try:
        known = Verb(verb)
    except ValueError:
        message = f"There is no such verb; use one of {', '.join(Verb)}."
        return Refusal(verb[:64], Reason.UNKNOWN_VERB, message, _read_id(payload))
    if known not in COMMANDS:
        message = f"This version does not know {known} yet; it knows {', '.join(COMMANDS)}."
        return Refusal(known, Reason.UNSUPPORTED, message, _read_id(payload))
    try:
        return COMMANDS[known].model_validate_json(payload)
    except ValidationError as error:
        return _refuse(known, payload, error.errors(include_url=False, include_input=False)[0])


def _refuse(verb: Verb, payload: bytes, error: ErrorDetails) -> Refusal:
    """Turn pydantic's first complaint into an answer."""
    reason = Reason.BAD_JSON if error["type"] == "json_invalid" else Reason.BAD_REQUEST
    field = ".".join(str(part) for part in error["loc"])
    text = error["msg"].removeprefix("Value error, ")
    fallback = "Field '{field}': {text}." if field else "The command is not complete: {text}."
    message = _HINTS.get(error["type"], fallback).format(field=field, text=text)
    return Refusal(verb, reason, message[:_MAX_SENTENCE], _read_id(payload))


def _read_id(payload: bytes) -> str | None:
    """Fish the id out of a payload that is no valid command, broken off or not."""
    try:
        value = from_json(payload, allow_inf_nan=True, allow_partial=True)
    except ValueError:
        return None
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and is_level(found) else None
