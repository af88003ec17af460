"""One call's signalling, as PhoneLeg needs it: what it can be told, and what it tells.

Each backend that leaves the sound to us implements Dialog. What it tells comes from the event loop,
in order, and never while it is being told something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Header = tuple[str, str]  # name and value


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended: status code, cause of Q.850 where one was given, and the peer's words."""

    code: int
    q850: int | None
    reason: str


class Dialog(Protocol):
    """What one call can be told. What does not fit its state is ignored."""

    @property
    def source(self) -> str:
        """The IPv4 address that the peer's SIP comes from."""
        ...

    def progress(self, code: int, sdp: str | None) -> None:
        """Send 180 or 183."""
        ...

    def accept(self, sdp: str, *, is_offer: bool) -> None:
        """Send 200; with an offer where the peer made none, its answer comes by `acknowledged`."""
        ...

    def refuse(self, code: int, reason: str, headers: Sequence[Header], q850: int | None) -> None:
        """Send a final answer from 400 on."""
        ...

    def end(self, q850: int) -> None:
        """CANCEL, BYE, or refuse with 480, whatever is called for."""
        ...

    def offer(self, sdp: str) -> None:
        """Send a re-INVITE; `updated` or `update_failed` follows."""
        ...

    def accept_update(self, sdp: str) -> None:
        """Answer the peer's re-INVITE."""
        ...

    def refuse_update(self, code: int, reason: str) -> None:
        """Refuse the peer's re-INVITE; the call goes on as before."""
        ...


class Owner(Protocol):
    """Who is told what becomes of a call."""

    def offer(self) -> str:
        """Our description, for a peer that asks us to make the offer."""
        ...

    def progressed(self, code: int, sdp: str | None) -> None:
        """18x came."""
        ...

    def accepted(self, sdp: str | None) -> None:
        """200 came to our INVITE."""
        ...

    def acknowledged(self, sdp: str | None) -> None:
        """ACK came to our 200, with the answer to the offer in it."""
        ...

    def update_offered(self, sdp: str | None) -> None:
        """A re-INVITE came with an offer."""
        ...

    def updated(self, sdp: str | None) -> None:
        """200 came to our re-INVITE."""
        ...

    def update_failed(self, code: int) -> None:
        """Our re-INVITE was refused."""
        ...

    def ended(self, end: End) -> None:
        """It is over, whoever ended it; told once."""
        ...
