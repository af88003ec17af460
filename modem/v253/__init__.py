"""Voice modems on analogue lines: the DLE stream, its sound formats, caller id (ITU-T V.253)."""
