"""AWS Signature Version 4, as S3-compatible stores want it, for requests without a query.

Source: "Authenticating Requests: Using the Authorization Header" of the Amazon S3 API reference.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
NOTHING = hashlib.sha256().hexdigest()  # the checksum of a request without a body


@dataclass(frozen=True, slots=True)
class Key:
    """Who asks; the secret never shows in a log."""

    key_id: str
    secret: str = field(repr=False)
    region: str


def signed(
    method: str, path: str, headers: Mapping[str, str], body_sha256: str, key: Key, at: datetime
) -> dict[str, str]:
    """Give the headers with a signature over all of them; `host` must be one. `at` is UTC."""
    moment = f"{at:%Y%m%dT%H%M%SZ}"
    all_headers = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    all_headers |= {"x-amz-content-sha256": body_sha256, "x-amz-date": moment}
    names = ";".join(sorted(all_headers))
    lines = "".join(f"{name}:{all_headers[name]}\n" for name in sorted(all_headers))
    canonical = "\n".join((method, encoded(path), "", lines, names, body_sha256))
    scope = f"{at:%Y%m%d}/{key.region}/s3/aws4_request"
    to_sign = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.digest(_signing_key(key, at), to_sign.encode(), "sha256").hex()
    who = f"{ALGORITHM} Credential={key.key_id}/{scope},SignedHeaders={names},Signature={signature}"
    return {**all_headers, "authorization": who}


def encoded(path: str) -> str:
    """A path as it is signed and sent."""
    return quote(path, safe="/-_.~")


def _signing_key(key: Key, at: datetime) -> bytes:
    step = f"AWS4{key.secret}".encode()
    for part in (f"{at:%Y%m%d}", key.region, "s3", "aws4_request"):
        step = hmac.digest(step, part.encode(), "sha256")
    return step
