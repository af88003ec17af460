"""Which of our addresses a peer reaches us on, and which texts are addresses."""

import socket
from ipaddress import AddressValueError, IPv4Address

_ANY = IPv4Address(0)
_MAX_KNOWN = 1024  # peers


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 address, not a name."""
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


class OwnAddress:
    """Tells peers our address: the public one, the one that is served, or the one on their side."""

    def __init__(self, served: IPv4Address, public: IPv4Address | None) -> None:
        fixed = public or (None if served == _ANY else served)
        self._fixed = None if fixed is None else str(fixed)
        self._known: dict[str, str] = {}

    def towards(self, peer: str) -> str:
        """Our address as `peer`, an IPv4 address, sees it."""
        if self._fixed is not None:
            return self._fixed
        if peer not in self._known:
            if len(self._known) >= _MAX_KNOWN:  # a roaming address of ours is learned anew, too
                self._known.clear()
            self._known[peer] = _source_address(peer)
        return self._known[peer]


def _source_address(peer: str) -> str:
    """Ask the kernel by which address it would leave; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((peer, 9))
        except OSError:  # no route
            return "127.0.0.1"
        return str(sock.getsockname()[0])
