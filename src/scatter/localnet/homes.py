"""The folders of nodes that are processes of their own: the same settings as an operator's, and keys that follow from the seed."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID
from scatter.chain.keys import seeded_account
from scatter.daemon.settings import FILE
from scatter.localnet.cast import Player
from scatter.localnet.ground import DEPLOYMENT, secret_of
from scatter.node.secrets import seeded_secrets
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.identity_file import create_identity

LOOPBACK = "/ip4/127.0.0.1/tcp/0"
POLL_SECONDS = 0.1
ACCOUNT, IDENTITY, TOKEN, DATASETS = "account.key", "peer.pem", "api.token", "datasets"


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What nodes are told of the world: the chain's URL, and the peer that they ask first."""

    folder: Path
    seed: int
    rpc_url: str
    bootstrap: str

    def furnish(self, player: Player) -> Path:
        """Write a player's folder, or write it anew after the chain moved; where it is."""
        home = self.folder / "nodes" / player.name
        home.mkdir(parents=True, exist_ok=True)
        account = seeded_account(self.seed, player.name, DEVELOPMENT_CHAIN_ID)
        _write_secret(home / ACCOUNT, account.key.hex().removeprefix("0x"))
        if not (home / IDENTITY).exists():
            known = seeded_secrets(secret_of(self.seed) + player.name.encode(), DEVELOPMENT_CHAIN_ID)
            create_identity(home / IDENTITY, PeerIdentity.from_seed(known("peer")))
        if not (home / TOKEN).exists():
            _write_secret(home / TOKEN, secrets.token_urlsafe(32))
        (home / FILE).write_text(tomlkit.dumps(self._settings(player)))
        return home

    def _settings(self, player: Player) -> Mapping[str, Any]:
        return {
            "name": player.name,
            "role": player.role.name.lower(),
            "chain": {
                "rpc_url": self.rpc_url,
                "deployment": str(Path("..", "..", DEPLOYMENT)),
                "poll_seconds": POLL_SECONDS,
            },
            "account": {"private_key_file": ACCOUNT},
            "peers": {"identity": IDENTITY, "listen": [LOOPBACK], "bootstrap": [self.bootstrap]},
            "api": {"port": 0, "token_file": TOKEN},
            "trainer": {"datasets": DATASETS},
            "development": {"seed": self.seed, "behaviour": player.conduct},
        }


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
