"""`python -P -m edge.cli`: the trunkline command where no script is installed."""

from edge.cli import main

main()
