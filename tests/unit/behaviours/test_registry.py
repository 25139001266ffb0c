"""Behaviours by name: what there is, what foreign packages add, and what is said of bad ones."""

import logging
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest
from pydantic import Field
from tests.property.protocol.model_chain import account
from tests.unit.behaviours.casting import bent

from scatter.behaviours import registry
from scatter.behaviours.bent import Bent, Options
from scatter.behaviours.keys import Readers
from scatter.behaviours.persona import Conspiracy, Persona
from scatter.behaviours.registry import BUILT_IN, GROUP, BehaviourError, behaviour_kind, behaviours, create
from scatter.protocol.states import Role

HERE = "tests.unit.behaviours.test_registry"


class GreedyOptions(Options):
    """How greedy."""

    appetite: float = Field(0.5, ge=0, le=1, description="part of everything")


class Greedy(Bent[GreedyOptions]):
    """Wants more.
    Gets less."""

    roles = frozenset({Role.TRAINER})
    takes = GreedyOptions


class Wordless(Bent[Options]):
    pass


Wordless.__doc__ = None
NO_BEHAVIOUR = "a text"


def somebody(role: Role = Role.TRAINER, conspiracy: Conspiracy | None = None) -> Persona:
    return Persona("trainer-1", account(7), role, 1, conspiracy or Conspiracy())


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages that register a good behaviour, and bad ones before and after it."""
    points = EntryPoints(
        EntryPoint(name, value, GROUP)
        for name, value in {
            "absent": "no_such_package.module:Class",
            "no-class": f"{HERE}:NO_BEHAVIOUR",
            "greedy": f"{HERE}:Greedy",
            "lazy": f"{HERE}:Greedy",
            "wordless": f"{HERE}:Wordless",
        }.items()
    )
    monkeypatch.setattr(registry, "entry_points", points.select)


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_says_what_it_does_and_has_defaults(name: str) -> None:
    kind = behaviours()[name]
    assert kind.name == name
    assert kind.roles
    assert Role.NONE not in kind.roles
    assert len(kind.description.split(". ")) > 1, "what it does, then what the protocol should do to it"
    assert kind.check({}) == kind.options()
    for field in kind.options.model_fields.values():
        assert field.description
    assert kind.options.model_json_schema()["additionalProperties"] is False
    persona = Persona("node", account(1), min(kind.roles), 1)
    assert create(name, {}, persona).persona is persona


def test_options_are_taken_and_kept() -> None:
    assert bent("noise", scale=3).options.scale == 3.0
    assert bent("wrong-bundle", readers="seats").options.readers is Readers.SEATS


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("noise", {"scale": -1}, "behaviour 'noise': option 'scale' is -1: input should be greater than 0"),
        ("noise", {"scale": "1"}, "behaviour 'noise': option 'scale' is '1': input should be a valid number"),
        ("noise", {"scale": float("nan")}, "option 'scale' is nan: input should be a finite number"),
        ("drop-out", {"round": 33}, "option 'round' is 33: input should be less than or equal to 32"),
        ("drop-out", {"round": True}, "option 'round' is True: input should be a valid integer"),
        ("drop-out", {"rounds": 2}, "behaviour 'drop-out': it has no option 'rounds'; it takes round"),
        ("lazy", {"scale": 1}, "behaviour 'lazy': it has no option 'scale'; it takes none"),
        ("garbage-evaluation", {"kind": "good"}, "option 'kind' is 'good': input should be 'constant', 'unfitting'"),
    ],
)
def test_bad_options_get_one_clear_error(name: str, options: dict[str, Any], message: str) -> None:
    conspiracy = Conspiracy()
    persona = Persona("node", account(1), min(behaviour_kind(name).roles), 1, conspiracy)
    with pytest.raises(BehaviourError) as caught:
        create(name, options, persona)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not conspiracy.accounts


def test_a_behaviour_is_for_some_roles() -> None:
    with pytest.raises(BehaviourError, match="trainer-1 is a trainer; 'refusing' is for validator, challenger"):
        create("refusing", {}, somebody())


def test_unknown_ones_are_named_with_what_there_is() -> None:
    with pytest.raises(BehaviourError, match="there is no behaviour 'naughty'; there are honest, lazy, "):
        create("naughty", {}, somebody())


def test_whoever_behaves_is_one_of_its_conspiracy() -> None:
    gang = Conspiracy()
    create("lazy", {}, somebody(conspiracy=gang))
    assert gang.accounts == {account(7): "lazy"}


@pytest.mark.usefixtures("foreign")
def test_other_packages_add_behaviours_and_bad_ones_stop_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = behaviours()
    assert set(found) == {*BUILT_IN, "greedy"}
    assert found["lazy"].made_by is BUILT_IN["lazy"]
    assert found["greedy"].description == "Wants more.\nGets less."
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "behaviour 'absent' (no_such_package.module:Class) cannot be loaded: "
        "ModuleNotFoundError: No module named 'no_such_package'",
        f"behaviour 'no-class' ({HERE}:NO_BEHAVIOUR) cannot be used: it is no subclass of scatter.behaviours.bent.Bent",
        f"behaviour 'lazy' ({HERE}:Greedy) cannot be used: the name is taken",
        f"behaviour 'wordless' ({HERE}:Wordless) cannot be used: it needs a docstring, roles, and options of "
        "scatter.behaviours.bent",
    ]
    greedy = create("greedy", {"appetite": 1}, somebody())
    assert (type(greedy), greedy.options.appetite) == (found["greedy"].made_by, 1)
    with pytest.raises(BehaviourError, match=r"behaviour 'absent' .* cannot be loaded: ModuleNotFoundError"):
        create("absent", {}, somebody())
    assert create("lazy", {}, somebody()).__class__ is BUILT_IN["lazy"]


def test_what_looks_like_chance_follows_from_seed_node_job_and_purpose() -> None:
    job = bytes(32)
    one = Persona("a", account(1), Role.TRAINER, 1)
    assert one.bytes_for(job, "x") == Persona("a", account(2), Role.TRAINER, 1).bytes_for(job, "x")
    different = [
        one.bytes_for(job, "x"),
        one.bytes_for(job, "y"),
        one.bytes_for(bytes([1]) * 32, "x"),
        Persona("a", account(1), Role.TRAINER, 2).bytes_for(job, "x"),
        Persona("b", account(1), Role.TRAINER, 1).bytes_for(job, "x"),
    ]
    assert len(set(different)) == 5
