"""The session on a real pty: the test is the modem at the other end."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator

import pytest
import uvloop

from drivers.session import Session, SessionLost, mask
from modem.at.command import Answer, Command, Priority
from modem.at.final import FinalKind
from modem.at.framing import Message
from tests.drivers.test_port import PATIENCE_S, Pty


def signal() -> Command:
    return Command("AT+CSQ", prefixes=("+CSQ:",))


class Peer:
    """The modem's side of a pty, and a session on the other side of it."""

    def __init__(self) -> None:
        self.pty = Pty()
        self.unsolicited: list[str] = []
        self.lost: list[str] = []
        self.deaf = 0
        self._news = asyncio.Event()
        self._read = b""
        self._arrived = asyncio.Event()
        self.session = Session(
            self.pty.path,
            115200,
            on_unsolicited=self._hear,
            on_lost=self._lose,
            on_deaf=self._go_deaf,
        )

    def _hear(self, line: Message) -> None:
        self.unsolicited.append(line.text)
        self._news.set()

    def _lose(self, reason: str) -> None:
        self.lost.append(reason)
        self._news.set()

    def _go_deaf(self) -> None:
        self.deaf += 1
        self._news.set()

    async def news(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._news.wait()
        self._news.clear()

    def say(self, text: str) -> None:
        os.write(self.pty.peer, text.encode("latin-1"))

    async def expect(self, text: str) -> None:
        """Wait until the session wrote as much as `text`; it must be that."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self._read) < len(text):
                self._arrived.clear()
                await self._arrived.wait()
        got, self._read = self._read.decode("latin-1"), b""
        assert got == text

    def start(self) -> None:
        self.session.open()
        asyncio.get_running_loop().add_reader(self.pty.peer, self._readable)

    def close(self) -> None:
        self.session.close()
        self.unplug()

    def unplug(self) -> None:
        if self.pty.peer >= 0:
            asyncio.get_running_loop().remove_reader(self.pty.peer)
        self.pty.unplug()

    def _readable(self) -> None:
        self._read += os.read(self.pty.peer, 4096)
        self._arrived.set()

    def ask(self, command: Command) -> asyncio.Task[Answer]:
        return asyncio.create_task(self.session.ask(command))


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    one = Peer()
    one.start()
    yield one
    one.close()


async def test_a_command_gets_its_answer_and_nothing_else(peer: Peer) -> None:
    asking = peer.ask(signal())
    await peer.expect("AT+CSQ\r")
    peer.say("AT+CSQ\r\r\nRING\r\n\r\n+CSQ: 20,99\r\n\r\n+CREG: 5\r\n\r\nOK\r\n")
    answer = await asking
    assert (answer.ok, answer.lines) == (True, ["+CSQ: 20,99"])
    assert peer.unsolicited == ["RING", "+CREG: 5"]


async def test_a_line_that_was_not_asked_for_comes_in_order(peer: Peer) -> None:
    for index in range(100):
        peer.say(f"\r\n+CREG: {index}\r\n")
    while len(peer.unsolicited) < 100:
        await peer.news()
    assert peer.unsolicited == [f"+CREG: {index}" for index in range(100)]


async def test_commands_wait_for_each_other(peer: Peer) -> None:
    first, second = peer.ask(signal()), peer.ask(Command("AT+CIMI", bare=True))
    await peer.expect("AT+CSQ\r")
    peer.say("\r\n+CSQ: 1,99\r\n\r\nOK\r\n")
    await peer.expect("AT+CIMI\r")
    peer.say("\r\n262011234567890\r\n\r\nOK\r\n")
    assert (await first).lines == ["+CSQ: 1,99"]
    assert (await second).lines == ["262011234567890"]


async def test_a_hang_up_passes_everything_that_waits(peer: Peer) -> None:
    tasks = [peer.ask(signal()) for _ in range(2)]
    tasks.append(peer.ask(Command("AT+COPS?", priority=Priority.PROBE)))
    tasks.append(peer.ask(Command("AT+CHUP", priority=Priority.HANGUP)))
    await peer.expect("AT+CSQ\r")
    peer.say("\r\nOK\r\n")
    await peer.expect("AT+CHUP\r")
    peer.say("\r\nOK\r\n")
    await peer.expect("AT+CSQ\r")
    peer.say("\r\nOK\r\n")
    await peer.expect("AT+COPS?\r")
    peer.say("\r\nOK\r\n")
    assert all(answer.ok for answer in await asyncio.gather(*tasks))


async def test_a_hang_up_breaks_off_a_dial_that_is_under_way(peer: Peer) -> None:
    dialing = peer.ask(Command("ATD123;", call=True, priority=Priority.CALL))
    await peer.expect("ATD123;\r")
    hanging_up = peer.ask(Command("AT+CHUP", priority=Priority.HANGUP))
    await peer.expect("\r")
    peer.say("\r\nNO CARRIER\r\n")
    await peer.expect("AT+CHUP\r")
    peer.say("\r\nOK\r\n")
    final = (await dialing).final
    assert final
    assert final.kind is FinalKind.NO_CARRIER
    assert (await hanging_up).ok


async def test_a_dial_that_is_not_broken_off_holds_no_hang_up_back(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modem.at.dialog.ABORT_S", 0.02)
    monkeypatch.setattr("modem.at.dialog.QUIET_S", 0.02)
    dialing = peer.ask(Command("ATD123;", call=True, priority=Priority.CALL))
    await peer.expect("ATD123;\r")
    hanging_up = peer.ask(Command("AT+CHUP", priority=Priority.HANGUP))
    await peer.expect("\rAT\r")
    peer.say("\r\nOK\r\n")
    await peer.expect("AT+CHUP\r")
    peer.say("\r\nOK\r\n")
    assert (await dialing).final is None
    assert (await hanging_up).ok


async def test_probes_are_held_back_while_a_call_is_set_up(peer: Peer) -> None:
    peer.session.set_up_call(under_way=True)
    probing = peer.ask(Command("AT", priority=Priority.PROBE))
    dialing = peer.ask(Command("ATD123;", call=True, priority=Priority.CALL))
    await peer.expect("ATD123;\r")
    peer.say("\r\nOK\r\n")
    assert (await dialing).ok
    asking = peer.ask(signal())
    await peer.expect("AT+CSQ\r")
    peer.say("\r\nOK\r\n")
    assert (await asking).ok
    peer.session.set_up_call(under_way=False)
    await peer.expect("AT\r")
    peer.say("\r\nOK\r\n")
    assert (await probing).ok


async def test_a_late_ok_confirms_nothing(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modem.at.dialog.QUIET_S", 0.02)
    late = peer.ask(Command("AT+CFUN=4", timeout_s=0.02))
    await peer.expect("AT+CFUN=4\r")
    assert (await late).final is None
    next_one = peer.ask(signal())
    await peer.expect("AT\r")
    peer.say("\r\nOK\r\n\r\nOK\r\n")
    await peer.expect("AT+CSQ\r")
    assert not next_one.done()
    peer.say("\r\nERROR\r\n")
    assert not (await next_one).ok


async def test_a_modem_that_answers_not_even_at_is_reported_deaf(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("QUIET_S", "DRAIN_S"):
        monkeypatch.setattr(f"modem.at.dialog.{name}", 0.01)
    probe = Command("AT", timeout_s=0.01)
    monkeypatch.setattr("modem.at.dialog._PROBE", probe)
    assert (await peer.ask(Command("AT+CSQ", timeout_s=0.01))).final is None
    await peer.news()
    assert peer.deaf == 1
    await peer.expect("AT+CSQ\rAT\rAT\rAT\r")


async def test_whoever_waits_learns_that_the_modem_was_pulled_out(peer: Peer) -> None:
    tasks = [peer.ask(signal()), peer.ask(signal())]
    await peer.expect("AT+CSQ\r")
    peer.unplug()
    for task in tasks:
        with pytest.raises(SessionLost, match="went away"):
            await task
    await peer.news()
    assert len(peer.lost) == 1


async def test_a_closed_port_takes_no_command(peer: Peer) -> None:
    peer.session.close()
    with pytest.raises(SessionLost, match="not open"):
        await peer.session.ask(signal())


async def test_closing_lets_nobody_wait(peer: Peer) -> None:
    asking = peer.ask(signal())
    await peer.expect("AT+CSQ\r")
    peer.session.close("the gateway stops")
    with pytest.raises(SessionLost, match="gateway stops"):
        await asking
    assert peer.lost == []


async def test_a_port_that_is_opened_again_knows_nothing_of_its_past(peer: Peer) -> None:
    first = peer.ask(signal())
    await peer.expect("AT+CSQ\r")
    peer.session.close()
    with pytest.raises(SessionLost):
        await first
    peer.session.open()
    asking = peer.ask(signal())
    await peer.expect("AT+CSQ\r")
    peer.say("\r\n+CSQ: 5,99\r\n\r\nOK\r\n")
    assert (await asking).lines == ["+CSQ: 5,99"]


async def test_who_gives_up_waiting_leaves_no_trace(peer: Peer) -> None:
    asking = peer.ask(signal())
    await peer.expect("AT+CSQ\r")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    peer.say("\r\n+CSQ: 5,99\r\n\r\nOK\r\n")
    again = peer.ask(Command("AT"))
    await peer.expect("AT\r")
    peer.say("\r\nOK\r\n")
    assert (await again).ok


def test_a_timer_that_is_due_at_once_is_one_in_uvloop_too() -> None:
    async def ask_twice() -> None:
        peer = Peer()
        peer.start()
        first, second = (peer.session.send(Command("AT", timeout_s=1e-6)) for _ in range(2))
        assert (await first).final is None
        peer.close()
        with pytest.raises(SessionLost):
            await second

    uvloop.run(ask_twice())


async def test_octets_that_are_no_text_harm_nobody(peer: Peer) -> None:
    asking = peer.ask(signal())
    await peer.expect("AT+CSQ\r")
    os.write(peer.pty.peer, bytes(range(256)) * 20 + b"\r\n+CSQ: 7,99\r\n\0\r\r\nOK\r\n")
    assert (await asking).lines == ["+CSQ: 7,99"]


def test_the_log_hides_numbers_and_keeps_two_digits() -> None:
    assert mask("ATD+4930123456;") == "ATD+********56;"
    assert mask("+CSQ: 20,99") == "+CSQ: 20,99"


async def test_the_log_holds_no_number_and_no_secret(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asking = peer.ask(Command('AT+CPIN="4711"', secret=True))
    await peer.expect('AT+CPIN="4711"\r')
    peer.say('\r\nOK\r\n\r\n+CLIP: "+4930123456",145\r\n')
    await asking
    await peer.news()
    assert "4711" not in caplog.text
    assert "30123" not in caplog.text
    assert "+CLIP" in caplog.text
