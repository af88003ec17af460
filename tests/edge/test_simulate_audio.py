"""What `trunkline simulate` says of modems with an audio port."""

import json
import subprocess
from pathlib import Path

from tests.edge.processes import child

WORLD = """
[[modems]]
name = "m"
family = "quectel"
audio = true

[[modems]]
name = "plain"
"""


def test_simulate_tells_what_to_open_for_sound(tmp_path: Path) -> None:
    scenario = tmp_path / "world.toml"
    scenario.write_text(WORLD)
    simulate = ("simulate", str(scenario), "--link-dir", str(tmp_path / "links"))
    at, audio, plain = (str(tmp_path / "links" / name) for name in ("m", "m.audio", "plain"))
    with child(*simulate, "--json", stdout=subprocess.PIPE) as simulator:
        assert simulator.stdout
        told = json.loads(simulator.stdout.readline())
        assert told == {"ports": {"m": at, "plain": plain}, "audio_ports": {"m": audio}}
        assert Path(audio).is_char_device()
    with child(*simulate, stdout=subprocess.PIPE) as simulator:
        assert simulator.stdout
        assert simulator.stdout.readline() == f"m  {at}  audio {audio}\n"
        assert simulator.stdout.readline() == f"plain  {plain}\n"
