"""Bytes to lines, lines to messages (V.250 5.7.1).

`Framer` cuts the byte stream at any run of CR, LF and NUL. `Assembler` puts together what belongs
together: a header and its PDU, a quoted text that holds line ends, and a line that a URC was
written into. Both are byte-wise: where the stream is cut into reads changes nothing.
"""

import re
from dataclasses import dataclass

from modem.at.final import Final, parse_final
from modem.urc import is_urc

MAX_LINE = 4096  # octets; the longest true line, a CLAC list, stays under 2,500
MAX_PDU_DIGITS = 2 * (12 + 164)  # SMSC address and TPDU, 27.005 3.1 and 23.040 9.2.3
MAX_TEXT = 1024  # characters of a quoted text with line ends in it: USSD holds 182

_END = re.compile(rb"([\r\n\0]+)")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_PDU_HEADER = re.compile(r"\+(?:CMT|CDS|CMGL|CMGR):\s*(?:.*,)?\s*(?P<length>\d{1,3})")
_HEADER = re.compile(r"[+^*$%&#!@][A-Za-z]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its ends. `apart`: an empty line stood before it, as V.250 asks."""

    text: str
    apart: bool


class Framer:
    """Cuts bytes into lines; keeps what has no end yet, never more than MAX_LINE octets."""

    def __init__(self) -> None:
        self._rest = b""
        self._feeds = 2  # line feeds since the last line: two or more make an empty line

    @property
    def rest(self) -> bytes:
        """What came after the last line end: a prompt, or the beginning of a line."""
        return self._rest

    def forget(self) -> None:
        """Drop the unfinished line (a prompt that was answered)."""
        self._rest = b""

    def feed(self, data: bytes) -> list[Line]:
        """Take bytes as read; give the lines that they end. Octets map to U+0000..U+00FF."""
        *pieces, rest = _END.split(self._rest + data)
        self._rest = rest[-MAX_LINE:]
        lines: list[Line] = []
        for text, end in zip(pieces[::2], pieces[1::2], strict=True):
            if text:
                lines.append(Line(text.decode("latin-1"), apart=self._feeds > 1))
                self._feeds = 0
            self._feeds += end.count(b"\n")
        return lines


@dataclass(frozen=True, slots=True)
class Message:
    """One thing the modem said; `pdu` is the hex that came behind an SMS header.

    `final`: what it says of a command, if one waits for it.
    """

    text: str
    pdu: str | None = None
    final: Final | None = None


class Assembler:
    """Puts lines together to messages.

    A message that may go on in the next line is held back until that line comes or `flush` is
    called: a PDU header until its length is reached, an information line until what follows
    shows that no URC cut it in two.
    """

    def __init__(self) -> None:
        self._pdu: _Pdu | None = None
        self._quoted = ""
        self._info = ""
        self._cut = False

    def feed(self, line: Line) -> list[Message]:
        """Take one line; give the messages that are now whole, in order."""
        text = line.text.strip()
        if not text:
            return []
        if self._quoted:
            return self._go_on_quoted(text)
        if self._pdu:
            return self._go_on_pdu(self._pdu, line, text)
        return self._begin(line, text)

    @property
    def holds_back(self) -> bool:
        """Whether something waits for the line after it."""
        return bool(self._pdu or self._quoted or self._info)

    def flush_info(self) -> list[Message]:
        """Give an information line that is held back: no command asked for it."""
        return [] if self._pdu or self._quoted else self._take_info()

    def flush(self) -> list[Message]:
        """Give what is held back: nothing more of it will come."""
        held: list[Message] = []
        if self._quoted:
            held.append(Message(self._quoted))
        if self._pdu:
            held.append(self._pdu.message())
        if self._info:
            held.append(Message(self._info))
        self._pdu, self._quoted, self._info, self._cut = None, "", "", False
        return held

    def _begin(self, line: Line, text: str) -> list[Message]:
        if final := parse_final(text):
            return [*self.flush(), Message(text, final=final)]
        if header := _PDU_HEADER.fullmatch(text):
            self._pdu = _Pdu(text, is_urc(text), int(header["length"]))
            return self._take_info() if line.apart else []
        if is_urc(text):
            return self._urc(line, text)
        if self._cut and self._info and not line.apart and not _HEADER.match(text):
            self._info += text
            return []
        whole = self._take_info()
        self._info, self._cut = text, False
        return whole

    def _urc(self, line: Line, text: str) -> list[Message]:
        """Pass a URC on; one with no empty line before it may have cut the line before it."""
        self._cut = not line.apart
        if text.startswith("+CUSD:") and text.count('"') % 2:
            self._quoted = text
            return []
        return [Message(text)]

    def _take_info(self) -> list[Message]:
        text, self._info = self._info, ""
        return [Message(text)] if text else []

    def _go_on_quoted(self, text: str) -> list[Message]:
        """Line ends inside a quoted USSD text belong to it, up to the closing quote."""
        if parse_final(text) or is_urc(text) or len(self._quoted) > MAX_TEXT:
            return [*self.flush(), *self._begin(Line(text, apart=True), text)]
        self._quoted += "\n" + text
        if text.count('"') % 2 == 0:
            return []
        whole, self._quoted = self._quoted, ""
        return [Message(whole)]

    def _go_on_pdu(self, pdu: "_Pdu", line: Line, text: str) -> list[Message]:
        if _HEX.fullmatch(text) and len(pdu.digits) + len(text) <= MAX_PDU_DIGITS:
            pdu.digits += text
            return self._end_pdu(pdu) if pdu.complete else []
        if is_urc(text) and not _PDU_HEADER.fullmatch(text):
            return self._urc(line, text)
        return [*self._end_pdu(pdu), *self._begin(line, text)]

    def _end_pdu(self, pdu: "_Pdu") -> list[Message]:
        self._pdu = None
        self._cut = pdu.unsolicited
        return [*([] if pdu.unsolicited else self._take_info()), pdu.message()]


@dataclass(slots=True)
class _Pdu:
    header: str
    unsolicited: bool
    length: int  # octets of the TPDU, without the SMSC address
    digits: str = ""

    @property
    def complete(self) -> bool:
        """Whether the announced octets are there: the SMSC address leads with its own length."""
        if len(self.digits) < 2:  # noqa: PLR2004 - two digits an octet
            return False
        return len(self.digits) >= 2 * (1 + int(self.digits[:2], 16) + self.length)

    def message(self) -> Message:
        """What the header and the digits that came behind it amount to."""
        return Message(self.header, self.digits)
