"""The server is what the rest of the gateway takes it for: mypy holds the shape, this the names."""

import inspect

from edge.sip.phone import PhoneLeg
from edge.sip.server import SipServer
from edge.sip.stack import Phone, SipStack


def as_stack(server: SipServer) -> SipStack:
    return server


def as_phone(leg: PhoneLeg) -> Phone:
    return leg


def test_no_method_of_the_protocols_is_missing() -> None:
    for shape, made in ((SipStack, SipServer), (Phone, PhoneLeg)):
        names = {name for name, _ in inspect.getmembers(shape) if not name.startswith("_")}
        assert names
        assert all(hasattr(made, name) for name in names - {"sound"})
