"""A folded text on which spans are blanked out as soon as they are understood.

A blank keeps the places of all other characters, and parts what stands around it as a comma does.
"""

import re
from collections.abc import Callable, Iterable

# No text holds these: fold.tidy leaves no control characters.
BLANK = "\x1a"
QUANTITY = "\x1d"  # where minutes, SMS or data stood
CODE = "\x1c"  # where a USSD code or an address stood


class Page:
    """The text of one reading."""

    def __init__(self, text: str) -> None:
        self.text = text

    def blank(self, start: int, end: int, filler: str = BLANK) -> None:
        """Take a span out."""
        self.text = self.text[:start] + filler * (end - start) + self.text[end:]

    def blank_all(
        self,
        patterns: Iterable[re.Pattern[str]],
        unless: Callable[[re.Match[str]], bool] = lambda _: False,
        filler: str = BLANK,
    ) -> None:
        """Take out all that the patterns match: their group 1 where they have one."""
        for pattern in patterns:
            for match in pattern.finditer(self.text):
                if not unless(match):
                    self.blank(*match.span(1 if pattern.groups else 0), filler)
