"""Guards of a gateway, and all that they look into."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.carriers import Carriers
from config.countries import SHIPPED, load_countries
from config.models import GatewayConfig
from edge.block import Block
from edge.destination import NumberingPlans
from edge.guards.almanac import Almanac
from edge.guards.attempts import Attempts
from edge.guards.deny import DenyList
from edge.guards.guards import Guards
from edge.guards.hashes import NumberHash
from edge.guards.tables import _holidays
from mqtt.vocabulary import Cause, Purpose, Reason

COUNTRIES = load_countries([SHIPPED])
HOLIDAYS = _holidays((2025, 2026, 2027, 2028))
HASH = NumberHash(b"k" * 32)
AUSTRIAN = "+436601234567"
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 10:00 in Vienna, no holiday
MANUAL, CAMPAIGN, BROADCAST = Purpose.MANUAL, Purpose.CAMPAIGN, Purpose.BROADCAST


def almanac(*years: int) -> Almanac:
    found = Almanac()
    found.take({"years": years, "holidays": HOLIDAYS, "networks": {}})
    return found


@dataclass
class Desk:
    """Guards of an Austrian gateway, and what they look into."""

    settings: dict[str, Any] = field(default_factory=dict)
    home: str = "AT"
    almanac: Almanac = field(default_factory=lambda: almanac(2025, 2026, 2027, 2028))

    def __post_init__(self) -> None:
        config = GatewayConfig.model_validate({"gateway": {"country": self.home}, **self.settings})
        self.denied, self.attempts = DenyList(HASH), Attempts(HASH)
        self.guards = Guards(config, COUNTRIES, self.denied, self.attempts, self.almanac)
        self.plans = NumberingPlans(self.home, COUNTRIES, Carriers({}))

    def check(
        self,
        number: str = AUSTRIAN,
        purpose: Purpose = CAMPAIGN,
        consent: str | None = "ref-1",
        now: datetime = TUESDAY,
    ) -> Block | None:
        return self.guards.check(self.plans.classify(number), purpose, consent, now)

    def reason(self, *arguments: Any, **named: Any) -> Reason | None:
        block = self.check(*arguments, **named)
        return block.reason if block else None

    def tried(self, at: datetime, cause: Cause = Cause.NO_ANSWER) -> None:
        self.attempts.begin(AUSTRIAN, at.timestamp())
        self.attempts.end(AUSTRIAN, at.timestamp(), cause, rang=True)


def vienna(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Vienna"))


def until(block: Block | None) -> datetime:
    assert block
    assert block.until
    return datetime.fromtimestamp(block.until, UTC)
