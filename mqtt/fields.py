"""The value types that every payload is made of."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core.core_schema import (
    json_or_python_schema,
    no_info_before_validator_function,
)

RFC3339 = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
_LOOKS_RIGHT = re.compile(RFC3339)


@lru_cache(maxsize=1024)  # a moment stands in several payloads: of its event, of the CDR
def format_timestamp(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_timestamp(value: object) -> object:
    """Read RFC 3339 text as UTC; raises ValueError."""
    if not isinstance(value, str) or not _LOOKS_RIGHT.fullmatch(value):
        raise ValueError("a time reads like 2026-11-23T10:00:00.000Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("a time reads like 2026-11-23T10:00:00.000Z") from error


Timestamp = Annotated[
    AwareDatetime,
    GetPydanticSchema(
        lambda kind, handler: json_or_python_schema(
            json_schema=no_info_before_validator_function(parse_timestamp, handler(kind)),
            python_schema=handler(kind),
        )
    ),
    PlainSerializer(format_timestamp, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": RFC3339,
            "description": "RFC 3339; we write UTC with milliseconds",
        }
    ),
]
Identifier = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$", min_length=1, max_length=64)
]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$", max_length=32)]
Number = Annotated[
    str,
    StringConstraints(max_length=32),
    Field(description="E.164, a short code as the network knows it, or empty when withheld"),
]
Name = Annotated[str, StringConstraints(max_length=64)]
Tag = Annotated[
    str,
    StringConstraints(max_length=128),
    Field(description="the dialer's own words; come back in each event of the call"),
]
Sentence = Annotated[str, StringConstraints(max_length=512)]
TopicName = Annotated[str, StringConstraints(pattern=r"^[^+#\x00]+$", min_length=1, max_length=256)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Money = Annotated[
    str,
    StringConstraints(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$"),
    Field(description="a decimal number; its currency stands beside it"),
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="ISO 4217")]
Day = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    Field(description="a calendar day, as the carrier means it"),
]
Count = Annotated[int, Field(ge=0, lt=2**53)]


class Model(BaseModel):
    """A payload: strict types, unknown fields ignored, nothing changes after it was made."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    def encode(self) -> bytes:
        """Write the payload as UTF-8 JSON, absent fields left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read a payload; raises pydantic.ValidationError."""
        return cls.model_validate_json(payload)

    def as_dict(self) -> dict[str, Any]:
        """Give the payload as plain JSON values, absent fields left out."""
        return self.model_dump(mode="json", exclude_none=True)
