"""What the list of steps says of each, in one line."""

from typing import Any

import pytest
from tests.unit.web.conftest import example

from scatter.simulation.step_kinds import JOB_STATES, STEP_KINDS
from scatter.web.documents.blocks import parse
from scatter.web.views import summaries
from scatter.web.views.summaries import summary

CONTENT = {
    "variables": {"jobs": 5, "fraction": 0.25},
    "short": {"jobs": 2},
    "nodes": [
        {"group": "requestor", "role": "requestor"},
        {"group": "trainer", "role": "trainer", "count": 6, "tokens": "2000 SCT"},
        {"group": "lazy", "role": "trainer", "count": 2, "behaviour": "lazy"},
        {"group": "validator", "role": "validator", "count": 3},
    ],
}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"do": "deploy-protocol"}, "with the usual parameters"),
        (
            {"do": "transfer-initial-supply"},
            "100,000 SCT each to 1 × requestor, 2 × lazy, 3 × validator; 2,000 SCT each to 6 × trainer",
        ),
        ({"do": "initialize-roles"}, "1 requestor, 8 trainers, 3 validators"),
        (
            {"do": "add-topic", "id": "job", "fault": "$fraction", "rounds": 3, "trainers": {"min": 4, "max": 8}},
            "the requestor posts $job: rounds 3, trainers min 4, max 8, fault 0.25 ($fraction)",
        ),
        (
            {"do": "add-topic", "requestor": "requestor-1", "reward": {"between": ["1 SCT", "9 SCT"]}},
            "requestor-1 posts a job: reward 1 SCT to 9 SCT",
        ),
        ({"do": "trainer-joins", "job": "$job"}, "all trainers join $job"),
        (
            {"do": "trainer-joins", "job": "$job", "trainers": ["a", "b", "c", "d", "e", "f"]},
            "a, b, c, d and 2 more join $job",
        ),
        ({"do": "start-training", "job": "$job"}, "the requestor of $job has its committee drawn"),
        ({"do": "wait", "job": "$job"}, "until $job has ended and everybody is paid"),
        (
            {"do": "wait", "job": "$job", "state": "opening", "round": 2, "within": "60d"},
            "until round 2 of $job has its scores opened, at most 60 d",
        ),
        ({"do": "advance-time", "by": "60s"}, "by 1 min, while nodes work"),
        ({"do": "advance-time", "by": "soon"}, "by soon, while nodes work"),
        (
            {"do": "change-behaviour", "nodes": ["lazy"], "behaviour": "noise", "options": {"scale": 7}},
            "lazy: noise from now on (scale 7)",
        ),
        ({"do": "stop-node", "nodes": ["trainer-1"]}, "trainer-1: off until started again"),
        ({"do": "start-node", "nodes": ["trainer-1"]}, "trainer-1: at work again"),
        ({"do": "repeat", "times": "$jobs", "steps": [{}, {}]}, "2 steps, 5 ($jobs, in the short form 2) times"),
        ({"do": "repeat", "times": 1}, "no steps, once"),
        ({"do": "dance"}, ""),
    ],
)
def test_a_step_says_what_it_does(step: dict[str, Any], said: str) -> None:
    assert summary(step, CONTENT) == said


def test_every_kind_and_every_state_has_its_words() -> None:
    assert set(summaries._SUMMARIES) == set(STEP_KINDS)
    assert set(summaries._STATES) == set(JOB_STATES)
    assert all(summary(step, parse(example())) for step in parse(example())["steps"])


@pytest.mark.parametrize("kind", STEP_KINDS)
@pytest.mark.parametrize("value", [7, "x", [], [7], {}, {"between": 3}, {"between": [1]}, None, float("nan")])
def test_half_written_steps_are_shown_too(kind: str, value: Any) -> None:
    fields = ("id", "job", "nodes", "trainers", "steps", "by", "within", "times", "state", "round", "reward", "options")
    step = {"do": kind, **dict.fromkeys(fields, value)}
    assert isinstance(summary(step, {"nodes": value, "chain": value, "variables": value}), str)
    assert isinstance(summary(step, {"nodes": [{"group": value, "count": value}]}), str)
