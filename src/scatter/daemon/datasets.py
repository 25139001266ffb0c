"""The data that a trainer has: a folder in which every folder with files in it is a dataset, called by its path."""

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

MAX_DATASETS = 1_000
MAX_DEPTH = 4


class FolderOfDatasets(Mapping[str, Path]):
    """Folders by the name that jobs call the dataset: `datasets/digits-8x8/v1/inputs.npy` belongs to `digits-8x8/v1`. Looked up
    each time, so that data can be added while the node runs. Names that a job asks for are compared, never opened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Path:
        for found, place in self._found():
            if found == name:
                return place
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._found())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _found(self) -> Iterator[tuple[str, Path]]:
        return islice(_walk(self._folder, "", MAX_DEPTH), MAX_DATASETS)


def _walk(folder: Path, name: str, depth: int) -> Iterator[tuple[str, Path]]:
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    if name and any(entry.is_file() for entry in inside):
        yield name, folder
    elif depth:
        for entry in inside:
            if entry.is_dir() and not entry.name.startswith("."):
                yield from _walk(folder / entry.name, f"{name}/{entry.name}".lstrip("/"), depth - 1)
