"""Limits, plans, rests: what a SIM, a line or a carrier may still do. Pure: time is an argument."""
