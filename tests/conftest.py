"""Which tests run in real time: those of sound, which a machine at full load would let stumble.

`scripts/test` runs them by themselves, after all others.
"""

from pathlib import Path

import pytest

REAL_TIME = (
    "bench/test_bench",
    "edge/sip/test_baresip",
    "edge/test_demo",
    "edge/test_fxo",
    "edge/voice/test_agents",
    "edge/voice/test_broadcasts",
    "edge/voice/test_inside",
    "edge/voice/test_learning",
    "edge/voice/test_phone_calls_out",
    "edge/voice/test_reception",
    "edge/voice/test_recordings_of_calls",
    "edge/voice/test_simulated_call",
    "edge/voice/test_troubles",
    "simulator/fxo/",
    "simulator/test_sound",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_time: needs a machine that is not at full load")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).as_posix().startswith(REAL_TIME):
            item.add_marker(pytest.mark.real_time)
