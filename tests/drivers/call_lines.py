"""What modems say of calls, line by line, and a call to say it of."""

from tests.drivers.wire import Bench, settle

NUMBER = "+4930123456"
CEER = "AT+CEER"
LIST = "AT+CLCC"


def clcc(state: int, index: int = 1, direction: int = 0, mode: int = 0) -> str:
    return f'+CLCC: {index},{direction},{state},{mode},0,"{NUMBER}",145'


def ccinfo(state: int, index: int = 1, direction: int = 0) -> str:
    return f'+QIND: "ccinfo",{index},{direction},{state},0,0,"{NUMBER}",145'


def dsci(state: int, index: int = 1, direction: int = 0) -> str:
    return f"^DSCI: {index},{direction},{state},0,{NUMBER},145"


async def dialled(bench: Bench) -> int:
    key = bench.modem.calls.place(NUMBER)
    await settle()
    return key
