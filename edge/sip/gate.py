"""What becomes of a request that belongs to no call: answered, ignored, or let in.

OPTIONS is answered to whoever passed the fence. REGISTER and INVITE need a password, an INVITE of a
PBX the right address. One INVITE is let in once, by whatever ways it comes.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, time
from typing import Any

from config.sip import Codec
from edge.sip import digest, registrar, sdp
from edge.sip.accounts import Accounts
from edge.sip.digest import Digest, Verdict
from edge.sip.fence import Fence
from edge.sip.phone import Peer
from edge.sip.registrar import Contact, Register, RegisterError, Registrar
from edge.sip.sippy_manager import Admit, refusal
from edge.sip.words import clean

log = logging.getLogger(__name__)

_MAX_CONTACTS = 10  # in one REGISTER
_MAX_AGENT = 60  # characters of a User-Agent that are kept
_ONCE_S = 64.0  # an INVITE is known so long; RFC 3261 17.1.1.2: it is sent again for 32
_MAX_ONCE = 8192
_SDP = "application/sdp"


@dataclass(frozen=True, slots=True)
class Admitted:
    """What is known of an INVITE that was let in."""

    peer: Peer
    offered: sdp.Description | None


class Gate:
    """Judges requests for one server."""

    def __init__(
        self,
        accounts: Accounts,
        judge: Digest,
        fence: Fence,
        phones: Registrar,
        codecs: tuple[Codec, ...],
        on_change: Callable[[], None],
    ) -> None:
        self._accounts = accounts
        self._digest = judge
        self._fence = fence
        self._registrar = phones
        self._codecs = codecs
        self._on_change = on_change
        self._seen: dict[tuple[object, ...], float] = {}

    def judge(self, msg: Any) -> Any:
        """Answer a request, or say what to do with it."""
        method = msg.getMethod()
        if msg.getHFBody("to").getTag() is not None or method in {"BYE", "INFO"}:
            return refusal(msg, 481, "Call/Transaction Does Not Exist")
        if any(hops.getNum() <= 0 for hops in msg.getHFBodys("max-forwards")):
            return refusal(msg, 483, "Too Many Hops")
        if required := ", ".join(str(each) for each in msg.getHFBodys("require")):
            return refusal(msg, 420, "Bad Extension", ("Unsupported", clean(required)))
        if method == "OPTIONS":
            return refusal(msg, 200, "OK", ("Accept", _SDP))
        return self._register(msg) if method == "REGISTER" else self._invite(msg)

    # --- who it is

    def _who(self, msg: Any) -> tuple[str, Peer] | Any:
        """The user that a request proves to be from; else the answer to it."""
        source, now = msg.getSource()[0], monotonic()
        credentials = self._credentials(msg)
        verdict = self._digest.judge(
            credentials, msg.getMethod(), self._accounts.passwords, source, now
        )
        if verdict is Verdict.WRONG:
            if self._fence.failed(source, now):
                log.warning("%s is locked out: too many wrong passwords", source)
                return Admit.IGNORE
            log.info("a wrong name or password from %s", source)
            return refusal(msg, 403, "Forbidden")
        peer = credentials and self._accounts.by_user(credentials.username)
        if verdict is not Verdict.RIGHT or credentials is None or peer is None:
            value = self._digest.challenge(
                source, now, secrets.token_hex(8), stale=verdict is Verdict.STALE
            )
            return refusal(msg, 401, "Unauthorized", ("WWW-Authenticate", value))
        self._fence.succeeded(source)
        return credentials.username, peer

    def _credentials(self, msg: Any) -> digest.Credentials | None:
        found = (digest.read(str(each.body)) for each in msg.getHFs("authorization"))
        return next((c for c in found if c and c.realm == self._digest.realm), None)

    # --- REGISTER

    def _register(self, msg: Any) -> Any:
        who = self._who(msg)
        if not isinstance(who, tuple):
            return who
        user = who[0]
        if msg.getHFBody("to").getUrl().username != user:
            return refusal(msg, 403, "Forbidden")
        try:
            held = self._registrar.register(user, _read_register(msg), time())
        except RegisterError as error:
            return refusal(msg, error.code, error.reason, *error.headers)
        self._on_change()
        return refusal(msg, 200, "OK", *(_listed(contact) for contact in held))

    # --- INVITE

    def _invite(self, msg: Any) -> Any:
        peer = self._accounts.by_address(msg.getSource()[0])
        if peer is not None:
            return self._let_in(msg, peer)
        who = self._who(msg)
        return self._let_in(msg, who[1]) if isinstance(who, tuple) else who

    def _let_in(self, msg: Any, peer: Peer) -> Any:
        if not msg.getHFs("contact"):
            return refusal(msg, 400, "Missing Contact")
        body = msg.getBody()
        if body is not None and body.getType() != _SDP:
            return refusal(msg, 415, "Unsupported Media Type", ("Accept", _SDP))
        offered = None
        if body is not None and (offered := self._offered(str(body), peer)) is None:
            return refusal(msg, 488, "Not Acceptable Here")
        if not self._is_first(msg):
            return refusal(msg, 482, "Loop Detected")
        msg.admitted = Admitted(peer, offered)
        return Admit.IN

    def _offered(self, body: str, peer: Peer) -> sdp.Description | None:
        """Read an offer; None where no call can be made of it."""
        try:
            offered = sdp.parse(body)
        except sdp.SdpError as error:
            log.info("SDP of %s %s: %s", peer.kind, peer.name, error)
            return None
        return offered if sdp.agree(offered, self._codecs, sdp.Direction.BOTH) else None

    def _is_first(self, msg: Any) -> bool:
        """Whether an INVITE did not come before, on another way: RFC 3261 8.2.2.2."""
        now = monotonic()
        if len(self._seen) >= _MAX_ONCE:
            self._seen = {key: at for key, at in self._seen.items() if now - at < _ONCE_S}
        key = msg.getTId()
        first = now - self._seen.get(key, -_ONCE_S) >= _ONCE_S
        if first and len(self._seen) < _MAX_ONCE:
            self._seen[key] = now
        return first


def _read_register(msg: Any) -> Register:
    """Read a REGISTER; raises RegisterError."""
    headers = msg.getHFs("contact")
    if len(headers) > _MAX_CONTACTS:
        raise RegisterError(400, "Too Many Contacts")
    contacts = [registrar.read_contact(str(each.body)) for each in headers]
    expires = [max(0, each.getNum()) for each in msg.getHFBodys("expires")]
    agents = [clean(str(each.body), _MAX_AGENT) for each in msg.getHFs("user-agent")]
    return Register(
        contacts=contacts,
        expires=expires[0] if expires else None,
        call_id=clean(str(msg.getHFBody("call-id")), 128),
        sequence=msg.getHFBody("cseq").getCSeqNum(),
        address=msg.getSource(),
        agent=agents[0] if agents else "",
    )


def _listed(contact: Contact) -> tuple[str, str]:
    left = max(0, round(contact.expires_at - time()))
    return "Contact", f"<{contact.uri}>;expires={left}"
