"""Sound and codes on one wire (V.253 clause 8): DLE announces a code, in sound it is doubled."""

from __future__ import annotations

import re

DLE, ETX, CAN, SUB, ESC = 0x10, 0x03, 0x18, 0x1A, 0x1B
_RUN = re.compile(rb"(\x10+)(.)?", re.DOTALL)
_DLES = re.compile(rb"\x10\x10?")
_ENDS = bytes((ETX, CAN, ESC)) + b"!"  # what a chip may want more DLEs before
_MAX_RUN = 64  # DLEs in a row that are kept; it is sound if there are more


def shield(sound: bytes, *, pairs: bool) -> bytes:
    """Return sound as a chip sends it; with `pairs` two DLEs in a row become DLE SUB."""
    return _DLES.sub(lambda found: _shielded(len(found[0]), pairs=pairs), sound)


def _shielded(count: int, *, pairs: bool) -> bytes:
    return bytes((DLE, SUB)) if pairs and count > 1 else bytes((DLE, DLE)) * count


class Parting:
    """Parts what a program sends into sound (bytes) and codes (int), however it is cut.

    `dles` is how many DLEs the chip wants before a code that ends something.
    """

    def __init__(self, dles: int) -> None:
        self._dles = dles
        self._run = b""

    def feed(self, data: bytes) -> list[bytes | int]:
        """Return what is whole, in order."""
        pieces: list[bytes | int] = []
        data, self._run = self._run + data, b""
        at = 0
        for found in _RUN.finditer(data):
            pieces.append(data[at : found.start()])
            at = found.end()
            if found[2] is None:
                self._keep(found[1], pieces)
            else:
                pieces += self._split(len(found[1]), found[2][0])
        pieces.append(data[at:])
        return [piece for piece in pieces if piece != b""]

    def _keep(self, run: bytes, pieces: list[bytes | int]) -> None:
        if len(run) > _MAX_RUN:
            pieces.append(bytes((DLE,)) * (_MAX_RUN // 2))
            run = run[_MAX_RUN:]
        self._run = run

    def _split(self, run: int, last: int) -> list[bytes | int]:
        """Return what so many DLEs and the octet behind them stand for."""
        if run % 2 == 0:
            return [bytes((DLE,)) * (run // 2) + bytes((last,))]
        if last == SUB:
            return [bytes((DLE,)) * (run // 2 + 2)]
        if last not in _ENDS:
            return [bytes((DLE,)) * (run // 2), last]
        if run < self._dles:
            return [bytes((DLE,)) * (run // 2)]
        return [bytes((DLE,)) * ((run - self._dles) // 2), last]
