"""What keeps the voice of a gateway from starting."""


class VoiceError(Exception):
    """The gateway cannot start; the text is a sentence that says what to change."""
