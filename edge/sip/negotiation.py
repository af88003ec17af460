"""What both sides of one leg have said about its sound, and what follows from it."""

import logging
import secrets
from collections.abc import Sequence

from config.sip import Codec
from edge.sip.sdp import (
    Agreed,
    Description,
    Direction,
    Local,
    SdpError,
    agree,
    answer,
    offer,
    parse,
)

log = logging.getLogger(__name__)


class Negotiation:
    """Offers and answers of one leg (RFC 3264). `offered` is what its INVITE brought."""

    def __init__(
        self, address: str, port: int, codecs: Sequence[Codec], offered: Description | None
    ) -> None:
        self.hold = False  # whether we want it held
        self.agreed: Agreed | None = None
        self.held_by_peer = False
        self._address, self._port = address, port
        self._codecs = tuple(codecs)
        self._offered = offered
        self._answer = ""  # to what was offered, once given
        self._session = secrets.randbits(31)
        self._version = 0

    @property
    def is_offered(self) -> bool:
        """Whether the peer made an offer, so that we answer."""
        return self._offered is not None

    def offer(self) -> str:
        """Our side, for a peer that is to answer."""
        return offer(self._local(self._direction))

    def reply(self) -> str:
        """The answer to what was offered, always the same one; where nothing was, an offer."""
        if self._offered is None:
            return self.offer()
        if not self._answer:
            direction = self._offered.direction.answered(hold=self.hold)
            agreed = agree(self._offered, self._codecs, direction)
            if agreed is None:
                raise ValueError("an offer that was let in has a codec")
            self.agreed, self.held_by_peer = agreed, self._offered.held
            self._answer = answer(self._local(direction), self._offered, agreed)
        return self._answer

    def take_offer(self, sdp: str | None) -> bool:
        """Take a new offer; False where no call can be made of it."""
        offered = self._understood(sdp)
        if offered is not None:
            self._offered, self._answer = offered, ""
        return offered is not None

    def take_answer(self, sdp: str | None) -> bool:
        """Take the answer to our offer; False where there is none that fits."""
        theirs = None if sdp is None else self._understood(sdp)
        if theirs is None:
            return False
        agreed = agree(theirs, self._codecs, self._direction)
        if agreed is None:
            return False
        self.agreed = agreed
        if not self.hold:  # a phone that we hold says recvonly, which means nothing else
            self.held_by_peer = theirs.held
        return True

    @property
    def _direction(self) -> Direction:
        return Direction.SEND if self.hold else Direction.BOTH

    def _local(self, direction: Direction) -> Local:
        self._version += 1
        return Local(
            self._address, self._port, self._codecs, self._session, self._version, direction
        )

    def _understood(self, sdp: str | None) -> Description | None:
        """Read a description; None where no call can be made of it."""
        try:
            theirs = parse(sdp or "")
        except SdpError as error:
            log.info("SDP of a phone: %s", error)
            return None
        return theirs if agree(theirs, self._codecs, Direction.BOTH) else None
