"""Calls that come in, byte by byte."""

import asyncio

import pytest

from edge.sip.fence import Drop
from edge.sip.phone import Answered, Ended
from edge.sip.rtp_packet import Packet
from tests.edge.sip.peers import HOST, desk, extension, peer
from tests.edge.sip.rawphone import SDP, header, rawphone

OFFER = SDP.format(port=9)


async def test_nobody_calls_without_a_password() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        await phone.challenged(phone.request("INVITE", body=OFFER))
        phone.send(phone.request("INVITE", phone.authorization("INVITE", password="x"), body=OFFER))
        assert (await phone.receive()).startswith("SIP/2.0 403")
        assert not here.calls.rows
        assert not here.server._manager.tserver


async def test_an_extension_calls_with_its_password() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        await phone.challenged(phone.request("INVITE", body=OFFER))
        phone.send(phone.request("INVITE", phone.authorization("INVITE"), user="a%2Ab", body=OFFER))
        leg, _ = await here.incoming()
        assert (leg.peer.name, leg.to) == ("201", "a*b")
        leg.hang_up()
        assert (await phone.receive("SIP/2.0 480")).startswith("SIP/2.0 480")


async def test_a_network_that_may_not_speak_is_not_answered() -> None:
    async with (
        desk([extension()], networks=["10.0.0.0/8"]) as here,
        rawphone(here.port) as phone,
    ):
        phone.send(phone.request("OPTIONS"))
        phone.send(phone.request("INVITE", body=OFFER))
        await here.dropped(2)
        assert phone.inbox.empty()
        assert here.server._fence.dropped == {Drop.NETWORK: 2}


async def test_one_invite_makes_one_leg_however_often_it_comes() -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        invite = phone.request("INVITE", body=OFFER)
        for _ in range(3):
            phone.send(invite)
        leg, _ = await here.incoming()
        via = header(invite, "Via")
        phone.send(invite.replace(via, via + "other"))  # another way through the network
        assert (await phone.receive("SIP/2.0 482")).startswith("SIP/2.0 482")
        leg.reject(486)
        await phone.receive("SIP/2.0 486")
        phone.send(invite)
        await phone.receive("SIP/2.0 486")
        assert len(here.calls.rows) == 1


async def test_a_caller_gives_up_while_it_rings() -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        invite = phone.request("INVITE", body=OFFER, branch="z9hG4bKx")
        phone.send(invite)
        leg, events = await here.incoming()
        leg.ring()
        await phone.receive("SIP/2.0 180")
        phone.send(phone.request("CANCEL", 'Reason: Q.850;cause=16;text="a"', branch="z9hG4bKx"))
        await phone.receive("SIP/2.0 200")
        terminated = await phone.receive("SIP/2.0 487")
        assert header(terminated, "CSeq").endswith("INVITE")
        assert await events.event(Ended) == Ended(487, 16, "")
        leg.answer()
        leg.reject(404)
        leg.hang_up()
        await asyncio.sleep(0)
        assert sum(isinstance(event, Ended) for event in events.rows) == 1


async def test_an_invite_without_an_offer_is_offered_ours() -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        phone.send(phone.request("INVITE"))
        leg, events = await here.incoming()
        leg.ring(early_media=True)
        await phone.receive("SIP/2.0 180")
        leg.answer()
        ok = await phone.receive("SIP/2.0 200")
        assert "a=rtpmap:8 PCMA/8000" in ok
        assert not any(isinstance(event, Answered) for event in events.rows)
        tag = header(ok, "To").split("tag=")[1]
        phone.send(phone.request("ACK", to_tag=tag, body=OFFER))
        await events.event(Answered)
        leg.hang_up()
        await phone.receive("BYE")


async def test_an_ack_without_an_answer_ends_the_call() -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        phone.send(phone.request("INVITE"))
        leg, events = await here.incoming()
        leg.answer()
        tag = header(await phone.receive("SIP/2.0 200"), "To").split("tag=")[1]
        phone.send(phone.request("ACK", to_tag=tag))
        await phone.receive("BYE")
        assert (await events.event(Ended)).q850 == 88


async def test_early_media_is_described_before_the_answer() -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        phone.send(phone.request("INVITE", body=OFFER))
        leg, _ = await here.incoming()
        leg.ring(early_media=True)
        progress = await phone.receive("SIP/2.0 183")
        leg.answer()
        ok = await phone.receive("SIP/2.0 200")
        assert progress.split("\r\n\r\n")[1] == ok.split("\r\n\r\n")[1] != ""
        leg.hang_up()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("Content-Type: application/sdp", "Content-Type: text/plain"), 415),
        (("m=audio", "m=image"), 488),
        (("RTP/AVP 8 101", "RTP/AVP 9 101"), 488),
        (("Call-ID", "Max-Forwards: 0\r\nCall-ID"), 483),
        (("Call-ID", "Require: 100rel, timer\r\nCall-ID"), 420),
        (("Contact: ", "X-Contact: "), 400),
        (("To: <sip:100@127.0.0.1>", "To: <sip:100@127.0.0.1>;tag=gone"), 481),
        (("INVITE", "SUBSCRIBE"), 405),
        (("INVITE", "REFER"), 405),
        (("INVITE", "BYE"), 481),
        (("INVITE", "CANCEL"), 481),
    ],
)
async def test_an_invite_that_cannot_be_taken(change: tuple[str, str], code: int) -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        message = phone.request("INVITE", body=OFFER).replace(*change)
        phone.send(message)
        assert (await phone.receive()).startswith(f"SIP/2.0 {code} ")
        assert not here.calls.rows
        assert not here.server._manager.tserver


async def test_a_phone_behind_a_nat_is_hung_up_where_it_calls_from() -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        phone.send(phone.request("INVITE", body=OFFER, contact="<sip:201@192.0.2.55:5060>"))
        leg, events = await here.incoming()
        leg.answer()
        tag = header(await phone.receive("SIP/2.0 200"), "To").split("tag=")[1]
        phone.send(phone.request("ACK", to_tag=tag))
        await events.event(Answered)
        leg.hang_up()
        assert (await phone.receive("BYE")).startswith(f"BYE sip:201@127.0.0.1:{phone.port} ")


async def test_options_tell_what_we_can() -> None:
    async with desk() as here, rawphone(here.port) as phone:
        phone.send(phone.request("OPTIONS"))
        ok = await phone.receive("SIP/2.0 200")
        assert "INVITE" in header(ok, "Allow")
        assert header(ok, "Accept") == "application/sdp"
        assert header(ok, "Server") == "Trunkline"


async def test_no_rtp_port_is_free() -> None:
    async with (
        desk(pbxs=[peer()], rtp_from=23_001, rtp_to=23_003) as here,
        rawphone(here.port) as one,
        rawphone(here.port) as two,
    ):
        one.send(one.request("INVITE", body=OFFER))
        leg, _ = await here.incoming()
        two.send(two.request("INVITE", body=OFFER))
        full = await two.receive("SIP/2.0 503")
        assert header(full, "Retry-After") == "10"
        leg.hang_up()
        two.tag += "x"
        two.send(two.request("INVITE", body=OFFER))
        await here.incoming(2)


async def test_a_phone_that_vanishes_is_hung_up() -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        here.server._sip = here.server._sip.model_copy(update={"silence_s": 0.1})
        phone.send(phone.request("INVITE", body=SDP.format(port=phone.port)))
        leg, events = await here.incoming()
        leg.answer()
        ok = await phone.receive("SIP/2.0 200")
        phone.send(phone.request("ACK", to_tag=header(ok, "To").split("tag=")[1]))
        await events.event(Answered)
        packet = Packet(8, marker=False, sequence=1, timestamp=1, source=1, payload=b"\xd5" * 160)
        phone.transport.sendto(packet.pack(), (HOST, leg.sound.port))
        ended = await events.event(Ended)
        assert (ended.code, ended.q850) == (200, 41)
        bye = await phone.receive("BYE")
        assert header(bye, "Reason") == "Q.850; cause=41"


async def test_a_call_whose_answer_is_never_acknowledged_ends() -> None:
    async with desk(pbxs=[peer()]) as here, rawphone(here.port) as phone:
        phone.send(phone.request("INVITE", body=OFFER))
        leg, events = await here.incoming()
        leg.answer()
        await phone.receive("SIP/2.0 200")
        await phone.receive("SIP/2.0 200")  # sent again after half a second
        (transaction,) = here.server._manager.tserver.values()
        here.server._manager.loop.run(here.server._manager.timerD, transaction)
        await phone.receive("BYE")
        assert (await events.event(Ended)).code == 200
