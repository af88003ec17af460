"""The three ways to a PBX, which here is a socket."""

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.sip import Extension, Pbx, PbxMode
from edge.sip.phone import Answered, Ended, PeerKind
from edge.sip.server import SipError, SipServer
from tests.edge.sip.peers import HOST, desk, extension, peer
from tests.edge.sip.rawphone import SDP, RawPhone, header, listening, rawphone

CHALLENGE = 'WWW-Authenticate: Digest realm="pbx", nonce="n1", algorithm=MD5, qop="auth"'


async def a_pbx() -> RawPhone:
    """A socket that answers nobody by itself."""
    return await listening((HOST, 9), user="gw")


def registering(port: int) -> Pbx:
    return Pbx(
        name="asterisk",
        mode=PbxMode.REGISTER,
        host=HOST,
        port=port,
        username="gw",
        password=SecretStr("pw"),
    )


async def talk_to(pbx: RawPhone, port: int) -> None:
    pbx.to = (HOST, port)


async def next_register(pbx: RawPhone) -> str:
    return await pbx.receive("REGISTER")


async def test_we_register_with_a_challenge_and_leave_at_the_end() -> None:
    pbx = await a_pbx()
    async with desk(pbxs=[registering(pbx.port)]) as here:
        await talk_to(pbx, here.port)
        first = await next_register(pbx)
        assert first.startswith(f"REGISTER sip:127.0.0.1:{pbx.port} SIP/2.0\r\n")
        assert (header(first, "Expires"), header(first, "To")) == ("300", "<sip:gw@127.0.0.1>")
        pbx.answer(first, 401, CHALLENGE)
        second = await next_register(pbx)
        assert 'username="gw"' in header(second, "Authorization")
        assert header(second, "Call-ID") == header(first, "Call-ID")
        assert not here.server.registered("asterisk")
        pbx.answer(second, 200, "Expires: 120")
        await here.changes.until(lambda _: True)
        assert here.server.registered("asterisk")
        assert here.server.registered("pbx asterisk")
        leaving = asyncio.create_task(_leave(pbx))
    assert header(await leaving, "Expires") == "0"
    assert not here.server._links["asterisk"].registered
    pbx.transport.close()


async def _leave(pbx: RawPhone) -> str:
    last = await next_register(pbx)
    pbx.answer(last, 200)
    return last


async def test_a_registration_is_made_again_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.sip.pbx_link._REFRESH", 0.002)
    pbx = await a_pbx()
    async with desk(pbxs=[registering(pbx.port)]) as here:
        await talk_to(pbx, here.port)
        pbx.answer(await next_register(pbx), 423, "Min-Expires: 900")
        longer = await next_register(pbx)
        assert header(longer, "Expires") == "900"
        pbx.answer(longer, 200, "Expires: 20")
        again = await next_register(pbx)
        assert int(header(again, "CSeq").split()[0]) == 3
        pbx.answer(again, 403)
        await here.changes.until(lambda _: True, 2)
        assert not here.server.registered("asterisk")
    pbx.transport.close()


async def test_a_pbx_that_refuses_is_asked_again_after_a_growing_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.sip.pbx_link._FIRST_PAUSE_S", 0.01)
    pbx = await a_pbx()
    async with desk(pbxs=[registering(pbx.port)]) as here:
        await talk_to(pbx, here.port)
        link = here.server._links["asterisk"]
        pauses = []
        for _ in range(3):
            register = await next_register(pbx)
            pauses.append(link._pause_s)
            pbx.answer(register, 503)
        assert pauses == [0.01, 0.02, 0.04]
    pbx.transport.close()


async def test_calls_to_and_from_a_peer_need_no_password() -> None:
    pbx = await a_pbx()
    async with desk(pbxs=[peer(pbx.port, asserted_identity=True)]) as here:
        await talk_to(pbx, here.port)
        pbx.send(pbx.request("INVITE", user="%2B43%20155", body=SDP.format(port=9)))
        leg, events = await here.incoming()
        assert (leg.peer.kind, leg.to) == (PeerKind.PBX, "+43 155")
        leg.reject(503, retry_after_s=30)
        refused = await pbx.receive("SIP/2.0 503")
        assert header(refused, "Retry-After") == "30"
        assert (await events.event(Ended)).code == 503
        ((out, _),) = here.call("pbx asterisk", to="+4366411")
        invite = await pbx.receive("INVITE")
        assert invite.startswith(f"INVITE sip:+4366411@127.0.0.1:{pbx.port} ")
        assert header(invite, "P-Asserted-Identity") == "<sip:+43155501@127.0.0.1>"
        out.hang_up()
        assert here.call("pbx asterisk") == []
    pbx.transport.close()


async def test_an_invite_is_challenged_by_the_pbx() -> None:
    pbx = await a_pbx()
    async with desk(pbxs=[registering(pbx.port)]) as here:
        await talk_to(pbx, here.port)
        ((leg, events),) = here.call("pbx asterisk", to="100")
        invite = await pbx.receive("INVITE")
        pbx.answer(invite, 407, CHALLENGE.replace("WWW-", "Proxy-"))
        await pbx.receive("ACK")
        again = await pbx.receive("INVITE")
        assert 'username="gw"' in header(again, "Proxy-Authorization")
        pbx.answer(again, 200, body=SDP.format(port=9))
        await events.event(Answered)
        leg.hang_up()
        await pbx.receive("BYE")
    pbx.transport.close()


async def test_a_pbx_registers_and_is_called_by_its_contact_for_the_number() -> None:
    pbx = Pbx(
        name="threecx",
        mode=PbxMode.REGISTRAR,
        username="10000",
        password=SecretStr("pw"),
    )
    async with desk(pbxs=[pbx]) as here, rawphone(here.port, user="10000", password="pw") as it:
        uri = f"sip:10000@127.0.0.1:{it.port};rinstance=abc"
        await it.register(contact=f"<{uri}>")
        assert here.server.registered("threecx")
        ((leg, _),) = here.call("pbx threecx", to="+4315550100")
        invite = await it.receive("INVITE")
        assert invite.startswith(f"INVITE {uri} ")
        assert header(invite, "To") == "<sip:+4315550100@127.0.0.1>"
        assert leg.peer.name == "threecx"
        leg.hang_up()
        await it.challenged(it.request("INVITE", body=SDP.format(port=9)))
        it.send(it.request("INVITE", it.authorization("INVITE"), body=SDP.format(port=9)))
        incoming, _ = await here.incoming()
        assert incoming.peer == leg.peer
        incoming.hang_up()


async def test_contacts_survive_a_restart_as_json() -> None:
    phones = [extension()]
    async with desk(phones) as here, rawphone(here.port) as phone:
        await phone.register()
        saved = json.dumps(here.server.snapshot())
        before = here.server.contacts("201")
    async with desk(phones, restored=json.loads(saved)) as here:
        assert here.server.contacts("201") == before


async def test_a_phone_that_does_not_answer_options_is_dropped() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        await phone.register()
        here.server._alive.round()
        options = await phone.receive("OPTIONS")
        phone.answer(options, 405)
        here.server._alive._asked.clear()
        here.server._alive.round()
        options = await phone.receive("OPTIONS")
        assert here.server.registered("201")
        phone.answer(options, 408)
        await here.changes.until(lambda _: True, 2)
        assert not here.server.registered("201")


async def test_a_pbx_that_does_not_answer_options_cannot_be_called() -> None:
    pbx = await a_pbx()
    async with desk(pbxs=[peer(pbx.port)]) as here:
        await talk_to(pbx, here.port)
        assert here.server.registered("asterisk")
        pbx.answer(await pbx.receive("OPTIONS"), 408)
        await here.changes.until(lambda _: True)
        assert not here.server.registered("asterisk")
        here.server._alive.round()
        pbx.answer(await pbx.receive("OPTIONS"), 200)
        await here.changes.until(lambda _: True, 2)
        assert here.server.registered("asterisk")
    pbx.transport.close()


async def test_a_name_that_cannot_be_found_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    lost = Pbx(name="lost", mode=PbxMode.PEER, host="no-such-host.invalid")
    async with desk(pbxs=[lost]) as here:
        await here.server._accounts.resolve()
        assert here.call("pbx lost", to="1") == []
    told = [r for r in caplog.records if "cannot be found" in r.getMessage()]
    assert [r.levelname for r in told if r.levelname != "DEBUG"] == ["WARNING"]


async def test_a_password_file_is_read_or_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n")
    phone = Extension(name="201", password_file=tmp_path / "secret")
    async with desk([phone]) as here, rawphone(here.port) as it:
        assert (await it.register()).startswith("SIP/2.0 200")
    gone = Extension(name="202", password_file=tmp_path / "gone")
    with pytest.raises(SipError, match="password file of 202 cannot be read"):
        async with desk([gone]):
            pass


async def test_a_port_in_use_is_told_in_a_sentence() -> None:
    async with desk() as here:
        second = SipServer(here.server._sip, [], [], here.take, lambda: None)
        with pytest.raises(SipError, match=r"SIP cannot be served on .*: .*; set sip.port"):
            await second.start()
