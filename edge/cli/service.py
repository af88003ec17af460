"""`trunkline run`: the gateway itself."""

import logging
import os
import sys

from config import load
from config.carriers import load_carriers
from config.countries import load_countries
from config.load import ConfigError
from config.models import LogLevel
from config.profiles import load_profiles
from edge.cli.common import Failed
from edge.control_client import ControlClient

_PRIORITIES = {  # sd-daemon(3): the number that the journal reads at the head of a line
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


def run() -> None:
    """Run the gateway until SIGTERM or Ctrl-C; its log goes to stderr."""
    config = load.load()
    profiles = load_profiles()
    if problems := profiles.unknown_in(config):
        raise ConfigError(str(load.config_path()), problems)
    if ControlClient(config.control.socket).is_there():
        raise Failed(
            f"A gateway runs already on {config.control.socket}: stop it with "
            "`sudo systemctl stop trunkline`, or set another control.socket and storage.path."
        )
    _log_to_stderr(config.gateway.log_level)
    import uvloop

    from edge.gateway import Gateway
    from edge.store import StoreError
    from edge.voice.errors import VoiceError

    try:
        uvloop.run(Gateway(config, profiles, load_carriers(), load_countries()).run())
    except StoreError as error:
        raise Failed(
            f"The store cannot be used ({error}): set storage.path, or mend the disk."
        ) from error
    except VoiceError as error:
        raise Failed(str(error)) from error
    except OSError as error:
        raise Failed(
            f"The gateway cannot start ({error}): check control.socket "
            f"({config.control.socket}) and who may write there."
        ) from error


def _log_to_stderr(level: LogLevel) -> None:
    handler = logging.StreamHandler(sys.stderr)
    if "JOURNAL_STREAM" in os.environ:  # the journal adds the time itself
        handler.setFormatter(JournalFormatter("%(name)s: %(message)s"))
    else:
        text = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
        handler.setFormatter(logging.Formatter(text, "%H:%M:%S"))
    # What is not shown need not be found out, as the documentation of logging says.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001
    logging.basicConfig(level=level.upper(), handlers=[handler])


class JournalFormatter(logging.Formatter):
    """Puts <priority> before each line, as sd-daemon(3) wants it."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the record as lines for the journal."""
        mark = f"<{_PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(f"{mark}{line}" for line in super().format(record).splitlines())
