"""The one form of sound inside the gateway: frames of 20 ms, 16-bit samples, 8000 a second.

A frame is FRAME_BYTES octets of signed little-endian samples, one channel. Sources: 3GPP TS 26.071
for rate and length, RFC 3551 4.5 for 20 ms packets.
"""

RATE = 8000  # samples a second
FRAME_S = 0.02
FRAME_SAMPLES = 160
FRAME_BYTES = 2 * FRAME_SAMPLES
SILENCE = bytes(FRAME_BYTES)
