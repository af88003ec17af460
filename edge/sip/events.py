"""Keys in RTP: telephone-event of RFC 4733, read and written. Pure.

A key is told when its first packet comes: its end may be lost, and nobody dials slower for it.
"""

import struct
from collections.abc import Iterator

from edge.sip.rtp_packet import TIMESTAMPS

DIGITS = "0123456789*#ABCD"  # their index is the event code, RFC 4733 3.2
_EVENT = struct.Struct("!BBH")  # code, end bit and volume, duration in timestamp units
_END = 0x80
_VOLUME = 10  # -10 dBm0, RFC 4733 2.3.3
_STEP = 160  # timestamp units, 20 ms
_TONE_STEPS = 6  # 120 ms; Q.24 asks receivers for 40
_END_PACKETS = 3  # RFC 4733 2.5.1.4
_NEAR = 3 * _STEP  # some senders count the timestamp on within a key; it is one while it is near
GAP_STEPS = 4  # 80 ms between two keys
KEY_STEPS = _TONE_STEPS - 1 + _END_PACKETS + GAP_STEPS  # of 20 ms, from one key to the next


class Reader:
    """Makes keys of event packets."""

    def __init__(self) -> None:
        self._timestamp = 0
        self._code = -1  # none yet

    def read(self, payload: bytes, timestamp: int, *, marker: bool) -> str | None:
        """Take an event packet; the key when it begins one."""
        if len(payload) < _EVENT.size:
            return None
        code = payload[0]
        since = (timestamp - self._timestamp) % TIMESTAMPS
        goes_on = since == 0 or (since <= _NEAR and code == self._code and not marker)
        begins = self._code < 0 or not goes_on
        self._timestamp, self._code = timestamp, code
        return DIGITS[code] if begins and code < len(DIGITS) else None


def packets(digit: str) -> Iterator[tuple[bytes, bool]]:
    """The payloads of one key, one each 20 ms, and whether the marker is set."""
    code = DIGITS.index(digit)
    for step in range(1, _TONE_STEPS):
        yield _EVENT.pack(code, _VOLUME, step * _STEP), step == 1
    for _ in range(_END_PACKETS):
        yield _EVENT.pack(code, _END | _VOLUME, _TONE_STEPS * _STEP), False
