from ipaddress import IPv4Network

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sip.fence import MAX_OCTETS, Drop, Fence

NEAR = (IPv4Network("10.0.0.0/8"),)
MESSAGE = b"OPTIONS sip:x SIP/2.0\r\n" + b"a: b\r\n" * 5
INVITE = MESSAGE.replace(b"OPTIONS", b"INVITE")


def fence(after: int = 3) -> Fence:
    return Fence(NEAR, after, 600)


def test_only_near_networks_may_speak() -> None:
    made = fence()
    assert made.admits(MESSAGE, "10.1.2.3", 0)
    assert not made.admits(MESSAGE, "8.8.8.8", 0)
    made.trust([IPv4Network("8.8.8.8/32")])
    assert made.admits(MESSAGE, "8.8.8.8", 0)
    assert not made.admits(MESSAGE, "no address", 0)
    assert made.dropped == {Drop.NETWORK: 2}


def test_what_is_too_small_too_big_or_no_text() -> None:
    made = fence()
    assert not made.admits(b"\r\n\r\n", "10.0.0.1", 0)
    assert not made.admits(b"x" * (MAX_OCTETS + 1), "10.0.0.1", 0)
    assert not made.admits(MESSAGE + b"\xff\xfe", "10.0.0.1", 0)
    assert not made.admits(MESSAGE + b"\x00", "10.0.0.1", 0)
    assert made.dropped == {Drop.SIZE: 1, Drop.TEXT: 2}


def test_a_flood_of_invites_is_thinned_and_others_are_not() -> None:
    made = fence()
    passed = sum(made.admits(INVITE, "10.0.0.1", n / 1000) for n in range(2000))
    assert 100 + 2 * 40 - 2 <= passed <= 100 + 2 * 40 + 2
    assert made.admits(INVITE, "10.0.0.2", 2.0)
    assert made.admits(MESSAGE, "10.0.0.1", 10.0)


def test_ten_calls_a_second_of_one_pbx_pass() -> None:
    made = fence()
    for n in range(1000):  # ten seconds, two INVITEs and six other messages for each call
        now = n / 100
        assert made.admits(MESSAGE, "10.0.0.1", now)
        assert n % 5 or made.admits(INVITE, "10.0.0.1", now)


def test_lock_out_by_address_and_its_end() -> None:
    made = fence(3)
    assert [made.failed("10.0.0.1", n) for n in range(3)] == [False, False, True]
    assert not made.admits(MESSAGE, "10.0.0.1", 3)
    assert made.admits(MESSAGE, "10.0.0.2", 3)
    assert made.admits(MESSAGE, "10.0.0.1", 602.1)
    assert not made.failed("10.0.0.1", 603)


def test_the_right_password_forgives_and_so_does_time() -> None:
    made = fence(2)
    made.failed("10.0.0.1", 0)
    made.succeeded("10.0.0.1")
    assert not made.failed("10.0.0.1", 1)
    assert not made.failed("10.0.0.1", 1000)


@settings(deadline=None, max_examples=5)
@given(st.lists(st.integers(0, 2**24 - 1), min_size=1, max_size=50))
def test_memory_is_bounded(numbers: list[int]) -> None:
    made = fence()
    for n in range(4500):
        address = f"10.{n >> 8 & 255}.{n & 255}.{numbers[n % len(numbers)] & 255}"
        made.admits(MESSAGE, address, n)
        made.failed(address, n)
    assert max(len(made._sources), len(made._failures)) <= 4096
