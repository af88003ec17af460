"""Quectel: EC20, EC21, EC25, EG25, EP06, UC15."""

from drivers.families.generic import Generic


class Quectel(Generic):
    """Own names for the ICCID and the tries that a PIN has left."""

    iccid = ("AT+QCCID", "AT+CCID")
    tries_left = 'AT+QPINC="SC"'
