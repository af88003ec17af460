"""The demo in figures."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from edge.demo.audit import Audit
from edge.demo.conversation import Conversation
from edge.demo.dialing import Dialing
from edge.demo.options import Options
from edge.demo.story import Story
from mqtt.vocabulary import Direction


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of the calls, the story of lines and money beside them, and the conversation."""

    calls: int
    cdrs: int
    by_cause: dict[str, int]
    duplicates: int
    lost: int
    mismatched: int
    incoming: int
    sms: int
    ussd: int
    lines: int
    speed: float
    seed: int
    broker: str
    seconds: float
    story: Story
    conversation: Conversation

    @property
    def all_well(self) -> bool:
        """Whether each call has one CDR that fits, none came twice, all adds up and was heard."""
        wrong = self.lost or self.duplicates or self.mismatched
        right = self.story.adds_up and self.conversation.ok
        return self.cdrs == self.calls and right and not wrong

    def facts(self) -> dict[str, Any]:
        """All of it, as --json prints it; docs/operations.md explains each."""
        facts = asdict(self)
        del facts["story"], facts["conversation"]
        return facts | self.story.facts() | {"conversation": self.conversation.facts()}


def summarize(
    options: Options,
    broker: str,
    audit: Audit,
    dialing: Dialing,
    story: Story,
    conversation: Conversation,
    seconds: float,
) -> Summary:
    """Count what the dialer was told and what the audit heard."""
    attempts = dialing.attempts
    outgoing = audit.of(Direction.OUTGOING)
    lost = {attempt.call_id or attempt.tag for attempt in attempts if attempt.cdr is None}
    lost.update(audit.without_cdr)
    return Summary(
        calls=len(attempts),
        cdrs=len(outgoing),
        by_cause=dict(Counter(str(cdr.cause) for cdr in outgoing).most_common()),
        duplicates=audit.duplicates,
        lost=len(lost),
        mismatched=sum(
            not attempt.is_consistent or attempt.states != audit.states[attempt.call_id]
            for attempt in attempts
            if attempt.cdr
        ),
        incoming=len(audit.of(Direction.INCOMING)),
        sms=audit.sms_received,
        ussd=audit.ussd_replies,
        lines=options.lines,
        speed=options.speed,
        seed=options.seed,
        broker=broker,
        seconds=round(seconds, 2),
        story=story,
        conversation=conversation,
    )
