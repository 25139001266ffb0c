"""Scenario files to read: those of the examples, and a small one that tests bend."""

from pathlib import Path

from scatter.simulation.reading import read_scenario
from scatter.simulation.scenario import Scenario

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "scenarios").rglob("*.toml"))

SMALL = """\
[scenario]
name = "small"
title = "A job of two trainers"
seed = 5

[variables]
jobs = 3
reward = "300 SCT"
[short]
jobs = 1

[chain]
challenge_bond = "100 SCT"
withdrawal_delay = "3d"

[[nodes]]
group = "requestor"
role = "requestor"
[[nodes]]
group = "trainer"
role = "trainer"
count = 2
[[nodes]]
group = "validator"
role = "validator"
behaviour = "colluding"
options = { contribution = 700 }
conspiracy = "gang"

[[steps]]
do = "deploy-protocol"
[[steps]]
do = "transfer-initial-supply"
[[steps]]
do = "initialize-roles"
[[steps]]
do = "repeat"
times = "$jobs"
  [[steps.steps]]
  id = "job"
  do = "add-topic"
  reward = "$reward"
  slot_stake = { between = ["1 SCT", "2 SCT"], step = "0.5 SCT" }
  trainers = { min = 1, max = 2 }
  rule = "krum"
  fault = 0.25
  durations = { train = "2h" }
  [[steps.steps]]
  do = "trainer-joins"
  job = "$job"
  trainers = ["trainer-2", "trainer"]
  [[steps.steps]]
  do = "wait"
  job = "$job"
  state = "training"
  round = 1
  [[steps.steps]]
  do = "wait"
  job = "$job"
[[steps]]
do = "change-behaviour"
nodes = ["trainer"]
behaviour = "sign-flip"
[[steps]]
do = "advance-time"
by = "3d"

[[expect]]
text = "all jobs are settled"
measure = "jobs_in_state"
state = "settled"
equals = "$jobs"
[[expect]]
text = "the validator's ticket falls"
measure = "stake_sequence"
of = { role = "validator" }
equals = [25000, 24800.5]
when = "full"
"""


def read(text: str = SMALL, **options: object) -> Scenario:
    return read_scenario(text.encode(), "small.toml", **options)  # type: ignore[arg-type]
