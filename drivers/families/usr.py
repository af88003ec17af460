"""USRobotics USR5637: it plays or listens, and finds the signal of caller id out by itself."""

from drivers.families.v253 import V253


class Usr(V253):
    """As V.253 says, in one direction at a time."""
