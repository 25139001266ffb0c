"""A recording, to be read: by figures, by expectations, by anybody with a question."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scatter.simulation.recording.beginning import Deployed
from scatter.simulation.recording.rows import Rows


@dataclass(frozen=True, slots=True)
class Recorded:
    """Tables by name, as `schema` says, and what the protocol was deployed with."""

    tables: Mapping[str, Rows]
    deployed: Deployed

    @classmethod
    def load(cls, folder: Path) -> Self:
        """From a folder that `Recorder.write` wrote, or the output folder around it. RecordingUnusable
        when it holds none, or a damaged one."""
        from scatter.simulation.recording.files import read_folder

        return cls(*read_folder(folder))

    def __getitem__(self, table: str) -> Rows:
        """A table by its name."""
        return self.tables[table]
