"""Our registration with a PBX: made, refreshed in time, taken back at the end.

 OUT --send--> TRYING --200--> IN --4/5 of its time later--> TRYING
                  |                                             |
                  +---- refused, or no answer: a pause that doubles, then again

An attempt is one REGISTER, one more where it is challenged, one more where it asks too little time.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from config.sip import Pbx
from edge.sip.accounts import Accounts
from edge.sip.dialog import Header
from edge.sip.requests import Request, answer_to, send
from edge.sip.sippy_manager import Manager

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LAST_PAUSE_S = 5.0, 300.0
_STUCK_S = 40.0  # an attempt that nothing came of; RFC 3261 17.1.2.2 ends each after 32
_REFRESH = 0.8  # of the time that was granted
_SHORTEST_S = 10
_LEAVE_S = 1.0
_MAX_ANSWERS = 2  # challenges and longer times within one attempt
_UNAUTHORIZED = frozenset({401, 407})
_TOO_BRIEF = 423


class PbxLink:
    """The registration with one PBX of mode `register`."""

    def __init__(
        self, pbx: Pbx, accounts: Accounts, manager: Manager, on_change: Callable[[], None]
    ) -> None:
        self.registered = False
        self._pbx = pbx
        self._accounts = accounts
        self._manager = manager
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._password = accounts.secrets[pbx.name]
        self._ask_s = pbx.expires_s
        self._call_id: Any = None
        self._sequence = 0
        self._answers = 0
        self._pause_s = _FIRST_PAUSE_S
        self._timer: asyncio.TimerHandle | None = None
        self._gone: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Register, and stay registered."""
        self._attempt()

    async def stop(self) -> None:
        """Take the registration back; a PBX that does not answer soon is left."""
        self._wait(None)
        if self.registered:
            self._gone = self._loop.create_future()
            self._ask_s = self._answers = 0
            self._send(())
            await asyncio.wait([self._gone], timeout=_LEAVE_S)

    def _attempt(self) -> None:
        self._answers = 0
        self._wait(_STUCK_S)
        self._send(())

    def _send(self, headers: tuple[Header, ...]) -> None:
        address = self._accounts.address(self._pbx.name)
        if address is None:
            self._failed("its address is not known")
            return
        self._sequence += 1
        request = Request(
            "REGISTER",
            self._uri,
            address,
            account=(self._pbx.username or "", self._pbx.host or ""),
            contact_user=self._pbx.username,
            call_id=self._call_id,
            sequence=self._sequence,
            headers=(("Expires", str(self._ask_s)), *headers),
        )
        self._call_id = send(self._manager, request, self._answered)

    @property
    def _uri(self) -> str:
        return f"sip:{self._pbx.host}:{self._pbx.port}"

    def _answered(self, response: Any) -> None:
        code, reason = response.getSCode()
        if self._gone is not None and (code not in _UNAUTHORIZED or self._answers):
            self._left()
        elif code in _UNAUTHORIZED and self._answers < _MAX_ANSWERS:
            self._prove(response)
        elif code == _TOO_BRIEF and self._answers < _MAX_ANSWERS:
            self._answers += 1
            self._ask_s = max(self._ask_s, *_seconds(response, "min-expires"), _SHORTEST_S)
            self._send(())
        elif code < 300:  # noqa: PLR2004 - success
            self._succeeded(response)
        else:
            self._failed(f"{code} {reason}")

    def _prove(self, response: Any) -> None:
        self._answers += 1
        user = self._pbx.username or ""
        proof = answer_to(response, user, self._password, "REGISTER", self._uri)
        if proof is None:
            self._failed("it wants a way to log in that we do not know")
        else:
            self._send((proof,))

    def _succeeded(self, response: Any) -> None:
        granted = next(iter(_seconds(response, "expires")), self._ask_s)
        for contact in response.getHFBodys("contact"):
            given = str(contact.getUri().getParam("expires") or "")
            if contact.getUrl().username == self._pbx.username and given.isdecimal():
                granted = int(given)
        self._pause_s = _FIRST_PAUSE_S
        self._wait(max(min(granted, self._ask_s), _SHORTEST_S) * _REFRESH)
        self._set(registered=True)

    def _failed(self, why: str) -> None:
        """The first failure is loud, repeats are not."""
        first = self.registered or self._pause_s == _FIRST_PAUSE_S
        log.log(
            logging.WARNING if first else logging.DEBUG,
            "pbx %s does not take our registration: %s",
            self._pbx.name,
            why,
        )
        self._wait(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LAST_PAUSE_S)
        self._set(registered=False)

    def _left(self) -> None:
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        self._set(registered=False)

    def _set(self, *, registered: bool) -> None:
        if registered is not self.registered:
            self.registered = registered
            if registered:
                log.info("registered with pbx %s", self._pbx.name)
            self._on_change()

    def _wait(self, seconds: float | None) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None if seconds is None else self._loop.call_later(seconds, self._attempt)


def _seconds(response: Any, name: str) -> list[int]:
    """The numbers in headers of a name."""
    texts = (str(each.body).strip() for each in response.getHFs(name))
    return [int(text) for text in texts if text.isdecimal() and len(text) < 10]  # noqa: PLR2004
