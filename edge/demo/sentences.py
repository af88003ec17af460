"""The demo's story of lines and money, and its conversation, in sentences for people."""

from collections.abc import Iterator

from edge.cli.stories import step
from edge.cli.words import count, moment, money
from edge.demo.conversation import Conversation
from edge.demo.phone import PhoneKind
from edge.demo.story import Path, Story


def sentences(story: Story) -> Iterator[str]:
    """Tell it: limits, balances, top-ups, the books, and what was left out."""
    yield from _limits(story)
    yield from _balances(story)
    for entry in story.books.topups:
        yield f"Entry {entry.entry}: {step(entry)}"
    yield from _books(story)
    for left_out in story.left_out:
        yield f"Left out: {left_out}."


def said(conversation: Conversation) -> Iterator[str]:
    """Tell who the phone was, what was heard, and where the recording is."""
    if conversation.phone is PhoneKind.OWN:
        yield (
            "The phone is Trunkline's own SIP side, as baresip is missing: "
            "`sudo apt-get install baresip-core`."
        )
    for problem in conversation.problems:
        yield f"The conversation failed: {problem}"
    if conversation.ok:
        yield (
            f"A phone ({conversation.phone}) called out: it heard the callee's tone "
            f"({conversation.heard_by_phone:.1%} of the sound), "
            f"and the callee heard the phone's ({conversation.heard_by_callee:.1%})."
        )
    if conversation.recording:
        yield f"Their {conversation.seconds:.1f} s are recorded in {conversation.recording}"


def _limits(story: Story) -> Iterator[str]:
    for line in story.exhausted:
        until = f" Until {moment(line.until)} it takes no calls." if line.until else ""
        yield f"{line.line} is {line.state}: {line.reason or 'used up'}{until}"
    if story.takeover:
        refused, other = story.takeover
        yield f"{other} took over: a call that asked for {refused} went out there."


def _balances(story: Story) -> Iterator[str]:
    for line, path in story.balances.items():
        way = " and then ".join(_ways(path)) or f"stayed {money(path.first, path.currency)}"
        yield f"The balance of {line} {way}."


def _ways(path: Path) -> Iterator[str]:
    if path.lowest != path.first:
        yield f"fell from {money(path.first, None)} to {money(path.lowest, path.currency)}"
    if path.last != path.lowest:
        yield f"rose to {money(path.last, path.currency)}"


def _books(story: Story) -> Iterator[str]:
    ledger = story.books.ledger
    entries = count(ledger.entries, "entry", "entries")
    if story.adds_up:
        yield f"The ledger adds up: {entries}, and the carrier's own books say the same."
        return
    yield f"The books do not agree ({entries}):"
    yield from (*ledger.problems, *story.disagreements)
