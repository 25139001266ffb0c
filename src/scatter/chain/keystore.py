"""Secret keys in files: Web3 Secret Storage, as geth, Foundry and wallets write it, and plain hex.

The format: https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage. A file may be anybody's, so it
is small, and what it asks of this machine before it opens is bounded.
"""

import json
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BaseModel, Field, StringConstraints, ValidationError, model_validator

from scatter.chain.keys import Account
from scatter.errors import BadInput
from scatter.files import create_secret_file
from scatter.protocol.ids import address

MAX_FILE = 16 * 1024
MAX_SCRYPT_MEMORY = 1 << 30
"""Bytes that scrypt may take, 128 * n * r. What wallets write takes up to 256 MiB."""
_KEY = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")

Hex = Annotated[str, StringConstraints(pattern=r"^(0x)?([0-9a-fA-F]{2}){1,64}$")]
Hex16 = Annotated[str, StringConstraints(pattern=r"^(0x)?[0-9a-fA-F]{32}$")]
Hex32 = Annotated[str, StringConstraints(pattern=r"^(0x)?[0-9a-fA-F]{64}$")]


class KeyUnusable(BadInput):
    """A file has no secret key that can be used; the message says which file and why, and nothing of the key."""


class _Scrypt(BaseModel):
    n: int = Field(ge=2)
    r: int = Field(ge=1)
    p: int = Field(ge=1, le=16)
    dklen: Literal[32]
    salt: Hex

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.n & (self.n - 1) or 128 * self.n * self.r > MAX_SCRYPT_MEMORY:
            raise ValueError(f"scrypt with n={self.n}, r={self.r} is refused: at most {MAX_SCRYPT_MEMORY >> 20} MiB")
        return self


class _Pbkdf2(BaseModel):
    c: int = Field(ge=1, le=10_000_000)
    prf: Literal["hmac-sha256"]
    dklen: Literal[32]
    salt: Hex


class _CipherParameters(BaseModel):
    iv: Hex16


class _Crypto(BaseModel):
    cipher: Literal["aes-128-ctr"]
    cipherparams: _CipherParameters
    ciphertext: Hex32
    mac: Hex32


class _ScryptCrypto(_Crypto):
    kdf: Literal["scrypt"]
    kdfparams: _Scrypt


class _Pbkdf2Crypto(_Crypto):
    kdf: Literal["pbkdf2"]
    kdfparams: _Pbkdf2


class _Content(BaseModel):
    version: Literal[3]
    crypto: Annotated[_ScryptCrypto | _Pbkdf2Crypto, Field(discriminator="kdf")] = Field(
        validation_alias=AliasChoices("crypto", "Crypto")
    )
    address: str = ""


class Keystore:
    """An encrypted key, version 3, checked and not yet opened."""

    def __init__(self, path: Path, content: _Content) -> None:
        self._path = path
        self._content = content

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file. KeyUnusable when it is no keystore, or would take too much memory or time to open."""
        text = _text(path)
        try:
            return cls(path, _Content.model_validate_json(text))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "content"
            raise KeyUnusable(f"{path} is no keystore of version 3: {where}: {first['msg']}") from None

    def unlock(self, password: str) -> Account:
        """The account. KeyUnusable when the password is another one."""
        import eth_account

        try:
            key = eth_account.Account.decrypt(self._content.model_dump(exclude={"address"}), password)
        except ValueError:
            # Everything else that could be wrong was looked at before.
            raise KeyUnusable(f"{self._path}: wrong password") from None
        account = _account(self._path, bytes(key))
        said = self._content.address.lower().removeprefix("0x")
        if said and said != address(account.address)[2:]:
            raise KeyUnusable(f"{self._path} is damaged: the key in it is not of the address that it names")
        return account


def read_private_key(path: Path) -> Account:
    """The account of a file with a secret key as 64 hex digits. KeyUnusable."""
    found = _KEY.fullmatch(_text(path).strip())
    if found is None:
        raise KeyUnusable(f"{path} has no secret key in it: expected 64 hex digits and nothing else")
    return _account(path, bytes.fromhex(found[1]))


def create_keystore(path: Path, account: Account, password: str) -> None:
    """Write an account's key, encrypted under a password, to a file that must not exist yet: an overwritten key cannot be had
    back. KeyUnusable when it cannot be written."""
    import eth_account

    content = json.dumps(eth_account.Account.encrypt(account.key, password))
    try:
        create_secret_file(path, content)
    except FileExistsError:
        raise KeyUnusable(f"{path} exists already, and is not overwritten") from None
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be written: {error.strerror}") from error


def _account(path: Path, key: bytes) -> Account:
    import eth_account

    try:
        account: Account = eth_account.Account.from_key(key)
    except ValueError:
        raise KeyUnusable(f"{path}: this number is no secret key of secp256k1") from None
    return account


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            raise KeyUnusable(f"{path} is larger than {MAX_FILE} bytes: no key")
        return content.decode()
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise KeyUnusable(f"{path} is no text: no key") from None
