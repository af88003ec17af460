"""Requests of ours that belong to no call: OPTIONS and REGISTER, on sippy's transactions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sippy.SipAddress import SipAddress
from sippy.SipContact import SipContact
from sippy.SipFrom import SipFrom
from sippy.SipRequest import SipRequest
from sippy.SipTo import SipTo
from sippy.SipURL import SipURL

from edge.sip.dialog import Header
from edge.sip.sippy_manager import Manager, header
from edge.sip.sippy_quiet import USER_AGENT

FINAL = 200


@dataclass(frozen=True, slots=True)
class Request:
    """A request, before sippy has it."""

    method: str
    uri: str  # Request-URI
    address: tuple[str, int]  # where it goes
    account: tuple[str, str] | None = None  # user and host of From and To
    contact_user: str | None = None
    call_id: Any = None  # sippy's, of the request before
    sequence: int = 1
    headers: Sequence[Header] = ()


def send(manager: Manager, request: Request, on_final: Callable[[Any], None]) -> Any:
    """Send a request; its final response, 408 where none came, is given to `on_final`.

    Returns its Call-ID, for the next request.
    """
    made = _make(request)

    def responded(response: Any) -> None:
        if response.getSCode()[0] >= FINAL:
            on_final(response)

    manager.loop.run(manager.newTransaction, made, responded)
    return made.getHFBCopy("call-id")


def _make(request: Request) -> Any:
    uri = SipURL(request.uri)
    user, host = request.account or ("trunkline", None)
    own = SipURL(username=user, host=host)
    if host is None:
        own.port = own.transport = None
    to = SipURL(username=user, host=host) if host else SipURL(request.uri)
    sender = SipFrom(address=SipAddress(url=own))
    sender.genTag()
    contact = SipURL(username=request.contact_user or user)
    made = SipRequest(
        method=request.method,
        ruri=uri,
        to=SipTo(address=SipAddress(url=to)),
        fr0m=sender,
        cseq=request.sequence,
        callid=request.call_id,
        contact=SipContact(address=SipAddress(url=contact)),
        target=(request.address, "udp"),
        user_agent=USER_AGENT,
    )
    made.appendHeaders([header(*each) for each in request.headers])
    return made


def answer_to(response: Any, user: str, password: str, method: str, uri: str) -> Header | None:
    """The header that answers a challenge; None for a response that has none we can answer."""
    for challenge_name, name in (
        ("www-authenticate", "Authorization"),
        ("proxy-authenticate", "Proxy-Authorization"),
    ):
        for challenge in response.getHFBodys(challenge_name):
            supported, qop = challenge.supportedAlgorithm()
            if supported:
                return name, str(challenge.genAuthHF(user, password, method, uri, qop=qop))
    return None
