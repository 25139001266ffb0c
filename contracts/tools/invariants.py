#!/usr/bin/env python3
"""Run the campaign of invariant tests, print how often it reached what, and fail when some of it is never reached.

    python contracts/tools/invariants.py                             256 runs of 64 calls, from one seed
    python contracts/tools/invariants.py --runs 4096 --depth 128 --seed random

A line of the table: how often a state was entered, a job ended for a reason, a phase of judging began, a challenge came to an
outcome (Pending: the jury was void), or something else happened that test/invariants/Reached.sol names; and in how many runs.
"""

import argparse
import os
import re
import secrets
import sys
from pathlib import Path

import forge

TYPES = forge.CONTRACTS / "src" / "ScatterTypes.sol"
MARKS = forge.CONTRACTS / "test" / "invariants" / "Reached.sol"
REACHED = forge.CONTRACTS / "cache" / "campaign" / "reached.txt"
# Nothing is ever in it.
NO_STATE = "state None"


def places() -> list[str]:
    """What a campaign can reach, in the order in which a run's line counts it."""
    outcomes = _members(TYPES, "Outcome")
    return [
        *(f"state {name}" for name in _members(TYPES, "State")),
        *(f"reason {name}" for name in _members(TYPES, "Reason")),
        *(f"phase {name}" for name in _members(TYPES, "JudgingPhase")),
        *(f"{kind} {outcome}" for kind in _members(TYPES, "ChallengeKind") for outcome in outcomes),
        *_members(MARKS, "Mark"),
    ]


def _members(file: Path, enum: str) -> list[str]:
    body = re.search(rf"enum {enum} {{(.*?)}}", file.read_text(), re.DOTALL)
    if body is None:
        raise SystemExit(f"{file} has no enum {enum}")
    return re.findall(r"\w+", body[1])


def table(lines: list[str]) -> dict[str, tuple[int, int]]:
    """Place → how often it was reached, and in how many runs, of one line a run; SystemExit when lines do not fit the enums."""
    names = places()
    runs = [[int(count) for count in line.split()] for line in lines]
    if any(len(run) != len(names) for run in runs):
        raise SystemExit("the lines of the runs do not have as many counts as there are places")
    columns = zip(*runs, strict=True) if runs else ((),) * len(names)
    return {name: (sum(column), sum(map(bool, column))) for name, column in zip(names, columns, strict=True)}


def never(reached: dict[str, tuple[int, int]]) -> list[str]:
    """The places that no run reached."""
    return [name for name, (times, _) in reached.items() if times == 0 and name != NO_STATE]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Run the campaign of invariant tests, and show what it reached.")
    parser.add_argument("--runs", type=int, help="default: foundry.toml's")
    parser.add_argument("--depth", type=int, help="calls in a run; default: foundry.toml's")
    parser.add_argument("--seed", help="a number or 'random'; default: foundry.toml's")
    options = parser.parse_args()
    os.environ["FOUNDRY_NO_MATCH_CONTRACT"] = "^$"
    for name in ("runs", "depth"):
        if getattr(options, name) is not None:
            os.environ[f"FOUNDRY_INVARIANT_{name.upper()}"] = str(getattr(options, name))
    seed = hex(secrets.randbits(64)) if options.seed == "random" else options.seed
    REACHED.unlink(missing_ok=True)
    code = forge.run(["test", "--match-path", "test/Invariants.t.sol", *(["--fuzz-seed", seed] if seed else [])])
    reached = table(REACHED.read_text().splitlines() if REACHED.exists() else [])
    for name, (times, runs) in reached.items():
        print(f"{name:<28}{times:>8} times{runs:>7} runs")
    missing = never(reached)
    if missing:
        print(f"never reached: {', '.join(missing)}", file=sys.stderr)
    return code or (1 if missing else 0)


if __name__ == "__main__":
    sys.exit(main())
