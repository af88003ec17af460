"""The trunkline command as real child processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

TRUNKLINE = (sys.executable, "-P", "-m", "edge.cli")
PATIENCE_S = 15


@contextmanager
def child(
    *arguments: str, stdout: int | IO[str] | None = None, stderr: int | IO[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run `trunkline ARGUMENTS` for as long as the context lasts."""
    with subprocess.Popen(
        [*TRUNKLINE, *arguments], stdout=stdout, stderr=stderr, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)
