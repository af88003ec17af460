"""The MQTT contract and the only broker I/O."""
