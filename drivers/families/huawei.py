"""Huawei sticks: E1550, E153, E173, E1750, E171, E3531."""

from config.profiles import ModemProfile, Quirk
from drivers.families.generic import Generic


class Huawei(Generic):
    """Silenced before anything else is asked: its flood of URCs can crash it while probed."""

    iccid = ("AT^ICCID?", "AT+CCID")
    tries_left = "AT^CPIN?"

    def __init__(self, profile: ModemProfile) -> None:
        super().__init__(profile)
        if self.has(Quirk.CURC_FLOOD):
            self.opening = ("AT^CURC=0", *Generic.opening)
