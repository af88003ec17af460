"""The chips: who they say they are, their sound, and what they tell of the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.fxo.parts import CallerId
from simulator.sound.frames import FRAME_OCTETS, FRAME_SAMPLES

_SIGN = bytes(octet ^ 0x80 for octet in range(256))
QUIET_OCTET = b"\x80"  # unsigned


@dataclass(frozen=True, slots=True)
class Format:
    """Linear samples of 8 bits: the upper halves of ours."""

    signed: bool

    def octets(self, frame: bytes) -> bytes:
        """Return 160 octets for a frame."""
        upper = frame[1::2]
        return upper if self.signed else upper.translate(_SIGN)

    def frame(self, octets: bytes) -> bytes:
        """Return a frame for 160 octets, or for fewer and silence."""
        silence = b"\0" if self.signed else QUIET_OCTET
        octets = octets.ljust(FRAME_SAMPLES, silence)
        frame = bytearray(FRAME_OCTETS)
        frame[1::2] = octets if self.signed else octets.translate(_SIGN)
        return bytes(frame)


@dataclass(frozen=True, slots=True)
class Chip:
    """What differs between one chip and another."""

    product: str  # ATI0
    firmware: str  # ATI3
    maker: str
    model: str
    formats: Mapping[str, Format]  # by the first parameter of AT+VSM
    full_duplex: bool
    end_dles: int  # DLEs that it wants before the code that ends a stream
    pairs: bool  # whether it sends two DLEs of sound as DLE SUB
    codes: frozenset[str]  # what it tells behind a DLE (V.253 table 17)
    caller_ids: Mapping[str, frozenset[CallerId]]  # what it can read, by AT!4886; "" without one


_DTMF = frozenset("0123456789*#ABCD/~")
ALWAYS = frozenset("Ruo")  # told even by a chip whose reports are switched off

CONEXANT = Chip(
    product="56000",
    firmware="CX93001-EIS_V0.2002-V92",
    maker="CONEXANT",
    model="CX93001",
    formats={"0": Format(signed=True), "1": Format(signed=False)},
    full_duplex=True,
    end_dles=3,
    pairs=True,
    codes=frozenset("RbdsqhHpPlrJuo") | _DTMF,
    caller_ids={
        "00": frozenset({CallerId.BELL}),
        "01": frozenset({CallerId.V23}),
        "02": frozenset({CallerId.V23}),
        "03": frozenset({CallerId.V23}),
        "05": frozenset({CallerId.DTMF}),
    },
)
USR = Chip(
    product="5601",
    firmware="U.S. Robotics 56K FAX USB V1.2.23",
    maker="U.S. Robotics",
    model="USR5637",
    formats={"128": Format(signed=False)},
    full_duplex=False,
    end_dles=1,
    pairs=False,
    codes=frozenset("RbdsqhHuo") | _DTMF,
    caller_ids={"": frozenset({CallerId.BELL, CallerId.V23})},
)
CHIPS = {"conexant": CONEXANT, "usr": USR}
