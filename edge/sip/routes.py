"""Where a call to an extension or a PBX goes: one route for each phone."""

from dataclasses import dataclass, field
from time import time
from urllib.parse import quote

from config.sip import Pbx, PbxMode
from edge.sip.accounts import Accounts
from edge.sip.phone import Peer, PeerKind
from edge.sip.registrar import Registrar


@dataclass(frozen=True, slots=True)
class Route:
    """One way to somebody."""

    address: tuple[str, int]
    uri: str
    to: str  # user part of To
    domain: str | None = None  # of From and To
    user: str | None = None  # account there
    password: str | None = field(default=None, repr=False)


class Routes:
    """Finds routes."""

    def __init__(self, accounts: Accounts, registrar: Registrar) -> None:
        self._accounts = accounts
        self._registrar = registrar

    def find(self, peer: Peer, to: str) -> list[Route]:
        """Each way to a peer, with the number `to` where it is a PBX."""
        if peer.kind is PeerKind.EXTENSION:
            return self._registered(peer.name, peer.name)
        pbx = self._accounts.pbxs.get(peer.name)
        if pbx is None:
            return []
        number = to or pbx.username or ""
        if pbx.mode is PbxMode.REGISTRAR:
            return self._registered(pbx.username or "", number)
        return self._trunk(pbx, number)

    def _registered(self, user: str, to: str) -> list[Route]:
        """A contact is called where it registered from, by the URI that it gave."""
        held = self._registrar.contacts(user, time())
        return [Route(contact.address, contact.uri, to) for contact in held]

    def _trunk(self, pbx: Pbx, number: str) -> list[Route]:
        address = self._accounts.address(pbx.name)
        if address is None or not number:
            return []
        uri = f"sip:{quote(number, safe='+*')}@{pbx.host}:{pbx.port}"
        password = self._accounts.secrets.get(pbx.name)
        return [Route(address, uri, number, pbx.host, pbx.username, password)]
