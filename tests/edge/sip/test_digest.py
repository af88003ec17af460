from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sip.digest import Credentials, Digest, Verdict, read, response

PASSWORDS = {"201": "secret"}


def judge(nonce_s: float = 60) -> Digest:
    return Digest("trunkline", nonce_s, b"key")


def proof(digest: Digest, now: float, password: str = PASSWORDS["201"], **more: str) -> Credentials:
    nonce = digest.challenge("a", now, "ab").split('nonce="')[1].split('"')[0]
    made = Credentials("201", "trunkline", nonce, "sip:x", "", "cc", "00000001")
    made = replace(made, **more)
    return replace(made, response=response(made, "REGISTER", password))


def test_the_example_of_rfc_2617() -> None:
    made = Credentials(
        "Mufasa",
        "testrealm@host.com",
        "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "/dir/index.html",
        "",
        "0a4f113b",
        "00000001",
    )
    assert response(made, "GET", "Circle Of Life") == "6629fae49393a05397450978507c4ef1"


def test_right_and_wrong() -> None:
    digest = judge()
    right = proof(digest, 0)
    assert digest.judge(right, "INVITE", PASSWORDS, "a", 1) is Verdict.WRONG
    assert digest.judge(right, "REGISTER", PASSWORDS, "a", 1) is Verdict.RIGHT
    assert digest.judge(proof(digest, 0, "x"), "REGISTER", PASSWORDS, "a", 1) is Verdict.WRONG
    unknown = proof(digest, 0, "", username="nobody")
    assert digest.judge(unknown, "REGISTER", PASSWORDS, "a", 1) is Verdict.WRONG


def test_a_nonce_gets_stale_by_age_and_by_use() -> None:
    digest = judge(60)
    assert digest.judge(proof(digest, 0), "REGISTER", PASSWORDS, "a", 61) is Verdict.STALE
    first = proof(digest, 100)
    assert digest.judge(first, "REGISTER", PASSWORDS, "a", 101) is Verdict.RIGHT
    assert digest.judge(first, "REGISTER", PASSWORDS, "a", 101) is Verdict.STALE
    assert "stale=true" in digest.challenge("a", 0, "a", stale=True)


def test_a_nonce_of_somebody_else_proves_nothing_and_is_no_wrong_password() -> None:
    other = Digest("trunkline", 60, b"other")
    assert judge().judge(proof(other, 0), "REGISTER", PASSWORDS, "a", 1) is Verdict.NONE
    assert judge().judge(proof(judge(), 0, realm="x"), "REGISTER", {}, "a", 1) is Verdict.NONE
    assert judge().judge(None, "REGISTER", PASSWORDS, "a", 1) is Verdict.NONE
    assert judge().judge(proof(judge(), 0), "REGISTER", PASSWORDS, "b", 1) is Verdict.NONE


def test_used_nonces_are_bounded() -> None:
    digest = judge(10_000)
    for n in range(4200):
        assert digest.judge(proof(digest, n), "REGISTER", PASSWORDS, "a", n) is Verdict.RIGHT
    assert len(digest._used) <= 4096


def test_a_header_is_read_with_commas_and_quotes_in_its_values() -> None:
    made = read(
        'Digest username="a,b", realm="r\\"x", nonce="n", uri="sip:x;y=1,2", '
        f'response="{"0" * 32}", algorithm=MD5, cnonce="c", qop=auth, nc=0000000a, opaque=""'
    )
    assert made is not None
    assert (made.username, made.uri, int(made.count, 16)) == ("a,b", "sip:x;y=1,2", 10)


def test_what_is_not_md5_with_qop_auth_is_not_read() -> None:
    whole = f'Digest username="u", realm="r", nonce="n", uri="u", response="{"a" * 32}"'
    more = ', cnonce="c", nc=00000001, qop=auth'
    assert read(whole + more)
    assert read(whole) is None
    assert read(whole + more.replace("auth", "auth-int")) is None
    assert read(whole + more + ", algorithm=SHA-256") is None
    assert read(whole + more.replace("00000001", "1")) is None
    assert read(whole.replace("Digest", "Basic") + more) is None
    assert read(whole + more + " " * 3000) is None


@settings(deadline=None)
@given(st.text(max_size=300))
def test_garbage_is_no_header(text: str) -> None:
    assert read("Digest " + text) is None
    judge().judge(
        Credentials("201", "trunkline", text, "", "0" * 32, "c", "00000001"), "X", PASSWORDS, "a", 0
    )
