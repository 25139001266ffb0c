"""The model chain, told as a simulation tells it: a record for each block, the token's transfers in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.property.protocol.actors import Actor as Player
from tests.property.protocol.actors import digest, shard_key
from tests.property.protocol.model_chain import ModelChain, account, seeded
from tests.property.protocol.model_job import ModelJob
from tests.property.protocol.model_parts import Refused
from tests.property.protocol.simulation import run

from scatter.ports import BlockRef, ChainEvent
from scatter.protocol.commitments import secret_hash
from scatter.protocol.ids import SCT, Address, JobId, Timestamp, job_id, topic_of
from scatter.protocol.states import Role
from scatter.protocol.terms import JobTerms
from scatter.simulation.blocks import Actor, BlockRecord, SentCall
from scatter.simulation.recording.beginning import Beginning

OPERATOR = account(0xAA)
SUPPLY = 1_000_000_000 * SCT
GAS = 21_000
GROUPS = {
    Role.REQUESTOR: "requestor",
    Role.TRAINER: "trainer",
    Role.VALIDATOR: "validator",
    Role.CHALLENGER: "challenger",
}


class WatchedChain(ModelChain):
    """Remembers a `BlockRecord` for every transaction; `bent` are the behaviours of those that are not honest,
    `money` what the contract held, the challenge pool and all stakes after each block, `lost` what verdicts took of stakes that
    no claim has taken off yet: others may have been paid of it already."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.records: list[BlockRecord] = []
        self.money: dict[int, tuple[int, int, int]] = {}
        self.lost: dict[int, int] = {}
        self.bent: dict[Address, str] = {}
        self._pending: list[tuple[Address, Address, int]] = []

    def send(self, sender: Address, function: str, *arguments: Any) -> None:
        before, seen, error = dict(self.balances), len(self.events), None
        try:
            super().send(sender, function, *arguments)
        except Refused as refused:
            error = str(refused)
            raise
        finally:
            self._remember(sender, function, arguments, before, seen, error)

    def block_ref(self) -> BlockRef:
        return BlockRef(self.block, self.block.to_bytes(32, "big"), Timestamp(self.timestamp))

    def beginning(self) -> Beginning:
        return Beginning(
            self.block_ref(),
            self.contract,
            {OPERATOR: SUPPLY},
            {OPERATOR: "operator"},
            self.rates,
        )

    def _remember(
        self,
        sender: Address,
        function: str,
        arguments: Sequence[Any],
        before: dict[Address, int],
        seen: int,
        error: str | None,
    ) -> None:
        events = [(e.name, e.values) for e in self.events[seen:]]
        self.money[self.block] = (self.held, self.challenge_pool, sum(node.stake for node in self.nodes.values()))
        self.lost[self.block] = sum(_lost_by_verdict(job) for job in self.jobs.values())
        for who in self.balances:
            given = who not in before  # registering brings the tokens that the operator hands out elsewhere
            moved = self.balances[who] - before.get(who, 0)
            source, target = (OPERATOR if given else self.contract, who) if moved > 0 else (who, self.contract)
            if moved:
                events.append(("Transfer", {"from": source, "to": target, "value": abs(moved)}))
        job = (
            arguments[0]
            if function not in ("register", "deposit_ticket", "post", "request_withdrawal", "withdraw")
            else None
        )
        if function == "post":
            job = job_id(sender, arguments[0])
        self.records.append(
            BlockRecord(
                self.block_ref(),
                tuple(ChainEvent(name, values, self.block, i, b"") for i, (name, values) in enumerate(events)),
                (SentCall(sender, "ScatterProtocol", function, job, GAS + 1000 * len(events), error),),
                self.view,
                dict(self.bent),
            )
        )


def _lost_by_verdict(job: ModelJob) -> int:
    verdicts = [item.verdict for item in job.items.values() if item.verdict is not None]
    lost = frozenset[int]().union(*(verdict.lost for verdict in verdicts))
    return sum(job.seats[seat].lock for seat in lost if job.seats[seat].account not in job.claimed)


@dataclass
class Told:
    """A chain with its people, named as in scenarios."""

    players: list[Player]
    chain: WatchedChain = field(default_factory=lambda: WatchedChain(random=seeded(bytes(32))))
    start: Beginning = field(default_factory=lambda: WatchedChain().beginning())

    @property
    def actors(self) -> list[Actor]:
        counts: dict[Role, int] = {}
        made = []
        for player in self.players:
            role = player.identity.role
            counts[role] = counts.get(role, 0) + 1
            name = f"{GROUPS[role]}-{counts[role]}"
            made.append(Actor(name, GROUPS[role], role, "honest", player.address))
        return made

    def play(self, random: Random) -> None:
        """Until nobody owes anything."""
        for _ in run(self.chain, self.players, random):
            pass


def post_named(chain: ModelChain, requestor: Address, name: str, terms: JobTerms) -> JobId:
    topic, rounds = topic_of(name), range(1, terms.rounds + 1)
    hashes = [secret_hash(shard_key(r)) for r in rounds]
    chain.send(requestor, "post", topic, terms, hashes, [digest("encrypted shard", r) for r in rounds])
    return job_id(requestor, topic)
