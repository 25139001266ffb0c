"""Nodes: groups as the document has them, and each node with what it has and owes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scatter.protocol.states import Role
from scatter.protocol.view import Reputation
from scatter.simulation.recording.reputation import PARTS
from scatter.simulation.scenario import HONEST
from scatter.web.documents.fields import to_text
from scatter.web.record.lines import Line
from scatter.web.record.record import RunRecord
from scatter.web.views.text import count, exact, gain, sct, words

UNITS = 100_000
"""Score units in 1."""
ROLES: Sequence[str] = tuple(role.name.lower() for role in Role if role is not Role.NONE)


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """A node in a run. `tokens` and `stake`: its wallet and its ticket, `locked` what jobs hold of that, `earned` what jobs paid it
    less what they cost it, all in base units. `on`: it is not stopped. `duty`: what it is awaited for now. `standing`: scores it
    had accepted, or found like others. `reputation`: what its ended jobs come to, as the contract ScatterReputation says."""

    name: str
    group: str
    role: str
    behaviour: str
    address: str
    tokens: int
    stake: int
    locked: int
    earned: int
    on: bool
    duty: str
    standing: str
    reputation: Reputation

    @property
    def bent(self) -> bool:
        """Whether it misbehaves."""
        return self.behaviour != HONEST

    @property
    def reputed(self) -> str:
        """Its reputation in words, what tells most about it first; nothing before its first job has ended."""
        known = self.reputation
        said = [f"{known.contribution / UNITS:+.3f}".replace("-", "−")] if known.contribution else []
        said += [
            f"{number} {what}"
            for number, what in (
                (known.slashes, "slashed"),
                (known.silences, "silent"),
                (known.won, "challenges won"),
                (known.lost, "challenges lost"),
            )
            if number
        ]
        said += [count(known.rounds, "round"), count(known.jobs, "job")]
        return " · ".join(said) if known.jobs else ""

    def to_json(self) -> dict[str, Any]:
        """What changes of it while a run goes on, in words."""
        return {
            "tokens": sct(self.tokens),
            "exact_tokens": exact(self.tokens),
            "stake": sct(self.stake),
            "exact_stake": exact(self.stake),
            "locked": sct(self.locked) if self.locked else "",
            "earned": gain(self.earned),
            "sign": (self.earned > 0) - (self.earned < 0),
            "on": self.on,
            "behaviour": self.behaviour,
            "standing": self.standing or "–",
            "reputation": self.reputed or "–",
        }


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """An entry of `[[nodes]]`, as it is written."""

    index: int
    name: str
    role: str
    count: str
    tokens: str
    stake: str
    behaviour: str
    options: str
    conspiracy: str
    joins: str
    workload: str
    """What its trainers have of the workload that others have not."""
    size: int

    @property
    def bent(self) -> bool:
        """Whether its nodes misbehave."""
        return self.behaviour != HONEST


def groups(content: Mapping[str, Any]) -> list[GroupSeen]:
    """The groups of a document."""
    variables = content.get("variables", {})
    made = []
    for index, values in enumerate(one for one in _list(content.get("nodes")) if isinstance(one, Mapping)):
        options = values.get("options")
        count = values.get("count", 1)
        number = variables.get(str(count)[1:]) if isinstance(count, str) and isinstance(variables, Mapping) else count
        made.append(
            GroupSeen(
                index,
                to_text(values.get("group")),
                to_text(values.get("role")),
                to_text(count),
                to_text(values.get("tokens", "100000 SCT")),
                to_text(values.get("stake")) or "its role's ticket",
                to_text(values.get("behaviour")) or HONEST,
                ", ".join(f"{k} {to_text(v)}" for k, v in options.items()) if isinstance(options, Mapping) else "",
                to_text(values.get("conspiracy")),
                to_text(values.get("joins")) or "by-step",
                _workload(values),
                number if isinstance(number, int) and not isinstance(number, bool) else 0,
            )
        )
    return made


def _workload(values: Mapping[str, Any]) -> str:
    share, quality = values.get("data_share"), values.get("quality")
    said = [] if share is None else [f"{to_text(share)} × the data"]
    if isinstance(quality, Mapping):
        said += [f"{words(str(key))} {to_text(one)}" for key, one in quality.items()]
    return ", ".join(said)


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


_NOTHING = Line()


def nodes(record: RunRecord, changed_after: int = 0) -> list[NodeSeen]:
    """All nodes of a run, in the order of the scenario; or those of which something changed after an event."""
    behaviours = dict(zip(record["behaviours"].column("node"), record["behaviours"].column("behaviour"), strict=True))
    duties, standings, earned, reputations = _duties(record), _standings(record), _earned(record), _reputations(record)
    return [
        NodeSeen(
            name=row["node"],
            group=row["group"],
            role=row["role"],
            behaviour=behaviours.get(row["node"], row["behaviour"]),
            address=row["address"],
            tokens=record.balances.get(row["node"], _NOTHING).latest,
            stake=record.stakes.get(row["node"], _NOTHING).latest,
            locked=record.locked.get(row["node"], 0),
            earned=earned.get(row["node"], 0),
            on=row["node"] not in record.off,
            duty=duties.get(row["node"], ""),
            standing=standings.get(row["node"], ""),
            reputation=reputations.get(row["node"], Reputation()),
        )
        for row in record["nodes"]
        if row["role"] != "none" and record.changed.get(row["node"], 0) >= changed_after + (changed_after > 0)
    ]


def _duties(record: RunRecord) -> dict[str, str]:
    states = dict(zip(record["states"].column("job"), record["states"].column("state"), strict=True))
    names = dict(zip(record["jobs"].column("job"), record["jobs"].column("name"), strict=True))
    found = dict[str, str]()
    for job, awaited in record.awaited.items():
        for node in awaited:
            found[node] = f"{words(states.get(job, ''))} in {names.get(job, job)}"
    return found


def _standings(record: RunRecord) -> dict[str, str]:
    """By trainer, how often it was accepted; by node, how often it deviated."""
    latest: dict[tuple[int, int, str], bool] = {}
    for row in record["settled_scores"]:
        latest[row["job"], row["round"], row["trainer"]] = row["accepted"]
    said = dict[str, str]()
    for trainer in {trainer for _, _, trainer in latest}:
        own = [accepted for (_, _, name), accepted in latest.items() if name == trainer]
        said[trainer] = f"accepted {sum(own)} of {len(own)}"
    seats: dict[tuple[int, int, str], bool] = {}
    for row in record["settled_seats"]:
        seats[row["job"], row["round"], row["node"]] = row["deviating"]
    for row in record["challenges"]:
        if row["side"] == "offender" and (row["job"], row["round"], row["node"]) in seats:
            seats[row["job"], row["round"], row["node"]] = True
    for node in {node for _, _, node in seats}:
        own = [deviating for (_, _, name), deviating in seats.items() if name == node]
        said[node] = f"agreed in {len(own) - sum(own)} of {len(own)}"
    return said


def _reputations(record: RunRecord) -> dict[str, Reputation]:
    found = dict[str, Reputation]()
    for row in record["reputation"]:
        added = Reputation(jobs=1, **{part: row[part] for part in PARTS})
        found[row["node"]] = found.get(row["node"], Reputation()) + added
    return found


def _earned(record: RunRecord) -> dict[str, int]:
    made = dict[str, int]()
    for row in record["payouts"]:
        sign = {"paid": 1, "returned": 0, "penalty": -1}[row["kind"]]
        made[row["node"]] = made.get(row["node"], 0) + sign * row["amount"]
    return made
