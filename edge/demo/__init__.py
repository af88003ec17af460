"""The demo: a simulated world, a broker, the gateway, and a dialer that counts what it is told."""
