"""A modem that keeps to 27.007 and 27.005; each other family says what it does otherwise."""

from collections.abc import Sequence

from config.profiles import DtmfSend, ModemProfile, Quirk, SlotCommand
from modem.callstate import TrackedCall

HOOK = "!"  # among digits: the hook pressed for a moment, V.250 6.3.1.7


class Generic:
    """The command lines of one family. Pure: gives texts, asks nothing."""

    opening: tuple[str, ...] = ("ATE0", "AT+CMEE=1", 'AT+CSCS="GSM"')
    iccid: tuple[str, ...] = ("AT+CCID",)
    iccid_prefixes: tuple[str, ...] = ("+CCID:", "+ICCID:", "+QCCID:", "^ICCID:", "+CICCID:")
    tries_left: str = "AT+CPINR"
    tries_prefixes: tuple[str, ...] = ("+CPINR:", "+QPINC:", "+SPIC:", "^CPIN:")

    def __init__(self, profile: ModemProfile) -> None:
        self.profile = profile

    def has(self, quirk: Quirk) -> bool:
        """Whether the profile names this oddity."""
        return quirk in self.profile.quirks

    def dtmf(self, digit: str, call: TrackedCall) -> str | None:
        """The command that sends one digit; None where the modem cannot."""
        if digit == HOOK or (self.has(Quirk.DTMF_DIGITS_ONLY) and digit in "ABCD"):
            return None
        if self.profile.dtmf_send is DtmfSend.HUAWEI:
            return f"AT^DTMF={call.index or 1},{digit}"
        return f'AT+VTS="{digit}"'

    def end_all(self) -> Sequence[str]:
        """What ends every call, to be tried in order."""
        return self.profile.hangup

    def end_one(self, call: TrackedCall) -> str | None:
        """What ends one of several calls (27.007 7.13); None where the modem could not bear it."""
        if call.index is None or (self.has(Quirk.NO_CHLD_BEFORE_ALERTING) and not call.was_active):
            return None
        return f"AT+CHLD=1{call.index}"

    def slot_question(self) -> tuple[str, str, int] | None:
        """What asks for the slot in use, the answer's prefix, and the number of the first slot."""
        match self.profile.slots:
            case SlotCommand.QDSIM:
                return "AT+QDSIM?", "+QDSIM:", 0
            case SlotCommand.QUIMSLOT:
                return "AT+QUIMSLOT?", "+QUIMSLOT:", 1
            case SlotCommand.SWITCHSIM:
                return "AT+SWITCHSIM?", "+SWITCHSIM:", 0
            case None:
                return None

    def choose_slot(self, slot: int) -> Sequence[str]:
        """What switches to a SIM slot, counted from 1; empty for a modem with one slot."""
        match self.profile.slots:
            case SlotCommand.QDSIM:
                choice = f"AT+QDSIM={slot - 1}"
            case SlotCommand.QUIMSLOT:
                choice = f"AT+QUIMSLOT={slot}"
            case SlotCommand.SWITCHSIM:
                choice = f"AT+SWITCHSIM={slot - 1}"
            case None:
                return ()
        return (choice, "AT+CFUN=0", "AT+CFUN=1")
