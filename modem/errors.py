"""What the pure rooms raise."""


class ParseError(ValueError):
    """The text is not what the standard says: the caller logs it and drops the line."""
