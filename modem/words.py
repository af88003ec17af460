"""Words for people: what each fact that the parsers give means."""

from functools import singledispatch

from modem import call_urcs, radio, sim, ussd
from modem.calls import CallInfo, Direction
from modem.causes import cause_of_network
from modem.clock import NetworkTime
from modem.network import Operator, Registration, RegistrationStatus, access_name
from modem.sms.pdu import Deliver, StatusReport, Submit, decode_pdu
from modem.sms.storage import MessagePushed, MessageStored
from modem.sms.userdata import UserData
from modem.urc import (
    AudioFlow,
    Malformed,
    Notice,
    PowerDown,
    Ready,
    StorageFull,
    Unknown,
)


@singledispatch
def say(fact: object) -> str:
    """Say what a parsed line means, in one or few words."""
    return str(fact)


@say.register
def _(fact: RegistrationStatus) -> str:
    words = _REGISTRATION_WORDS[fact.state]
    access = f", {fact.access.replace('_', ' ').upper()}" if fact.access else ""
    cell = f"; area 0x{fact.lac:X}" if fact.lac else ""
    cell += f", cell 0x{fact.ci:X}" if fact.ci else ""
    return f"{words}{access}{cell}"


_REGISTRATION_WORDS = {
    Registration.IDLE: "Not registered, not searching",
    Registration.HOME: "Registered, home",
    Registration.SEARCHING: "Searching for a network",
    Registration.DENIED: "Registration denied",
    Registration.UNKNOWN: "Registration unknown, out of coverage",
    Registration.ROAMING: "Registered, roaming",
    Registration.HOME_SMS_ONLY: "Registered for SMS only, home",
    Registration.ROAMING_SMS_ONLY: "Registered for SMS only, roaming",
    Registration.EMERGENCY_ONLY: "Emergency calls only",
    Registration.HOME_CSFB_NOT_PREFERRED: "Registered, home, fall-back not preferred",
    Registration.ROAMING_CSFB_NOT_PREFERRED: "Registered, roaming, fall-back not preferred",
    Registration.ATTACHED_RLOS: "Attached for restricted local services",
}


@say.register
def _(fact: Operator) -> str:
    access = access_name(fact.act)
    name = fact.name or "none"
    return f"Operator {name}" + (f", {access.upper()}" if access else "")


@say.register(radio.Signal | radio.ExtendedSignal | radio.HuaweiSignal)
def _(fact: radio.Signal | radio.ExtendedSignal | radio.HuaweiSignal) -> str:
    return "Signal not known" if fact.dbm is None else f"Signal {fact.dbm:.0f} dBm"


@say.register
def _(fact: NetworkTime) -> str:
    return f"Clock {fact.time.isoformat(' ')}" + (
        "" if fact.zone_minutes is not None else ", no zone"
    )


@say.register
def _(fact: sim.SimLock) -> str:
    if fact.lock is sim.Lock.READY:
        return "SIM ready"
    return f"SIM waits: {fact.lock.value.replace('_', ' ')}"


@say.register
def _(fact: sim.CardStatus) -> str:
    return f"SIM card {_CARD_WORDS[fact.inserted]}"


_CARD_WORDS = {True: "inserted", False: "removed", None: "state changed"}


@say.register
def _(fact: CallInfo) -> str:
    number = f", {fact.number}" if fact.number else ""
    kind = "Call" if fact.is_voice else "Data connection"
    return f"{kind} {fact.index}, {fact.direction}, {fact.state}{number}"


@say.register
def _(fact: call_urcs.Ring) -> str:
    return f"Ringing ({fact.type.lower()})" if fact.type else "Ringing"


@say.register
def _(fact: call_urcs.CallerId) -> str:
    return f"Caller {fact.number or 'unknown'}"


@say.register
def _(fact: call_urcs.CallWaiting) -> str:
    return f"A second call waits, from {fact.number or 'unknown'}"


@say.register
def _(fact: call_urcs.ConnectedLine) -> str:
    return f"Connected to {fact.number or 'unknown'}"


@say.register
def _(fact: call_urcs.Originated) -> str:
    return f"Call {fact.index}, {Direction.OUTGOING}, dialing"


@say.register
def _(fact: call_urcs.Alerting) -> str:
    return f"Call {fact.index}, {Direction.OUTGOING}, alerting"


@say.register
def _(fact: call_urcs.Connected) -> str:
    return f"Call {fact.index}, active"


@say.register
def _(fact: call_urcs.CallEnded) -> str:
    cause = None if fact.cause is None else cause_of_network(fact.cause)
    why = f", cause {fact.cause} ({cause or 'not in the standard'})" if fact.cause else ""
    return f"Call {fact.index} ended after {fact.duration_s} s{why}"


@say.register
def _(fact: call_urcs.VoiceCall) -> str:
    return "Call connected" if fact.begin else f"Call ended after {fact.duration_s} s"


@say.register
def _(fact: call_urcs.MissedCall) -> str:
    return f"Missed call from {fact.number or 'unknown'} at {fact.time}"


@say.register
def _(fact: call_urcs.Dtmf) -> str:
    return f"The far end pressed {fact.digit}"


@say.register
def _(fact: ussd.UssdReply) -> str:
    words = f"USSD, {_USSD_WORDS[fact.status]}"
    if fact.payload is None:
        return words
    return f"{words}: {ussd.decode_ussd(fact.payload, fact.dcs)}"


_USSD_WORDS = {
    ussd.UssdStatus.DONE: "done",
    ussd.UssdStatus.ASKS: "the network asks",
    ussd.UssdStatus.TERMINATED: "ended by the network",
    ussd.UssdStatus.OTHER_CLIENT: "another client answered",
    ussd.UssdStatus.NOT_SUPPORTED: "not supported",
    ussd.UssdStatus.TIMED_OUT: "network time-out",
}


@say.register
def _(fact: Ready) -> str:
    return f"Modem ready: {fact.what}"


@say.register
def _(_fact: PowerDown) -> str:
    return "The modem switches off"


@say.register
def _(fact: AudioFlow) -> str:
    return "Go on writing voice" if fact.go else "Stop writing voice"


@say.register
def _(fact: StorageFull) -> str:
    return f"SMS storage full: {fact.storage}" if fact.storage else "SMS storage full"


@say.register
def _(fact: Notice) -> str:
    return f"Notice {fact.name}: {', '.join(fact.fields)}"


@say.register
def _(_fact: Unknown) -> str:
    return "Not known"


@say.register
def _(fact: Malformed) -> str:
    return f"Malformed: {fact.reason}"


@say.register
def _(fact: MessageStored) -> str:
    kind = "Status report" if fact.is_report else "SMS"
    return f"{kind} stored in {fact.storage or 'an unnamed storage'}, index {fact.index}"


@say.register
def _(fact: MessagePushed) -> str:
    return say(decode_pdu(fact.pdu))


@say.register
def _(fact: Deliver) -> str:
    when = f" at {fact.timestamp.isoformat(' ')}" if fact.timestamp else ""
    return f"SMS from {fact.sender.number}{when}{_content(fact.user_data)}"


@say.register
def _(fact: Submit) -> str:
    return f"SMS to {fact.recipient.number}{_content(fact.user_data)}"


@say.register
def _(fact: StatusReport) -> str:
    return f"SMS {fact.reference} to {fact.recipient.number}: {fact.outcome}"


def _content(data: UserData) -> str:
    part = f", part {data.concat.sequence} of {data.concat.total}" if data.concat else ""
    return f"{part}: {data.data.hex() if data.text is None else data.text}"
