"""A chain with the contracts on it, and somebody with an account and a folder."""

from dataclasses import dataclass
from pathlib import Path

from scatter.protocol.ids import Address

PASSWORD = "correct horse"  # noqa: S105


@dataclass(frozen=True)
class Home:
    """`folder` has `deployment.json` and `account.json`, a keystore under PASSWORD of an account with gas money."""

    folder: Path
    url: str
    account: Address
