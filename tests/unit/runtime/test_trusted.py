from dataclasses import replace
from pathlib import Path

import pytest

from scatter.jobs.folder import load_job
from scatter.learning.models import Model, read_model
from scatter.localnet.example import EXAMPLES, example_job
from scatter.localnet.partition import deal
from scatter.node.running import Package, Runner
from scatter.ports import Limits, Sandbox, SandboxResult, SandboxRun
from scatter.protocol.ids import Round
from scatter.runtime import LocalSandbox
from scatter.runtime.remembered import RememberingSandbox
from scatter.runtime.trusted import CodeNotTrusted, TrustedRunner, scripts_of


@pytest.fixture
def trusted() -> TrustedRunner:
    return TrustedRunner(scripts_of(example_job(name) for name in EXAMPLES))


def order(folder: Path, code: str, *outputs: str) -> SandboxRun:
    folder.mkdir(exist_ok=True)
    (folder / "run.py").write_text(code)
    return SandboxRun(["python", "run.py"], {"/job": folder}, Limits(60, 1 << 30), outputs)


@pytest.mark.parametrize("name", EXAMPLES)
async def test_it_makes_what_the_sandbox_makes(name: str, trusted: TrustedRunner, tmp_path: Path) -> None:
    """To the last bit: training and predicting."""
    job = load_job(example_job(name))
    assert job.data is not None
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o755)
    for file, content in (deal(job.data, 3, 1.0, 1)[0] if name == "digits" else job.data).to_files().items():
        (data / file).write_bytes(content)
    package, start = Package(job.definition, example_job(name)), read_model(job.model)
    made = []
    for number, sandbox in enumerate((trusted, LocalSandbox())):
        workspace = tmp_path / str(number)
        workspace.mkdir()
        runner = Runner(sandbox, workspace)
        model = await runner.train(package, start, Round(2), data)
        made.append((model, await runner.predict(package, job.evaluation, [start, model])))
    (here, ours), (there, theirs) = made
    assert isinstance(here, Model)
    assert all((here[tensor] == there[tensor]).all() for tensor in there)
    assert any((here[tensor] != start[tensor]).any() for tensor in start), "it has learned something"
    for one, other in zip(ours, theirs, strict=True):
        assert one is not None
        assert other is not None
        assert (one == other).all()


async def test_code_that_nobody_vouched_for_does_not_run(trusted: TrustedRunner, tmp_path: Path) -> None:
    run = order(tmp_path / "job", f"open({str(tmp_path / 'mark')!r}, 'w')\ndef main(root): pass\n")
    with pytest.raises(CodeNotTrusted, match=r"run\.py is not code that came with Scatter"):
        await trusted.run(run)
    assert not (tmp_path / "mark").exists(), "not even its first line"


@pytest.mark.parametrize("command", [["sh", "run.py"], ["python", "-c", "1"], ["python"]])
async def test_only_scripts_run(trusted: TrustedRunner, tmp_path: Path, command: list[str]) -> None:
    with pytest.raises(CodeNotTrusted, match="only `python <script>` can"):
        await trusted.run(replace(order(tmp_path / "job", ""), command=command))


async def test_what_goes_wrong_is_told(tmp_path: Path) -> None:
    run = order(tmp_path / "job", "def main(root):\n    raise ValueError('no such digit')\n", "x")
    result = await TrustedRunner(scripts_of([tmp_path / "job"])).run(run)
    assert (result.exit_code, result.outputs) == (1, {})
    assert "ValueError: no such digit" in result.stderr


class Counting:
    """A sandbox that counts its runs."""

    def __init__(self, exit_code: int | None = 0) -> None:
        self.runs = 0
        self._exit_code = exit_code

    async def run(self, run: SandboxRun) -> SandboxResult:
        self.runs += 1
        return SandboxResult(self._exit_code, None, "", {"out": bytes([self.runs])}, 0.1)


async def test_what_is_equal_runs_once(tmp_path: Path) -> None:
    counting = Counting()
    sandbox: Sandbox = RememberingSandbox(counting)
    run = order(tmp_path / "job", "1", "out")
    first = await sandbox.run(run)
    (tmp_path / "copy").mkdir()
    again = order(tmp_path / "copy" / "job", "1", "out")
    assert await sandbox.run(again) == first, "wherever the files are"
    others = (
        order(tmp_path / "other", "2", "out"),
        replace(run, outputs=("out", "more")),
        replace(run, variables={"SEED": "1"}),
        replace(run, mounts={**run.mounts, "/data": tmp_path / "copy"}),
    )
    for other in others:
        await sandbox.run(other)
    assert counting.runs == 5


async def test_runs_that_were_killed_are_tried_again(tmp_path: Path) -> None:
    counting = Counting(exit_code=None)
    sandbox = RememberingSandbox(counting)
    for _ in range(2):
        await sandbox.run(order(tmp_path / "job", "1"))
    assert counting.runs == 2


async def test_only_so_much_is_remembered(tmp_path: Path) -> None:
    counting = Counting()
    sandbox = RememberingSandbox(counting, kept_bytes=1)
    one, two = order(tmp_path / "one", "1"), order(tmp_path / "two", "2")
    for run in (one, two, two, one):
        await sandbox.run(run)
    assert counting.runs == 3
