"""Messages that nobody should send, in the spirit of RFC 4475, written anew.

Whatever comes, the server stays up, calls of others go on, nothing is kept, and nothing is worse
in the log than a warning.
"""

import asyncio
import logging
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sippy.Core.EventDispatcher import ED2

from edge.sip import sippy_manager
from edge.sip.fence import Drop, Fence
from edge.sip.phone import Answered, Ended, PhoneLeg
from tests.edge.sip.peers import Desk, Rows, desk, ended, extension, peer, sipp
from tests.edge.sip.rawphone import SDP, RawPhone, header, rawphone

HEAD = (
    "INVITE sip:100@127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:5999;rport;branch=z9hG4bKt{n}\r\n"
    "From: <sip:a@127.0.0.1>;tag=f{n}\r\n"
    "To: <sip:100@127.0.0.1>\r\n"
    "Call-ID: torture-{n}\r\n"
    "CSeq: {n} INVITE\r\n"
    "Contact: <sip:a@127.0.0.1:5999>\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: {size}\r\n"
    "\r\n"
)
BODY = SDP.format(port=4000)
WHOLE = HEAD + BODY


def changed(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


TORTURE: dict[str, str | bytes] = {
    "nothing": b"",
    "zeros": bytes(200),
    "binary": bytes(range(256)) * 4,
    "half a character": WHOLE.encode() + b"\xc3",
    "no first line": WHOLE.split("\r\n", 1)[1],
    "only a first line": "INVITE sip:100@127.0.0.1 SIP/2.0\r\n\r\n",
    "first line of one word": changed("INVITE sip:100@127.0.0.1 SIP/2.0", "INVITE"),
    "first line with spaces": changed("SIP/2.0\r", "SIP/2.0  x\r"),
    "another version": changed("127.0.0.1 SIP/2.0", "127.0.0.1 SIP/7.0"),
    "a scheme that is unknown": changed("sip:100@", "soap.beep://100@"),
    "a sips address": changed("INVITE sip:", "INVITE sips:"),
    "a tel address": changed("INVITE sip:100@127.0.0.1", "INVITE tel:+123"),
    "an address of nothing": changed("INVITE sip:100@127.0.0.1", "INVITE sip:"),
    "an address with an open bracket": changed("INVITE sip:100@127.0.0.1", "INVITE <sip:100"),
    "a port that is none": changed("INVITE sip:100@127.0.0.1", "INVITE sip:100@127.0.0.1:x"),
    "headers in the address": changed("@127.0.0.1 ", "@127.0.0.1?Route=%3Csip:x%3E&a "),
    "escaped control characters": changed("sip:100@", "sip:%00%0d%0aX:y@"),
    "a user of a thousand": changed("sip:100@", f"sip:{'9' * 1000}@"),
    "no Via": changed("Via: ", "Vla: "),
    "a Via of nothing": changed("Via: SIP/2.0/UDP 127.0.0.1:5999", "Via: "),
    "a Via port of a million": changed("127.0.0.1:5999;rport", "127.0.0.1:1000000"),
    "a Via of a name": changed("127.0.0.1:5999", "no.such.example"),
    "a hundred Vias": changed(
        "Via:", "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKq\r\n" * 100 + "Via:"
    ),
    "no From": changed("From: ", "Frmo: "),
    "no From tag": changed(";tag=f", ";gat=f"),
    "a From of nothing": changed("From: <sip:a@127.0.0.1>", "From: "),
    "an open quote": changed("From: <sip", 'From: "Al <sip'),
    "quotes in quotes": changed("From: <sip", 'From: "\\"\\\\\\"\\"" <sip'),
    "no To": changed("To: ", "Ot: "),
    "two Tos": changed("To: ", "To: <sip:b@127.0.0.1>\r\nTo: "),
    "no Call-ID": changed("Call-ID: ", "Call-IX: "),
    "no CSeq": changed("CSeq: ", "CSqe: "),
    "a CSeq of another method": changed("{n} INVITE", "{n} OPTIONS"),
    "a CSeq of words": changed("CSeq: {n}", "CSeq: many"),
    "a CSeq too large": changed("CSeq: {n}", "CSeq: 99999999999999999999"),
    "a CSeq below zero": changed("CSeq: {n}", "CSeq: -1"),
    "a Contact that is none": changed("Contact: <sip:a@127.0.0.1:5999>", "Contact: ;;;"),
    "a Contact star": changed("Contact: <sip:a@127.0.0.1:5999>", "Contact: *"),
    "a Contact of a name": changed("Contact: <sip:a@127.0.0.1:5999>", "Contact: <sip:a@no.such>"),
    "a Contact over TCP": changed("5999>", "5999;transport=TCP>"),
    "a Record-Route of a name": changed("Contact", "Record-Route: <sip:no.such;lr>\r\nContact"),
    "a Record-Route that is none": changed("Contact", "Record-Route: lr\r\nContact"),
    "a length below zero": changed("Content-Length: {size}", "Content-Length: -999"),
    "a length too long": changed("Content-Length: {size}", "Content-Length: 9999"),
    "a length of words": changed("Content-Length: {size}", "Content-Length: long"),
    "a length too short": changed("Content-Length: {size}", "Content-Length: 20"),
    "hops below zero": changed("Contact", "Max-Forwards: -5\r\nContact"),
    "hops of words": changed("Contact", "Max-Forwards: few\r\nContact"),
    "expires of words": changed("Contact", "Expires: soon\r\nContact"),
    "a reason of nothing": changed("Contact", "Reason: ;;;\r\nContact"),
    "an Authorization of nothing": changed("Contact", "Authorization: \r\nContact"),
    "an Authorization of commas": changed("Contact", "Authorization: Digest ,=,=\r\nContact"),
    "a header without a name": changed("Contact", ": nothing\r\nContact"),
    "a header without a colon": changed("Contact", "nothing\r\nContact"),
    "a header of ten thousand": changed("Contact", f"X: {'y' * 10_000}\r\nContact"),
    "a thousand headers": changed("Contact", "X: y\r\n" * 1000 + "Contact"),
    "folded lines": changed("From: ", "From:\r\n \r\n\t"),
    "a multipart body": changed("application/sdp", "multipart/mixed;boundary=x"),
    "a type of nothing": changed("Content-Type: application/sdp", "Content-Type: "),
    "SDP without an address": changed("c=IN IP4 127.0.0.1\r\n", ""),
    "SDP with a port of a million": changed("m=audio 4000", "m=audio 1000000"),
    "SDP of one line": changed(BODY, "v=0"),
    "SDP of garbage": changed(BODY, "\x01\x02" * 50),
    "an answer to nothing": "SIP/2.0 200 OK\r\n" + WHOLE.split("\r\n", 1)[1],
    "an answer of words": "SIP/2.0 two OK\r\n" + WHOLE.split("\r\n", 1)[1],
    "an answer beyond all codes": "SIP/2.0 4294967301 x\r\n" + WHOLE.split("\r\n", 1)[1],
    "an ACK to nothing": WHOLE.replace("INVITE", "ACK"),
    "a CANCEL to nothing": WHOLE.replace("INVITE", "CANCEL"),
    "a BYE to nothing": WHOLE.replace("INVITE", "BYE"),
    "a method of symbols": WHOLE.replace("INVITE", "!i-n'v~i+t*e"),
    "a method of a thousand": WHOLE.replace("INVITE", "I" * 1000),
    "a REGISTER without a password": WHOLE.replace("INVITE", "REGISTER"),
    "nearly the largest": WHOLE + "\r\n" * 7000,
    "too large": WHOLE + "x" * 40_000,
}


@pytest.fixture(autouse=True)
def _nothing_worse(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO)
    yield
    assert [r.getMessage() for r in caplog.records if r.levelno > logging.WARNING] == []


async def one_that_talks(here: Desk, phone: RawPhone) -> tuple[object, str]:
    """A call that is up while all that goes on."""
    phone.send(phone.request("INVITE", body=SDP.format(port=phone.port)))
    leg, events = await here.incoming()
    leg.answer()
    ok = await phone.receive("SIP/2.0 200")
    tag = header(ok, "To").split("tag=")[1]
    phone.send(phone.request("ACK", to_tag=tag))
    await events.event(Answered)
    return events, tag


async def still_talks(phone: RawPhone, events: object, tag: str) -> None:
    for method in ("OPTIONS", "BYE"):
        phone.send(phone.request(method, to_tag=tag))
        while phone.call_id not in (answer := await phone.receive("SIP/2.0")):
            pass
        assert answer.startswith("SIP/2.0 200")
    assert await events.event(Ended) == Ended(200, None, "")  # type: ignore[attr-defined]


@pytest.mark.parametrize("trusted", [True, False])
async def test_torture(*, trusted: bool) -> None:
    pbxs = [peer()] if trusted else []
    async with desk([extension()], pbxs) as here, rawphone(here.port) as phone:
        talk = await one_that_talks(here, phone) if trusted else None
        calls = len(here.calls.rows)
        for number, message in enumerate(TORTURE.values(), 1000):
            if isinstance(message, str):
                message = message.replace("{n}", str(number)).replace("{size}", str(len(BODY)))  # noqa: PLW2901
            phone.send(message)
            await asyncio.sleep(0)
        assert (await checked(here)).startswith("SIP/2.0 200")
        for leg, _ in here.calls.rows[calls:]:
            leg.reject(486)
        assert len(here.calls.rows) - calls < (40 if trusted else 1)
        if talk:
            await still_talks(phone, *talk)
        nothing_is_left(here)


def nothing_is_left(here: Desk) -> None:
    """Once minutes passed: five is the longest of sippy's timers."""
    manager = here.server._manager
    for leg in tuple(here.server._legs):
        leg.hang_up()
    for _ in range(3):
        for timer in ED2.tlisteners:
            timer.etime.monot -= 310
        manager.loop._fire()
    assert (manager.tserver, manager.tclient, manager.req_consumers) == ({}, {}, {})
    assert not here.server._legs


async def checked(here: Desk) -> str:
    async with rawphone(here.port) as other:
        other.send(other.request("OPTIONS"))
        return await other.receive("SIP/2.0")


@pytest.mark.parametrize("seed", range(5))
async def test_messages_that_were_damaged_on_the_way(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    async with desk([extension()], [peer()]) as here, rawphone(here.port) as phone:
        for number in range(100):
            whole = bytearray(
                WHOLE.replace("{n}", str(number)).replace("{size}", str(len(BODY))).encode()
            )
            for _ in range(dice.randrange(1, 6)):
                at = dice.randrange(len(whole))
                whole[at : at + dice.randrange(3)] = dice.choice(
                    [b"", b":", b"\r\n", b";", b"<", b'"', b"9" * 20, b" ", b"\xc3\xbc", b"%"]
                )
            phone.send(bytes(whole))
            await asyncio.sleep(0)
        assert (await checked(here)).startswith("SIP/2.0 200")
        nothing_is_left(here)


async def test_a_flood_of_invites_leaves_room_for_others_and_no_memory() -> None:
    async with desk([extension()], [peer()]) as here, rawphone(here.port) as phone:
        for leg, _ in here.calls.rows:
            leg.reject(486)
        here.server._on_call = lambda leg: leg.reject(486)
        for number in range(2000):
            phone.send(WHOLE.replace("{n}", str(number)).replace("{size}", str(len(BODY))))
            if number % 50 == 0:
                await asyncio.sleep(0)
        await here.dropped(100)
        assert len(here.server._manager.tserver) < 400
        assert here.server._fence.dropped[Drop.RATE] > 100  # the kernel drops, too
        assert not here.server._legs


@pytest.mark.skipif(not shutil.which("sipp"), reason="sipp is not installed")
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_third_of_all_messages_is_lost_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    admits, send_to = Fence.admits, sippy_manager._Face.send_to
    lost = []

    def is_lost(*_: object) -> bool:
        lost.append(dice.random() < 0.3)
        return lost[-1]

    monkeypatch.setattr(Fence, "admits", lambda *args: not is_lost() and admits(*args))
    monkeypatch.setattr(sippy_manager._Face, "send_to", lambda *args: is_lost() or send_to(*args))
    async with desk(pbxs=[peer()]) as here:
        run = asyncio.create_task(sipp("calls_and_hangs_up", tmp_path, to=here.port))
        leg, events = await here.incoming()
        leg.ring()
        leg.answer()
        assert (await events.event(Ended)).code == 200
        ran = await run
        assert ran.code == 0, ran.said
        assert any(lost)


@pytest.mark.skipif(not shutil.which("sipp"), reason="sipp is not installed")
async def test_a_hundred_calls_one_after_the_other_and_at_once(tmp_path: Path) -> None:
    async with desk(pbxs=[peer()]) as here:
        ends = Rows()

        def take(leg: PhoneLeg) -> None:
            leg.on_event = ends.add
            leg.ring()
            leg.answer()

        here.server._on_call = take
        ran = await sipp("calls_and_hangs_up", tmp_path, "-r", "50", "-m", "100", to=here.port)
        assert ran.code == 0, ran.said
        assert len(ended(ends)) == 100
        assert not here.server._legs
