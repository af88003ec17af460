"""The only hardware I/O: ports, sessions, discovery, modem families."""
