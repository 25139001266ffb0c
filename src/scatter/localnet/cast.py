"""Who takes part in a local network."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from scatter.errors import BadInput
from scatter.protocol.states import Role

REQUESTOR = "requestor"
"""The name of the one player who posts the job."""


class CastError(BadInput):
    """The cast cannot play; the message says why."""


@dataclass(frozen=True, slots=True)
class Player:
    """One node to be: its name, its role, and the name of its behaviour, as `behaviours.registry` has it."""

    name: str
    role: Role
    conduct: str = "honest"


@dataclass(frozen=True, slots=True)
class Cast:
    """How many of each. The last trainers misbehave: `lazy` return the model unchanged, `poison` train on flipped labels; so do
    the last validators: they agree on false scores. `bystanders` are challengers too: there to sit on a jury."""

    trainers: int = 6
    validators: int = 3
    challengers: int = 2
    lazy: int = 0
    poison: int = 0
    lying_validators: int = 0
    bystanders: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise CastError(f"there cannot be {getattr(self, field.name)} {field.name}")
        if not self.trainers or not self.validators:
            raise CastError("a job needs at least one trainer and one validator")
        if self.lazy + self.poison > self.trainers:
            raise CastError(f"{self.lazy} lazy and {self.poison} poisoning trainers are more than all {self.trainers}")

        if self.lying_validators > self.validators:
            raise CastError(f"{self.lying_validators} lying validators are more than all {self.validators}")

    def players(self) -> list[Player]:
        """Everybody, the requestor first."""
        honest = self.trainers - self.lazy - self.poison
        conduct = ["honest"] * honest + ["lazy"] * self.lazy + ["label-flip"] * self.poison
        scoring = ["honest"] * (self.validators - self.lying_validators) + ["inverted-scores"] * self.lying_validators
        return [
            Player(REQUESTOR, Role.REQUESTOR),
            *(Player(f"trainer-{n}", Role.TRAINER, how) for n, how in enumerate(conduct, 1)),
            *(Player(f"validator-{n}", Role.VALIDATOR, how) for n, how in enumerate(scoring, 1)),
            *(Player(f"challenger-{n}", Role.CHALLENGER) for n in range(1, self.challengers + 1)),
            *(Player(f"bystander-{n}", Role.CHALLENGER) for n in range(1, self.bystanders + 1)),
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


def lying(text: str | None) -> int:
    """How many validators lie, from `validators=N`. CastError when the text says something else."""
    if text is None:
        return 0
    who, _, number = text.partition("=")
    if who != "validators" or not number.isdecimal():
        raise CastError(f"--liars takes validators=N, not {text!r}")
    return int(number)
