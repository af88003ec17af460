"""The `deny` command: a number on it is never called by a campaign again, from the answer on."""

from edge import clock
from edge.guards.deny import DenyList
from edge.numbers import BadNumber, normalize
from edge.outcome import Outcome, refuse
from mqtt.messages import Deny
from mqtt.vocabulary import Reason, Result


class DenyDesk:
    """Adds to the list; national numbers are those of `country` (ISO 3166)."""

    def __init__(self, denied: DenyList, country: str | None) -> None:
        self._denied = denied
        self._country = country

    def deny(self, command: Deny) -> Outcome:
        """Deny all numbers that can be read; of the others, the answer says which they are."""
        numbers: list[str] = []
        problems: list[str] = []
        for place, text in enumerate(command.numbers, 1):
            try:
                numbers.append(normalize(text, self._country))
            except BadNumber as error:
                problems.append(f"number {place}: {error}")
        if not numbers:
            return refuse(Reason.BAD_NUMBER, problems[0])
        facts = self._denied.add(numbers, clock.now().timestamp())
        note = f"{len(numbers)} denied, left out {'; '.join(problems)}"[:512] if problems else None
        return Outcome(Result.DONE, message=note, facts=facts)
