"""What a node tells the person who watches it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from scatter.protocol.duties import Duty


class Progress(StrEnum):
    """How far a duty is."""

    STARTED = "started"
    DONE = "done"
    RETRYING = "retrying"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that happened to a node: which duty, how far, how long it took in seconds, what went wrong."""

    node: str
    duty: Duty
    progress: Progress
    seconds: float = 0.0
    error: str = ""


Reporter = Callable[[Report], None]
