"""UDP sockets for RTP out of the range of the configuration."""

import socket
from ipaddress import IPv4Address
from random import randrange

EXPEDITED = 0xB8  # DSCP EF of RFC 4594, as an IP_TOS octet


class NoPort(Exception):  # noqa: N818 - an answer, not a mistake
    """Each port of the range is taken."""


class RtpPorts:
    """Opens sockets on even ports (RFC 3550 11) from `first` to `last`."""

    def __init__(self, address: IPv4Address, first: int, last: int) -> None:
        self._address = str(address)
        self._ports = range(first + first % 2, last + 1, 2)

    def open(self) -> socket.socket:
        """Open a non-blocking socket; raises NoPort. The start is random: ports come back late."""
        start = randrange(len(self._ports)) if self._ports else 0  # noqa: S311 - no secret
        for index in range(len(self._ports)):
            port = self._ports[(start + index) % len(self._ports)]
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.bind((self._address, port))
            except OSError:
                sock.close()
                continue
            sock.settimeout(0)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
            return sock
        raise NoPort("no free RTP port between rtp_from and rtp_to")
