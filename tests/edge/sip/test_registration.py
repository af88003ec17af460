from tests.edge.sip.peers import desk, extension
from tests.edge.sip.rawphone import header, headers, rawphone


async def test_a_phone_registers_and_its_contact_comes_back_as_it_was_sent() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        contact = f"<sip:201@127.0.0.1:{phone.port};rinstance=a1b2;ob>;expires=300;q=0.5"
        answer = await phone.register(contact=contact)
        assert answer.startswith("SIP/2.0 200")
        assert headers(answer, "Contact") == [
            f"<sip:201@127.0.0.1:{phone.port};rinstance=a1b2;ob>;expires=300"
        ]
        assert here.server.registered("201")
        assert [c.address for c in here.server.contacts("201")] == [("127.0.0.1", phone.port)]
        assert here.changes.rows


async def test_a_wrong_password_is_forbidden_and_registers_nothing() -> None:
    async with desk([extension()]) as here, rawphone(here.port, password="wrong") as phone:
        assert (await phone.register()).startswith("SIP/2.0 403")
        assert not here.server.registered("201")


async def test_an_unknown_name_is_told_the_same_as_a_wrong_password() -> None:
    async with desk([extension()]) as here, rawphone(here.port, user="999") as phone:
        assert (await phone.register()).startswith("SIP/2.0 403")


async def test_nobody_registers_for_somebody_else() -> None:
    both = [extension(), extension("202")]
    async with desk(both) as here, rawphone(here.port) as phone:
        await phone.challenged(phone.request("REGISTER"))
        request = phone.request("REGISTER", phone.authorization("REGISTER"))
        phone.send(request.replace("To: <sip:201@", "To: <sip:202@"))
        assert (await phone.receive()).startswith("SIP/2.0 403")
        assert not here.server.registered("202")


async def test_an_address_is_locked_out_after_wrong_passwords() -> None:
    async with desk([extension()], lockout_after=3) as here, rawphone(here.port) as phone:
        await phone.challenged(phone.request("REGISTER"))
        for _ in range(2):
            answer = await phone.register_again(password="guess")
            assert answer.startswith("SIP/2.0 403")
        phone.send(phone.request("REGISTER", phone.authorization("REGISTER", password="guess")))
        phone.send(phone.request("REGISTER", phone.authorization("REGISTER")))
        phone.send(phone.request("OPTIONS"))
        await here.dropped(2)
        assert phone.inbox.empty()
        assert not here.server.registered("201")


async def test_a_count_that_was_used_is_stale_and_a_fresh_nonce_helps() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        assert (await phone.register()).startswith("SIP/2.0 200")
        phone.send(phone.request("REGISTER", phone.authorization("REGISTER", count=1)))
        again = await phone.receive()
        assert again.startswith("SIP/2.0 401")
        assert "stale=true" in header(again, "WWW-Authenticate")
        assert (await phone.register()).startswith("SIP/2.0 200")


async def test_a_phone_unregisters() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        await phone.register()
        assert here.server.registered("201")
        answer = await phone.register("Expires: 0", contact="*")
        assert answer.startswith("SIP/2.0 200")
        assert not headers(answer, "Contact")
        assert not here.server.registered("201")


async def test_a_short_registration_is_told_the_shortest() -> None:
    async with desk([extension()]) as here, rawphone(here.port) as phone:
        answer = await phone.register("Expires: 5")
        assert answer.startswith("SIP/2.0 423")
        assert header(answer, "Min-Expires") == "60"
