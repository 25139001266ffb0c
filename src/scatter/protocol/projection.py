"""The chain's events folded into a view: the one place that knows what each event means.

A fold from nothing over all events gives the same view as a fold of the tail over an earlier view; after a
reorganisation the fold starts again.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, TypeVar

from scatter.protocol.ids import Address, Digest, JobId, Round, Timestamp
from scatter.protocol.rates import Rates
from scatter.protocol.records import Record, RecordKind
from scatter.protocol.scores import SettledRound, unpack
from scatter.protocol.states import TERMINAL, ChallengeKind, JudgingPhase, Reason, Role, SeatKind, State
from scatter.protocol.terms import Durations, JobTerms
from scatter.protocol.verdicts import Item, Verdict
from scatter.protocol.view import ItemView, JobView, NetworkView, NodeView, Reputation, RoundView, VerdictOpening

Values = Mapping[str, Any]
_K = TypeVar("_K")
_V = TypeVar("_V")


def apply(network: NetworkView, name: str, values: Values, block: int) -> NetworkView:
    """The view after one event of a block; events that say nothing about nodes or jobs change nothing.

    Raises KeyError for an event about a job, a node or parameters that the view does not know: events were lost.
    """
    if name in _ON_NETWORK:
        return _ON_NETWORK[name](network, values)
    if name == "JobPosted":
        job = replace(_posted(values, network.parameters), changed_block=block)
        return replace(network, jobs=_with(network.jobs, job.id, job))
    if name in _ON_NODE:
        account: Address = values["node"]
        node = network.nodes.get(account, NodeView(account, Role.NONE, b"", b""))
        return replace(network, nodes=_with(network.nodes, account, _ON_NODE[name](node, values)))
    if name == "Recorded":
        # A token changes nothing about the job's progress, so nobody's turn depends on it: `changed_block` stays.
        job = _recorded(network.jobs[values["job"]], values)
        return replace(network, jobs=_with(network.jobs, job.id, job))
    if name in _ON_JOB:
        job = replace(_ON_JOB[name](network.jobs[values["job"]], values), changed_block=block)
        if name in ("StateEntered", "JudgingAdvanced"):
            job = replace(job, entered_block=block)
        if name == "StateEntered" and job.state is State.KEYING:
            keys = {account: network.nodes[account].sealing_key for account in (*job.trainers, *job.seats)}
            job = replace(job, sealing_keys=MappingProxyType(keys))
        return replace(network, jobs=_with(network.jobs, job.id, job))
    return network


def _with(mapping: Mapping[_K, _V], key: _K, value: _V) -> Mapping[_K, _V]:
    return MappingProxyType({**mapping, key: value})


# ── parameters ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _parameters_changed(network: NetworkView, v: Values) -> NetworkView:
    known = network.parameters
    if v["version"] != len(known):
        raise KeyError(f"version {v['version']} of the parameters follows {len(known)} known ones")
    return replace(network, parameters=(*known, Rates(**v["parameters"])))


# ── reputation ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _deeds_recorded(network: NetworkView, v: Values) -> NetworkView:
    job, account = network.jobs[v["job"]], v["account"]
    known = network.reputations.get(account, Reputation())
    return replace(
        network,
        reputations=_with(network.reputations, account, known + Reputation(**v["deeds"])),
        jobs=_with(network.jobs, job.id, replace(job, recorded=job.recorded | {account})),
    )


_ON_NETWORK: Mapping[str, Callable[[NetworkView, Values], NetworkView]] = {
    "ParametersChanged": _parameters_changed,
    "DeedsRecorded": _deeds_recorded,
}


# ── nodes ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _registered(node: NodeView, v: Values) -> NodeView:
    role = Role(v["role"])
    deposited = node.deposited and role is node.role
    return replace(
        node,
        role=role,
        peer_key=v["peer_key"],
        sealing_key=v["sealing_key"],
        deposited=deposited,
        registrations=node.registrations + 1,
    )


def _slashed(node: NodeView, v: Values) -> NodeView:
    stake = node.stake - v["amount"]
    return replace(node, stake=stake, role=node.role if stake else Role.NONE)


def _withdrawn(node: NodeView, v: Values) -> NodeView:
    return replace(node, stake=node.stake - v["amount"], withdrawing=False)


_ON_NODE: Mapping[str, Callable[[NodeView, Values], NodeView]] = {
    "NodeRegistered": _registered,
    "TicketDeposited": lambda node, v: replace(node, stake=v["stake"], withdrawing=False, deposited=True),
    "WithdrawalRequested": lambda node, v: replace(node, withdrawing=True),
    "Withdrawn": _withdrawn,
    "StakeSlashed": _slashed,
    "SeatLocked": lambda node, v: replace(node, locked=node.locked + v["amount"]),
    "SeatUnlocked": lambda node, v: replace(node, locked=node.locked - v["amount"]),
}


# ── jobs ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _posted(v: Values, parameters: tuple[Rates, ...]) -> JobView:
    raw = dict(v["terms"])
    durations = Durations(**{f.name: raw["durations"][f.name] for f in fields(Durations)})
    terms = JobTerms(**{f.name: raw[f.name] for f in fields(JobTerms) if f.name != "durations"}, durations=durations)
    if terms.parameters >= len(parameters):
        raise KeyError(f"version {terms.parameters} of the parameters")
    return JobView(
        id=JobId(v["job"]),
        requestor=v["requestor"],
        topic=v["topic"],
        terms=terms,
        shard_key_hashes=tuple(v["shard_key_hashes"]),
        shard_digests=tuple(Digest(d) for d in v["shard_digests"]),
        rates=parameters[terms.parameters],
    )


def _entered(job: JobView, v: Values) -> JobView:
    state, round_ = State(v["state"]), Round(v["round"])
    rounds = job.rounds
    if state not in TERMINAL and round_ and round_ not in rounds:
        rounds = _with(rounds, round_, RoundView(round_))
    return replace(job, state=state, round=round_, deadline=_deadline(v), reason=Reason(v["reason"]), rounds=rounds)


def _phase_entered(job: JobView, v: Values) -> JobView:
    return replace(job, phase=JudgingPhase(v["phase"]), deadline=_deadline(v))


def _recorded(job: JobView, v: Values) -> JobView:
    record = Record(RecordKind(v["kind"]), v["maker"], Round(v["round"]))
    return replace(job, records=job.records | {record})


def _deadline(v: Values) -> Timestamp | None:
    return Timestamp(v["deadline"]) if v["deadline"] else None


_DRAWN = MappingProxyType({SeatKind.MEMBER: "members", SeatKind.AUDITOR: "auditors", SeatKind.JUROR: "jurors"})


def _seats_drawn(job: JobView, v: Values) -> JobView:
    name = _DRAWN[SeatKind(v["kind"])]
    drawn: dict[str, Any] = {name: (*getattr(job, name), *v["nodes"])}
    return replace(job, **drawn)


def _on_round(change: Callable[[JobView, RoundView, Values], RoundView]) -> Callable[[JobView, Values], JobView]:
    def on_job(job: JobView, v: Values) -> JobView:
        number = Round(v["round"])
        return replace(job, rounds=_with(job.rounds, number, change(job, job.rounds[number], v)))

    return on_job


def _seat(job: JobView, v: Values) -> int:
    """Events with a kind count the seats of each kind from 0."""
    return int(v["seat"]) + (job.terms.members if v["kind"] == SeatKind.AUDITOR else 0)


def _committed(job: JobView, round_: RoundView, v: Values) -> RoundView:
    return replace(round_, commitments=_with(round_.commitments, _seat(job, v), v["commitment"]))


def _opened(job: JobView, round_: RoundView, v: Values) -> RoundView:
    return replace(round_, openings=_with(round_.openings, _seat(job, v), tuple(v["words"])))


def _settled(job: JobView, round_: RoundView, v: Values) -> RoundView:
    lanes = tuple(unpack(v["settled"], len(job.trainers)))
    masks = (_mask(v["panel"]), _mask(v["left_out"]), _mask(v["deviating"]))
    return replace(round_, settled=SettledRound(lanes, round_.published, *masks))


def _mask(bits: int) -> frozenset[int]:
    return frozenset(i for i in range(bits.bit_length()) if bits >> i & 1)


# ── disputes ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _on_item(change: Callable[[JobView, ItemView, Values], ItemView]) -> Callable[[JobView, Values], JobView]:
    def on_job(job: JobView, v: Values) -> JobView:
        item = Item(ChallengeKind(v["kind"]), Round(v["round"]))
        return replace(job, items=_with(job.items, item, change(job, job.items.get(item, ItemView()), v)))

    return on_job


def _verdict_opened(_: JobView, item: ItemView, v: Values) -> ItemView:
    opening = VerdictOpening(tuple(v["words"]), Digest(v["aggregate"]))
    return replace(item, openings=_with(item.openings, v["juror"], opening))


def _verdict_reached(job: JobView, item: ItemView, v: Values) -> ItemView:
    verdict = Verdict(
        counts=v["counts"],
        changed=v["changed"],
        lanes=tuple(unpack(v["lanes"], len(job.trainers))) if v["lanes"] else (),
        aggregate=Digest(v["aggregate"]),
        lost=_mask(v["lost"]),
        agreed=_mask(v["jurors_agreed"]),
        outside=_mask(v["jurors_outside"]),
        deviating=_mask(v["deviating"]),
    )
    return replace(item, verdict=verdict)


_ON_JOB: Mapping[str, Callable[[JobView, Values], JobView]] = {
    "TrainerJoined": lambda job, v: replace(job, trainers=(*job.trainers, v["trainer"])),
    "TrainerDropped": lambda job, v: replace(job, dropped=job.dropped | {v["slot"]}),
    "StateEntered": _entered,
    "DrawScheduled": lambda job, v: replace(job, draw_block=v["draw_block"]),
    "SeatsDrawn": _seats_drawn,
    "KeysPublished": lambda job, v: replace(job, bundle=Digest(v["bundle"])),
    "UpdatePublished": _on_round(lambda _, r, v: replace(r, updates=_with(r.updates, v["slot"], Digest(v["update"])))),
    "ShardKeyRevealed": _on_round(lambda _, r, v: replace(r, shard_key=v["key"])),
    "ScoresCommitted": _on_round(_committed),
    "ScoresOpened": _on_round(_opened),
    "RoundSettled": _on_round(_settled),
    "AggregatePosted": _on_round(
        lambda _, r, v: replace(r, aggregates=_with(r.aggregates, v["seat"], Digest(v["aggregate"])))
    ),
    "RoundClosed": _on_round(lambda _, r, v: replace(r, closed=True, global_model=Digest(v["global_model"]))),
    "Challenged": _on_item(lambda _, i, v: replace(i, filers=(*i.filers, v["challenger"]))),
    "JudgingAdvanced": _phase_entered,
    "VerdictCommitted": _on_item(
        lambda _, i, v: replace(i, commitments=_with(i.commitments, v["juror"], v["commitment"]))
    ),
    "VerdictOpened": _on_item(_verdict_opened),
    "VerdictReached": _on_item(_verdict_reached),
    "Claimed": lambda job, v: replace(job, claimed=job.claimed | {v["account"]}),
}
