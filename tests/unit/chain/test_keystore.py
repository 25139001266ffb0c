"""Secret keys in files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from scatter.chain.keystore import Keystore, KeyUnusable, read_private_key
from scatter.protocol.ids import address

KEY = bytes(range(1, 33))
ADDRESS = address(Account.from_key(KEY).address)

# The two examples of https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage: the same key, password
# "testpassword".
PUBLISHED_KEY = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
PBKDF2 = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}


def written(folder: Path, content: Any) -> Path:
    path = folder / "key"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def encrypted(**changes: Any) -> dict[str, Any]:
    return {**Account.encrypt(KEY, "secret", kdf="scrypt", iterations=1024), **changes}


@pytest.mark.parametrize(("kdf", "iterations"), [("scrypt", 1024), ("pbkdf2", 1000)])
@pytest.mark.parametrize("password", ["secret", "", "pässwörd 密码"])
def test_keystores_open_with_their_password_only(tmp_path: Path, kdf: Any, iterations: int, password: str) -> None:
    path = written(tmp_path, Account.encrypt(KEY, password, kdf=kdf, iterations=iterations))
    keystore = Keystore.load(path)
    assert address(keystore.unlock(password).address) == ADDRESS
    with pytest.raises(KeyUnusable, match="key: wrong password"):
        keystore.unlock(password + "!")


def test_the_published_example(tmp_path: Path) -> None:
    account = Keystore.load(written(tmp_path, PBKDF2)).unlock("testpassword")
    assert account.key.hex().removeprefix("0x") == PUBLISHED_KEY


def test_old_and_bare_spellings(tmp_path: Path) -> None:
    keystore = encrypted()
    for content in (
        {"version": 3, "Crypto": keystore["crypto"]},
        {"version": 3, "crypto": keystore["crypto"], "address": ""},
        {"version": 3, "crypto": keystore["crypto"], "address": Account.from_key(KEY).address, "name": "x"},
    ):
        assert address(Keystore.load(written(tmp_path, content)).unlock("secret").address) == ADDRESS


def test_an_address_that_is_not_the_keys(tmp_path: Path) -> None:
    keystore = Keystore.load(written(tmp_path, encrypted(address="12" * 20)))
    with pytest.raises(KeyUnusable, match="not of the address that it names"):
        keystore.unlock("secret")


def crypto(**changes: Any) -> Callable[[], dict[str, Any]]:
    return lambda: encrypted(crypto={**encrypted()["crypto"], **changes})


def scrypt(**changes: Any) -> Callable[[], dict[str, Any]]:
    return crypto(kdfparams={**encrypted()["crypto"]["kdfparams"], **changes})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: "", "Invalid JSON"),
        (lambda: "[" * 10_000, "no keystore of version 3"),
        (lambda: "[]", "content: Input should be an object"),
        (lambda: {}, "version: Field required"),
        (lambda: encrypted(version=4), "version: Input should be 3"),
        (crypto(cipher="aes-256-gcm"), "cipher"),
        (crypto(kdf="argon2"), "crypto: Input tag 'argon2'"),
        (crypto(kdf="pbkdf2"), r"crypto\.pbkdf2\.kdfparams\.c: Field required"),
        (crypto(ciphertext="00"), "ciphertext"),
        (crypto(mac="zz" * 32), "mac"),
        (crypto(cipherparams={"iv": "00"}), "iv"),
        (scrypt(n=2**30), "is refused: at most 1024 MiB"),
        (scrypt(n=1000), "n=1000, r=8 is refused"),
        (scrypt(r=2**30), "is refused"),
        (scrypt(p=2**30), "kdfparams.p"),
        (scrypt(n=-2), "kdfparams.n"),
        (scrypt(dklen=2**30), "dklen"),
        (scrypt(salt=5), "salt"),
        (
            lambda: {**PBKDF2, "crypto": {**PBKDF2["crypto"], "kdfparams": {**PBKDF2["crypto"]["kdfparams"], "c": 2**40}}},
            "kdfparams.c",
        ),
        (lambda: " " * 20_000, "larger than 16384 bytes"),
    ],
)  # fmt: skip
def test_keystores_that_are_refused_unopened(tmp_path: Path, content: Callable[[], Any], message: str) -> None:
    with pytest.raises(KeyUnusable, match=message):
        Keystore.load(written(tmp_path, content()))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for read in (Keystore.load, read_private_key):
        with pytest.raises(KeyUnusable, match="No such file"):
            read(tmp_path / "nothing")
        with pytest.raises(KeyUnusable, match="Is a directory"):
            read(tmp_path)
        with pytest.raises(KeyUnusable, match="is no text"):
            read(tmp_path / "binary")


@pytest.mark.parametrize("text", [KEY.hex(), f"0x{KEY.hex()}\n", f"  {KEY.hex().upper()}\n\n"])
def test_plain_keys(tmp_path: Path, text: str) -> None:
    assert address(read_private_key(written(tmp_path, text)).address) == ADDRESS


@pytest.mark.parametrize(
    "text", ["", KEY.hex()[:-1], KEY.hex() + "00", "zz" * 32, f"{KEY.hex()} {KEY.hex()}", "00" * 32, "ff" * 32]
)
def test_texts_that_are_no_key_are_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(KeyUnusable) as refused:
        read_private_key(written(tmp_path, text))
    assert not text or text not in str(refused.value)
