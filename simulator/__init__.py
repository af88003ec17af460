"""Modems, SIMs and a telephone network that do not exist, spoken over real ptys."""
