"""The trunkline command."""
