"""Identities in files, by hand and by `scatter keys new`."""

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from typer.testing import CliRunner

from scatter.cli.main import app
from scatter.p2p.identity_file import IdentityUnusable, create_identity, read_identity


def pem(key: Ed25519PrivateKey | X25519PrivateKey, protection: KeySerializationEncryption | None = None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection or NoEncryption())


def test_what_is_made_is_read(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "peer.pem"
    made = create_identity(path)
    assert read_identity(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "peer.pem"
    made = create_identity(path)
    with pytest.raises(IdentityUnusable, match="not overwritten"):
        create_identity(path)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(IdentityUnusable, match="not overwritten"):
        create_identity(tmp_path / "link")
    assert read_identity(path) == made


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        (b"", 0o600, "no private key"),
        (b"nonsense" * 1000, 0o600, "no private key"),
        (pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"secret")), 0o600, "without a password"),
        (pem(X25519PrivateKey.generate()), 0o600, "another kind of key"),
        (pem(Ed25519PrivateKey.generate()), 0o640, "others may read"),
        (pem(Ed25519PrivateKey.generate()), 0o604, "chmod 600"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes, mode: int, problem: str) -> None:
    path = tmp_path / "peer.pem"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(IdentityUnusable, match=problem):
        read_identity(path)


def test_places_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(IdentityUnusable, match="cannot be read"):
        read_identity(tmp_path / "absent")
    with pytest.raises(IdentityUnusable, match="cannot be written"):
        create_identity(tmp_path / "file" / "peer.pem")


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "peer.pem"
    done = CliRunner().invoke(app, ["keys", "new", str(path)])
    assert done.exit_code == 0
    assert done.stdout.strip() == read_identity(path).peer_id
    again = CliRunner().invoke(app, ["keys", "new", str(path)])
    assert again.exit_code == 2
    assert "not overwritten" in again.stderr
    other = CliRunner().invoke(app, ["keys", "new", str(tmp_path / "other.pem"), "--json"])
    said = json.loads(other.stdout)
    assert said["public_key"] == read_identity(tmp_path / "other.pem").public_key.hex()
    assert said["file"] == str(tmp_path / "other.pem")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--listen", "nonsense"],
        ["--listen", "/ip4/127.0.0.1/udp/1"],
        ["--listen", "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"],
        ["--listen", "/ip4/300.0.0.1/tcp/1"],
        ["--announce", "/ip4/127.0.0.1/tcp/70000"],
        ["--peer", "/ip4/127.0.0.1/tcp/1"],
        ["--peer", "/ip4/127.0.0.1/tcp/1/p2p/nobody"],
        ["--identity", "absent.pem"],
    ],
)
def test_a_bootstrap_peer_with_bad_options(tmp_path: Path, wrong: list[str]) -> None:
    create_identity(tmp_path / "peer.pem")
    done = CliRunner().invoke(app, ["bootstrap", "--identity", str(tmp_path / "peer.pem"), *wrong])
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
