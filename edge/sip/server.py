"""The gateway as a SIP server: phones and PBXs register with it, call it and are called by it."""

import asyncio
import logging
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from time import monotonic, time
from typing import Any

from config.sip import Extension, Pbx, PbxMode, Sip
from edge.sip import auto_answer as auto
from edge.sip.accounts import Accounts, SipError
from edge.sip.caller_id import Shown, shown
from edge.sip.dialog import Header
from edge.sip.digest import Digest
from edge.sip.fence import MAX_OCTETS, Drop, Fence
from edge.sip.gate import Gate
from edge.sip.keepalive import KeepAlive
from edge.sip.negotiation import Negotiation
from edge.sip.network import OwnAddress
from edge.sip.pbx_link import PbxLink
from edge.sip.phone import Party, Peer, PeerKind, PhoneEvent, PhoneLeg
from edge.sip.registrar import Contact, Registrar
from edge.sip.routes import Route, Routes
from edge.sip.rtp import RtpSound
from edge.sip.rtp_ports import NoPort, RtpPorts
from edge.sip.sdp import Description
from edge.sip.sippy_dialog import Invitation, SippyDialog
from edge.sip.sippy_manager import Manager, refusal
from edge.sip.words import MAX_USER, clean
from edge.tasks import Tasks

__all__ = ["SipError", "SipServer"]

log = logging.getLogger(__name__)

_SIGNALLING = 0x60  # DSCP CS3 of RFC 4594 for SIP, as an IP_TOS octet
_MAX_READS = 16  # datagrams taken at once: other work goes on between them
_RETRY_S = 10  # Retry-After where every RTP port is taken


class SipServer:
    """Serves SIP from start() to stop()."""

    def __init__(
        self,
        sip: Sip,
        extensions: Sequence[Extension],
        pbxs: Sequence[Pbx],
        on_call: Callable[[PhoneLeg], None],
        on_change: Callable[[], None],
    ) -> None:
        self._sip = sip
        self._on_call = on_call
        self._on_change = on_change
        self._accounts = Accounts(extensions, pbxs)
        self._fence = Fence(sip.networks, sip.lockout_after, sip.lockout_s)
        self._registrar = Registrar(self._accounts.room, sip.register_max_s)
        self._digest = Digest(sip.realm, sip.nonce_s, secrets.token_bytes(32))
        self._gate = Gate(
            self._accounts, self._digest, self._fence, self._registrar, sip.codecs, on_change
        )
        self._own = OwnAddress(sip.address, sip.public_address)
        self._ports = RtpPorts(sip.address, sip.rtp_from, sip.rtp_to)
        self._routes = Routes(self._accounts, self._registrar)
        self._serving = False
        self._legs: set[PhoneLeg] = set()
        self._told: Counter[Drop] = Counter()
        self._saved: list[dict[str, Any]] = []
        self._links: dict[str, PbxLink] = {}
        self._tasks = Tasks("sip")

    async def start(self) -> None:
        """Serve; raises SipError."""
        self._accounts.load()
        self._registrar.restore(self._saved, time())
        self._socket = self._bind()
        await self._accounts.resolve()
        self._fence.trust(self._accounts.networks())
        self._manager = Manager(self._socket, self._own, self._gate.judge, self._invited)
        self._alive = KeepAlive(self._manager, self._registrar, self._accounts, self._on_change)
        asyncio.get_running_loop().add_reader(self._socket, self._readable)
        for name, pbx in self._accounts.pbxs.items():
            if pbx.mode is PbxMode.REGISTER:
                link = PbxLink(pbx, self._accounts, self._manager, self._on_change)
                self._links[name] = link
                link.start()
        self._tasks.spawn(self._tend())
        self._serving = True

    async def stop(self) -> None:
        """End every call and leave. Safe where start failed."""
        if not self._serving:
            return
        self._serving = False
        await self._tasks.end()
        for leg in tuple(self._legs):
            leg.hang_up()
        await asyncio.gather(*(link.stop() for link in self._links.values()))
        await asyncio.sleep(0)
        asyncio.get_running_loop().remove_reader(self._socket)
        self._manager.close()
        self._socket.close()

    # --- calls

    def call(  # noqa: PLR0913 - a call has as many sides
        self,
        target: str,
        *,
        caller: str,
        on_event: Callable[[PhoneLeg, PhoneEvent], None],
        to: str = "",
        caller_name: str = "",
        identity: str | None = None,
        auto_answer: bool = False,
        headers: Sequence[Header] = (),
    ) -> list[PhoneLeg]:
        """Call an extension, one leg for each of its phones, or `to` at "pbx NAME".

        The list is empty where nobody is registered, or no RTP port is free.
        """
        peer = _peer(target)
        pbx = self._accounts.pbxs.get(peer.name) if peer.kind is PeerKind.PBX else None
        if identity is None and pbx is not None and pbx.asserted_identity:
            identity = caller
        more = (*(auto.HEADERS if auto_answer else ()), *headers)
        legs = []
        for route in self._routes.find(peer, clean(to, MAX_USER)):
            who = shown(caller, caller_name, identity, self._own.towards(route.address[0]))
            if leg := self._invite(peer, route, who, more):
                leg.on_event = partial(on_event, leg)
                legs.append(leg)
        return legs

    def registered(self, name: str) -> bool:
        """Whether an extension or a PBX, "pbx NAME" or by its name alone, can be called."""
        pbx = self._accounts.pbxs.get(name.removeprefix("pbx "))
        if pbx is None:
            return bool(self.contacts(name))
        if pbx.mode is PbxMode.REGISTRAR:
            return bool(self.contacts(pbx.username or ""))
        link = self._links.get(pbx.name)
        in_time = self._serving and pbx.name not in self._alive.silent
        return in_time and (link is None or link.registered)

    def contacts(self, name: str) -> tuple[Contact, ...]:
        """The phones of an extension."""
        return self._registrar.contacts(name, time())

    def calls_of(self, name: str) -> int:
        """How many legs an extension or PBX has."""
        return sum(leg.peer.name == name for leg in self._legs)

    def snapshot(self) -> list[dict[str, Any]]:
        """Every contact, as JSON can hold it, to be given to `restore` after a restart."""
        return self._registrar.snapshot()

    def restore(self, saved: Iterable[dict[str, Any]]) -> None:
        """Take contacts back at start, whose first round asks whether they are there."""
        self._saved = list(saved)

    # --- inside

    async def _tend(self) -> None:
        """Ask who is there, and where the PBXs are, once in a while."""
        while True:
            self._alive.round()
            await asyncio.sleep(self._sip.keepalive_s)
            await self._accounts.resolve()
            self._fence.trust(self._accounts.networks())
            self._tell_dropped()

    def _tell_dropped(self) -> None:
        """Log what the fence kept out since the last time."""
        now = self._fence.dropped.copy()
        if new := now - self._told:
            log.info("SIP not taken: %s", ", ".join(f"{n} by {why}" for why, n in new.items()))
        self._told = now

    def _bind(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.bind((str(self._sip.address), self._sip.port))
        except OSError as error:
            sock.close()
            raise SipError(
                f"SIP cannot be served on {self._sip.address}:{self._sip.port}: {error.strerror}; "
                "set sip.port or end what uses it."
            ) from error
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _SIGNALLING)
        return sock

    def _readable(self) -> None:
        for _ in range(_MAX_READS):
            try:
                data, source = self._socket.recvfrom(MAX_OCTETS + 1)
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP error of what we sent
                log.debug("sip: %s", error)
                return
            if self._fence.admits(data, source[0], monotonic()):
                self._manager.receive(data, source)

    def _invited(self, msg: Any, transaction: Any) -> Any:
        """Make a leg of an INVITE that was let in."""
        source = msg.getSource()[0]
        try:
            sock = self._ports.open()
        except NoPort as error:
            log.warning("a call is not made: %s", error)
            retry = ("Retry-After", str(_RETRY_S))
            return refusal(msg, 503, "Service Unavailable", retry), None, None
        sender = msg.getHFBody("from").getUri()
        party = Party(
            msg.admitted.peer,
            incoming=True,
            to=clean(msg.getRURI().username or "", MAX_USER),
            caller=clean(sender.url.username or "", MAX_USER),
            caller_name=clean(sender.name or ""),
        )
        dialog = SippyDialog(self._manager, source)
        leg = self._leg(party, dialog, sock, msg.admitted.offered)
        try:
            verdict = dialog.invited(msg, transaction)
        except Exception:
            leg.drop()
            raise
        asyncio.get_running_loop().call_soon(self._offer_call, leg)
        return verdict

    def _invite(
        self, peer: Peer, route: Route, who: Shown, headers: Sequence[Header]
    ) -> PhoneLeg | None:
        """Call one phone; None where no RTP port is free."""
        try:
            sock = self._ports.open()
        except NoPort as error:
            log.warning("a call is not made: %s", error)
            return None
        party = Party(peer, incoming=False, to=route.to, caller=who.user, caller_name=who.name)
        dialog = SippyDialog(self._manager, route.address[0])
        leg = self._leg(party, dialog, sock, None)
        invitation = Invitation(
            address=route.address,
            uri=route.uri,
            to=route.to,
            caller=who.user,
            caller_name=who.name,
            from_domain=who.domain or route.domain,
            to_domain=route.domain,
            user=route.user,
            password=route.password,
            headers=(*who.headers, *headers),
        )
        dialog.invite(invitation, leg.offer())
        return leg

    def _leg(
        self, party: Party, dialog: SippyDialog, sock: socket.socket, offered: Description | None
    ) -> PhoneLeg:
        sound = RtpSound(sock, self._sip.silence_s)
        address = self._own.towards(dialog.source)
        said = Negotiation(address, sound.port, self._sip.codecs, offered)
        leg = PhoneLeg(party, dialog, sound, said)
        dialog.owner = leg
        leg.on_end = self._legs.discard
        self._legs.add(leg)
        return leg

    def _offer_call(self, leg: PhoneLeg) -> None:
        if not leg.ended_already:
            self._on_call(leg)


def _peer(target: str) -> Peer:
    if target.startswith("pbx "):
        return Peer(PeerKind.PBX, target.removeprefix("pbx "))
    return Peer(PeerKind.EXTENSION, target)
