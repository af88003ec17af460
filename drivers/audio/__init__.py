"""Audio ports: 20 ms frames of sound in and out of a modem, by whatever way it carries them."""
