"""Modems, SIMs and a telephone network that do not exist, spoken over real ptys."""

from simulator.scenario import Scenario
from simulator.world import Simulator, serve

__all__ = ["Scenario", "Simulator", "serve"]
