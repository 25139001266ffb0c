"""The seven casts of examples/scenarios/casts on the contracts: what everybody gains, over five seeds.

    python tools/economy.py [--quick] [--write] [--seed N] [--only CAST] [--model SEEDS] [--out DIR]

Each run is played again by the plain model of economy_model.py with the same draws, which has to come to the same gains. Then
the gains are compared with economy.json beside it; exits with 1 where one has another sign, another place in the order, or is
off by more than a tenth. docs/economy.md has the table.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from tempfile import TemporaryDirectory
from typing import Any

from economy_model import CASTS, Draws, Economy
from recorded_draws import replayed
from running import differences, load_numbers, run_scenario, save_numbers

from scatter.protocol.ids import SCT
from scatter.simulation.reading import read_scenario_file
from scatter.simulation.result import NodeResult, SimulationResult
from scatter.simulation.scenario import HONEST

HERE = Path(__file__).resolve().parent
NUMBERS = HERE / "economy.json"
SCENARIOS = HERE.parent / "examples" / "scenarios" / "casts"
SEEDS = (1, 2, 3, 4, 5)
LEAST_GAIN = 5.0
"""SCT by which a number may always differ."""
DUST = 1e-6
"""SCT by which the plain model, which counts in floating-point numbers, may be off."""
KINDS = tuple(
    f"{how} {role}" for role in ("trainer", "validator", "challenger", "requestor") for how in ("honest", "bad")
)


def kind_of(role: str, honest: bool) -> str:
    """Whose gains are put together."""
    return f"{'honest' if honest else 'bad'} {role}"


def gains(result: SimulationResult) -> dict[str, dict[str, float]]:
    """The gains in SCT of each kind: least, mean and most."""
    kinds: dict[str, list[float]] = {}
    for node in result.nodes:
        kinds.setdefault(kind_of(node.role, node.behaviour == HONEST), []).append(node.gain / SCT)
    return {
        kind: {"least": round(min(each), 1), "mean": round(fmean(each), 1), "most": round(max(each), 1)}
        for kind, each in kinds.items()
    }


def contradictions(nodes: Sequence[NodeResult], folder: Path) -> list[str]:
    """Nodes whose gain the plain model does not come to, given what chance decided in the run."""
    expected = replayed(folder)
    return [
        f"{node.name} gained {node.gain / SCT:+,.2f} SCT, {expected[node.name]:+,.2f} by the plain model"
        for node in nodes
        if abs(node.gain / SCT - expected[node.name]) > DUST
    ]


def run(cast: str, seed: int, out: Path | None) -> tuple[dict[str, Any], list[str]]:
    """What came of one run, and what is wrong with it."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) if out is None else out / f"{cast}-{seed}"
        scenario = read_scenario_file(SCENARIOS / f"{cast}.toml", seed=seed)
        result, problems = run_scenario(scenario, SCENARIOS, folder)
        problems += contradictions(result.nodes, folder)
    return {"jobs": result.jobs_by_state, "gains": gains(result)}, [f"{cast}, seed {seed}: {one}" for one in problems]


def compared(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Where a run is not what it was."""
    old, new = ({kind: each["mean"] for kind, each in one["gains"].items()} for one in (before, now))
    problems = differences(old, new, LEAST_GAIN)
    if sorted(old, key=old.__getitem__) != sorted(new, key=new.__getitem__):
        problems.append("the order of who gains most is another one")
    if before["jobs"] != now["jobs"]:
        problems.append(f"jobs ended as {now['jobs']}, before as {before['jobs']}")
    return problems


def modelled(cast: str, seeds: int) -> dict[str, dict[str, float]]:
    """Means of the plain model, and how far the mean of as many runs as there are `SEEDS` is from them by chance."""
    kinds: dict[str, list[float]] = {}
    for seed in range(seeds):
        economy = Economy(CASTS[cast].nodes(), Draws(seed), CASTS[cast].juries)
        economy.play()
        for kind in KINDS:
            each = [node.gain for node in economy.nodes if kind_of(node.role, not node.liar) == kind]
            if each:
                kinds.setdefault(kind, []).append(fmean(each))
    chance = len(SEEDS) ** 0.5
    return {
        kind: {"mean": round(fmean(each), 1), "error": round(stdev(each) / chance, 1)} for kind, each in kinds.items()
    }


def table(numbers: Mapping[str, Any]) -> str:
    """Means over seeds with the least and the most of a single node, and the model's mean, as Markdown."""
    lines = ["| cast | who | mean | least … most | the model, mean ± chance |", "|---|---|---|---|---|"]
    for cast, known in numbers.items():
        for kind in KINDS:
            runs = [one["gains"][kind] for one in known["seeds"].values() if kind in one["gains"]]
            if not runs:
                continue
            mean, least, most = fmean(one["mean"] for one in runs), *_range(runs)
            model = known.get("model", {}).get(kind, {"mean": 0, "error": 0})
            lines.append(
                f"| {cast} | {kind} | {_signed(mean)} | {_signed(least)} … {_signed(most)}"
                f" | {_signed(model['mean'])} ± {model['error']:,.0f} |"
            )
    return "\n".join(lines)


def _range(runs: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    return min(one["least"] for one in runs), max(one["most"] for one in runs)


def _signed(amount: float) -> str:
    return f"{amount:+,.0f}".replace("-", "−") if round(amount) else "0"


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; 0 when every number is what it was."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one seed of each cast")
    parser.add_argument("--write", action="store_true", help="keep the numbers of this run in economy.json")
    parser.add_argument("--only", choices=CASTS)
    parser.add_argument("--seed", type=int, choices=SEEDS)
    parser.add_argument(
        "--model", type=int, metavar="SEEDS", help="play the plain model with so many seeds, nothing else"
    )
    parser.add_argument("--out", type=Path, help="keep recordings here")
    asked = parser.parse_args(arguments)
    numbers = load_numbers(NUMBERS)
    casts = [asked.only] if asked.only else list(CASTS)
    seeds = [asked.seed] if asked.seed else SEEDS[:1] if asked.quick else SEEDS
    problems: list[str] = []
    for cast in casts:
        known = numbers.setdefault(cast, {"seeds": {}})
        if asked.model:
            known["model"] = modelled(cast, asked.model)
            continue
        for seed in seeds:
            print(f"{cast}, seed {seed}", file=sys.stderr, flush=True)
            now, wrong = run(cast, seed, asked.out)
            problems += wrong
            if asked.write:
                known["seeds"][str(seed)] = now
            else:
                problems += [f"{cast}, seed {seed}: {one}" for one in compared(known["seeds"][str(seed)], now)]
    if asked.write:
        save_numbers(NUMBERS, numbers)
    print(table(numbers))
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
