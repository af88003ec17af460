import re

import pytest

from edge.sip.phone import Answered, Ended, HeldByPeer, PhoneLeg, Ringing
from tests.edge.sip.peers import Desk, Rows, desk, extension
from tests.edge.sip.rawphone import SDP, RawPhone, header, headers, rawphone


async def ringing(here: Desk, phone: RawPhone, **more: object) -> tuple[PhoneLeg, Rows, str]:
    """A call to a phone that has registered, and its INVITE."""
    assert (await phone.register()).startswith("SIP/2.0 200")
    ((leg, events),) = here.call("201", **more)
    invite = await phone.receive("INVITE")
    phone.answer(invite, 180)
    return leg, events, invite


async def talking(here: Desk, phone: RawPhone) -> tuple[PhoneLeg, Rows, str]:
    leg, events, invite = await ringing(here, phone)
    phone.answer(invite, 200, body=SDP.format(port=9))
    await phone.receive("ACK")
    await events.event(Answered)
    return leg, events, invite


async def test_a_registered_phone_is_called_by_its_own_uri() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        uri = f"sip:201@127.0.0.1:{phone.port};rinstance=77"
        await phone.register(contact=f"<{uri}>")
        ((leg, events),) = here.call("201", caller="+43155501", caller_name='Mr. "X"\r\nY: Z')
        invite = await phone.receive("INVITE")
        assert invite.startswith(f"INVITE {uri} SIP/2.0\r\n")
        assert header(invite, "From").startswith('"Mr. XY: Z" <sip:+43155501@127.0.0.1>;tag=')
        assert header(invite, "User-Agent") == "Trunkline"
        assert "REFER" not in header(invite, "Allow")
        assert "BYE" in header(invite, "Allow")
        phone.answer(invite, 180)
        assert await events.event(Ringing) == Ringing(early_media=False)
        phone.answer(invite, 200, body=SDP.format(port=9))
        ack = await phone.receive("ACK")
        assert leg.up
        leg.hang_up(q850=31)
        bye = await phone.receive("BYE")
        assert header(bye, "Reason") == "Q.850; cause=31"
        assert header(bye, "Call-ID") == header(ack, "Call-ID")
        phone.answer(bye, 200)
        assert await events.event(Ended) == Ended(200, 31, "")


async def test_each_phone_of_an_extension_gets_a_leg() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as one, rawphone(here.port) as two:
        await one.register()
        await two.register()
        first, second = here.call("201")
        a, b = await one.receive("INVITE"), await two.receive("INVITE")
        assert header(a, "Call-ID") != header(b, "Call-ID")
        assert here.server.calls_of("201") == 2
        one.answer(a, 486)
        ended = await first[1].event(Ended)
        assert (ended.code, first[0].up) == (486, False)
        second[0].hang_up(q850=26)
        assert here.server.calls_of("201") == 0


async def test_a_phone_is_cancelled_while_it_rings() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, events, invite = await ringing(here, phone)
        await events.event(Ringing)
        leg.hang_up(q850=26)
        cancel = await phone.receive("CANCEL")
        assert header(cancel, "Reason") == "Q.850; cause=26"
        assert header(cancel, "Via") == header(invite, "Via")
        phone.answer(cancel, 200)
        phone.answer(invite, 487)
        await phone.receive("ACK")
        assert await events.event(Ended) == Ended(487, 26, "")


async def test_a_phone_that_was_quicker_than_our_cancel_is_hung_up() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, events, invite = await ringing(here, phone)
        await events.event(Ringing)
        leg.hang_up()
        phone.answer(invite, 200, body=SDP.format(port=9))
        await phone.receive("BYE")
        assert len([e for e in events.rows if isinstance(e, Ended)]) == 1


async def test_the_phone_hangs_up_with_a_reason() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        _, events, invite = await talking(here, phone)
        bye = phone.request("BYE", 'Reason: Q.850;cause=19;text="x"', to_tag="x")
        phone.send(_within(bye, invite, phone))
        assert (await phone.receive("SIP/2.0")).startswith("SIP/2.0 200")
        assert await events.event(Ended) == Ended(200, 19, "")


async def test_hold_and_resume_by_us() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, _, _ = await talking(here, phone)
        leg.hold(on=True)
        leg.hold(on=False)
        leg.hold(on=True)
        invite = await phone.receive("INVITE")
        assert "a=sendonly" in invite
        phone.answer(invite, 200, body=SDP.format(port=9) + "a=recvonly\r\n")
        await phone.receive("ACK")
        leg.hold(on=False)
        invite = await phone.receive("INVITE")
        assert "a=sendrecv" in invite
        phone.answer(invite, 200, body=SDP.format(port=9))
        await phone.receive("ACK")


async def test_a_hold_that_met_the_other_sides_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.sip.phone._GLARE_S", 0.01)
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, _, _ = await talking(here, phone)
        leg.hold(on=True)
        phone.answer(await phone.receive("INVITE"), 491)
        await phone.receive("ACK")
        again = await phone.receive("INVITE")
        assert "a=sendonly" in again
        phone.answer(again, 200, body=SDP.format(port=9))
        await phone.receive("ACK")


async def test_a_phone_that_knows_no_hold_stays_up(caplog: pytest.LogCaptureFixture) -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, _, _ = await talking(here, phone)
        leg.hold(on=True)
        phone.answer(await phone.receive("INVITE"), 488)
        await phone.receive("ACK")
        assert leg.up
        leg.hang_up()
        await phone.receive("BYE")
    assert "refused to be put on hold" in caplog.text


async def test_a_new_offer_without_a_codec_of_ours_changes_nothing() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, events, invite = await talking(here, phone)
        body = SDP.format(port=9).replace("8 101", "18 101")
        phone.send(_within(phone.request("INVITE", body=body, to_tag="x"), invite, phone))
        await phone.receive("SIP/2.0 488")
        phone.send(_within(phone.request("ACK", to_tag="x"), invite, phone))
        assert leg.up
        assert events.rows[-1] == Answered()


async def test_a_redirection_is_not_followed() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        _, events, invite = await ringing(here, phone)
        phone.answer(invite, 302)
        assert (await events.event(Ended)).code == 302
        assert here.server.calls_of("201") == 0


async def test_hold_and_resume_by_the_phone() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        _, events, invite = await talking(here, phone)
        for line, answered, held in (
            ("a=sendonly", "a=recvonly", True),
            ("a=sendrecv", "a=sendrecv", False),
            ("a=inactive", "a=inactive", True),
            ("a=sendrecv", "a=sendrecv", False),
        ):
            count = len([e for e in events.rows if isinstance(e, HeldByPeer)]) + 1
            body = SDP.format(port=9) + f"{line}\r\n"
            phone.send(_within(phone.request("INVITE", body=body, to_tag="x"), invite, phone))
            ok = await phone.receive("SIP/2.0 200")
            assert answered in ok
            phone.send(_within(phone.request("ACK", to_tag="x"), invite, phone))
            assert await events.event(HeldByPeer, count) == HeldByPeer(held)


async def test_a_phone_asks_us_to_make_the_offer_again() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, _, invite = await talking(here, phone)
        phone.send(_within(phone.request("INVITE", to_tag="x"), invite, phone))
        ok = await phone.receive("SIP/2.0 200")
        assert "m=audio" in ok
        ack = phone.request("ACK", to_tag="x", body=SDP.format(port=4000))
        phone.send(_within(ack, invite, phone))
        leg.hang_up()
        await phone.receive("BYE")


async def test_refer_is_refused_and_the_call_goes_on() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, _, invite = await talking(here, phone)
        refer = phone.request("REFER", "Refer-To: <sip:+1900@127.0.0.1>", to_tag="x")
        phone.send(_within(refer, invite, phone))
        answer = await phone.receive("SIP/2.0")
        assert answer.startswith("SIP/2.0 405")
        assert "REFER" not in header(answer, "Allow")
        assert leg.up


async def test_an_answer_without_a_codec_of_ours_ends_the_call() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        _, events, invite = await ringing(here, phone)
        body = SDP.format(port=9).replace("8 101", "9 101").replace("8 PCMA", "9 G722")
        phone.answer(invite, 200, body=body)
        await phone.receive("ACK")
        await phone.receive("BYE")
        assert (await events.event(Ended)).q850 == 88


async def test_nobody_is_registered() -> None:
    async with desk([extension()]) as here:
        assert here.call("201") == []
        assert here.call("no-such") == []
        assert here.call("pbx none") == []


async def test_a_phone_that_answers_by_itself_is_asked_in_every_tongue() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        _, _, invite = await ringing(here, phone, auto_answer=True)
        assert headers(invite, "Call-Info")[0].endswith("answer-after=0")
        assert "info=alert-autoanswer" in headers(invite, "Alert-Info")[0]
        assert headers(invite, "Alert-Info")[1] == "Ring Answer"
        assert header(invite, "Answer-Mode") == "Auto"


async def test_callers_are_asserted_or_withheld() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        leg, _, invite = await ringing(here, phone, caller="", identity="+43155501")
        assert header(invite, "From").startswith("Anonymous <sip:anonymous@anonymous.invalid>")
        assert header(invite, "P-Asserted-Identity") == "<sip:+43155501@127.0.0.1>"
        assert header(invite, "Privacy") == "id"
        leg.hang_up()


def _within(message: str, invite: str, phone: RawPhone) -> str:
    """The same message inside the call that an INVITE of ours began."""
    ours = header(invite, "From")
    theirs = f"{header(invite, 'To')};tag={phone.tag}"
    message = re.sub(r"From: .*\r", f"From: {theirs}\r", message, count=1)
    message = re.sub(r"To: .*\r", f"To: {ours}\r", message, count=1)
    return re.sub(r"Call-ID: .*\r", f"Call-ID: {header(invite, 'Call-ID')}\r", message, count=1)
