"""A picture on stderr that changes while something runs: live on a terminal, lines elsewhere. Knows nothing of what it shows."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live


class Picture(ABC):
    """Drawn anew some times a second while it is entered; gone when it is left."""

    def __init__(self, refresh_per_second: int) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._refresh_per_second = refresh_per_second
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._render,
                console=self._console,
                refresh_per_second=self._refresh_per_second,
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _say(self, line: str) -> None:
        """A line where there is no picture."""
        if not self._console.is_terminal:
            self._console.print(line, soft_wrap=True, markup=False)

    @abstractmethod
    def _render(self) -> RenderableType:
        """What it looks like now. Called from a thread of its own."""
