"""A plain 3GPP modem: what the standard asks for and no call URC of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from simulator.calls import Cause
from simulator.commands import COMMON
from simulator.oddities import Oddity

if TYPE_CHECKING:
    from simulator.at import Commands
    from simulator.board import Ending, Leg
    from simulator.modem import Modem
    from simulator.scenario import UssdStep

CAUSE_TEXTS: dict[int, str] = {
    Cause.UNASSIGNED: "Unassigned/unallocated number",
    Cause.BARRED: "Operator determined barring",
    Cause.NORMAL: "Normal call clearing",
    Cause.BUSY: "User busy",
    Cause.NO_USER_RESPONDING: "No user responding",
    Cause.NO_ANSWER: "User alerting, no answer",
    Cause.REJECTED: "Call rejected",
    Cause.OUT_OF_ORDER: "Destination out of order",
    Cause.NETWORK_OUT_OF_ORDER: "Network out of order",
    Cause.TEMPORARY_FAILURE: "Temporary failure",
    Cause.NO_CREDIT: "ACM equal to or greater than ACMmax",
}
_FINALS: dict[int, str] = {Cause.BUSY: "BUSY", Cause.NO_ANSWER: "NO ANSWER"}
_EOL = "\r\n"
_UCS2 = 72


class Generic:
    """Subclasses say what differs. Nothing is kept here: a modem's state is its own."""

    maker = "Simworks"
    model = "SW-100"
    revision = "SW100_R01"
    noise = '+CIEV: "signal",3'
    storages: tuple[str, ...] = ("SM", "ME", "SR")
    report_store = "SR"
    connects_before_ok = False
    wants_cnma = True
    commands: ClassVar[Commands] = COMMON

    def identity(self, modem: Modem) -> tuple[str, ...]:
        """Return the lines of ATI."""
        return (self.maker, modem.part.model or self.model, f"Revision: {self.revision}")

    def has_data_bearer(self, modem: Modem) -> bool:  # noqa: ARG002 - Quectel's needs it
        """Whether CLCC always lists a data call."""
        return False

    def urcs_pass(self, modem: Modem) -> bool:  # noqa: ARG002 - Quectel's needs it
        """Whether URCs come out of this port."""
        return True

    def framed(self, line: str) -> str:
        """Return a URC with its line ends."""
        return f"{_EOL}{line}{_EOL}"

    def booted(self, modem: Modem) -> None:
        """Say what the modem says after power-up."""

    def unlocked(self, modem: Modem) -> None:
        """Say what the modem says after the right PIN."""

    def card_moved(self, modem: Modem) -> None:
        """Say that the card went or came."""
        modem.urc(f"+CPIN: {modem.card.lock if modem.card else 'NOT READY'}")

    def changed(self, modem: Modem, leg: Leg) -> None:
        """Say that a call is in another state; a plain modem must be polled."""

    def ended(self, modem: Modem, leg: Leg, ending: Ending) -> None:  # noqa: ARG002 - the families' need it
        """Say that a call is over; nothing if this side hung up."""
        if not ending.local:
            modem.urc(self.final(ending))

    def final(self, ending: Ending) -> str:
        """Return the result code of a call's end."""
        return "NO CARRIER" if ending.connected else _FINALS.get(ending.cause, "NO CARRIER")

    def rings(self, modem: Modem, leg: Leg) -> None:
        """Say RING or +CRING, and the number if it is asked for."""
        modem.urc("+CRING: VOICE" if modem.settings["+CRC"] == "1" else "RING")
        if leg.rings == 1:
            leg.clip_from = self._clip_from(modem)
        if modem.settings["+CLIP"] == "1" and 0 < leg.clip_from <= leg.rings:
            modem.urc(self.clip(leg))

    def _clip_from(self, modem: Modem) -> int:
        """Return with which ring the number comes, 0 for never."""
        if modem.dice.throw(Oddity.NO_CLIP):
            return 0
        return 2 if modem.dice.throw(Oddity.LATE_CLIP) else 1

    def clip(self, leg: Leg) -> str:
        """Return the caller's number (27.007 clause 7.6)."""
        return f'+CLIP: "{leg.number}",{leg.number_type},,,,{0 if leg.number else 1}'

    def waits(self, modem: Modem, leg: Leg) -> None:
        """Say that a second caller waits (27.007 clause 7.12)."""
        modem.urc(f'+CCWA: "{leg.number}",{leg.number_type},1')

    def clcc(self, leg: Leg) -> str:
        """Return a call's line of AT+CLCC."""
        head = f"{leg.index},{int(leg.incoming)},{leg.state.value},0,{int(leg.multiparty)}"
        return f'+CLCC: {head},"{leg.number}",{leg.number_type}'

    def end_report(self, last: Ending | None) -> str:
        """Return what AT+CEER says of the last call."""
        return CAUSE_TEXTS.get(last.cause, "Unspecified") if last else "No cause information"

    def heard(self, modem: Modem, digit: str) -> None:
        """Say that a DTMF digit came; a plain modem does not."""

    def audio_full(self, modem: Modem, *, full: bool) -> None:
        """Say that the audio port can take no more, or again; most are silent."""

    def storage_full(self, modem: Modem, name: str) -> None:
        """Say that the storage is full; most are silent."""

    def report_stored(self, name: str, index: int) -> str:
        """Return the URC of a stored delivery report."""
        return f'+CDSI: "{name}",{index}'

    def ussd_request(self, modem: Modem, text: str) -> str:
        """Return the code that the text stands for: the TE's charset decides."""
        if "UCS2" not in modem.settings["+CSCS"]:
            return text
        try:
            return bytes.fromhex(text).decode("utf-16-be")
        except ValueError:
            return text

    def ussd_reply(self, modem: Modem, text: str, dcs: int) -> str:
        """Return the text as this modem writes it."""
        if dcs == _UCS2:
            return text.encode("utf-16-be").hex().upper()
        return self.te_text(modem, text)

    def te_text(self, modem: Modem, text: str) -> str:
        """Return a text in the TE's charset (27.007 clause 5.5)."""
        if "UCS2" in modem.settings["+CSCS"]:
            return text.encode("utf-16-be").hex().upper()
        return text

    def ussd_dcs(self, step: UssdStep) -> int:
        """Return the coding scheme that this modem tells."""
        return step.dcs
