"""OPTIONS to phones and PBXs: it keeps NATs open, and tells who is there."""

import logging
from collections.abc import Callable
from time import time
from typing import Any

from config.sip import PbxMode
from edge.sip.accounts import Accounts
from edge.sip.registrar import Contact, Registrar
from edge.sip.requests import Request, send
from edge.sip.sippy_manager import Manager

log = logging.getLogger(__name__)

_TIMEOUT = 408  # what sippy says when nothing came within 32 s, RFC 3261 17.1.2.2


class KeepAlive:
    """Asks everybody once a round; who does not answer is taken for gone."""

    def __init__(
        self,
        manager: Manager,
        registrar: Registrar,
        accounts: Accounts,
        on_change: Callable[[], None],
    ) -> None:
        self.silent: set[str] = set()  # PBXs that did not answer last time
        self._manager = manager
        self._registrar = registrar
        self._accounts = accounts
        self._on_change = on_change
        self._asked: set[object] = set()

    def round(self) -> None:
        """Ask everybody who is not being asked already."""
        if self._registrar.expire(time()):
            self._on_change()
        for user, contact in self._registrar.everything():
            self._ask(contact, contact.uri, contact.address, self._phone(user, contact))
        for name, pbx in self._accounts.pbxs.items():
            address = self._accounts.address(name)
            if pbx.mode is not PbxMode.REGISTRAR and address is not None:
                self._ask(name, f"sip:{pbx.host}:{pbx.port}", address, self._pbx(name))

    def _ask(
        self, key: object, uri: str, address: tuple[str, int], told: Callable[[bool], None]
    ) -> None:
        if key in self._asked:
            return
        self._asked.add(key)

        def answered(response: Any) -> None:
            self._asked.discard(key)
            told(response.getSCode()[0] != _TIMEOUT)

        send(self._manager, Request("OPTIONS", uri, address), answered)

    def _phone(self, user: str, contact: Contact) -> Callable[[bool], None]:
        def told(there: bool) -> None:  # noqa: FBT001 - a callback
            if not there and self._registrar.drop(user, contact):
                log.info("a phone of %s does not answer any more", user)
                self._on_change()

        return told

    def _pbx(self, name: str) -> Callable[[bool], None]:
        def told(there: bool) -> None:  # noqa: FBT001 - a callback
            if there is (name in self.silent):
                (self.silent.discard if there else self.silent.add)(name)
                log.warning("pbx %s %s", name, "answers again" if there else "does not answer")
                self._on_change()

        return told
