"""Who somebody is: digest authentication (RFC 3261 22, RFC 2617) from the server's side. Pure.

A nonce carries the time of its birth and is signed for one address, so none is stored until it was
used well; then the highest nonce count is kept, and a request that is sent again is stale. Nobody
can have another address locked out with a nonce of his own.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from hashlib import md5, sha256

MAX_HEADER = 2048  # characters
_MAX_NONCES = 4096  # that were used well
_FIELD = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)')
_COUNT = re.compile(r"[0-9a-fA-F]{8}")
_HASH = re.compile(r"[0-9a-fA-F]{32}")


class Verdict(Enum):
    """What an Authorization header proves."""

    RIGHT = auto()
    WRONG = auto()  # a name or password that is none of ours
    STALE = auto()  # right, but with a nonce that is too old or was used before
    NONE = auto()  # nothing: no header, or not an answer to a challenge of ours


@dataclass(frozen=True, slots=True)
class Credentials:
    """An Authorization header."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    cnonce: str
    count: str  # eight hexadecimal digits


@dataclass(slots=True)
class _Used:
    born: float
    count: int = 0


@dataclass(slots=True)
class Digest:
    """Challenges, and judges the answers. Time is in seconds and only goes forward."""

    realm: str
    nonce_s: float
    key: bytes = field(repr=False)  # random, of this run
    _used: dict[str, _Used] = field(default_factory=dict)

    def challenge(self, source: str, now: float, salt: str, *, stale: bool = False) -> str:
        """The value of WWW-Authenticate for an address; `salt` is random hexadecimal digits."""
        stamp = f"{int(now * 1000):x}.{salt}"
        again = ", stale=true" if stale else ""
        nonce = f"{stamp}.{self._sign(stamp, source)}"
        return f'Digest realm="{self.realm}", nonce="{nonce}", algorithm=MD5, qop="auth"{again}'

    def judge(
        self,
        credentials: Credentials | None,
        method: str,
        passwords: Mapping[str, str],
        source: str,
        now: float,
    ) -> Verdict:
        """Judge what came with a request from an address."""
        if credentials is None or credentials.realm != self.realm:
            return Verdict.NONE
        born = self._born(credentials.nonce, source)
        if born is None:
            return Verdict.NONE
        password = passwords.get(credentials.username)
        right = response(credentials, method, password or "")
        if not hmac.compare_digest(right, credentials.response.lower()) or password is None:
            return Verdict.WRONG
        if now - born > self.nonce_s or not self._is_next(credentials, born, now):
            return Verdict.STALE
        return Verdict.RIGHT

    def _sign(self, stamp: str, source: str) -> str:
        return hmac.new(self.key, f"{stamp} {source}".encode(), sha256).hexdigest()[:32]

    def _born(self, nonce: str, source: str) -> float | None:
        """When we made a nonce for an address; None when we did not, in this run."""
        stamp, _, signature = nonce.rpartition(".")
        if not hmac.compare_digest(self._sign(stamp, source).encode(), signature.encode()):
            return None
        return int(stamp.partition(".")[0], 16) / 1000

    def _is_next(self, credentials: Credentials, born: float, now: float) -> bool:
        used = self._used.get(credentials.nonce)
        if used is None:
            self._make_room(now)
            used = self._used[credentials.nonce] = _Used(born)
        count = int(credentials.count, 16)
        if count <= used.count:
            return False
        used.count = count
        return True

    def _make_room(self, now: float) -> None:
        """Forget the nonces that are stale by age; when that does not help, the oldest one."""
        if len(self._used) >= _MAX_NONCES:
            for nonce in [n for n, used in self._used.items() if now - used.born > self.nonce_s]:
                del self._used[nonce]
        if len(self._used) >= _MAX_NONCES:
            # What it admitted could be sent once more: its sender owns that many passwords.
            del self._used[next(iter(self._used))]


def read(value: str) -> Credentials | None:
    """Read an Authorization header; None for one that is not MD5 with qop=auth."""
    scheme, _, rest = value.strip().partition(" ")
    if len(value) > MAX_HEADER or scheme.lower() != "digest":
        return None
    fields: dict[str, str] = {}
    at = 0
    while found := _FIELD.match(rest, at):
        if found.end() == at:
            break
        fields[found[1].lower()] = found[2] if found[2] is not None else found[3]
        at = found.end()
    if fields.get("algorithm", "MD5").upper() != "MD5" or fields.get("qop", "").lower() != "auth":
        return None
    wanted = ("username", "realm", "nonce", "uri", "response", "cnonce", "nc")
    if any(not fields.get(name) for name in wanted):
        return None
    if not _COUNT.fullmatch(fields["nc"]) or not _HASH.fullmatch(fields["response"]):
        return None
    return Credentials(*(fields[name] for name in wanted))


def response(credentials: Credentials, method: str, password: str) -> str:
    """What the response must be, RFC 2617 3.2.2.1."""
    secret = _md5(f"{credentials.username}:{credentials.realm}:{password}")
    what = _md5(f"{method}:{credentials.uri}")
    nonce = f"{credentials.nonce}:{credentials.count}:{credentials.cnonce}"
    return _md5(f"{secret}:{nonce}:auth:{what}")


def _md5(text: str) -> str:
    return md5(text.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()
