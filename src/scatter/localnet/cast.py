"""Who takes part in a local network."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from scatter.protocol.states import Role


class CastError(ValueError):
    """The cast cannot play; the message says why."""


@dataclass(frozen=True, slots=True)
class Player:
    """One node to be: its name, its role, and how it misbehaves, if it does (`lazy`, `poison`)."""

    name: str
    role: Role
    conduct: str = "honest"


@dataclass(frozen=True, slots=True)
class Cast:
    """How many of each. The last trainers misbehave: `lazy` return the model unchanged, `poison` train on flipped labels."""

    trainers: int = 6
    validators: int = 3
    challengers: int = 2
    lazy: int = 0
    poison: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise CastError(f"there cannot be {getattr(self, field.name)} {field.name}")
        if not self.trainers or not self.validators:
            raise CastError("a job needs at least one trainer and one validator")
        if self.lazy + self.poison > self.trainers:
            raise CastError(f"{self.lazy} lazy and {self.poison} poisoning trainers are more than all {self.trainers}")

    def players(self) -> list[Player]:
        """Everybody, the requestor first."""
        honest = self.trainers - self.lazy - self.poison
        conduct = ["honest"] * honest + ["lazy"] * self.lazy + ["poison"] * self.poison
        return [
            Player("requestor", Role.REQUESTOR),
            *(Player(f"trainer-{n}", Role.TRAINER, how) for n, how in enumerate(conduct, 1)),
            *(Player(f"validator-{n}", Role.VALIDATOR) for n in range(1, self.validators + 1)),
            *(Player(f"challenger-{n}", Role.CHALLENGER) for n in range(1, self.challengers + 1)),
        ]

    def to_json(self) -> dict[str, int]:
        """The numbers by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """From `to_json`; CastError when a number is missing or is not one."""
        names = {field.name for field in fields(cls)}
        if set(values) != names or not all(type(value) is int for value in values.values()):
            raise CastError(f"a cast holds whole numbers for {', '.join(sorted(names))}")
        return cls(**values)
