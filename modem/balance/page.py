"""A folded text on which spans are blanked out as soon as they are understood.

A blank keeps the places of all other characters, and parts what stands around it as a comma does.
"""

import re
from collections.abc import Callable, Iterable

BLANK = "\x1a"  # no text holds it: fold.tidy leaves no control characters


class Page:
    """The text of one reading."""

    def __init__(self, text: str) -> None:
        self.text = text

    def blank(self, start: int, end: int) -> None:
        """Take a span out."""
        self.text = self.text[:start] + BLANK * (end - start) + self.text[end:]

    def blank_all(
        self,
        patterns: Iterable[re.Pattern[str]],
        unless: Callable[[re.Match[str]], bool] = lambda _: False,
    ) -> None:
        """Take out all that the patterns match: their group 1 where they have one."""
        for pattern in patterns:
            for match in pattern.finditer(self.text):
                if not unless(match):
                    self.blank(*match.span(1 if pattern.groups else 0))
