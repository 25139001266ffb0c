"""All behaviours by name: the built-in ones, and those that other packages register.

A package of one's own adds a behaviour with a class (see `bent.Bent`) and an entry point of the group `scatter.behaviours`,
whose name is the behaviour's:

    [project.entry-points."scatter.behaviours"]
    greedy = "my_package.greedy:Greedy"
"""

import inspect
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from scatter.behaviours import copying, data, disputing, evaluation, keys, scoring, silence, updates, withholding
from scatter.behaviours.bent import Bent, Honest, Options
from scatter.behaviours.persona import Persona
from scatter.protocol.states import Role

GROUP = "scatter.behaviours"

log = logging.getLogger(__name__)


class BehaviourError(ValueError):
    """There is no such behaviour, it is not for that role, or it does not take these options; the message says which."""


@dataclass(frozen=True, slots=True)
class BehaviourKind:
    """A way to behave: its name, who may behave so, what it does and what the protocol should do to it, and its options."""

    name: str
    roles: frozenset[Role]
    description: str
    options: type[Options]
    """A pydantic model: `model_json_schema()` has names, types, defaults, bounds and descriptions."""
    made_by: type[Bent[Any]]

    def check(self, options: Mapping[str, Any]) -> Options:
        """The options with their defaults. BehaviourError for one that is unknown or out of bounds."""
        try:
            return self.options.model_validate(dict(options))
        except ValidationError as error:
            raise BehaviourError(f"behaviour {self.name!r}: {_reason(error, self.options)}") from error


BUILT_IN: Mapping[str, type[Bent[Any]]] = MappingProxyType(
    {
        "honest": Honest,
        "lazy": updates.Lazy,
        "lazy-noise": updates.LazyNoise,
        "label-flip": data.LabelFlip,
        "sign-flip": updates.SignFlip,
        "noise": updates.Noise,
        "scaling": updates.Scaling,
        "copying": copying.Copying,
        "backdoor": data.Backdoor,
        "drop-out": silence.DropOut,
        "unreadable-keys": keys.UnreadableKeys,
        "late-content": withholding.LateContent,
        "constant-scores": scoring.ConstantScores,
        "inverted-scores": scoring.InvertedScores,
        "copying-scores": copying.CopyingScores,
        "lazy-scores": scoring.LazyScores,
        "echoing-scores": scoring.EchoingScores,
        "colluding": scoring.Colluding,
        "refusing": scoring.Refusing,
        "wrong-aggregate": scoring.WrongAggregate,
        "silent-at-commit": silence.SilentAtCommit,
        "silent-at-opening": silence.SilentAtOpening,
        "silent-at-aggregation": silence.SilentAtAggregation,
        "silent-auditor": silence.SilentAuditor,
        "silent-juror": silence.SilentJuror,
        "false-challenges": disputing.FalseChallenges,
        "garbage-evaluation": evaluation.GarbageEvaluation,
        "withheld-shard-key": silence.WithheldShardKey,
        "withheld-bundle": keys.WithheldBundle,
        "wrong-bundle": keys.WrongBundle,
        "withheld-content": withholding.WithheldContent,
        "posing-as-trainer": data.PosingAsTrainer,
    }
)


def behaviours() -> Mapping[str, BehaviourKind]:
    """All that can be used, the built-in ones first. Of others that cannot be loaded the log says which and why."""
    kinds = {name: _kind(name, made_by) for name, made_by in BUILT_IN.items()}
    for point in entry_points(group=GROUP):
        try:
            kinds[point.name] = _foreign(point, kinds)
        except BehaviourError as error:
            log.warning("%s", error)
    return MappingProxyType(kinds)


def behaviour_kind(name: str) -> BehaviourKind:
    """The behaviour of a name. BehaviourError when there is none, or when it comes from elsewhere and cannot be loaded."""
    if name in BUILT_IN:
        return _kind(name, BUILT_IN[name])
    for point in entry_points(group=GROUP, name=name):
        return _foreign(point, ())
    raise BehaviourError(f"there is no behaviour {name!r}; there are {', '.join(behaviours())}")


def create(name: str, options: Mapping[str, Any], persona: Persona) -> Bent[Any]:
    """A node's behaviour. The node becomes one of its conspiracy. BehaviourError as above, or when it is not for its role."""
    kind = behaviour_kind(name)
    if persona.role not in kind.roles:
        raise BehaviourError(f"{persona.name} is a {persona.role.name.lower()}; {name!r} is for {_listed(kind)}")
    checked = kind.check(options)
    persona.conspiracy.accounts[persona.account] = name
    return kind.made_by(persona, checked)


def check_behaviour(name: str, role: Role, options: Mapping[str, Any]) -> None:
    """BehaviourError when a node of that role cannot have that behaviour with those options."""
    kind = behaviour_kind(name)
    if role not in kind.roles:
        raise BehaviourError(f"behaviour {name!r} is for {_listed(kind)}, not for a {role.name.lower()}")
    kind.check(options)


def _listed(kind: BehaviourKind) -> str:
    return ", ".join(role.name.lower() for role in sorted(kind.roles))


def _kind(name: str, made_by: type[Bent[Any]]) -> BehaviourKind:
    return BehaviourKind(name, made_by.roles, inspect.cleandoc(made_by.__doc__ or ""), made_by.takes, made_by)


def _foreign(point: EntryPoint, taken: Mapping[str, BehaviourKind] | tuple[()]) -> BehaviourKind:
    """A behaviour from another package, whose code may do anything when it is loaded. BehaviourError that names it."""
    where = f"behaviour {point.name!r} ({point.value})"
    if point.name in taken:
        raise BehaviourError(f"{where} cannot be used: the name is taken")
    try:
        made_by = point.load()
    except Exception as error:
        raise BehaviourError(f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(made_by, type) and issubclass(made_by, Bent)):
        raise BehaviourError(f"{where} cannot be used: it is no subclass of {Bent.__module__}.Bent")
    if not made_by.__doc__ or not made_by.roles or not issubclass(made_by.takes, Options):
        raise BehaviourError(
            f"{where} cannot be used: it needs a docstring, roles, and options of {Options.__module__}"
        )
    return _kind(point.name, made_by)


def _reason(error: ValidationError, options: type[Options]) -> str:
    detail = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"it has no option {name!r}; it takes {', '.join(options.model_fields) or 'none'}"
    return f"option {name!r} is {detail['input']!r}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
