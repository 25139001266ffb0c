"""What the contracts cost: jobs of real nodes stay within the limits, and no call becomes dearer unseen.

`SCATTER_GAS=long` measures large jobs too, some minutes. `SCATTER_GAS=update` writes gas.json anew.
"""

import json
import os
from pathlib import Path
from statistics import mean

import pytest
from tests.contracts.gas_limits import beyond
from tests.unit.simulation.runs import Seen

from scatter.chain.deployment import PROTOCOL
from scatter.simulation.gas import Claims, Size, job_gas
from scatter.simulation.reading import read_scenario_file
from scatter.simulation.run import Run

FORM = os.environ.get("SCATTER_GAS", "short")
SNAPSHOT = Path(__file__).with_name("gas.json")
TOLERANCE = 0.02
DISPUTED = Path(__file__).parents[2] / "examples" / "scenarios" / "collusion-at-a-third.toml"

SHORT: list[tuple[str, Claims]] = [("6/3/2/1", "single"), ("6/3/2/1", "paged"), ("16/3/1/2", "single")]
LONG: list[tuple[str, Claims]] = [
    *((size, claims) for size in ("10/5/3/1", "50/10/5/1", "63/31/5/1") for claims in ("single", "paged")),
    *(("15/7/2/8", "single"), ("63/31/7/8", "single"), ("63/31/7/8", "paged"), ("63/1/0/32", "paged")),
]


@pytest.mark.parametrize(("size", "claims"), SHORT + (LONG if FORM == "long" else []))
async def test_a_job_stays_within_its_limits(size: str, claims: Claims, tmp_path: Path) -> None:
    measured = await job_gas(Size.parse(size), claims, tmp_path)
    assert beyond(measured, claims) == []
    if (size, claims) in SHORT:
        compare(f"{size} {claims}", measured.by_function())


async def test_a_disputed_job_costs_what_it_did(tmp_path: Path) -> None:
    """What the honest way has not: registration, tickets, challenges, and what jurors do."""
    seen = Seen()
    await Run(read_scenario_file(DISPUTED, short=True), DISPUTED.parent, tmp_path, seen, 1e9).run()
    functions: dict[str, list[int]] = {}
    for call in (call for block in seen.blocks for call in block.calls):
        if call.contract == PROTOCOL and call.error is None:
            functions.setdefault(call.function, []).append(call.gas)
    assert {"challenge", "commitVerdict", "openVerdict"} <= set(functions)
    compare("disputed", functions)


def compare(job: str, functions: dict[str, list[int]]) -> None:
    """No function's mean or dearest call is more than 2 % off what was committed."""
    now = {name: {"mean": round(mean(gas)), "max": max(gas)} for name, gas in sorted(functions.items())}
    kept = json.loads(SNAPSHOT.read_text())
    if FORM == "update":
        SNAPSHOT.write_text(json.dumps({**kept, job: now}, indent=1, sort_keys=True) + "\n")
        return
    assert now.keys() == kept[job].keys()
    moved = [
        f"{job}: {which} of {name} was {was:,} and is {now[name][which]:,}"
        for name, values in kept[job].items()
        for which, was in values.items()
        if abs(now[name][which] - was) > TOLERANCE * was
    ]
    assert not moved, "\n".join([*moved, "If that is meant: SCATTER_GAS=update pytest tests/contracts/test_gas.py"])
