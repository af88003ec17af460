"""The sound of one call on a line: who speaks with whom, what plays, what is recorded.

Members of its conversation are the line, the agent and the supervisor; what plays is one more. What
becomes of all that is told as voice events. Nothing here decides: its script does.
"""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import Any, Protocol

from config.voice import RecordingFormat
from drivers.audio.port import Trouble
from edge import clock
from edge.call_desk import Close
from edge.calls import Call
from edge.lines import Line
from edge.sip.phone import DigitPressed, Ended, HeldByPeer, PhoneEvent
from edge.sip.stack import Phone
from edge.voice.announcements import AnnouncementError
from edge.voice.comfort import Comfort
from edge.voice.conversation import Conversation
from edge.voice.dtmf import DtmfDetector, dtmf_frames
from edge.voice.mixing import mix
from edge.voice.playlist import PLAYED, Playlist
from edge.voice.quality import Quality
from edge.voice.recorder import Finished, Recorder
from edge.voice.sound import Sound
from edge.voice.tones import WARNING, WARNING_MS, tone_frames
from modem.pcm import SILENCE
from mqtt.messages import Announcement, CallSound, Recorded
from mqtt.vocabulary import CallState, MonitorMode, RecordAction, Side, VoiceKind

log = logging.getLogger(__name__)

LINE, AGENT, SUPERVISOR = "line", "agent", "supervisor"
_WARNING, _KEY = "warning", "key"
_LISTENERS = {Side.LINE: (LINE,), Side.AGENT: (AGENT,), Side.BOTH: (LINE, AGENT)}


class Recordings(Protocol):
    """Where recordings are made."""

    def record(
        self, call_id: str, kind: RecordingFormat, on_end: Callable[[Finished], None]
    ) -> Recorder:
        """Start to record a call."""


@dataclass(frozen=True)
class House:
    """What every talk needs of the house it takes place in."""

    tell: Callable[..., None]  # call, VoiceKind, fields of a VoiceEvent
    take: Callable[[Call], None]
    hang_up: Callable[[Call], None]
    press: Callable[[Call, str], None]
    hear_digit: Callable[[Call, str], None]
    trouble: Callable[[Line, Trouble | None], None]
    frames: Callable[[Announcement], Awaitable[tuple[bytes, ...]]]
    conversation: Callable[[Callable[[str, Trouble], None]], Conversation]
    ringback: Callable[[], Callable[[], bytes | None]]
    recordings: Recordings
    format: RecordingFormat
    gains_db: Callable[[Line], tuple[float, float]]  # of what comes from a line, of what goes to it
    notice: Announcement | None  # what tells people that they are recorded
    spawn: Callable[[Coroutine[None, None, None]], None]


class Talk:
    """One of them, from the dial or the first ring to the end."""

    def __init__(self, call: Call, line: Line, house: House) -> None:
        self.call = call
        self.supervisor: str | None = None
        self.was_answered = False
        self._line = line
        self._house = house
        self._conversation = house.conversation(self._on_trouble)
        self._playlist = Playlist(self._conversation, house.frames, self.tell, house.spawn)
        self._quality = Quality(self._conversation, LINE, AGENT)
        self._agent: Phone | None = None
        self._supervisor_leg: Phone | None = None
        self._mode = MonitorMode.LISTEN
        self._recorder: Recorder | None = None
        self._recorded: Finished | None = None
        self._keys: DtmfDetector | None = None
        self._comfort: Comfort | None = None
        self._held = False
        self._troubled = False
        self._over = False

    @property
    def dialled(self) -> str:
        """What a caller dialled: the line's number, its name where that is not known."""
        return self._line.number or self._line.line

    # --- the line

    def open_line(self, sound: Sound) -> None:
        """Carry the line's sound from now on."""
        gain_in, gain_out = self._house.gains_db(self._line)
        self._conversation.add(LINE, sound, gain_in_db=gain_in, gain_out_db=gain_out)
        self._connect_all()

    def close_line(self) -> None:
        """Carry it no more for now: another call has the modem."""
        self._conversation.remove(LINE)

    def listen_for_keys(self) -> None:
        """Find the keys that the far end presses in its sound: its modem does not tell them."""
        if self._keys is None:
            self._keys = DtmfDetector()
            self._conversation.tap(self._find_keys)

    def listen(self, ear: Callable[[bytes], None]) -> Callable[[], None]:
        """Let `ear` hear the line frame by frame until the function that is returned is called."""

        def tap(said: Mapping[str, bytes]) -> None:
            ear(said.get(LINE, SILENCE))

        self._conversation.tap(tap)
        return partial(self._conversation.untap, tap)

    def take(self) -> None:
        """Answer the line."""
        self._house.take(self.call)

    def hang_up(self) -> None:
        """End the call."""
        self._house.hang_up(self.call)

    # --- the agent

    @property
    def has_agent(self) -> bool:
        """Whether somebody of the office is on the phone."""
        return self._agent is not None

    def connect(self, leg: Phone) -> None:
        """Give the call to a phone, for whose hang-up it ends; the one that had it leaves."""
        self._drop_agent()
        self._agent = leg
        self.call.agent = leg.peer.name
        leg.on_event = partial(self._on_phone, leg)
        self._conversation.add(AGENT, leg.sound)
        self._connect_all()

    def bridged(self) -> None:
        """Both are there: they hear each other."""
        self.stop_comfort()
        if self.call.agent_at is None:
            self.call.agent_at = clock.now()
        self.tell(VoiceKind.BRIDGED)

    def pass_digit(self, digit: str) -> None:
        """Let the agent's phone have a key that the far end pressed."""
        if self._agent and self._agent.sound.takes_digits:
            self._agent.sound.send_digits(digit)
        elif self._agent:
            self._conversation.play(_KEY, partial(next, dtmf_frames(digit), None), AGENT)

    def comfort(self) -> None:
        """Let the agent hear ringback for as long as the line is silent."""
        if self._comfort is None:
            self._comfort = Comfort(self._conversation, self._house.ringback(), LINE, AGENT)

    def stop_comfort(self) -> None:
        """No ringback any more."""
        if self._comfort:
            self._comfort.stop()
            self._comfort = None

    # --- what is played, held, recorded, listened to

    def play(
        self,
        what: Announcement,
        side: Side,
        times: int,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Play it after what plays; `then` is called at its end, also if it cannot be played."""
        self._playlist.add(what, _LISTENERS[side], times, then)

    def stop_playing(self) -> None:
        """End what plays, and what waits to be played."""
        self._playlist.stop()

    def hold(self, *, on: bool, music: Announcement | None = None) -> None:
        """Let the line hear music or nothing, and the agent nothing of the line."""
        self._held = on
        if not on:
            self._conversation.resume(LINE)
            self.tell(VoiceKind.RESUMED)
            return
        self._conversation.hold(LINE)
        self.tell(VoiceKind.HELD)
        if music:
            self._house.spawn(self._hold_with(music))

    @property
    def records(self) -> bool:
        """Whether the call is being recorded."""
        return self._recorder is not None

    def record(self, action: RecordAction) -> None:
        """Start, stop, pause or go on."""
        recorder = self._recorder
        match action:
            case RecordAction.START if recorder is None:
                if self._house.notice:
                    self.play(self._house.notice, Side.BOTH, 1)
                call_id = self.call.call_id
                self._recorder = self._house.recordings.record(
                    call_id, self._house.format, self._on_recorded
                )
                self._conversation.tap(self._record)
                self.tell(VoiceKind.RECORD_STARTED)
            case RecordAction.STOP if recorder:
                self._house.spawn(_stop(recorder))
            case RecordAction.PAUSE if recorder:
                recorder.pause()
                self.tell(VoiceKind.RECORD_PAUSED)
            case RecordAction.RESUME if recorder:
                recorder.resume()
                self.tell(VoiceKind.RECORD_STARTED)
            case _:
                pass

    def admit_supervisor(self, mode: MonitorMode, leg: Phone) -> None:
        """Let a supervisor's phone in."""
        self.dismiss_supervisor()
        self._supervisor_leg, self.supervisor = leg, leg.peer.name
        leg.on_event = self._on_supervisor
        self._conversation.add(SUPERVISOR, leg.sound)
        self.supervise(mode)

    def supervise(self, mode: MonitorMode) -> None:
        """Change what the supervisor may do."""
        self._mode = mode
        self._place_supervisor()
        self.tell(VoiceKind.MONITOR_STARTED, agent=self.supervisor, reason=mode)

    def dismiss_supervisor(self) -> None:
        """Let the supervisor out."""
        leg, self._supervisor_leg = self._supervisor_leg, None
        if leg:
            self._conversation.remove(SUPERVISOR)
            self.tell(VoiceKind.MONITOR_ENDED, agent=self.supervisor)
            self.supervisor = None
            leg.hang_up()

    def warn(self) -> None:
        """Two short beeps for the office: the call will be cut."""
        beeps = iter(tone_frames(WARNING, WARNING_MS))
        self._conversation.play(_WARNING, partial(next, beeps, None), AGENT)

    def tell(self, kind: VoiceKind, **fields: Any) -> None:
        """Tell the dialer."""
        fields.setdefault("agent", self.call.agent)
        self._house.tell(self.call, kind, **fields)

    # --- the end

    def end(self, refuse: Callable[[Phone], None], close: Close) -> None:
        """Let everybody go, finish the recording, then `close`.

        `refuse` is for a phone that dialled and was not answered: it learns why.
        """
        self._over = True
        self.stop_comfort()
        self.dismiss_supervisor()
        agent, self._agent = self._agent, None
        if agent:
            agent.on_event = _ignore
            refuse(agent)
        recorder = self._recorder
        sound = self._quality.report()
        self._playlist.close()
        self._conversation.close()
        if not self._troubled:
            self._house.trouble(self._line, None)
        if recorder:
            self._house.spawn(self._finish(recorder, sound, close))
        else:
            close(_recorded(self._recorded), sound)

    async def _finish(self, recorder: Recorder, sound: CallSound | None, close: Close) -> None:
        try:
            await recorder.stop()
        finally:
            close(_recorded(self._recorded), sound)

    # --- inside

    def _connect_all(self) -> None:
        if LINE in self._conversation and AGENT in self._conversation:
            self._conversation.connect(LINE, AGENT)
        if self._supervisor_leg:
            self._place_supervisor()

    def _place_supervisor(self) -> None:
        """Have the supervisor hear those who are there, and those hear him who may."""
        match self._mode:
            case MonitorMode.WHISPER:
                self._conversation.whisper(SUPERVISOR, AGENT)
            case MonitorMode.JOIN:
                self._conversation.join(SUPERVISOR)
            case _:
                self._conversation.listen(SUPERVISOR)

    def _drop_agent(self) -> None:
        leg, self._agent = self._agent, None
        if leg:
            leg.on_event = _ignore
            self._conversation.remove(AGENT)
            self.tell(VoiceKind.AGENT_ENDED)
            leg.hang_up()

    def _on_phone(self, leg: Phone, event: PhoneEvent) -> None:
        if leg is not self._agent:
            return
        match event:
            case Ended():
                self._agent = None
                self._conversation.remove(AGENT)
                self.tell(VoiceKind.AGENT_ENDED, reason=event.reason or None)
                self.hang_up()
            case HeldByPeer(on=on):
                self.hold(on=on)
            case DigitPressed(digit=digit):
                self._on_digit(digit)
            case _:
                pass

    def _on_digit(self, digit: str) -> None:
        if self.call.state is CallState.ANSWERED:
            self._house.press(self.call, digit)

    def _on_supervisor(self, event: PhoneEvent) -> None:
        if isinstance(event, Ended):
            self.dismiss_supervisor()

    def _on_trouble(self, name: str, trouble: Trouble) -> None:
        self.tell(VoiceKind.TROUBLE, reason=f"the sound of the {name}: {trouble}")
        if name == LINE:
            self._troubled = True
            self._house.trouble(self._line, trouble)
        elif name == AGENT and self._agent:
            log.warning("the phone of %s sends nothing any more", self.call.agent)
            self._agent.hang_up()

    async def _hold_with(self, music: Announcement) -> None:
        try:
            frames = await self._house.frames(music)
        except AnnouncementError as error:
            log.warning("no music while a call is held: %s", error)
            return
        if self._held and not self._over:
            self._conversation.hold(LINE, partial(next, chain.from_iterable(repeat(frames)), None))

    def _find_keys(self, said: Mapping[str, bytes]) -> None:
        frame = said.get(LINE, SILENCE)
        if self._keys and frame is not SILENCE and (digit := self._keys.hear(frame)):
            self._house.hear_digit(self.call, digit)

    def _record(self, said: Mapping[str, bytes]) -> None:
        if self._recorder:
            office = mix([said.get(AGENT, SILENCE), said.get(PLAYED, SILENCE)])
            self._recorder.hear(said.get(LINE, SILENCE), office)

    def _on_recorded(self, finished: Finished) -> None:
        self._recorder, self._recorded = None, finished
        self._conversation.untap(self._record)
        self.tell(VoiceKind.RECORD_STOPPED, recording=_recorded(finished), reason=finished.reason)


async def _stop(recorder: Recorder) -> None:
    await recorder.stop()


def _recorded(finished: Finished | None) -> Recorded | None:
    if finished is None or finished.path is None:
        return None
    return Recorded(
        path=str(finished.path),
        seconds=round(finished.seconds, 2),
        octets=finished.octets,
        sha256=finished.sha256,
        complete=finished.complete,
    )


def _ignore(_: PhoneEvent) -> None:
    """What a phone says that has nothing to do with the call any more."""
