"""Why a call ended, in three languages: our Cause, the SIP status code, the Q.850 cause.

Sources: RFC 3398 7.2.4.1 (Q.850 to SIP) and 8.2.6.1 (SIP to Q.850), 3GPP TS 24.008 table 10.5.123
(whose numbers up to 127 are those of Q.850), RFC 3326 (the Reason header that carries them).

| Cause         | to SIP | to Q.850 | from SIP          | from Q.850       |
|---------------|--------|----------|-------------------|------------------|
| normal        | 480    | 16       | 200               | 16 26 31         |
| busy          | 486    | 17       | 486 600           | 17               |
| no_answer     | 480    | 19       | 408 480           | 18 19            |
| rejected      | 603    | 21       | other 4xx and 6xx | 21 24 29         |
| unreachable   | 480    | 27       | 410 502           | 2 3 20 27 88     |
| unassigned    | 404    | 1        | 404 484 485 604   | 1 22 28          |
| network_error | 503    | 41       | 488, other 5xx    | 6 25, other >=32 |
| no_credit     | 503    | 68       |                   | 68               |
| barred        | 403    | 57       | 401 402 403 407   | 8 50 55 57 87    |
| cancelled     | 487    | 16       | 487               |                  |
| lost          | 503    | 41       |                   |                  |
| no_agent      | 480    | 18       |                   |                  |
| abandoned     | 480    | 31       |                   |                  |
"""

from mqtt.vocabulary import Cause

_OUT = {  # to SIP, to Q.850
    Cause.NORMAL: (480, 16),
    Cause.BUSY: (486, 17),
    Cause.NO_ANSWER: (480, 19),
    Cause.REJECTED: (603, 21),
    Cause.UNREACHABLE: (480, 27),
    Cause.UNASSIGNED: (404, 1),
    Cause.NETWORK_ERROR: (503, 41),
    Cause.NO_CREDIT: (503, 68),
    Cause.BARRED: (403, 57),
    Cause.CANCELLED: (487, 16),
    Cause.LOST: (503, 41),
    Cause.NO_AGENT: (480, 18),
    Cause.ABANDONED: (480, 31),
}
_FROM_SIP = {
    200: Cause.NORMAL,
    401: Cause.BARRED,
    402: Cause.BARRED,
    403: Cause.BARRED,
    404: Cause.UNASSIGNED,
    407: Cause.BARRED,
    408: Cause.NO_ANSWER,
    410: Cause.UNREACHABLE,
    480: Cause.NO_ANSWER,
    484: Cause.UNASSIGNED,
    485: Cause.UNASSIGNED,
    486: Cause.BUSY,
    487: Cause.CANCELLED,
    488: Cause.NETWORK_ERROR,
    502: Cause.UNREACHABLE,
    600: Cause.BUSY,
    604: Cause.UNASSIGNED,
}
_CLASSES = {4: Cause.REJECTED, 5: Cause.NETWORK_ERROR, 6: Cause.REJECTED}  # by hundreds
_FROM_Q850 = {
    1: Cause.UNASSIGNED,
    2: Cause.UNREACHABLE,
    3: Cause.UNREACHABLE,
    6: Cause.NETWORK_ERROR,
    8: Cause.BARRED,
    16: Cause.NORMAL,
    17: Cause.BUSY,
    18: Cause.NO_ANSWER,
    19: Cause.NO_ANSWER,
    20: Cause.UNREACHABLE,
    21: Cause.REJECTED,
    22: Cause.UNASSIGNED,
    24: Cause.REJECTED,
    25: Cause.NETWORK_ERROR,
    26: Cause.NORMAL,
    27: Cause.UNREACHABLE,
    28: Cause.UNASSIGNED,
    29: Cause.REJECTED,
    31: Cause.NORMAL,
    50: Cause.BARRED,
    55: Cause.BARRED,
    57: Cause.BARRED,
    68: Cause.NO_CREDIT,
    87: Cause.BARRED,
    88: Cause.UNREACHABLE,
}
_FIRST_FAULT, _LAST_CAUSE = 32, 127  # Q.850: no resource, and all classes behind it


def sip_of(cause: Cause) -> int:
    """The code by which a phone is told."""
    return _OUT[cause][0]


def q850_of(cause: Cause) -> int:
    """The cause that goes with it in a Reason header."""
    return _OUT[cause][1]


def cause_of(code: int, q850: int | None = None) -> Cause:
    """What a phone meant by its code; a cause of Q.850, where it gave one, says it better."""
    if q850 is not None and 0 < q850 <= _LAST_CAUSE and code != _CANCELLED:
        return _FROM_Q850.get(q850, _rest(q850))
    return _FROM_SIP.get(code, _CLASSES.get(code // 100, Cause.NETWORK_ERROR))


_CANCELLED = 487  # by us or the caller: what Q.850 says then is why the other phone had luck


def _rest(q850: int) -> Cause:
    return Cause.NETWORK_ERROR if q850 >= _FIRST_FAULT else Cause.NORMAL
