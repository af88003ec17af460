"""Fields of an AT answer: commas, quotes and brackets, as modems really send them.

A quoted value may hold commas; a closing quote may be missing; a bracket holds a list (27.007 5.1,
V.250 5.4). `raw_fields` keeps the quotes, for the few answers where quoting tells two shapes apart.
"""

import re
from collections.abc import Sequence

from modem.errors import ParseError

# A field: quoted up to a quote that a comma or the end follows, or bracketed, or plain.
_FIELD = re.compile(
    r"""[ \t]*(?:
        ("[^\r\n]{0,512}?"(?=[ \t]*(?:,|$)))
      | (\((?:[^()"]|"[^"]*"|\([^()]*\))*+\)(?=[ \t]*(?:,|$)))
      | ([^,]*)
    )[ \t]*(,|$)""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"-?[0-9]{1,9}")  # every number of an AT answer fits 32 bits


def header(line: str) -> tuple[str, str]:
    """Split "+CREG: 2,1" into ("+CREG", "2,1"); a line without a colon has an empty body."""
    name, _, rest = line.partition(":")
    return name.strip(), rest.strip(" \t")


def body(line: str, prefix: str) -> str:
    """Give what follows "PREFIX:", blanks trimmed; ParseError on any other prefix."""
    name, rest = header(line)
    if name != prefix:
        raise ParseError(f"not a {prefix} line")
    return rest


def raw_fields(text: str) -> list[str]:
    """Split at the commas outside quotes and brackets; quotes stay, blanks around go."""
    if '"' not in text and "(" not in text:
        return [field.strip(" \t") for field in text.split(",")]
    found = _FIELD.findall(text)
    if len(found) > 1 and not found[-2][-1]:
        found.pop()  # the end of the text, which matches once more
    return [quoted or listed or plain.rstrip(" \t") for quoted, listed, plain, _ in found]


def unquote(field: str) -> str:
    """Take the quotes off a value; one whose partner is missing goes too."""
    return field.removeprefix('"').removesuffix('"')


def split(text: str) -> list[str]:
    """Split '1,"a,b",(1-3)' into ['1', 'a,b', '(1-3)']; quotes removed, brackets kept."""
    return [unquote(field) if '"' in field else field for field in raw_fields(text)]


def field(fields: Sequence[str], index: int) -> str:
    """Give the field at `index`, or "" where the answer is shorter."""
    return fields[index] if index < len(fields) else ""


def number(text: str) -> int:
    """Read a decimal field, sign allowed; ParseError for anything else."""
    if not _NUMBER.fullmatch(text):
        raise ParseError("not a decimal number")
    return int(text)


def optional_number(fields: Sequence[str], index: int) -> int | None:
    """Read the decimal field at `index`; None where it is missing or empty."""
    text = field(fields, index)
    return number(text) if text else None
