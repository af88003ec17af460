"""The gateway: lines, dispatcher, store, control socket, command line, wiring."""
