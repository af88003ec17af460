"""The voice of the gateway put together: phones, sound, recordings, announcements.

Loaded only where the configuration asks for voice: a gateway without it keeps its memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from config.models import GatewayConfig
from config.tones import load_tones
from config.voice import Recording
from drivers.audio.port import Trouble
from edge.call_book import CallBook
from edge.call_desk import CallDesk
from edge.calls import Call
from edge.control import OwnVerb, Refused
from edge.destination import Destination
from edge.lines import Line
from edge.outcome import Outcome
from edge.sip.accounts import SipError
from edge.sip.server import SipServer
from edge.sip.stack import Phone
from edge.store import Store
from edge.tasks import Tasks
from edge.voice.announcements import Announcements, File, Text
from edge.voice.clock import MediaClock
from edge.voice.contacts import Contacts
from edge.voice.conversation import Conversation
from edge.voice.errors import VoiceError
from edge.voice.front import Front
from edge.voice.hunt import Caller, Hunt
from edge.voice.inside import InsideCalls
from edge.voice.learn import LONGEST_S, learn
from edge.voice.office import Office, Stage
from edge.voice.recordings import Recordings
from edge.voice.spool import Spool
from edge.voice.talk import House
from edge.voice.talks import Talks
from edge.voice.tones import ToneSource
from edge.voice.upload_targets import Target, UploadError, target_of
from edge.voice.verbs import Verbs
from mqtt.client import new_id
from mqtt.messages import Announcement, AnyCommand, Deny, Dial, Reply

MEGABYTE = 1_000_000
NOTICE = "This call is recorded."

Alarm = Callable[[str, str | None, str | None], None]


class Voice:
    """All of it; `follower` and `agents` are what the desks of calls need of it."""

    def __init__(
        self,
        config: GatewayConfig,
        store: Store,
        book: CallBook,
        calls: CallDesk,
        classify: Callable[[str], Destination],
        order: Callable[[AnyCommand], Awaitable[Reply]],
        alarm: Alarm,
    ) -> None:
        self._config = config
        self._order = order
        self._alarm = alarm
        self._tasks = Tasks("voice")
        self.agent_wait_s = config.voice.agent_wait_s
        self.identity = config.voice.identity
        self._gains = {line.name: line for line in config.line}
        self._clock = MediaClock()
        self._office = Office(config)
        self._tones = load_tones().of(config.gateway.country)
        self._announcements = Announcements(config.voice.announcements, config.voice.language)
        target = _target(config.recording)
        folder = config.recording.folder
        self._spool = Spool(store, folder, target, self._on_uploads) if target else None
        self._recordings = Recordings(folder, config.recording.max_mb * MEGABYTE, self._spool)
        self._phones = SipServer(
            config.sip, config.extension, config.pbx, self._on_call, self._on_phones
        )
        self._contacts = Contacts(store, self._phones)
        self.talks = Talks(
            self._house(book, calls),
            self,
            self._office.takes,
            calls,
            book.live.get,
            config.recording.keep,
        )
        self._verbs = Verbs(
            self.talks,
            self._office,
            self._phones.registered,
            self._phones.calls_of,
            self._announcements.has,
            self.identity,
        )
        inside = InsideCalls(self._phones, lambda: Conversation(self._clock))
        self._front = Front(
            self._office,
            classify,
            order,
            self.talks,
            inside,
            self._phones.calls_of,
            self._tasks.spawn,
        )

    @property
    def verbs(self) -> Mapping[str, OwnVerb]:
        """Verbs of the control socket."""
        return {"phones": self.phones, "tones_learn": self.learn_tone}

    @property
    def handlers(self) -> Mapping[type[AnyCommand], Callable[[Any], Outcome]]:
        """Who handles which command."""
        return self._verbs.handlers

    async def start(self) -> None:
        """Mend recordings, take up uploads, serve phones; raises VoiceError, StoreError."""
        await self._recordings.start()
        if self._spool:
            await self._spool.start()
        if not self._config.has_sip:
            return
        await self._contacts.load()
        try:
            await self._phones.start()
        except SipError as error:
            raise VoiceError(str(error)) from error

    async def stop(self) -> None:
        """End all of it; calls are over by now."""
        if self._config.has_sip:
            await self._phones.stop()
        await self._tasks.end()
        await self._recordings.stop()
        if self._spool:
            await self._spool.stop()
        self._announcements.stop()

    async def phones(self, _: dict[str, Any]) -> object:
        """Which phones are registered, and how the links to PBXs are, for `trunkline phones`."""
        return {
            "phones": [
                {
                    "name": extension.name,
                    "title": extension.title,
                    "contacts": [contact.uri for contact in self._phones.contacts(extension.name)],
                }
                for extension in self._config.extension
            ],
            "pbxs": [
                {
                    "name": pbx.name,
                    "mode": pbx.mode,
                    "there": self._phones.registered(f"pbx {pbx.name}"),
                }
                for pbx in self._config.pbx
            ],
        }

    async def learn_tone(self, request: dict[str, Any]) -> object:
        """Listen to a line whose far end hung up, for `trunkline tones learn`."""
        talk = self.talks.on_line(str(request.get("line")))
        seconds = request.get("seconds")
        if not isinstance(seconds, int) or not 0 < seconds <= LONGEST_S:
            raise Refused(f"seconds is a number from 1 to {LONGEST_S}.")
        if talk is None:
            raise Refused("No answered call is on that line: call it and take the call first.")
        heard: list[bytes] = []
        stop = talk.listen(heard.append)
        await asyncio.sleep(seconds)
        stop()
        tone = await asyncio.to_thread(learn, heard)
        return {"tone": tone.model_dump() if tone else None}

    # --- what edge.dial_desk asks

    def refusal(self, command: Dial) -> Outcome | None:
        """Why what a command asks of voices cannot be."""
        return self._verbs.refusal(command)

    def ring_first(self, call: Call, go: Callable[[], None]) -> None:
        """Ring the agent of a call before the call."""
        self.talks.ring_first(call, go)

    # --- what scripts ask

    def hunt(self, stages: Sequence[Stage], caller: Caller, **what: Any) -> Hunt:
        """Make a hunt."""
        return Hunt(self._phones, stages, caller, **what)

    def stages(self, name: str, ring_s: float) -> list[Stage]:
        """Which phones ring for an extension or a group."""
        return self._office.stages(name, ring_s)

    def deny(self, call: Call) -> None:
        """Never call this number again."""
        self._tasks.spawn(self._deny(call.number))

    async def _deny(self, number: str) -> None:
        await self._order(Deny(id=new_id(), numbers=[number]))

    # --- inside

    def _house(self, book: CallBook, calls: CallDesk) -> House:
        config = self._config
        return House(
            tell=book.tell_voice,
            take=calls.take,
            hang_up=calls.hang_up,
            press=calls.press,
            hear_digit=calls.hear_digit,
            trouble=self._on_trouble,
            frames=self._frames,
            conversation=lambda on_trouble: Conversation(self._clock, on_trouble),
            ringback=lambda: ToneSource(self._tones.ringback[0]).frame,
            recordings=self._recordings,
            format=config.recording.format,
            gains_db=self._gains_db,
            notice=self._notice(),
            spawn=self._tasks.spawn,
        )

    def _gains_db(self, line: Line) -> tuple[float, float]:
        voice, own = self._config.voice, self._gains.get(line.line)
        gain_in = own.gain_in_db if own else None
        gain_out = own.gain_out_db if own else None
        return (
            voice.gain_in_db if gain_in is None else gain_in,
            voice.gain_out_db if gain_out is None else gain_out,
        )

    def _notice(self) -> Announcement | None:
        """What tells people that they are recorded."""
        recording = self._config.recording
        if recording.notice is False:
            return None
        if recording.notice_announcement:
            return Announcement(announcement=recording.notice_announcement)
        return Announcement(text=NOTICE, language="en")

    async def _frames(self, what: Announcement) -> tuple[bytes, ...]:
        if what.announcement:
            return await self._announcements.frames(File(what.announcement))
        return await self._announcements.frames(Text(what.text or "", what.language))

    def _on_call(self, leg: Phone) -> None:
        self._front.on_call(leg)

    def _on_phones(self) -> None:
        self._contacts.save()

    def _on_trouble(self, line: Line, trouble: Trouble | None) -> None:
        text = f"The sound of the line: {trouble}." if trouble else None
        self._alarm(f"audio-{line.line}", text, line.line)

    def _on_uploads(self, failure: str | None) -> None:
        text = f"Recordings cannot be uploaded: {failure}" if failure else None
        self._alarm("recording-upload", text, None)


def _target(recording: Recording) -> Target | None:
    try:
        return target_of(recording)
    except (UploadError, ValueError) as error:
        raise VoiceError(f"Recordings cannot be uploaded: {error}.") from error
