"""What the rest of the gateway sees of SIP: a leg is signalling plus sound, nothing else.

Two backends fit behind it: the one of this room (sippy for signalling, RTP of our own, over UDP),
and one that brings its own signalling and sound along, for TLS and SRTP. Neither SDP nor a library
shows through. Tests put a fake in its place.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from drivers.audio.port import AudioPort
from edge.sip.dialog import Header
from edge.sip.phone import Peer, PhoneEvent
from edge.sip.registrar import Contact


class PhoneSound(AudioPort, Protocol):
    """The sound of a leg: a sound port, and keys."""

    @property
    def takes_digits(self) -> bool:
        """Whether keys can be sent to it; to a phone that cannot take them, they are sound."""
        ...

    def send_digits(self, digits: str) -> None:
        """Send keys, one after the other."""
        ...


class Phone(Protocol):
    """One leg. Everything happens in the event loop; what does not fit its state is ignored."""

    on_event: Callable[[PhoneEvent], None]

    @property
    def peer(self) -> Peer:
        """Who is at the other end, proven by digest or address."""
        ...

    @property
    def incoming(self) -> bool:
        """Whether the phone calls us."""
        ...

    @property
    def to(self) -> str:
        """What was dialled."""
        ...

    @property
    def caller(self) -> str:
        """The number it calls from, as it says."""
        ...

    @property
    def caller_name(self) -> str:
        """The name with it."""
        ...

    @property
    def up(self) -> bool:
        """Whether it was answered and has not ended."""
        ...

    @property
    def sound(self) -> PhoneSound:
        """Its sound."""
        ...

    def ring(self, *, early_media: bool = False) -> None:
        """Let the caller know that it rings; with early media it hears what is written."""
        ...

    def answer(self) -> None:
        """Take the call."""
        ...

    def reject(
        self,
        code: int,
        *,
        reason: str = "",
        retry_after_s: int | None = None,
        q850: int | None = None,
    ) -> None:
        """Refuse the call."""
        ...

    def hang_up(self, *, q850: int = 16) -> None:
        """End it, whatever its state asks for."""
        ...

    def hold(self, *, on: bool) -> None:
        """Put the phone on hold, or take it back."""
        ...


class SipStack(Protocol):
    """Phones and PBXs that can be called, and that call."""

    async def start(self) -> None:
        """Serve; raises SipError."""
        ...

    async def stop(self) -> None:
        """End every call and leave."""
        ...

    def call(  # noqa: PLR0913 - a call has as many sides
        self,
        target: str,
        *,
        caller: str,
        on_event: Callable[[Phone, PhoneEvent], None],
        to: str = "",
        caller_name: str = "",
        identity: str | None = None,
        auto_answer: bool = False,
        headers: Sequence[Header] = (),
    ) -> Sequence[Phone]:
        """Call an extension, one leg for each of its phones, or `to` at "pbx NAME"."""
        ...

    def registered(self, name: str) -> bool:
        """Whether an extension or a PBX can be called."""
        ...

    def contacts(self, name: str) -> tuple[Contact, ...]:
        """The phones of an extension."""
        ...

    def calls_of(self, name: str) -> int:
        """How many legs an extension or PBX has."""
        ...
