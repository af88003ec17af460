"""What a callee says: the steps of a scenario's `says`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from simulator.fields import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Seconds = Annotated[float, Field(gt=0)]
Keys = Annotated[str, Field(pattern=r"^[0-9A-D*#]+$")]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Tone(Part):
    """A steady tone; without `for_s` until the end."""

    do: Literal["tone"]
    hz: Annotated[float, Field(ge=50, le=3800)]
    for_s: Seconds | None = None


class Speech(Part):
    """A sentence, said by espeak-ng or in its place a pattern of tones."""

    do: Literal["speech"]
    text: Text


class Silence(Part):
    """Nothing; without `for_s` until the end."""

    do: Literal["silence"]
    for_s: Seconds | None = None


class Press(Part):
    """Keys pressed, five a second: the network tells of each once; `inband`: they sound too."""

    do: Literal["keys"]
    keys: Keys
    inband: bool = False


class Echo(Part):
    """What is heard comes back after 40 ms; without `for_s` until the end."""

    do: Literal["echo"]
    for_s: Seconds | None = None


class Greeting(Part):
    """Voice mail: a sentence, a beep, and what comes then: silence, if it is the last step."""

    do: Literal["greeting"]
    text: Text


class Music(Part):
    """A little tune; without `for_s` until the end."""

    do: Literal["music"]
    for_s: Seconds | None = None


class WaitKey(Part):
    """Wait for a key; one that is in `on_key` goes on with its steps and none of the others."""

    do: Literal["wait_key"]
    for_s: Seconds = 5.0
    on_key: dict[Annotated[str, Field(pattern=r"^[0-9A-D*#]$")], tuple[Step, ...]]


Step = Annotated[
    Tone | Speech | Silence | Press | Echo | Greeting | Music | WaitKey, Field(discriminator="do")
]

WaitKey.model_rebuild()


def texts(steps: Iterable[Step]) -> Iterator[str]:
    """Return every sentence that may be said."""
    for step in steps:
        if isinstance(step, Speech | Greeting):
            yield step.text
        elif isinstance(step, WaitKey):
            for branch in step.on_key.values():
                yield from texts(branch)
