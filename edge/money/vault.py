"""Voucher codes at rest: sealed with AES-256-GCM, known again by a keyed fingerprint.

The library behind it takes 6 MB, so it is loaded with the first voucher.
"""

import hmac
import secrets
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12  # NIST SP 800-38D, 5.2.1.1
_FINGERPRINT_BYTES = 16


class WrongKey(Exception):  # noqa: N818 - what is wrong is said in a sentence
    """A voucher was sealed with another key, or is not the one it is said to be."""


class Vault:
    """Seals and opens codes; the name of a voucher is bound to its seal."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @cached_property
    def _cipher(self) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(_derive(self._key, b"seal"))

    @cached_property
    def _marker(self) -> bytes:
        return _derive(self._key, b"fingerprint")

    def fingerprint(self, code: str) -> bytes:
        """What a code is known by; nobody without the key can tell the code from it."""
        return hmac.digest(self._marker, code.encode(), sha256)[:_FINGERPRINT_BYTES]

    def seal(self, voucher: str, code: str) -> bytes:
        """Encrypt the code of a voucher."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, code.encode(), voucher.encode())

    def open(self, voucher: str, sealed: bytes) -> SecretStr:
        """Decrypt the code of a voucher; raises WrongKey."""
        from cryptography.exceptions import InvalidTag

        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            code = self._cipher.decrypt(nonce, body, voucher.encode())
        except (InvalidTag, ValueError) as error:
            raise WrongKey(
                f"{voucher} was sealed with another key: bring back the key it was imported with."
            ) from error
        return SecretStr(code.decode())


def _derive(key: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length=32, salt=None, info=b"trunkline vouchers " + purpose).derive(key)
