"""What a web server is started with."""

import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path

TOKEN_BYTES = 24
TOKEN_FILE = "token"  # noqa: S105 — a name of a file
DATABASE = "web.sqlite"
RUNS = "runs"
MOST_BODY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`folder`: where everything is kept; `beside`: where paths in documents start from; `host` and `port`: where it listens;
    `token`: what people sign in with (None: nobody has to); `most_runs`: runs that go on at once."""

    folder: Path
    beside: Path
    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    most_runs: int = 2

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.folder / DATABASE

    @property
    def runs(self) -> Path:
        """Where each run has a folder."""
        return self.folder / RUNS

    @property
    def hosts(self) -> frozenset[str]:
        """The names that requests may have for this server; any when people have to sign in."""
        return (
            frozenset({"*"})
            if self.token is not None
            else frozenset({"localhost", "127.0.0.1", "[::1]", "::1", self.host})
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def token_in(folder: Path) -> str:
    """The token of a folder: made once, readable for its owner only."""
    path = folder / TOKEN_FILE
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
    return path.read_text().strip()
