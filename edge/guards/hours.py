"""When campaigns may call: opening hours in the callee's own time, and public holidays.

Of a callee who may be in several zones, every one of them must be open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.campaign import Week
from edge.guards.almanac import Almanac

HORIZON = timedelta(days=14)  # no law closes longer: China's longest holidays are nine days
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours of a country; `holidays_of` is None where holidays are days like others."""

    week: Week
    holidays_of: str | None
    almanac: Almanac

    def is_outside(self, zones: Sequence[ZoneInfo], now: datetime) -> bool:
        """Tell whether it is too early, too late or a closed day of the week in any zone."""
        return any(not self._in_span(now.astimezone(zone)) for zone in zones)

    def is_holiday(self, zones: Sequence[ZoneInfo], now: datetime) -> bool:
        """Tell whether it is a public holiday in any zone."""
        return any(self._is_closed(now.astimezone(zone).date()) for zone in zones)

    def next_open(self, zones: Sequence[ZoneInfo], now: datetime) -> datetime | None:
        """The first moment from `now` on when all zones are open; None if none is near."""
        at = now
        while at < now + HORIZON:
            openings = [self._next_open_in(zone, at) for zone in zones]
            if None in openings:
                return None
            later = max(opening for opening in openings if opening)
            if later == at:
                return at
            at = later
        return None

    def _next_open_in(self, zone: ZoneInfo, now: datetime) -> datetime | None:
        for start, end in self._spans(zone, now.astimezone(zone).date()):
            if now < end:
                return max(now, start)
        return None

    def _spans(self, zone: ZoneInfo, first: date) -> Iterator[tuple[datetime, datetime]]:
        """All open spans of the days from `first` on, in UTC and in order."""
        for ahead in range(HORIZON.days + 1):
            day = first + ahead * _DAY
            if not self._is_closed(day):
                for start, end in self.week[day.weekday()]:
                    yield _moment(day, start, zone), _moment(day, end, zone)

    def _in_span(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.week[local.weekday()])

    def _is_closed(self, day: date) -> bool:
        return self.holidays_of is not None and self.almanac.is_holiday(self.holidays_of, day)


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


@lru_cache(64)
def known_zones(names: tuple[str, ...]) -> tuple[ZoneInfo, ...]:
    """The zones by name; none at all if this machine has no data of one of them."""
    try:
        return tuple(ZoneInfo(name) for name in names)
    except (ZoneInfoNotFoundError, OSError):
        return ()
