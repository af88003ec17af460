"""TLS both ways, with certificates made on the spot by openssl."""

import subprocess
from pathlib import Path

import pytest

from mqtt.session import LinkState
from tests.brokers import Broker, Mosquitto
from tests.mqtt.rig import connected, running

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")


def certify(folder: Path, name: str, signer: str | None, names: str) -> None:
    """Make `name`.pem and `name`.key, signed by `signer` or by itself."""
    command = ["openssl", "req", "-x509", *KEY, "-subj", f"/CN={name}"]
    command += ["-addext", f"subjectAltName={names}"]
    command += ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
    if signer:
        command += ["-CA", f"{signer}.pem", "-CAkey", f"{signer}.key"]
        command += ["-addext", "basicConstraints=CA:FALSE"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    certify(tmp_path, "ca", None, "DNS:ca")
    certify(tmp_path, "server", "ca", "IP:127.0.0.1")
    certify(tmp_path, "vienna", "ca", "DNS:vienna")
    certify(tmp_path, "stranger", None, "DNS:stranger")
    return Mosquitto(
        tmp_path,
        f"cafile {tmp_path}/ca.pem",
        f"certfile {tmp_path}/server.pem",
        f"keyfile {tmp_path}/server.key",
        "require_certificate true",
        "use_identity_as_username true",
    )


def access(folder: Path, authority: str, name: str) -> dict[str, Path]:
    return {
        "ca_file": folder / f"{authority}.pem",
        "cert_file": folder / f"{name}.pem",
        "key_file": folder / f"{name}.key",
    }


async def test_certificates_open_the_door(broker: Broker) -> None:
    with broker:
        async with connected(broker, **access(broker.folder, "ca", "vienna")) as rig:
            await rig.session.publish("trunkline/v1/vienna/cdr", b"x" * 200_000)


@pytest.mark.parametrize(
    ("authority", "name", "sentence"),
    [
        ("stranger", "vienna", "CERTIFICATE_VERIFY_FAILED"),
        ("ca", "stranger", "no link to the broker"),
        ("missing", "vienna", "No such file"),
    ],
)
async def test_a_wrong_certificate_is_told(
    broker: Broker, authority: str, name: str, sentence: str
) -> None:
    with broker:
        async with running(broker, **access(broker.folder, authority, name)) as rig:
            state, why = await rig.state()
    assert state is LinkState.DOWN
    assert sentence in why
