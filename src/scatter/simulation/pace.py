"""Who decides how fast a simulation goes, and where it stops for a while. It cannot change what comes out."""

from typing import Protocol


class Pace(Protocol):
    """Asked before everything that takes the simulation further; it goes on when the answer comes."""

    async def between_steps(self, done: int) -> None:
        """So many steps are done, and another one would begin."""
        ...

    async def before_block(self) -> None:
        """A block would be mined."""
        ...


class FullSpeed:
    """Never wait."""

    async def between_steps(self, done: int) -> None:
        """See `Pace`."""

    async def before_block(self) -> None:
        """See `Pace`."""
