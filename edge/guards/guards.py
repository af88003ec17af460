"""The guards: what a call is for and whom it reaches decide whether it may be made at all.

For every call: emergency numbers pass for a person who dials and never for the others; premium and
unassigned numbers need the owner's leave. For campaigns and broadcasts, in this order: the deny
list, the purpose and consent, the callee's hours, public holidays, attempts. Nothing that a
command says loosens any of them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from config.campaign import Campaign, Marketing, week_of
from config.countries import Countries
from config.models import GatewayConfig
from edge.block import Block
from edge.destination import Destination, NumberKind
from edge.guards.almanac import Almanac
from edge.guards.attempts import DAY_S, Attempt, Attempts
from edge.guards.deny import DenyList
from edge.guards.hours import Hours, known_zones
from mqtt.vocabulary import Purpose, Reason

HOUR_S = 3600.0
MONTH_S = 30 * DAY_S
ALMANAC_S = 60.0  # until a dialer may ask again for holidays that are being looked up

_SHORT = Block(Reason.PURPOSE_FORBIDDEN, "Campaigns call people; a short code is a service.")
_EMERGENCY = Block(
    Reason.EMERGENCY_NUMBER, "Only a person may dial an emergency number; no campaign ever does."
)
_NO_SMS = Block(
    Reason.EMERGENCY_NUMBER, "No message goes to an emergency number: nobody may read it. Call it."
)
_PREMIUM = Block(
    Reason.PREMIUM_NUMBER,
    "This is a premium number; the owner can name its prefix in guards.allow_premium.",
)
_UNASSIGNED = Block(
    Reason.UNASSIGNED_NUMBER,
    "No numbering plan has this number; check it, or name its prefix in guards.allow_unassigned.",
)
_DENIED = Block(Reason.DENIED_NUMBER, "This number is on the deny list; campaigns never call it.")
_NO_CONSENT = Block(
    Reason.CONSENT_MISSING, "This call needs the reference of the callee's consent in `consent`."
)
_NO_ZONE = Block(
    Reason.OUTSIDE_HOURS, "Nobody knows which time it is at this number; a person may dial it."
)


class Guards:
    """`check` is pure but for the lists it looks into: no I/O, under 50 us in one zone."""

    def __init__(
        self,
        config: GatewayConfig,
        countries: Countries,
        denied: DenyList,
        attempts: Attempts,
        almanac: Almanac,
    ) -> None:
        self._home = config.gateway.country
        self._countries = countries
        self._allowed: Mapping[NumberKind, tuple[tuple[str, ...], Block]] = {
            NumberKind.UNASSIGNED: (config.guards.allow_unassigned, _UNASSIGNED),
            NumberKind.PREMIUM: (config.guards.allow_premium, _PREMIUM),
        }
        self._overrides = {guard.code: guard for guard in config.country}
        self._denied = denied
        self._attempts = attempts
        self._almanac = almanac
        self.rules = cache(self._rules)
        self._hours = cache(self._make_hours)

    def check(
        self, to: Destination, purpose: Purpose, consent: str | None, now: datetime
    ) -> Block | None:
        """Say why the call may not be made at `now` (aware), and from when on it may."""
        by_hand = purpose is Purpose.MANUAL
        if to.kind is NumberKind.EMERGENCY:
            return None if by_hand else _EMERGENCY
        if block := self._number(to):
            return block
        if by_hand:
            return None
        return self._purpose(to, purpose, consent) or self._time(to, purpose, now.astimezone(UTC))

    def check_sms(self, to: Destination) -> Block | None:
        """Say why no message may go there: what the number is decides alone."""
        return _NO_SMS if to.kind is NumberKind.EMERGENCY else self._number(to)

    def ring_s(self, to: Destination, purpose: Purpose, wanted: float) -> float:
        """Seconds to let it ring: campaigns give nobody less than the callee's country says."""
        if purpose is Purpose.MANUAL:
            return wanted
        return max(wanted, self.rules(to.country).ring_at_least_s)

    def _rules(self, country: str | None) -> Campaign:
        """The rules in force for callees of a country; kept by `rules`."""
        law = self._countries.of(country).campaign
        override = self._overrides.get(country or "")
        return override.over(law) if override else law

    def _make_hours(self, country: str | None) -> Hours:
        rules = self.rules(country)
        holidays_of = country if rules.closed_on_holidays else None
        return Hours(week_of(rules.hours), holidays_of, self._almanac)

    def _number(self, to: Destination) -> Block | None:
        allowed, block = self._allowed.get(to.kind, ((), None))
        return None if to.number.startswith(allowed) else block

    def _purpose(self, to: Destination, purpose: Purpose, consent: str | None) -> Block | None:
        if to.number in self._denied:
            return _DENIED
        if to.kind is NumberKind.SHORT:
            return _SHORT
        for country in (self._home, to.country):
            if self.rules(country).mobile_sim_marketing is Marketing.FORBIDDEN:
                return Block(
                    Reason.PURPOSE_FORBIDDEN,
                    f"Marketing from an ordinary SIM is forbidden in {country}; a person may dial.",
                )
        needed = purpose is Purpose.BROADCAST or self.rules(to.country).consent_needed
        return _NO_CONSENT if needed and not (consent or "").strip() else None

    def _time(self, to: Destination, purpose: Purpose, now: datetime) -> Block | None:
        hours, zones = self._hours(to.country), known_zones(to.zones)
        if not zones:
            return _NO_ZONE
        attempts = self._attempts.of(to.number)
        lifts = _lifts(attempts, self.rules(to.country), purpose)
        if hours.is_outside(zones, now):
            until = _first_allowed(hours, zones, lifts, now)
            return Block(Reason.OUTSIDE_HOURS, "It is too early or too late there.", until)
        if hours.is_holiday(zones, now):
            return self._holiday(hours, zones, lifts, now)
        if binding := {reason: lift for reason, lift in lifts.items() if lift > now.timestamp()}:
            until = _first_allowed(hours, zones, binding, now)
            reason = max(binding, key=lambda reason: binding[reason])
            return Block(reason, _ATTEMPT_SENTENCES[reason], until)
        return None

    def _holiday(
        self, hours: Hours, zones: Sequence[ZoneInfo], lifts: Mapping[Reason, float], now: datetime
    ) -> Block:
        if not all(self._almanac.knows(now.astimezone(zone).date()) for zone in zones):
            sentence = "The public holidays there are being looked up; try again in a minute."
            return Block(Reason.HOLIDAY, sentence, now.timestamp() + ALMANAC_S)
        until = _first_allowed(hours, zones, lifts, now)
        return Block(Reason.HOLIDAY, "It is a public holiday there.", until)


_ATTEMPT_SENTENCES = {
    Reason.REFUSED_BEFORE: "The callee refused a call; the number rests.",
    Reason.TOO_MANY_ATTEMPTS: "This number was called often enough for now.",
}


def _lifts(attempts: Sequence[Attempt], rules: Campaign, purpose: Purpose) -> dict[Reason, float]:
    """When each rule on attempts lifts, in seconds of the epoch; those long past do too."""
    monthly = (
        rules.broadcasts_per_30_days if purpose is Purpose.BROADCAST else rules.calls_per_30_days
    )
    lifts: dict[Reason, float] = {}
    if attempts:
        lifts[Reason.TOO_MANY_ATTEMPTS] = max(
            attempts[-1].at + rules.gap_h * HOUR_S,
            _nth_last(attempts, rules.calls_per_day) + DAY_S,
            _nth_last(attempts, monthly) + MONTH_S,
        )
    if refused := [attempt.at for attempt in attempts if attempt.refused]:
        lifts[Reason.REFUSED_BEFORE] = refused[-1] + rules.refusal_rest_days * DAY_S
    return lifts


def _nth_last(attempts: Sequence[Attempt], n: int) -> float:
    return attempts[-n].at if len(attempts) >= n else -MONTH_S


def _first_allowed(
    hours: Hours, zones: Sequence[ZoneInfo], lifts: Mapping[Reason, float], now: datetime
) -> float | None:
    """The first moment when neither hours nor attempts stand in the way."""
    free = max(now.timestamp(), *lifts.values()) if lifts else now.timestamp()
    opening = hours.next_open(zones, datetime.fromtimestamp(free, UTC))
    return opening.timestamp() if opening else None
