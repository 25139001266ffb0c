"""What honest nodes lost by whole jobs, and on what grounds; jobs are those of the model chain."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.unit.simulation.recording.plays import disputed
from tests.unit.simulation.recording.watched import SUPPLY, Told
from tests.unit.simulation.scenario_files import read

from scatter.protocol.ids import Address, JobId
from scatter.protocol.scores import ZERO
from scatter.protocol.states import Reason
from scatter.protocol.view import JobView
from scatter.simulation.blocks import Actor
from scatter.simulation.bounds import crossings
from scatter.simulation.losses import Cast, Claim, Grounds, Loss, losses
from scatter.simulation.result import Balance, SimulationResult
from scatter.simulation.tally import Measured, Tally, result_of


@pytest.fixture(scope="module")
def told() -> Told:
    """Two jobs, the second with a lying majority that a jury finds out."""
    return disputed()


def tally_of(told: Told) -> Tally:
    tally = Tally(told.actors)
    for record in told.chain.records:
        tally.see(record)
    return tally


def result(told: Told, tally: Tally | None = None, **changed: Balance) -> SimulationResult:
    tally = tally or tally_of(told)
    nodes = told.chain.nodes
    before, after = {}, {}
    for actor in told.actors:
        stake = nodes[actor.address].stake
        after[actor.name] = Balance(told.chain.balances[actor.address], stake)
        spent = sum(stakes_of(told, actor))
        before[actor.name] = Balance(after[actor.name].tokens + after[actor.name].stake - spent, 0)
    scenario = read()
    scenario = replace(scenario, chain=replace(scenario.chain, challenge_bond=told.chain.rates.challenge_bond))
    assert scenario.chain.rates == told.chain.rates
    return result_of(scenario, tally, Measured(before, after | changed, SUPPLY, SUPPLY, {}, 0.0))


def stakes_of(told: Told, actor: Actor) -> Iterator[int]:
    """What the token's transfers and slashes brought an account since it put up its ticket."""
    for event in told.chain.events:
        if event.name == "StakeSlashed" and event.values["node"] == actor.address:
            yield -event.values["amount"]
    for record in told.chain.records:
        names = {event.name for event in record.events}
        for event in record.events:
            if event.name == "Transfer" and not names & {"NodeRegistered", "TicketDeposited"}:
                yield event.values["value"] * (
                    (event.values["to"] == actor.address) - (event.values["from"] == actor.address)
                )


def test_what_jobs_come_to_explains_every_honest_loss(told: Told) -> None:
    found = result(told)
    assert [loss for loss in found.losses if loss.grounds is Grounds.UNEXPLAINED] == []
    assert found.crossings == ()
    assert found.jobs_by_state == {"settled": 2}
    assert [challenge.outcome for challenge in found.jobs[1].challenges] == ["changed"] * len(found.jobs[1].challenges)
    assert found.jobs[1].challenges


def test_liars_are_not_told_of(told: Told) -> None:
    bent = {actor.name for actor in told.actors if actor.address in told.chain.bent}
    assert bent
    assert not bent & {loss.node for loss in result(told).losses}
    liars = [node for node in result(told).nodes if "colluding" in node.behaviours]
    assert all(node.penalties > 0 and node.stakes[-1] < node.stakes[0] and not node.honest for node in liars)
    assert len(liars) == 2


def test_a_balance_that_no_job_explains_is_unexplained(told: Told) -> None:
    honest = next(actor for actor in told.actors if actor.address not in told.chain.bent)
    balance = Balance(told.chain.balances[honest.address] - 7, told.chain.nodes[honest.address].stake)
    found = result(told, **{honest.name: balance})
    (loss,) = [loss for loss in found.losses if loss.grounds is Grounds.UNEXPLAINED]
    assert (loss.job, loss.node, loss.amount) == (None, honest.name, 7)


def test_the_challenge_pool_and_the_dearest_transaction_are_counted(told: Told) -> None:
    found = result(told)
    assert found.challenge_pool == told.chain.challenge_pool
    assert found.max_tx_gas == max(call.gas for record in told.chain.records for call in record.calls)


def cast_of(told: Told, *stopped: Address, liars: tuple[Address, ...] = ()) -> Cast:
    names = {actor.address: actor.name for actor in told.actors}
    return Cast(names, set(names) - set(liars), stopped)


def job_of(told: Told, number: int) -> JobView:
    return list(told.chain.view.jobs.values())[number]


def lost(told: Told, job: JobView, account: Address, penalty: int, cast: Cast) -> list[Loss]:
    found = losses(job, {account: Claim(0, penalty)}, cast, told.chain.rates)
    return [loss for loss in found if loss.node == cast.names[account] and not loss.earnings]


def test_a_seat_that_is_slashed_without_a_cause_is_unexplained(told: Told) -> None:
    job = job_of(told, 0)
    (loss,) = lost(told, job, job.members[0], 200, cast_of(told))
    assert (loss.amount, loss.grounds) == (200, Grounds.UNEXPLAINED)


def test_a_seat_that_a_step_stopped_is_slashed_by_a_rule(told: Told) -> None:
    job = job_of(told, 0)
    silent = replace(job, rounds={n: replace(made, commitments={}) for n, made in job.rounds.items()})
    (loss,) = lost(told, silent, job.members[0], 200, cast_of(told, job.members[0]))
    assert "did not commit" in loss.cause
    assert loss.grounds is Grounds.RULE


def test_a_lock_lost_by_verdict_needs_a_jury_of_liars(told: Told) -> None:
    job = job_of(told, 1)
    offender = next(
        job.seats[seat] for view in job.items.values() for seat in (view.verdict and view.verdict.lost) or ()
    )
    (loss,) = lost(told, job, offender, 5_000, cast_of(told))
    assert loss.grounds is Grounds.UNEXPLAINED
    (loss,) = lost(told, job, offender, 5_000, cast_of(told, liars=job.jurors))
    assert loss.grounds is Grounds.LIMIT


def test_a_trainer_pays_for_silence_and_strikes_and_no_more(told: Told) -> None:
    job = job_of(told, 0)
    last = max(job.rounds)
    silent = replace(
        job, rounds={**job.rounds, last: replace(job.rounds[last], updates={1: b"", 2: b""}, settled=None)}
    )
    each = job.terms.slot_stake // 5 // job.terms.rounds
    trainer = job.trainers[0]
    (loss,) = lost(told, silent, trainer, each, cast_of(told, trainer))
    assert (loss.amount, loss.cause, loss.grounds) == (each, f"silent in round {last}", Grounds.RULE)
    (loss,) = lost(told, silent, trainer, each, cast_of(told))
    assert loss.grounds is Grounds.UNEXPLAINED
    (loss,) = lost(told, silent, trainer, each, cast_of(told, liars=(job.requestor,)))
    assert loss.grounds is Grounds.LIMIT
    more, _ = lost(told, silent, trainer, each + 1, cast_of(told, trainer))
    assert (more.amount, more.grounds) == (1, Grounds.UNEXPLAINED)


def test_a_requestors_bond_may_go_where_members_lie(told: Told) -> None:
    job = replace(job_of(told, 0), reason=Reason.REFUSED)
    (loss,) = lost(told, job, job.requestor, 0, cast_of(told))
    assert (loss.amount, loss.grounds) == (job.terms.bond, Grounds.UNEXPLAINED)
    (loss,) = lost(told, job, job.requestor, 0, cast_of(told, liars=job.members[:2]))
    assert loss.grounds is Grounds.LIMIT


def test_scores_outside_what_honest_seats_found_are_crossings(told: Told) -> None:
    job, cast = job_of(told, 0), cast_of(told)
    id_: JobId = job.id
    assert told.chain.view.jobs[id_] == job
    number, made = min(job.rounds.items())
    assert made.settled is not None
    lanes = list(made.settled.lanes)
    lanes[1] += 1_000
    wrong = replace(
        job, rounds={**job.rounds, number: replace(made, settled=replace(made.settled, lanes=tuple(lanes)))}
    )
    honest = set(cast.honest)
    assert list(crossings(job, honest, cast.names)) == []
    (crossing,) = crossings(wrong, honest, cast.names)
    assert (crossing.round, crossing.trainer, crossing.score) == (number, cast.names[job.trainers[0]], lanes[1] - ZERO)
    assert (crossing.liars, crossing.panel, crossing.stated) == (0, len(made.settled.panel), False)
    (crossing,) = crossings(wrong, honest - set(job.members[:2]), cast.names)
    assert (crossing.liars, crossing.stated) == (2, True)
    assert list(crossings(wrong, set(), cast.names)) == []
