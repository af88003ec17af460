"""Phones and PBXs over SIP and RTP; the rest of the gateway sees stack.py and phone.py only."""
