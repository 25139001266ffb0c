"""What a demonstration was started with, kept in its folder so that it can be resumed."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from pydantic_core import from_json

from scatter.errors import BadInput
from scatter.files import replace_file
from scatter.localnet.cast import Cast, CastError

FORMAT = 1
FILE = "demo.json"
JOB_FILE = "job.tar"
MAX_BYTES = 1 << 20
STARTING_TOKENS = 100_000 * 10**18
"""What every player gets before the demonstration, in base units; tickets are paid out of it."""


class FolderUnusable(BadInput):
    """A demonstration's folder cannot be used; the message says why, and the way out."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Seed, cast, and how one-sided the trainers' data is. `before`: balance and stake of each player, by name, when the job was
    posted, None until then; `supply`: all tokens then. Base units."""

    seed: int
    cast: Cast
    alpha: float = 1.0
    before: dict[str, list[int]] | None = None
    supply: int = 0

    def save(self, folder: Path) -> None:
        """Write the file, whole or not at all."""
        content = {
            "format": FORMAT,
            "seed": self.seed,
            "cast": self.cast.to_json(),
            "alpha": self.alpha,
            "before": self.before,
            "supply": self.supply,
        }
        replace_file(folder / FILE, json.dumps(content, indent=2) + "\n")

    def with_balances(self, before: dict[str, list[int]], supply: int) -> Self:
        """The same settings, once the balances before the job, and the supply of tokens, are known."""
        return replace(self, before=before, supply=supply)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read them back. FolderUnusable when there is no demonstration in the folder, or one of another version."""
        try:
            content: Any = from_json((folder / FILE).read_bytes()[:MAX_BYTES])
            if content["format"] != FORMAT:
                raise FolderUnusable(f"{folder} holds a demonstration of another version of Scatter; start a new one")
            return cls(
                int(content["seed"]),
                Cast.from_json(content["cast"]),
                float(content["alpha"]),
                content["before"],
                int(content["supply"]),
            )
        except (OSError, KeyError, TypeError, ValueError, CastError) as error:
            raise FolderUnusable(
                f"there is no demonstration to resume in {folder}: {error}; run it without --resume first"
            ) from error
