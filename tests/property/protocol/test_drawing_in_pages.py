"""The model chain draws in pages, as the contracts do; `protocol.draw` says at once who is drawn."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.protocol.actors import TOPIC, digest, example_terms, shard_key
from tests.property.protocol.model_chain import ModelChain, account
from tests.property.protocol.model_drawing import PAGE_CANDIDATES

from scatter.protocol.commitments import secret_hash
from scatter.protocol.draw import Pools, draw_committee, draw_jury
from scatter.protocol.ids import SCT, Address, JobId, job_id
from scatter.protocol.states import Reason, Role, SeatKind, State
from scatter.protocol.terms import JobTerms

REQUESTOR, TRAINER = account(1), account(2)
SEEDS = st.integers(0, 2**32).map(Random)


def register(chain: ModelChain, node: Address, role: Role) -> None:
    chain.send(node, "register", int(role), digest("peer"), digest("sealing"))


def staked(chain: ModelChain, random: Random, role: Role, first: int, count: int) -> list[Address]:
    """Nodes with tickets; some are on their way out, some have little left."""
    nodes = [account(first + n) for n in range(count)]
    gone, poor = random.choice([0.1, 0.7, 0.95]), random.choice([0.0, 0.1])
    for node in nodes:
        register(chain, node, role)
        chain.send(node, "deposit_ticket")
        if random.random() < gone:
            chain.send(node, "request_withdrawal")
        elif random.random() < poor:
            chain.nodes[node].stake = random.choice([1, 9_000, 11_000]) * SCT
    return nodes


def drawing(chain: ModelChain, terms: JobTerms) -> JobId:
    for node, role in ((REQUESTOR, Role.REQUESTOR), (TRAINER, Role.TRAINER)):
        register(chain, node, role)
    hashes = [secret_hash(shard_key(n)) for n in range(1, terms.rounds + 1)]
    chain.send(REQUESTOR, "post", TOPIC, terms, hashes, hashes)
    chain.send(TRAINER, "join", job_id(REQUESTOR, TOPIC))
    return job_id(REQUESTOR, TOPIC)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_pages_add_up_to_one_draw(random: Random) -> None:
    seed = random.randbytes(32)
    chain = ModelChain(random=lambda block, salt: seed)
    pools = Pools(
        staked(chain, random, Role.VALIDATOR, 1_000, random.randint(1, 120)),
        staked(chain, random, Role.CHALLENGER, 2_000, random.randint(0, 60)),
    )
    members = random.choice([1, 3, 20])
    terms = example_terms(
        members=members, auditors=random.choice([0, 2, 7]), min_jury=random.choice([0, 3]), max_trainers=1
    )
    job = chain.jobs[drawing(chain, terms)]
    staked_nodes = [*pools.validators, *pools.challengers]
    may_sit, may_judge = (
        {node for node in staked_nodes if job._eligible(node, Role(chain.nodes[node].role), half=half)}
        for half in (True, False)
    )
    drawn = draw_committee(
        seed,
        pools,
        members=members,
        auditors=terms.auditors,
        min_jury=terms.min_jury,
        may_sit=may_sit.__contains__,
        may_judge=may_judge.__contains__,
    )
    pages = 0
    while job.state is State.DRAWING:
        chain.send(account(9), "poke", job.id)
        pages += 1
    if drawn is None:
        assert (job.state, job.reason) == (State.CANCELLED, Reason.NO_COMMITTEE)
        return
    kinds = (SeatKind.MEMBER, SeatKind.AUDITOR)
    assert tuple([seat.account for seat in job.drawn[kind]] for kind in kinds) == drawn
    assert pages <= 4 + (len(pools.validators) + len(pools.challengers)) // PAGE_CANDIDATES
    jury = draw_jury(seed, pools, terms.jury, lambda node: node in may_judge and node not in job.parts)
    job._begin_draw(State.JUDGING)
    chain.wait(1, blocks=2)
    while job.state is State.JUDGING and not job.deadline:
        chain.send(account(9), "poke", job.id)
    assert [juror.account for juror in job.jurors] == jury
    assert (job.state is State.SETTLED) == (len(jury) < terms.smallest_jury), "void"
