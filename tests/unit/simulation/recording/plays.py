"""Whole jobs to record: what happens in them is the model chain's business."""

from random import Random

from tests.property.protocol.actors import cast, enrol, example_terms
from tests.property.protocol.simulation import run
from tests.property.protocol.test_disputes import about, false_lanes
from tests.unit.simulation.recording.watched import Told, post_named

from scatter.protocol.ids import JobId
from scatter.protocol.states import State


def disputed(seed: int = 3, jobs: int = 2) -> Told:
    """Jobs of two rounds; two of the three members of the last one lie, an auditor and a jury find out. A trainer is bent."""
    random = Random(seed)  # noqa: S311
    players = cast(random, trainers=3, validators=7, challengers=5)
    told = Told(players)
    enrol(told.chain, players)
    told.chain.bent[players[3].address] = "lazy"
    for number in range(jobs):
        for player in players:
            player.scores, player.made = about(random), {}
        play_one(told, f"job {number}", random, lying=number == jobs - 1)
    return told


def play_one(told: Told, name: str, random: Random, *, lying: bool) -> JobId:
    terms = example_terms(auditors=1, min_trainers=3, min_jury=3)
    job = post_named(told.chain, told.players[0].address, name, terms)
    steps = run(told.chain, told.players, random)
    for _ in steps:
        if told.chain.view.jobs[job].state is State.KEYING:
            break
    liars = told.chain.view.jobs[job].members[:2] if lying else ()
    for player in told.players:
        if player.address in liars:
            player.scores = false_lanes
            told.chain.bent[player.address] = "colluding"
    for _ in steps:
        pass
    return job
