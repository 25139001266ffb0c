"""Runs that are interrupted: where they go on, and what they refuse to go on from."""

import json
from pathlib import Path

import pytest
from tests.unit.simulation.runs import BEGINNING, NODES, POST, Seen, prepared, run, step

from scatter.simulation.errors import CheckpointUnusable
from scatter.simulation.keeping import CHECKPOINT, FOLDER
from scatter.simulation.step_kinds import Step

WHOLE = (
    NODES,
    BEGINNING,
    POST,
    step("trainer-joins", job="$job"),
    step("change-behaviour", nodes=["trainer-1"], behaviour="label-flip"),
    step("wait", job="$job", state="training"),
    step("stop-node", nodes=["challenger"]),
    step("wait", job="$job"),
)


class Interrupted(Exception):
    """Stands for a kill."""


class Interrupting(Seen):
    """Ends the run when a step begins."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def step(self, number: int, step: Step) -> None:
        super().step(number, step)
        if number == self._at:
            raise Interrupted


async def interrupted(out: Path, at: int) -> Path:
    """The state folder of a run that was interrupted at a step."""
    with pytest.raises(Interrupted):
        await prepared(out, *WHOLE, seen=Interrupting(at), keep_every=0.0).run()
    assert (out / FOLDER / CHECKPOINT).is_file()
    return out / FOLDER


def recordings(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "recording").iterdir())}


@pytest.mark.parametrize("at", [2, 3, 4, 5, 6, 7, 8])
async def test_it_goes_on_after_any_step_and_comes_out_the_same(tmp_path: Path, at: int) -> None:
    whole, _ = await run(tmp_path / "whole", *WHOLE)
    await interrupted(tmp_path / "out", at)
    seen = Seen()
    result, _ = await prepared(tmp_path / "out", *WHOLE, seen=seen).run()
    assert seen.resumed
    assert len(seen.steps) == len(WHOLE) - 2 + 3 - at + 1, "the steps before were not played again"
    assert recordings(tmp_path / "out") == recordings(tmp_path / "whole")
    assert result.nodes == whole.nodes
    assert not (tmp_path / "out" / FOLDER).exists()


async def test_an_error_while_all_wait_loses_nothing(tmp_path: Path) -> None:
    """In the middle of a step: kept at a quiet moment of it."""
    await run(tmp_path / "whole", *WHOLE)

    class AtBlock(Seen):
        def block(self, record: object) -> None:
            self.blocks.append(record)  # type: ignore[arg-type]
            if len(self.blocks) == 16:
                raise Interrupted

    with pytest.raises(Interrupted):
        await prepared(tmp_path / "out", *WHOLE, seen=AtBlock(), keep_every=0.0).run()
    await prepared(tmp_path / "out", *WHOLE).run()
    assert recordings(tmp_path / "out") == recordings(tmp_path / "whole")


async def test_another_scenario_starts_anew_only_if_asked(tmp_path: Path) -> None:
    await interrupted(tmp_path, 6)
    other = prepared(tmp_path, *WHOLE, head="seed = 9\n")
    with pytest.raises(CheckpointUnusable, match=r"another scenario, seed or version.*--fresh"):
        await other.run()
    assert (tmp_path / FOLDER / CHECKPOINT).is_file(), "nothing was thrown away"
    seen = Seen()
    result, _ = await prepared(tmp_path, *WHOLE, seen=seen, head="seed = 9\n").run(fresh=True)
    assert (seen.resumed, result.seed) == (False, 9)


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (CHECKPOINT, b"{", "cannot be used"),
        (CHECKPOINT, b'{"format": 99}', "another version"),
        (CHECKPOINT, json.dumps({"format": 1}).encode(), "cannot be used"),
        ("artefacts.jsonl", b"", "artefacts.jsonl is shorter than it was"),
        ("deployment.json", b"{}", "cannot be used"),
    ],
)
async def test_a_damaged_state_is_refused(tmp_path: Path, name: str, damage: bytes, message: str) -> None:
    state = await interrupted(tmp_path, 6)
    (state / name).write_bytes(damage)
    with pytest.raises(CheckpointUnusable, match=message):
        await prepared(tmp_path, *WHOLE).run()


async def test_content_that_changed_is_refused(tmp_path: Path) -> None:
    state = await interrupted(tmp_path, 6)
    victim = sorted((state / "content").iterdir())[0]
    victim.write_bytes(victim.read_bytes() + b"x")
    with pytest.raises(CheckpointUnusable, match="has changed since it was kept"):
        await prepared(tmp_path, *WHOLE).run()


async def test_what_was_kept_before_hashes_were_is_gone_on_from(tmp_path: Path) -> None:
    whole, _ = await run(tmp_path / "whole", *WHOLE)
    state = await interrupted(tmp_path / "out", 5)
    calls = state / "calls.jsonl"
    lines = [json.loads(line) for line in calls.read_text().splitlines()]
    assert any(call[6] for line in lines for call in line[1])
    earlier = [[number, [call[:6] for call in told], *rest] for number, told, *rest in lines]
    calls.write_text("".join(f"{json.dumps(line)}\n" for line in earlier))
    checkpoint = json.loads((state / CHECKPOINT).read_text())
    checkpoint["lengths"][calls.name] = calls.stat().st_size
    (state / CHECKPOINT).write_text(json.dumps(checkpoint))
    result, _ = await prepared(tmp_path / "out", *WHOLE).run()
    assert result.nodes == whole.nodes
    then, now = recordings(tmp_path / "whole"), recordings(tmp_path / "out")
    assert [name for name in then if then[name] != now[name]] == ["transactions.csv", "transactions.parquet"]
