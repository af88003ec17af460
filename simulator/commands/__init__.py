"""What every family answers: the commands of V.250, 27.007 and 27.005."""

from __future__ import annotations

from simulator.at import Commands
from simulator.commands import basic, calls, radio, sim, sms, ussd

COMMON = Commands(
    basic.COMMANDS, sim.COMMANDS, radio.COMMANDS, calls.COMMANDS, sms.COMMANDS, ussd.COMMANDS
)
