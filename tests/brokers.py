"""Real brokers for tests; they stand with the benchmarks, which are no part of `tests`."""

from bench.bed.brokers import MOSQUITTO, Broker, Iotcore, Mosquitto, free_port

__all__ = ["MOSQUITTO", "Broker", "Iotcore", "Mosquitto", "free_port"]
