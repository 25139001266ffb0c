"""Artefacts in memory, for simulations, whose state is kept as a whole or not at all."""

from collections.abc import Mapping


class MemoryArtefacts:
    """`ports.Artefacts` that end with the process; `kept` at the start."""

    def __init__(self, kept: Mapping[str, bytes] | None = None) -> None:
        self._kept = dict(kept or {})
        self._all: frozenset[str] | None = None

    @property
    def kept(self) -> Mapping[str, bytes]:
        """Everything."""
        return self._kept

    async def keep(self, key: str, value: bytes) -> bytes:
        """See `ports.Artefacts`."""
        if key not in self._kept:
            self._kept[key] = value
            self._all = None
        return self._kept[key]

    async def get(self, key: str) -> bytes | None:
        """See `ports.Artefacts`."""
        return self._kept.get(key)

    async def keys(self, prefix: str) -> frozenset[str]:
        """See `ports.Artefacts`. All of them are asked for often, and seldom change in between."""
        if prefix:
            return frozenset(key for key in self._kept if key.startswith(prefix))
        if self._all is None:
            self._all = frozenset(self._kept)
        return self._all

    async def forget(self, key: str) -> None:
        """See `ports.Artefacts`."""
        if self._kept.pop(key, None) is not None:
            self._all = None
