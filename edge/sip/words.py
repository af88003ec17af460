"""Texts of SIP peers, made safe: bounded, printable, in one line. Pure."""

import re

MAX_USER = 64  # characters of a user part; E.164 has 15 digits
MAX_NAME = 60  # characters of a display name
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f"<>\\]')


def clean(text: str, limit: int = MAX_NAME) -> str:
    """A text without control characters, quotes and brackets, at most `limit` characters."""
    return _UNSAFE.sub("", text[: 4 * limit]).strip()[:limit]
