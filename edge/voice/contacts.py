"""Where phones are, kept on disk, so that they can be called after a restart of the gateway."""

import json
from collections.abc import Iterable
from typing import Any, Protocol

from edge.store import Op, Store


class Registrations(Protocol):
    """Who knows the contacts."""

    def snapshot(self) -> list[dict[str, Any]]:
        """All of them, as JSON can hold them."""

    def restore(self, saved: Iterable[dict[str, Any]]) -> None:
        """Take them back at the start; what ran out meanwhile is left."""


class Contacts:
    """Loads them at the start, saves them at each change."""

    def __init__(self, store: Store, registrations: Registrations) -> None:
        self._store = store
        self._registrations = registrations

    async def load(self) -> None:
        """Take back what an earlier run knew."""
        rows = await self._store.read("SELECT body FROM sip_contact")
        self._registrations.restore([json.loads(body) for (body,) in rows])

    def save(self) -> None:
        """Write down what is known now."""
        rows = [
            Op(
                "INSERT INTO sip_contact VALUES (?, ?, ?)",
                (contact["name"], str(place), json.dumps(contact)),
            )
            for place, contact in enumerate(self._registrations.snapshot())
        ]
        self._store.write(Op("DELETE FROM sip_contact"), *rows, keep=True)
