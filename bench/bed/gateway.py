"""The gateway as a child of a benchmark: `gateway.py CONFIG`."""

import asyncio
import logging
import sys
from pathlib import Path

from config.load import load
from config.profiles import load_profiles
from edge.gateway import Gateway

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(Gateway(load(Path(sys.argv[1])), load_profiles()).run())
