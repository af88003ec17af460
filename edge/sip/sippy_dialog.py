"""One call on sippy: its user agent behind our Dialog."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sippy.CCEvents import (
    CCEventConnect,
    CCEventDisconnect,
    CCEventFail,
    CCEventPreConnect,
    CCEventRedirect,
    CCEventRing,
    CCEventTry,
    CCEventUpdate,
)
from sippy.MsgBody import MsgBody
from sippy.SipAddress import SipAddress
from sippy.SipContact import SipContact
from sippy.SipFrom import SipFrom
from sippy.SipReason import SipReason
from sippy.SipTo import SipTo
from sippy.SipURL import SipURL
from sippy.UA import UA
from sippy.UaStateConnected import UaStateConnected

from edge.sip.dialog import End, Header, Owner
from edge.sip.sippy_manager import ALLOW, Manager, header
from edge.sip.sippy_quiet import USER_AGENT
from edge.sip.words import clean

log = logging.getLogger(__name__)

_LAST_CAUSE = 127  # Q.850
_ANSWERED = 200  # code of a call that was up when it ended
_CANCELLED = 487


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom to call, and how."""

    address: tuple[str, int]  # where the INVITE goes
    uri: str  # Request-URI
    to: str  # user part of To
    caller: str  # user part of From
    caller_name: str = ""
    from_domain: str | None = None  # host of From; our own address if left out
    to_domain: str | None = None  # host of To; the address that is called if left out
    user: str | None = None  # account at the peer
    password: str | None = field(default=None, repr=False)
    headers: Sequence[Header] = ()


class _Connected(UaStateConnected):  # type: ignore[misc]  # sippy has no types
    """sippy's state of a call that is up, with a re-INVITE that asks us to make the offer."""

    def _recvRequestInvite(self, req: Any) -> Any:  # noqa: N802 - sippy's name
        if req.getBody() is not None:
            return super()._recvRequestInvite(req)
        manager = self.ua.global_config["_sip_tm"]
        self.ua.uasResp = req.genResponse(100, "Trying", server=USER_AGENT)
        manager.sendResponse(self.ua.uasResp)
        self.ua.lSDP = MsgBody(self.ua.make_offer())
        self.ua.sendUasResponse(200, "OK", self.ua.lSDP, (self.ua.lContact,), ack_wait=True)
        return None


class _Agent(UA):  # type: ignore[misc]  # sippy has no types
    """sippy's user agent of one call."""

    UaStateConnected = _Connected
    local_ua = USER_AGENT
    make_offer: Callable[[], str]


class SippyDialog:
    """One call. Its owner is told of everything by a call of its own from the event loop."""

    def __init__(self, manager: Manager, source: str) -> None:
        self.owner: Owner | None = None
        self._source = source
        self._manager = manager
        self._loop = asyncio.get_running_loop()
        self._incoming = False
        self._up = False
        self._updating = False
        self._awaits_answer = False  # our 200 held the offer
        self._over = False
        self._agent: Any = _Agent(manager.global_config, event_cb=self._event)
        self._agent.make_offer = lambda: self.owner.offer() if self.owner else ""

    @property
    def source(self) -> str:
        """The IPv4 address that the peer's SIP comes from."""
        return self._source

    # --- beginning

    def invited(self, request: Any, transaction: Any) -> Any:
        """Take an INVITE that was let in."""
        self._incoming = True
        user = request.getRURI().username
        self._agent.lContact = SipContact(address=SipAddress(url=SipURL(username=user)))
        request.delHFs("authorization")  # it was judged; sippy's reader of it is not careful
        try:
            return self._agent.recvRequest(request, transaction)
        except Exception:
            self._agent.changeState((self._agent.UaStateDead,))
            raise

    def invite(self, invitation: Invitation, sdp: str) -> None:
        """Send an INVITE."""
        agent = self._agent
        agent.setAuth(invitation.user, invitation.password)
        agent.setNextHop(invitation.address)
        event = CCEventTry(
            (None, invitation.caller, invitation.to, MsgBody(sdp), None, invitation.caller_name)
        )
        headers = (("Allow", ALLOW), *invitation.headers)
        event.extra_headers = tuple(header(*each) for each in headers)
        event.onUacSetupComplete = lambda agent: _address(agent, invitation)
        self._manager.loop.run(agent.recvEvent, event)

    # --- what it can be told

    def progress(self, code: int, sdp: str | None) -> None:
        """Send 180 or 183."""
        reason = "Ringing" if code == 180 else "Session Progress"  # noqa: PLR2004 - SIP's code
        self._tell(CCEventRing((code, reason, sdp and MsgBody(sdp))))

    def accept(self, sdp: str, *, is_offer: bool) -> None:
        """Send 200; with an offer where the peer made none."""
        self._up, self._awaits_answer = True, is_offer
        kind = CCEventPreConnect if is_offer else CCEventConnect
        event = kind((200, "OK", MsgBody(sdp)))
        event.extra_headers = (header("Allow", ALLOW),)
        self._tell(event)

    def refuse(self, code: int, reason: str, headers: Sequence[Header], q850: int | None) -> None:
        """Send a final answer from 400 on."""
        event = CCEventFail((code, reason))
        event.extra_headers = tuple(header(*each) for each in headers)
        if q850 is not None:
            event.reason_rfc3326 = _reason(q850)
        self._tell(event)
        self._finish(End(code, q850, reason))

    def end(self, q850: int) -> None:
        """CANCEL, BYE, or refuse with 480."""
        if self._incoming and not self._up:
            self.refuse(480, "Temporarily Unavailable", (), q850)
            return
        event = CCEventDisconnect()
        event.reason_rfc3326 = _reason(q850)
        self._tell(event)
        self._finish(End(_ANSWERED if self._up else _CANCELLED, q850, ""))

    def offer(self, sdp: str) -> None:
        """Send a re-INVITE."""
        self._updating = True
        if self._agent.lSDP is None:  # so it is after a refusal, and sippy stumbles over it
            self._agent.lSDP = MsgBody("")
        self._tell(CCEventUpdate(MsgBody(sdp)))

    def accept_update(self, sdp: str) -> None:
        """Answer the peer's re-INVITE."""
        self._tell(CCEventConnect((200, "OK", MsgBody(sdp))))

    def refuse_update(self, code: int, reason: str) -> None:
        """Refuse the peer's re-INVITE."""
        self._tell(CCEventFail((code, reason)))

    def _tell(self, event: Any) -> None:
        if not self._over:
            self._manager.loop.run(self._agent.recvEvent, event)

    # --- what it tells

    def _event(self, event: Any, _: Any) -> None:
        """Take an event of sippy's; the first one of an INVITE is known already."""
        if self._over:
            return
        data = event.getData()
        match event:
            case CCEventRing():
                if data[0] > 100:  # noqa: PLR2004 - Trying
                    self._later("progressed", data[0], _sdp(data[2]))
            case CCEventConnect():
                self._connected(_sdp(data[2]))
            case CCEventUpdate():
                self._later("update_offered", _sdp(data))
            case CCEventFail() | CCEventRedirect() if self._updating:
                self._updating = False
                self._later("update_failed", data[0])
            case CCEventFail() | CCEventRedirect():
                self._finish(End(data[0], _q850(event), clean(str(data[1]))))
            case CCEventDisconnect():
                self._finish(End(_ANSWERED if self._up else _CANCELLED, _q850(event), ""))
            case _:  # the INVITE that is known already, INFO
                pass

    def _connected(self, sdp: str | None) -> None:
        if self._updating:
            self._updating = False
            self._later("updated", sdp)
        elif self._incoming or self._up:
            self._later("acknowledged", sdp)
        else:
            self._up = True
            self._later("accepted", sdp)

    def _finish(self, end: End) -> None:
        if not self._over:
            self._over = True
            self._later("ended", end)

    def _later(self, method: str, *arguments: object) -> None:
        if self.owner is not None:
            self._loop.call_soon(getattr(self.owner, method), *arguments)


def _address(agent: Any, invitation: Invitation) -> None:
    """Write what an INVITE is addressed to, and by whom."""
    agent.rTarget = SipURL(invitation.uri)
    if agent.rTarget.transport != "udp":
        agent.rTarget.transport = None
    host = invitation.to_domain or invitation.address[0]
    to = SipURL(username=invitation.to, host=host)
    agent.rUri = SipTo(address=SipAddress(url=to, hadbrace=True))
    own = SipURL(username=invitation.caller, host=invitation.from_domain)
    if invitation.from_domain is None:
        own.port = own.transport = None
    name = invitation.caller_name or None
    agent.lUri = SipFrom(address=SipAddress(url=own, hadbrace=True, name=name))
    agent.lUri.setTag(agent.lTag)
    agent.lContact.getUrl().username = invitation.user or invitation.caller


def _reason(q850: int) -> Any:
    return SipReason(protocol="Q.850", cause=q850)


def _q850(event: Any) -> int | None:
    """The cause of a Reason header (RFC 3326), where there is one of Q.850."""
    reason = event.reason_rfc3326
    if reason is None or str(reason.protocol).upper() != "Q.850":
        return None
    return reason.cause if 0 < (reason.cause or 0) <= _LAST_CAUSE else None


def _sdp(body: Any) -> str | None:
    """The text of a body of type application/sdp."""
    return str(body) if body is not None and body.getType() == "application/sdp" else None
