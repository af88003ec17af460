"""SIMCom: SIM7500, SIM7600, A76xx, SIM800, SIM900."""

from drivers.families.generic import Generic


class Simcom(Generic):
    """Own names for the ICCID and the tries that a PIN has left."""

    iccid = ("AT+CICCID", "AT+CCID")
    tries_left = "AT+SPIC"
