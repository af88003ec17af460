"""Modems on analogue lines: calls and their sound over one port, by V.253."""
