"""The nodes of a document by name, with the addresses that they will have: before anything has run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scatter.protocol.states import Role
from scatter.simulation.founding import actor_of
from scatter.simulation.scenario import MAX_NODES, MAX_SEED, About
from scatter.web.documents.blocks import table_of
from scatter.web.views.nodes import groups


@dataclass(frozen=True, slots=True)
class NodeToBe:
    """A node of a document. `address`: its account in a run with the document's seed."""

    name: str
    group: str
    role: str
    address: str


def nodes_to_be(content: Mapping[str, Any], most: int = MAX_NODES) -> Sequence[NodeToBe]:
    """The first so many nodes of a document, in its order; none when its seed is none."""
    seed = _seed(content)
    found = list[NodeToBe]()
    for group in groups(content) if seed is not None else ():
        for number in range(1, min(group.size, most - len(found)) + 1):
            name = f"{group.name}-{number}"
            found.append(NodeToBe(name, group.name, group.role, _address(seed or 0, name)))
    return found


def _seed(content: Mapping[str, Any]) -> int | None:
    """The seed of a document, None when it has something there that is none."""
    said = table_of(content, "scenario").get("seed", About.__dataclass_fields__["seed"].default)
    if isinstance(said, str) and said.startswith("$"):
        said = table_of(content, "variables").get(said[1:])
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= MAX_SEED else None


@lru_cache(maxsize=4 * MAX_NODES)
def _address(seed: int, name: str) -> str:
    """As a run has it. Half a millisecond of elliptic curve, so it is remembered."""
    return str(actor_of(seed, name, "", Role.NONE, "").address)
