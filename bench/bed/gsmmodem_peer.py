"""python-gsmmodem-new on one port: `gsmmodem_peer.py PORT CALLS SECONDS`, as a child.

Dials so often, then listens for so many seconds; prints the time of each dial and each callback.
"""

import contextlib
import json
import sys
import time

from gsmmodem.exceptions import GsmModemException
from gsmmodem.modem import GsmModem

IDLE_S = 0.05


def main(port: str, calls: int, seconds: float) -> None:
    rings: list[tuple[str, int]] = []

    def on_ring(call: object) -> None:
        """Its documentation says one call object a call; it calls back at each RING."""
        now = time.monotonic_ns()
        if getattr(call, "ringCount", 1) == 1:
            rings.append((str(getattr(call, "number", "")), now))

    modem = GsmModem(port, 115200, incomingCallCallbackFunc=on_ring)
    modem.smsTextMode = False
    modem.connect()
    dials = [_dial(modem, f"+4940{n:08d}") for n in range(1, calls + 1)]
    print(json.dumps({"dials": dials}), flush=True)
    time.sleep(seconds)
    print(json.dumps({"rings": rings}), flush=True)
    modem.close()


def _dial(modem: GsmModem, number: str) -> tuple[str, int]:
    before = time.monotonic_ns()
    call = modem.dial(number)
    with contextlib.suppress(GsmModemException):
        call.hangup()
    time.sleep(IDLE_S)
    return number, before


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
