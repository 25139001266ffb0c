"""What every way to misbehave starts from."""

from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from scatter.behaviours.persona import Persona
from scatter.node.behaviour import Behaviour
from scatter.protocol.states import Role

EVERYBODY = frozenset(Role) - {Role.NONE}
SCORING = frozenset({Role.VALIDATOR, Role.CHALLENGER})
"""Both may be jurors; validators are members, challengers auditors."""


class Options(BaseModel):
    """What can be chosen of a behaviour: each field with a default, its bounds, and a description."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


O_co = TypeVar("O_co", bound=Options, covariant=True)


class Bent(Behaviour, Generic[O_co]):
    """Honest, until a subclass overrides a hook.

    A subclass has a docstring (what it does, then what the protocol should do to it), says in `roles` who may behave so,
    and in `takes` which options it has. It keeps nothing between hooks but what its conspiracy remembers.
    """

    roles: ClassVar[frozenset[Role]] = EVERYBODY
    takes: ClassVar[type[Options]] = Options

    def __init__(self, persona: Persona, options: O_co) -> None:
        self.persona = persona
        self.options = options


class Honest(Bent[Options]):
    """Does everything that its role owes, as well as it can. It is paid for it, and loses nothing but chance."""
