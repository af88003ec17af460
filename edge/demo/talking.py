"""The demo's last act: a phone calls out over a modem, and what both say is recorded."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import soundfile as sf

from config.models import Mqtt
from edge.demo import baresip
from edge.demo.audit import Audit
from edge.demo.baresip import Baresip
from edge.demo.children import Children, first_of
from edge.demo.conversation import Conversation, judge
from edge.demo.listening import listening
from edge.demo.office import CALLEE, GATEWAY, OFFICE, PHONE_HZ, new_account, open_office
from edge.demo.options import DemoFailed
from edge.demo.own_phone import OwnPhone
from edge.demo.phone import Account, Phone
from edge.sip.server import SipError
from mqtt.messages import Cdr, MoneyEvent
from mqtt.vocabulary import Direction
from simulator import Simulator
from simulator.calls import Side

PATIENCE_S = 40  # real seconds for all of it, on a slow machine
TALK_FRAMES = 100  # of 20 ms, that the callee hears
LAST_FRAMES = 75  # of what the phone heard: before them it heard the callee's phone ring
LOOK_S = 0.05  # until the call is looked at again

Screen = Callable[[Audit, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Talking:
    """Has the conversation, in `folder`; `on_told` and `screen` are the demo's own."""

    children: Children
    folder: Path
    access: Mqtt
    on_told: Callable[[Cdr | MoneyEvent], None]
    screen: Screen

    async def run(self, keep: Path) -> Conversation:
        """Have it, and bring the recording to `keep`; what went wrong is told as its problem."""
        account = new_account()
        phone = self._phone(account)
        async with open_office(self.children, self.folder, self.access, account) as world:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await self._have(world, phone, keep)
            except TimeoutError:
                problem = f"it took too long. {self.children.last_words(OFFICE)}"
            except (DemoFailed, SipError, OSError, sf.SoundFileError) as error:
                problem = f"{error}"
        return Conversation(phone.kind, problems=(problem,))

    def _phone(self, account: Account) -> Phone:
        if baresip.is_installed():
            return Baresip(self.children, self.folder / "baresip", account, PHONE_HZ)
        return OwnPhone(account, PHONE_HZ)

    async def _have(self, world: Simulator, phone: Phone, keep: Path) -> Conversation:
        audit = Audit(self.on_told)
        async with listening(audit, self.access, GATEWAY):
            await first_of(
                self.children.watch(), self.screen(audit, 1), self._call(world, phone, audit)
            )
        [*_, cdr] = audit.of(Direction.OUTGOING)
        [*_, call] = world.network.calls
        by_phone, by_callee = phone.heard()[-LAST_FRAMES:], call.heard(Side.CALLEE)
        return judge(phone.kind, by_phone, by_callee, cdr.recording, keep)

    async def _call(self, world: Simulator, phone: Phone, audit: Audit) -> None:
        """Call once the line is ready, talk, hang up, and wait for the record."""
        await audit.ready.get()
        async with phone.calling(CALLEE):
            while not _has_talked(world):  # noqa: ASYNC110 - no event tells of each frame
                await asyncio.sleep(LOOK_S)
        await audit.all_over.wait()


def _has_talked(world: Simulator) -> bool:
    return any(len(call.heard(Side.CALLEE)) >= TALK_FRAMES for call in world.network.calls)
