"""The AT dialogue: framing, final results, commands and their answers."""
