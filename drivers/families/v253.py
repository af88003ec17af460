"""Voice modems on analogue lines, as V.253 has them; each family says what it does otherwise."""

from collections.abc import Sequence

from config.profiles import Duplex, ModemProfile, VoiceModem
from drivers.families.generic import Generic
from modem.callstate import TrackedCall


class V253(Generic):
    """The command lines of voice modems. Pure: gives texts, asks nothing."""

    opening = ("ATE0",)

    def __init__(self, profile: ModemProfile) -> None:
        super().__init__(profile)
        if profile.voice is None:
            raise ValueError(f"profile {profile.name} has no [voice]")
        self.voice: VoiceModem = profile.voice

    def caller_id(self, register: str | None) -> Sequence[str]:
        """What turns caller id on; `register` names the country's signal to a CX93001."""
        del register  # the modem knows one signal, or finds out
        return ("AT+VCID=1",)

    def voice_mode(self) -> Sequence[str]:
        """What makes it a voice modem; the first of them may need a reset before."""
        silence = (self.voice.silence,) if self.voice.silence else ()
        return ("AT+FCLASS=8", self.voice.compression, *silence)

    def dial(self, number: str, *, pulse: bool) -> str:
        """What dials on a line that is off hook, and answers OK when that is done (V.250 6.3.1)."""
        return f"ATD{'P' if pulse else 'T'}{number};"

    def dtmf(self, digit: str, call: TrackedCall) -> str | None:
        """The command that sends one digit; ! opens the loop for a moment, to call the exchange."""
        del call
        return f"AT+VTS={digit}"

    def listen(self) -> str:
        """What opens the stream in which sound comes."""
        return "AT+VTR" if self.voice.duplex is Duplex.FULL else "AT+VRX"
