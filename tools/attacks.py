"""Attacks of trainers with real training, through nodes and contracts: what the bad ones are paid, and what is learned.

    python tools/attacks.py [--quick] [--write] [--seed N] [--only SIZE] [--out DIR]

Handwritten digits dealt out one-sidedly (Dirichlet 0.5), three rounds, four seeds; one job for each attack. Compares with
attacks.json beside it and exits with 1 where a number is another one. docs/economy.md has the table.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

from running import differences, load_numbers, run_scenario, save_numbers

from scatter.protocol.ids import SCT
from scatter.simulation.reading import read_scenario
from scatter.simulation.result import JobResult
from scatter.simulation.scenario import Scenario

HERE = Path(__file__).resolve().parent
NUMBERS = HERE / "attacks.json"
SEEDS = (1, 2, 3, 4)
SIZES: Mapping[str, tuple[int, int]] = {"6/1": (6, 1), "6/3": (6, 3), "20/6": (20, 6)}
"""Trainers, and bad ones among them."""
ATTACKS: Mapping[str, tuple[str, str]] = {
    "none": ("honest", "{}"),
    "lazy-noise": ("lazy-noise", "{}"),
    "label-flip": ("label-flip", "{}"),
    "sign-flip": ("sign-flip", "{}"),
    "scaling": ("scaling", "{}"),
    "noise": ("noise", "{}"),
    "copying": ("copying", "{}"),
    "backdoor": ("backdoor", "{}"),
    "freezing": ("lazy-noise", "{ scale = 1e-6 }"),
}
"""Behaviours and their options, by what the table calls them."""
REWARD, TRAINERS_PART = 1500, 0.7
LEAST_SHARE = 0.002
ALLOWED = 0.02
"""Of the trainers' part: less than this is nothing to speak of."""
NO_CLAIM = {"none", "copying", "backdoor"}
"""Who does this may be paid: the honest, the first of copiers that help each other, and whoever does what evaluation cannot see."""
HALF = {("6/3", "freezing")}
"""Where nobody is paid: half of all steps are next to nothing, so all are cut to that."""

Runs: TypeAlias = dict[str, dict[str, dict[str, float]]]
"""Numbers by seed, attack and name."""

HEAD = """
[scenario]
name = "attacks"
title = "{bad} bad trainers of {trainers}, one attack after the other"

[workload]
kind = "real"
job = "digits"
run = "in-process"
alpha = 0.5

[[nodes]]
group = "requestor"
role = "requestor"

[[nodes]]
group = "bad"
role = "trainer"
count = {bad}
conspiracy = "gang"

[[nodes]]
group = "trainer"
role = "trainer"
count = {honest}

[[nodes]]
group = "validator"
role = "validator"
count = 3

[[nodes]]
group = "challenger"
role = "challenger"
count = 2

[[steps]]
do = "deploy-protocol"

[[steps]]
do = "transfer-initial-supply"

[[steps]]
do = "initialize-roles"
"""

ATTACK = """
[[steps]]
do = "change-behaviour"
nodes = ["bad"]
behaviour = "{behaviour}"
options = {options}

[[steps]]
id = "{attack}"
do = "add-topic"
reward = "{reward} SCT"
slot_stake = "500 SCT"
rounds = 3
trainers = {{ min = {trainers}, max = {trainers} }}
committee = 3
auditors = 2
min_jury = 0

[[steps]]
do = "trainer-joins"
job = "${attack}"

[[steps]]
do = "wait"
job = "${attack}"
"""

TAIL = """
[[expect]]
text = "every job is settled"
measure = "jobs_in_state"
state = "settled"
equals = {jobs}

[[expect]]
text = "every score ends within what honest seats found"
measure = "scores_out_of_range"
equals = 0

[[expect]]
text = "no honest node loses what docs/protocol.md does not say"
measure = "unexplained_losses"
of = {{ honest = true }}
equals = 0
"""


def scenario(trainers: int, bad: int, seed: int) -> Scenario:
    """One job for each attack, by the same trainers with the same data."""
    text = HEAD.format(trainers=trainers, bad=bad, honest=trainers - bad)
    for attack, (behaviour, options) in ATTACKS.items():
        text += ATTACK.format(attack=attack, behaviour=behaviour, options=options, reward=REWARD, trainers=trainers)
    return read_scenario((text + TAIL.format(jobs=len(ATTACKS))).encode(), "attacks.toml", seed=seed)


def shares(job: JobResult) -> dict[str, float]:
    """What of the trainers' part each trainer was paid."""
    return {trainer: amount / SCT / (REWARD * TRAINERS_PART) for trainer, amount in job.shares.items()}


def measured(job: JobResult) -> dict[str, float]:
    """The numbers of one job: the mean and the largest share of a bad one, the mean and the least of an honest one, accuracy."""
    paid = shares(job)
    bad = [share for name, share in paid.items() if name.startswith("bad-")]
    honest = [share for name, share in paid.items() if not name.startswith("bad-")]
    accuracy = (
        job.metrics[-1] if job.final_metric is None else job.final_metric
    )  # as at the beginning: no round had a model
    numbers = {"bad": fmean(bad), "most_bad": max(bad), "honest": fmean(honest), "least_honest": min(honest)}
    return {name: round(value, 5) for name, value in {**numbers, "accuracy": accuracy}.items()}


def run(size: str, seed: int, out: Path | None) -> dict[str, dict[str, float]]:
    """The numbers of each attack. SystemExit when something is not as every simulation has to be."""
    trainers, bad = SIZES[size]
    folder = None if out is None else out / f"{bad}-of-{trainers}-{seed}"
    result, broken = run_scenario(scenario(trainers, bad, seed), HERE, folder)
    if broken:
        raise SystemExit(f"{size}, seed {seed}: {'; '.join(broken)}")
    return {attack: measured(job) for attack, job in zip(ATTACKS, result.jobs, strict=True)}


def together(seeds: Runs, attack: str) -> dict[str, float]:
    """What came of an attack over all seeds."""
    runs = [by_attack[attack] for by_attack in seeds.values()]
    means = {name: fmean(one[name] for one in runs) for name in ("bad", "honest")}
    worst = {"most_bad": max(one["most_bad"] for one in runs), "least_honest": min(one["least_honest"] for one in runs)}
    accuracy = [one["accuracy"] for one in runs]
    return {**means, **worst, "least_accurate": min(accuracy), "most_accurate": max(accuracy)}


def table(numbers: Mapping[str, Runs]) -> str:
    """Means and ranges over seeds, as Markdown."""
    lines = [
        "| trainers, bad ones | attack | share of a bad one: mean (most) | of an honest one: mean (least) | final accuracy |",
        "|---|---|---|---|---|",
    ]
    for size, seeds in numbers.items():
        for attack in ATTACKS:
            one = together(seeds, attack)
            lines.append(
                f"| {size.replace('/', ', ')} | {attack} | {one['bad']:.4f} ({one['most_bad']:.3f}) | {one['honest']:.3f}"
                f" ({one['least_honest']:.3f}) | {one['least_accurate']:.2f}–{one['most_accurate']:.2f} |"
            )
    return "\n".join(lines)


def claims(size: str, seeds: Runs) -> list[str]:
    """Where it is not as docs/economy.md says: bad trainers are paid, by the mean over seeds, or an honest one is not."""
    made = {attack: together(seeds, attack) for attack in ATTACKS}
    unpaid = [attack for attack in ATTACKS if made[attack]["least_honest"] <= 0 and (size, attack) not in HALF]
    paid = [attack for attack in ATTACKS if made[attack]["bad"] >= ALLOWED and attack not in NO_CLAIM]
    return [f"{size} {attack}: an honest trainer is not paid" for attack in unpaid] + [
        f"{size} {attack}: a bad trainer gets {made[attack]['bad']:.2%}" for attack in paid
    ]


def compared(size: str, before: Runs, now: Runs) -> list[str]:
    """Where runs are not what they were."""
    return [
        f"{size}, seed {seed}, {attack}: {one}"
        for seed, by_attack in now.items()
        for attack in ATTACKS
        for one in differences(before.get(seed, {}).get(attack, {}), by_attack[attack], LEAST_SHARE)
    ]


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; 0 when every number is what it was and every claim holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one bad trainer of six, one seed")
    parser.add_argument("--write", action="store_true", help="keep the numbers of this run in attacks.json")
    parser.add_argument("--only", choices=SIZES, help="trainers/bad ones")
    parser.add_argument("--seed", type=int, choices=SEEDS)
    parser.add_argument("--out", type=Path, help="keep recordings here")
    asked = parser.parse_args(arguments)
    sizes = [asked.only] if asked.only else list(SIZES)[:1] if asked.quick else list(SIZES)
    seeds = [asked.seed] if asked.seed else SEEDS[:1] if asked.quick else SEEDS
    numbers = load_numbers(NUMBERS)
    problems: list[str] = []
    for size in sizes:
        now: Runs = {}
        for seed in seeds:
            print(f"{size}, seed {seed}", file=sys.stderr, flush=True)
            now[str(seed)] = run(size, seed, asked.out)
        problems += claims(size, now)
        if asked.write:
            numbers.setdefault(size, {}).update(now)
        else:
            problems += compared(size, numbers.get(size, {}), now)
    if asked.write:
        save_numbers(NUMBERS, numbers)
    print(table(numbers))
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
