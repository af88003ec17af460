"""Who is known to the SIP server: extensions and PBXs, by user name or by address."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from pydantic import SecretStr

from config.sip import Extension, Pbx, PbxMode
from edge.sip.network import is_address
from edge.sip.phone import Peer, PeerKind

log = logging.getLogger(__name__)

MAX_PBX_CONTACTS = 4
_LOOK_UP_S = 5.0


class SipError(Exception):
    """SIP cannot be served, or a call not be made; the text is a sentence that says what to do."""


class Accounts:
    """Names, passwords and addresses of the configuration."""

    def __init__(self, extensions: Sequence[Extension], pbxs: Sequence[Pbx]) -> None:
        self.extensions = {extension.name: extension for extension in extensions}
        self.pbxs = {pbx.name: pbx for pbx in pbxs}
        self.passwords: dict[str, str] = {}  # by user name, of those who log in here
        self.secrets: dict[str, str] = {}  # by name of the PBX, of those where we log in
        self._users: dict[str, Peer] = {}
        self._hosts: dict[str, str] = {}  # address of each PBX's host
        self._unknown: set[str] = set()  # PBXs whose name was not found last time

    def load(self) -> None:
        """Read the passwords; raises SipError."""
        for name, extension in self.extensions.items():
            self.passwords[name] = secret(extension)
            self._users[name] = Peer(PeerKind.EXTENSION, name)
        for name, pbx in self.pbxs.items():
            if pbx.mode is PbxMode.REGISTER:
                self.secrets[name] = secret(pbx)
            if pbx.mode is PbxMode.REGISTRAR and pbx.username:
                if pbx.username in self._users:
                    raise SipError(f"pbx {name}: the username {pbx.username} is an extension, too.")
                self.passwords[pbx.username] = secret(pbx)
                self._users[pbx.username] = Peer(PeerKind.PBX, name)

    async def resolve(self) -> None:
        """Look up the addresses of PBXs; those that cannot be found keep the one they had."""
        for name, pbx in self.pbxs.items():
            if pbx.host is None or pbx.mode is PbxMode.REGISTRAR:
                continue
            try:
                self._hosts[name] = await _look_up(pbx.host)
            except OSError as error:  # of which TimeoutError is one
                level = logging.DEBUG if name in self._unknown else logging.WARNING
                log.log(level, "the address of pbx %s cannot be found: %s", name, error)
                self._unknown.add(name)
            else:
                self._unknown.discard(name)

    def address(self, pbx: str) -> tuple[str, int] | None:
        """Where a PBX is called; None where its name could not be looked up."""
        host = self._hosts.get(pbx)
        return None if host is None else (host, self.pbxs[pbx].port)

    def networks(self) -> list[IPv4Network]:
        """Where PBXs speak from."""
        hosts = [IPv4Network(host) for host in self._hosts.values()]
        return hosts + [net for pbx in self.pbxs.values() for net in pbx.addresses]

    def by_user(self, user: str) -> Peer | None:
        """Who logs in by this name."""
        return self._users.get(user)

    def by_address(self, source: str) -> Peer | None:
        """The PBX that is trusted by this address."""
        for name, pbx in self.pbxs.items():
            if pbx.mode is PbxMode.REGISTRAR:
                continue
            nets = pbx.addresses if pbx.mode is PbxMode.PEER else ()
            if source == self._hosts.get(name) or any(IPv4Address(source) in net for net in nets):
                return Peer(PeerKind.PBX, name)
        return None

    def room(self, user: str) -> int:
        """How many contacts a user name may have."""
        extension = self.extensions.get(user)
        if extension is not None:
            return extension.max_contacts
        return MAX_PBX_CONTACTS if user in self._users else 0


def secret(account: Extension | Pbx) -> str:
    """The password of an account; raises SipError where its file cannot be read."""
    if account.password is not None:
        return _plain(account.password)
    path = account.password_file or Path()
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SipError(f"The password file of {account.name} cannot be read: {error}.") from error
    if not lines or not lines[0].strip():
        raise SipError(f"The password file of {account.name} is empty; write the password in it.")
    return lines[0].strip()


async def _look_up(host: str) -> str:
    """The address of a name; raises OSError."""
    if is_address(host):
        return host
    async with asyncio.timeout(_LOOK_UP_S):
        found = await asyncio.get_running_loop().getaddrinfo(
            host, None, family=socket.AF_INET, type=socket.SOCK_DGRAM
        )
    return str(found[0][4][0])


def _plain(password: SecretStr) -> str:
    return password.get_secret_value()
