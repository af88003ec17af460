import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sip.registrar import Register, RegisterError, Registrar, read_contact

URI = "sip:201@192.0.2.5:5060;rinstance=1;transport=udp"


def registrar(room: int = 2) -> Registrar:
    return Registrar(lambda _: room, 3600)


def request(*contacts: tuple[str, int | None], expires: int | None = None, n: int = 1) -> Register:
    return Register(contacts, expires, f"call-{n}", n, ("192.0.2.5", 5060), "Phone 1.0")


def test_expiry_comes_from_the_contact_then_the_header_then_the_longest() -> None:
    for contact, header, granted in ((120, 600, 120), (None, 600, 600), (None, None, 3600)):
        (held,) = registrar().register("201", request((URI, contact), expires=header), 1000)
        assert held.expires_at == 1000 + granted
    (held,) = registrar().register("201", request((URI, 99_999)), 0)
    assert held.expires_at == 3600


def test_what_runs_out_is_gone() -> None:
    made = registrar()
    made.register("201", request((URI, 60)), 0)
    assert made.contacts("201", 59)
    assert not made.contacts("201", 60)
    assert made.expire(60)
    assert not made.expire(60)
    assert made._contacts == {}


def test_a_phone_that_starts_anew_takes_its_own_place() -> None:
    made = registrar()
    made.register("201", request((URI, 300)), 0)
    changed = URI.replace("rinstance=1", "rinstance=2")
    (held,) = made.register("201", request((changed, 300), n=2), 1)
    assert held.uri == changed


def test_more_phones_than_there_is_room_for_push_the_oldest_out() -> None:
    made = registrar(2)
    for n in range(4):
        made.register("201", request((f"sip:201@192.0.2.{n}", 300), n=n), n)
    assert [c.uri for c in made.contacts("201", 5)] == ["sip:201@192.0.2.2", "sip:201@192.0.2.3"]


def test_one_or_all_unregister() -> None:
    made = registrar()
    made.register("201", request((URI, 300), ("sip:b@192.0.2.7", 300)), 0)
    assert len(made.register("201", request((URI, 0), n=2), 1)) == 1
    assert made.register("201", request(("*", None), expires=0, n=3), 2) == ()
    with pytest.raises(RegisterError):
        made.register("201", request(("*", None), expires=60), 3)
    with pytest.raises(RegisterError):
        made.register("201", request(("*", None), (URI, 0), expires=0), 3)


def test_a_query_changes_nothing() -> None:
    made = registrar()
    held = made.register("201", request((URI, 300)), 0)
    assert made.register("201", request(n=2), 1) == held


def test_a_register_that_was_overtaken_is_refused() -> None:
    made = registrar()
    made.register("201", request((URI, 300), n=5), 0)
    late = Register([(URI, 0)], None, "call-5", 4, ("192.0.2.5", 5060), "")
    with pytest.raises(RegisterError, match="500"):
        made.register("201", late, 1)
    assert made.contacts("201", 1)


def test_a_contact_that_registered_anew_is_not_dropped_for_the_old_one() -> None:
    made = registrar()
    (old,) = made.register("201", request((URI, 300)), 0)
    made.register("201", request((URI, 300), n=2), 10)
    assert not made.drop("201", old)
    assert made.contacts("201", 11)


def test_a_snapshot_comes_back_less_what_ran_out_or_has_no_room() -> None:
    made = registrar()
    made.register("201", request((URI, 300)), 0)
    made.register("202", request(("sip:202@192.0.2.9", 60)), 0)
    saved = json.loads(json.dumps(made.snapshot()))
    again = registrar()
    again.restore(saved, 100)
    assert again.everything() == [("201", made.contacts("201", 100)[0])]
    nobody = registrar(0)
    nobody.restore(saved, 0)
    assert nobody.everything() == []


@pytest.mark.parametrize(
    ("text", "uri", "expires"),
    [
        ("<sip:a@h:1;ob>;expires=60;q=1", "sip:a@h:1;ob", 60),
        ('"A, <B>" <sip:a@h>', "sip:a@h", None),
        ("sip:a@h:5070;expires=90", "sip:a@h:5070", 90),
        ("<sip:10.0.0.1>;reg-id=1;Expires = 7", "sip:10.0.0.1", 7),
        ("*", "*", None),
    ],
)
def test_contacts_are_read(text: str, uri: str, expires: int | None) -> None:
    assert read_contact(text) == (uri, expires)


@pytest.mark.parametrize(
    "text",
    ["", "<>", "<tel:1>", "<sips:a@h>", "sip:a@h:0", "sip:a@h:99999", "<sip:a@h", "x" * 600],
)
def test_contacts_that_cannot_be_called(text: str) -> None:
    with pytest.raises(RegisterError):
        read_contact(text)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_garbage_is_refused_or_read(text: str) -> None:
    try:
        uri, expires = read_contact(text)
    except RegisterError:
        return
    assert uri == "*" or uri.lower().startswith("sip:")
    assert expires is None or expires >= 0
