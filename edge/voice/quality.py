"""How the sound of a call was, for its CDR: one side far below the other was not heard."""

from collections.abc import Mapping

from edge.voice.conversation import Conversation
from edge.voice.meter import Meter
from modem.pcm import FRAME_S, SILENCE
from mqtt.messages import CallSound

EVERY = 5  # ticks: a tenth of a second of each half is enough for a mean
LEAST_DBOV = -120.0  # of the contract


class Quality:
    """Measures two members of a conversation from now on."""

    def __init__(self, conversation: Conversation, line: str, agent: str) -> None:
        self._conversation = conversation
        self._meters = {line: Meter(), agent: Meter()}
        self._heard = {line: False, agent: False}
        self._line, self._agent = line, agent
        self._tick = 0
        conversation.tap(self._measure)

    def report(self) -> CallSound | None:
        """What was measured; None where nobody was heard."""
        if not any(self._heard.values()):
            return None
        buffers = [self._conversation.buffer_of(name) for name in self._meters]
        concealed = sum(buffer.counters.concealed for buffer in buffers if buffer)
        return CallSound(
            line_dbov=self._level(self._line),
            agent_dbov=self._level(self._agent),
            concealed_s=round(concealed * FRAME_S, 2),
        )

    def _level(self, name: str) -> float | None:
        if not self._heard[name]:
            return None
        return round(max(LEAST_DBOV, min(0.0, self._meters[name].take().mean_dbov)), 1)

    def _measure(self, said: Mapping[str, bytes]) -> None:
        self._tick += 1
        if self._tick % EVERY:
            return
        for name, meter in self._meters.items():
            if name in said:
                self._heard[name] = self._heard[name] or said[name] is not SILENCE
                meter.hear(said[name])
