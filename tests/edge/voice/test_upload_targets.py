"""A folder, and a real HTTP server that checks signatures: what is put has arrived, or is told."""

import hashlib
import io
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config.voice import Recording
from edge.voice.sigv4 import NOTHING, Key, signed
from edge.voice.upload_targets import FolderTarget, S3Target, Target, UploadError, target_of
from tests.edge.voice.stores import KEY_ID, REGION, SECRET, Bucket, bucket

SOUND = bytes(range(256)) * 4000
# Two worked examples of the Amazon S3 API reference, "Signature Calculations ... Single Chunk".
EXAMPLE = Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
EXAMPLE_AT = datetime(2013, 5, 24, tzinfo=UTC)
EXAMPLE_HOST = "examplebucket.s3.amazonaws.com"


@pytest.fixture
def store() -> Iterator[Bucket]:
    with bucket() as made:
        yield made


def configured(store: Bucket, tmp_path: Path, scheme: str = "http", secret: str = SECRET) -> Target:
    file = tmp_path / "secret"
    file.write_text(f"{secret}\n")
    recording = Recording(
        upload="s3://calls/vienna/",
        s3_endpoint=f"{scheme}://{store.address}",
        s3_region=REGION,
        s3_key_id=KEY_ID,
        s3_secret_file=file,
    )
    target = target_of(recording)
    assert target
    return target


def test_the_signature_is_that_of_the_published_examples() -> None:
    body = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
    headers = {
        "Date": "Fri, 24 May 2013 00:00:00 GMT",
        "Host": EXAMPLE_HOST,
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
    }
    put = signed("PUT", "/test$file.text", headers, body, EXAMPLE, EXAMPLE_AT)
    assert put["authorization"].endswith(
        "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,"
        "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    )
    ranged = {"Host": EXAMPLE_HOST, "Range": "bytes=0-9"}
    get = signed("GET", "/test.txt", ranged, NOTHING, EXAMPLE, EXAMPLE_AT)
    assert get["authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_a_key_does_not_show_its_secret() -> None:
    assert EXAMPLE.secret not in repr(EXAMPLE)


def test_a_store_gets_the_file_signed(store: Bucket, tmp_path: Path) -> None:
    configured(store, tmp_path).put("c-1.wav", io.BytesIO(SOUND))
    assert store.objects == {"/calls/vienna/c-1.wav": SOUND}


def test_a_wrong_secret_is_told_by_the_stores_own_word(store: Bucket, tmp_path: Path) -> None:
    target = configured(store, tmp_path, secret="another")
    with pytest.raises(UploadError, match=r"answers 403 SignatureDoesNotMatch$"):
        target.put("c-1.wav", io.BytesIO(SOUND))
    assert store.objects == {}


@pytest.mark.parametrize("status", [301, 404, 503])
def test_a_refusal_is_told(store: Bucket, tmp_path: Path, status: int) -> None:
    store.refuse = [(status, "SlowDown")]
    with pytest.raises(UploadError, match=f"answers {status} SlowDown"):
        configured(store, tmp_path).put("c-1.wav", io.BytesIO(SOUND))


def test_a_store_that_keeps_only_a_part_is_found_out(store: Bucket, tmp_path: Path) -> None:
    store.lose = 1
    with pytest.raises(UploadError, match="does not have all of it"):
        configured(store, tmp_path).put("c-1.wav", io.BytesIO(SOUND))


def test_a_store_that_is_away_is_told(tmp_path: Path) -> None:
    with bucket() as store:
        target = configured(store, tmp_path)
    with pytest.raises(UploadError, match=r"^127\.0\.0\.1:\d+: .*refused"):
        target.put("c-1.wav", io.BytesIO(SOUND))


def test_after_an_abort_nothing_is_sent(store: Bucket, tmp_path: Path) -> None:
    target = configured(store, tmp_path)
    target.abort()
    with pytest.raises(UploadError, match="the gateway stops"):
        target.put("c-1.wav", io.BytesIO(SOUND))
    assert store.puts == 0


def test_tls_is_checked_against_the_systems_authorities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with bucket(tls) as store:
        with pytest.raises(UploadError, match="CERTIFICATE_VERIFY_FAILED"):
            configured(store, tmp_path, "https").put("c-1.wav", io.BytesIO(SOUND))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        configured(store, tmp_path, "https").put("c-1.wav", io.BytesIO(SOUND))
        assert store.objects == {"/calls/vienna/c-1.wav": SOUND}


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "store")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
    )
    address = x509.IPAddress(IPv4Address("127.0.0.1"))
    made = made.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    (folder / "cert.pem").write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


def test_a_folder_gets_a_whole_file_or_none(tmp_path: Path) -> None:
    target = target_of(Recording(upload=str(tmp_path)))
    assert isinstance(target, FolderTarget)
    target.put("c-1.wav", io.BytesIO(SOUND))
    assert (tmp_path / "c-1.wav").read_bytes() == SOUND
    target.abort()
    with pytest.raises(UploadError, match="the gateway stops"):
        target.put("c-2.wav", io.BytesIO(SOUND))
    assert not (tmp_path / "c-2.wav").exists()


def test_a_folder_that_is_not_mounted_is_not_made(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path / "share")
    with pytest.raises(UploadError, match=r"share: No such file or directory$"):
        target.put("c-1.wav", io.BytesIO(SOUND))
    assert not (tmp_path / "share").exists()


def test_without_upload_there_is_no_target() -> None:
    assert target_of(Recording()) is None


def test_a_secret_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    recording = Recording(
        upload="s3://calls",
        s3_endpoint="http://127.0.0.1:1",
        s3_key_id=KEY_ID,
        s3_secret_file=tmp_path / "none",
    )
    with pytest.raises(UploadError, match=r"the secret key in .*none cannot be read"):
        target_of(recording)


def test_an_address_with_an_impossible_port_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="Port"):
        S3Target("http://store:99999", "calls", EXAMPLE)
