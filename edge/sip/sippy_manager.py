"""sippy's transactions over our own socket, behind our own gate.

A request that belongs to no call and no transaction is shown to the gate first, which answers it
without keeping any state, or lets it in. Only an INVITE that was let in costs memory.
"""

import logging
import socket
from collections.abc import Callable
from enum import Enum, auto
from time import monotonic
from typing import Any

from sippy.Network_server import Remote_address
from sippy.SipHeader import SipHeader
from sippy.SipTransactionManager import SipTransactionManager
from sippy.Time.MonoTime import MonoTime
from sippy.Time.Timeout import Timeout

from edge.sip.network import OwnAddress, is_address
from edge.sip.sippy_loop import SippyLoop
from edge.sip.sippy_quiet import USER_AGENT

log = logging.getLogger(__name__)

METHODS = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "REGISTER")
ALLOW = ", ".join(METHODS)
_CACHE_S = 32  # answers are kept so long for requests that come again, RFC 3261 17.2.2
_MAX_CACHE = 5_000  # requests; then the older half is forgotten
_MAX_PORT = 65535


class Admit(Enum):
    """What the gate says where it does not answer."""

    IN = auto()
    IGNORE = auto()


Gate = Callable[[Any], Any]  # sippy's request to sippy's response, or Admit


class _Face:
    """The socket as one peer sees it; sippy takes it for a server of its own."""

    transport = "udp"

    def __init__(self, sock: socket.socket, address: str, port: int) -> None:
        self._sock = sock
        self._address = (address, port)
        self.uopts = self

    def isWildCard(self) -> bool:  # noqa: N802 - sippy's name
        return False

    def getSIPaddr(self) -> tuple[tuple[str, int], str]:  # noqa: N802 - sippy's name
        return self._address, self.transport

    def addr2str(self, address: object) -> str:
        return str(address)

    def send_to(self, data: str | bytes, address: tuple[str, int]) -> None:
        host, port = address
        if not is_address(host) or not 0 < port <= _MAX_PORT:
            log.debug("nothing is sent to %s: no address", host)
            return
        try:
            self._sock.sendto(data if isinstance(data, bytes) else data.encode(), address)
        except OSError as error:  # no route, a full buffer: as if lost on the way, and sent again
            log.debug("sip: %s", error)


class _Faces:
    """Finds the face for a peer; stands in for sippy's local4remote."""

    def __init__(self, sock: socket.socket, own: OwnAddress) -> None:
        self._sock = sock
        self._own = own
        self._port: int = sock.getsockname()[1]

    def getServer(self, address: tuple[str, int], is_local: bool = False) -> _Face:  # noqa: ARG002, FBT001, FBT002, N802
        return _Face(self._sock, self._own.towards(address[0]), self._port)

    def rotateCache(self) -> None:  # noqa: N802 - sippy's name
        pass


class _Silent:
    """sippy's log of messages: they hold numbers, so they are not kept."""

    def write(self, *_: object, **__: object) -> None:
        pass


class Manager(SipTransactionManager):  # type: ignore[misc]  # sippy has no types
    """Transactions of one SIP server."""

    def __init__(self, sock: socket.socket, own: OwnAddress, gate: Gate, on_invite: Any) -> None:
        self.loop = SippyLoop()
        self._gate = gate
        self.global_config = {"_sip_tm": self, "_sip_logger": _Silent()}
        self.l4r = _Faces(sock, own)
        self.tclient: dict[Any, Any] = {}
        self.tserver: dict[Any, Any] = {}
        self.l1rcache: dict[bytes, Any] = {}
        self.l2rcache: dict[bytes, Any] = {}
        self.req_consumers: dict[str, list[Any]] = {}
        self.req_cb = on_invite
        self.init_time = monotonic()
        self.cp_timer = Timeout(self.rCachePurge, _CACHE_S, -1)

    def receive(self, data: bytes, source: tuple[str, int]) -> None:
        """Take a datagram that the fence let pass."""
        if len(self.l1rcache) > _MAX_CACHE:
            self.rCachePurge()
        self.loop.run(self._read, data, source)

    def _read(self, data: bytes, source: tuple[str, int]) -> None:
        face = self.l4r.getServer(source)
        try:
            self.handleIncoming(data, Remote_address(source, "udp"), face, MonoTime())
        except Exception as error:  # noqa: BLE001 - sippy raises anything for what it cannot read
            log.debug("a message could not be handled: %s", type(error).__name__)

    def close(self) -> None:
        """End without a word; what is underway is forgotten."""
        self.cp_timer.cancel()
        self.loop.close()

    def incomingRequest(self, msg: Any, checksum: bytes, tids: Any, server: Any) -> None:  # noqa: N802
        """Answer a request, or give it to the call or transaction that it belongs to."""
        method = msg.getMethod()
        try:
            if method not in METHODS:
                answer = refusal(msg, 405, "Method Not Allowed")
            elif method in {"ACK", "CANCEL"} or self._is_known(msg):
                answer = Admit.IN
            else:
                answer = self._gate(msg)
            if answer is Admit.IN:
                mend(msg, msg.getSource(), nearest=0)
                super().incomingRequest(msg, checksum, tids, server)
                return
        except Exception as error:  # noqa: BLE001 - sippy raises anything for what it cannot read
            log.debug("a request could not be handled: %s", type(error).__name__)
            self._forget(msg)
            answer = Admit.IGNORE if method == "ACK" else refusal(msg, 400, "Bad Request")
        if answer is not Admit.IGNORE:
            self.reply(server, answer, checksum)

    def reply(self, server: Any, answer: Any, checksum: bytes) -> None:
        """Send an answer and keep no transaction for it."""
        to = answer.getHFBody("to")
        if to.getTag() is None:
            to.genTag()
        self.transmitMsg(server, answer, answer.getHFBody("via").getTAddr(), checksum)

    def incomingResponse(self, msg: Any, t: Any, checksum: bytes) -> None:  # noqa: N802
        """Take a response; a Contact that cannot be used is replaced by where it came from."""
        mend(msg, msg.getSource(), nearest=-1)
        super().incomingResponse(msg, t, checksum)

    def _forget(self, msg: Any) -> None:
        """Drop the transaction that a request was to have, with its timers."""
        transaction = self.tserver.pop(msg.getTId(wBRN=True), None)
        if transaction is not None:
            for name in ("teA", "teD", "teE", "teF"):
                if timer := getattr(transaction, name):
                    timer.cancel()
            transaction.cleanup()

    def _is_known(self, msg: Any) -> bool:
        """Whether a request belongs to a transaction or to a call that is up."""
        if msg.getTId(wBRN=True) in self.tserver:
            return True
        consumers = self.req_consumers.get(msg.getTId()[0], ())
        return any(consumer.cobj.isYours(msg) is not None for consumer in consumers)


def refusal(msg: Any, code: int, reason: str, *headers: tuple[str, str]) -> Any:
    """An answer to a request, with more headers."""
    answer = msg.genResponse(code, reason, server=USER_AGENT)
    if code in {405, 200}:
        answer.appendHeader(header("Allow", ALLOW))
    for name, value in headers:
        answer.appendHeader(header(name, value))
    return answer


class _Named:
    """The body of a header that sippy does not know, with its name as it is written."""

    parsed = True

    def __init__(self, name: str, value: str) -> None:
        self.hf_names = (name.lower(),)
        self._name, self._value = name, value

    def parse(self) -> None:
        pass

    def __str__(self) -> str:
        return self._value

    def localStr(self, local_addr: object = None) -> str:  # noqa: ARG002, N802 - sippy's names
        return self._value

    def getCopy(self) -> "_Named":  # noqa: N802
        return _Named(self._name, self._value)

    def getCanName(self, name: str, compact: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002, N802
        return self._name


def header(name: str, value: str) -> Any:
    """A header as sippy keeps them; the value is ours, in one line."""
    return SipHeader(name=name, body=_Named(name, value))


def mend(msg: Any, source: tuple[str, int], *, nearest: int) -> None:
    """Make a message's Contact and nearest Record-Route lead to an address that is right.

    A name would have to be looked up, and TCP we do not speak: where it came from will do. Without
    a proxy between, a Contact of another address is that of a phone behind a NAT.
    """
    routes, contacts = msg.getHFs("record-route"), msg.getHFs("contact")
    direct = not routes and msg.countHFs("via") == 1
    if contacts:
        try:
            _mend_url(contacts[0].getBody().getUrl(), source, direct=direct)
        except Exception as error:  # noqa: BLE001 - sippy raises anything for what it cannot read
            log.debug("a Contact cannot be read: %s", type(error).__name__)
            msg.delHFs("contact")
    if routes:
        _mend_url(routes[nearest].getBody().getUrl(), source, direct=False)


def _mend_url(url: Any, source: tuple[str, int], *, direct: bool) -> None:
    if url.transport != "udp":
        url.transport = None
    host = str(url.host)
    if not is_address(host) or not 0 < url.getPort() <= _MAX_PORT or (direct and host != source[0]):
        url.setAddr(source)
