"""Where peers were: a file that a peer starts from when those it started from last time are gone."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from scatter.p2p.addresses import multiaddr

_FORMAT = 1
_PEERS = 500
_ADDRESSES = 8
_FILE_BYTES = 1 << 20

_log = logging.getLogger(__name__)


class AddressBook:
    """Peers by id, and the addresses under which they were reached or said to be, the latest first. It is a memory, not a
    truth: a damaged file is an empty one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._peers: dict[str, tuple[str, ...]] = {} if path is None else dict(_read(path))
        self._saved = dict(self._peers)

    @property
    def peers(self) -> Mapping[str, tuple[str, ...]]:
        """Multiaddrs without the peer's id, by the id; peers seen last come last."""
        return self._peers

    def note(self, peer: str, addresses: tuple[str, ...]) -> None:
        """A peer is there, at these addresses."""
        if not addresses:
            return
        self._peers.pop(peer, None)
        self._peers[peer] = addresses[:_ADDRESSES]
        while len(self._peers) > _PEERS:
            del self._peers[next(iter(self._peers))]

    def save(self) -> None:
        """Write the file, if there is anything new; it is there whole or as it was."""
        if self._path is None or self._peers == self._saved:
            return
        content = json.dumps({"format": _FORMAT, "peers": self._peers}, indent=1)
        partial = self._path.with_suffix(f".{os.getpid()}.partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(content, encoding="utf-8")
            partial.rename(self._path)
        except OSError as error:
            _log.warning("addresses of peers are not remembered: %s", error)
        else:
            self._saved = dict(self._peers)


def _read(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_FILE_BYTES))
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']!r}")
        for peer, addresses in islice(content["peers"].items(), _PEERS):
            yield str(peer), tuple(str(multiaddr(str(address))) for address in addresses[:_ADDRESSES])
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _log.warning("addresses of peers in %s are unreadable and left out: %s", path, error)
