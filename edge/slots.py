"""Which SIM lies in which slot of which modem: learnt when it is in use, remembered when it rests.

Only the SIM in the active slot of a modem can be asked who it is.
"""

from edge.store import Op, Store


class Slots:
    """Places of SIMs: a place is the modem's IMEI and the slot, counted from 1."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._places: dict[str, tuple[str, int]] = {}  # by ICCID

    async def load(self) -> None:
        """Remember what was seen before."""
        rows = await self._store.read("SELECT imei, slot, iccid FROM slot")
        self._places = {iccid: (imei, slot) for imei, slot, iccid in rows}

    def see(self, imei: str, slot: int, iccid: str) -> None:
        """A SIM is in use in this slot; wherever it was before, it is there no more."""
        if self._places.get(iccid) == (imei, slot):
            return
        self._places = {i: place for i, place in self._places.items() if place != (imei, slot)}
        self._places[iccid] = imei, slot
        self._store.write(
            Op("DELETE FROM slot WHERE iccid = ?", (iccid,)),
            Op("INSERT OR REPLACE INTO slot VALUES (?, ?, ?)", (imei, slot, iccid)),
            keep=True,
        )

    def place_of(self, iccid: str) -> tuple[str, int] | None:
        """Where a SIM was seen last: IMEI and slot."""
        return self._places.get(iccid)
