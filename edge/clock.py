"""Wall time, and whether it can be believed: a Pi has no clock of its own that runs while off."""

from datetime import UTC, datetime

# Trunkline was written after this: a clock that says less was never set.
BUILT = datetime(2026, 11, 1, tzinfo=UTC)


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def is_set(at: datetime) -> bool:
    """Whether the clock that says `at` was ever set."""
    return at >= BUILT
