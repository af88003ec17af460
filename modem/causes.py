"""Why a call ended: one closed list, and what networks and modems say mapped to it.

What cannot be told stays None: the caller then decides by what it saw itself (hung up by us,
answered before, vanished).
"""

from enum import StrEnum

from modem.at.fields import body, unquote
from modem.at.final import Final, FinalKind


class Cause(StrEnum):
    """The closed list of a CDR's causes."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    UNASSIGNED = "unassigned"
    NETWORK_ERROR = "network_error"
    NO_CREDIT = "no_credit"
    BARRED = "barred"
    CANCELLED = "cancelled"
    LOST = "lost"
    NORMAL = "normal"


# 24.008 10.5.4.11, table 10.5.123. Classes: 16 to 31 normal, 32 to 47 no resource, 48 to 63 service
# not available, 64 to 79 not implemented, 80 to 95 invalid message, 96 to 127 protocol error.
_NETWORK_CAUSES = {
    1: Cause.UNASSIGNED,  # unassigned number
    3: Cause.UNREACHABLE,  # no route to destination
    6: Cause.NETWORK_ERROR,  # channel unacceptable
    8: Cause.BARRED,  # operator determined barring
    16: Cause.NORMAL,  # normal call clearing
    17: Cause.BUSY,  # user busy
    18: Cause.NO_ANSWER,  # no user responding: not even alerting was seen
    19: Cause.NO_ANSWER,  # user alerting, no answer
    21: Cause.REJECTED,  # call rejected
    22: Cause.UNASSIGNED,  # number changed
    24: Cause.REJECTED,  # rejected due to a feature at the destination
    25: Cause.NETWORK_ERROR,  # pre-emption
    26: Cause.NORMAL,  # non-selected user clearing: another phone took the call
    27: Cause.UNREACHABLE,  # destination out of order
    28: Cause.UNASSIGNED,  # invalid number format, incomplete number
    29: Cause.REJECTED,  # facility rejected
    31: Cause.NORMAL,  # normal, unspecified
    50: Cause.BARRED,  # requested facility not subscribed
    55: Cause.BARRED,  # incoming calls barred within the closed user group
    57: Cause.BARRED,  # bearer capability not authorised
    68: Cause.NO_CREDIT,  # accumulated call meter at or above its maximum
    87: Cause.BARRED,  # user not member of the closed user group
    88: Cause.UNREACHABLE,  # incompatible destination
}
_FIRST_FAULT = 32  # every number of the classes from "no resource" on that is not named above
_LAST_CAUSE = 127


def cause_of_network(number: int) -> Cause | None:
    """Map a 24.008 cause number; None for numbers that the standard does not define."""
    if number in _NETWORK_CAUSES:
        return _NETWORK_CAUSES[number]
    return Cause.NETWORK_ERROR if _FIRST_FAULT <= number <= _LAST_CAUSE else None


# The names of the same table, as modems print them for +CEER; letters and digits only.
_REPORT_TEXTS = {
    "unassigned": 1,
    "unallocated": 1,
    "noroutetodestination": 3,
    "channelunacceptable": 6,
    "operatordeterminedbarring": 8,
    "normalcallclearing": 16,
    "normalclearing": 16,
    "userbusy": 17,
    "nouserresponding": 18,
    "useralerting": 19,
    "noanswer": 19,
    "callrejected": 21,
    "numberchanged": 22,
    "preemption": 25,
    "nonselecteduser": 26,
    "destinationoutoforder": 27,
    "invalidnumber": 28,
    "facilityrejected": 29,
    "normalunspecified": 31,
    "nocircuit": 34,
    "networkoutoforder": 38,
    "temporaryfailure": 41,
    "switchingequipmentcongestion": 42,
    "accessinformationdiscarded": 43,
    "requestedcircuit": 44,
    "resourcesunavailable": 47,
    "qualityofservice": 49,
    "notsubscribed": 50,
    "incomingcallsbarred": 55,
    "bearercapabilitynotauthorized": 57,
    "bearercapabilitynotauthorised": 57,
    "acmequaltoorgreater": 68,
    "incompatibledestination": 88,
    "recoveryontimerexpir": 102,
    "protocolerror": 111,
    "interworking": 127,
}


def parse_ceer(line: str) -> str:
    """Parse +CEER: <report>; "" for an empty answer (27.007 6.10)."""
    return unquote(body(line, "+CEER")) if line.strip() else ""


def cause_of_report(report: str) -> Cause | None:
    """Map a +CEER text; None for a bare number, which may be of an older call, and the rest."""
    letters = "".join(char for char in report.lower() if char.isalpha())
    known = (code for text, code in _REPORT_TEXTS.items() if letters.startswith(text))
    code = next(known, None)
    return None if code is None else cause_of_network(code)


_FINAL_CAUSES = {
    FinalKind.BUSY: Cause.BUSY,
    FinalKind.NO_ANSWER: Cause.NO_ANSWER,
    FinalKind.NO_DIALTONE: Cause.NETWORK_ERROR,
}
_CME_CAUSES = {  # 27.007 9.2
    3: Cause.BARRED,  # operation not allowed
    4: Cause.NETWORK_ERROR,  # operation not supported
    30: Cause.NETWORK_ERROR,  # no network service
    31: Cause.NETWORK_ERROR,  # network time-out
    32: Cause.BARRED,  # network not allowed, emergency calls only
    132: Cause.BARRED,  # service option not supported
    133: Cause.BARRED,  # requested service option not subscribed
}


def cause_of_final(final: Final) -> Cause | None:
    """Map the final result of a dial; None for NO CARRIER and for trouble of the modem's own."""
    if final.kind is FinalKind.CME and final.code is not None:
        return _CME_CAUSES.get(final.code)
    return _FINAL_CAUSES.get(final.kind)
