"""sippy, made to fit in: what it prints goes to our log, and it calls itself Trunkline.

sippy runs in the event loop and not in a thread with its own dispatcher: its timers are a heap that
sippy_loop.py serves, its socket is ours. So nothing is handed over between threads, and a message
costs the loop less than the switch between two threads that both want the interpreter.
"""

import logging
import re
import sys

from sippy.SipConf import SipConf

log = logging.getLogger("edge.sip.sippy")

USER_AGENT = "Trunkline"
_MAX_TEXT = 200  # characters of what sippy says
_NUMBERS = re.compile(r"\d{3,}")


def _masked(words: tuple[object, ...]) -> str:
    return _NUMBERS.sub("***", " ".join(map(str, words)))[:_MAX_TEXT]


def _print(*words: object, **_: object) -> None:
    log.debug("%s", _masked(words))


def _dump_exception(message: str, f: object = None, extra: object = None) -> None:  # noqa: ARG001
    """Tell of a message that cannot be read quietly, of everything else loudly."""
    if message.startswith("can't parse"):
        log.debug("%s: %r", _masked((message,)), type(sys.exc_info()[1]))
    else:
        log.error("%s", _masked((message,)), exc_info=sys.exc_info())


SipConf.my_uaname = USER_AGENT
for _name, _module in list(sys.modules.items()):
    if _name.split(".")[0] == "sippy":
        _module.print = _print  # type: ignore[attr-defined]
        if hasattr(_module, "dump_exception"):
            _module.dump_exception = _dump_exception  # type: ignore[attr-defined]
