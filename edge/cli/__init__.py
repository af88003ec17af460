"""The trunkline command."""


def main() -> None:
    """Run it; the entry point of the console script."""
    from edge.cli.app import app

    app(prog_name="trunkline")
