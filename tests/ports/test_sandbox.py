"""What every `Sandbox` does. A further implementation is added to `SANDBOXES`."""

# ruff: noqa: S108 (paths inside the sandbox)

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scatter.ports import Limits, Sandbox, SandboxRun, SandboxUnavailable
from scatter.runtime import LocalSandbox

SANDBOXES: dict[str, Callable[[], Sandbox]] = {"local": LocalSandbox}

MEBIBYTE = 1 << 20


@pytest.fixture(params=sorted(SANDBOXES))
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return SANDBOXES[request.param]()


def python(
    code: str,
    *outputs: str,
    mounts: dict[str, Path] | None = None,
    variables: dict[str, str] | None = None,
    limits: Limits | None = None,
) -> SandboxRun:
    return SandboxRun(
        command=["python", "-c", code],
        mounts=mounts or {},
        limits=limits or Limits(seconds=20, memory=512 * MEBIBYTE),
        outputs=outputs,
        variables=variables or {},
    )


async def test_an_output_comes_back(sandbox: Sandbox) -> None:
    result = await sandbox.run(python("open('/out/answer', 'wb').write(bytes(range(256)) * 9000)", "answer"))
    assert result.succeeded
    assert result.outputs == {"answer": bytes(range(256)) * 9000}
    assert result.reason is None
    assert 0 < result.seconds < 20


async def test_only_what_was_asked_for_comes_back(sandbox: Sandbox) -> None:
    code = (
        "import os; os.makedirs('/out/models'); [open('/out/' + n, 'w').write(n) for n in ('a', 'b', 'models/1.npy')]"
    )
    result = await sandbox.run(python(code, "a", "models/1.npy", "never/made", "not made"))
    assert result.succeeded
    assert result.outputs == {"a": b"a", "models/1.npy": b"models/1.npy"}


async def test_mounts_are_readable_and_read_only(sandbox: Sandbox, tmp_path: Path) -> None:
    job, model = tmp_path / "job", tmp_path / "secret-name"
    job.mkdir(mode=0o700)
    (job / "train.py").write_text(
        "import local, sys; open('/out/seen', 'w').write(local.NAME + open(sys.argv[1]).read())"
    )
    (job / "local.py").write_text("NAME = 'local and '")
    model.write_text("model")
    model.chmod(0o600)
    run = SandboxRun(
        command=["python", "train.py", "/in/models/7.safetensors"],
        mounts={"/job": job, "/in/models/7.safetensors": model},
        limits=Limits(seconds=20, memory=512 * MEBIBYTE),
        outputs=["seen"],
    )
    assert (await sandbox.run(run)).outputs == {"seen": b"local and model"}
    for path in ("/job/train.py", "/job/new", "/in/models/7.safetensors", "/in/new", "/new", "/etc/passwd"):
        result = await sandbox.run(python(f"open({path!r}, 'w')", mounts=dict(run.mounts)))
        assert result.exit_code == 1, path
        assert "Error" in result.stderr, path
    assert model.read_text() == "model"
    assert sorted(path.name for path in job.iterdir()) == ["local.py", "train.py"]


async def test_numpy_and_safetensors_are_in_the_environment(sandbox: Sandbox) -> None:
    code = (
        "import numpy as np\n"
        "from safetensors.numpy import save_file\n"
        "save_file({'w': np.ones((64, 64)) @ np.ones((64, 64))}, '/out/model.safetensors')\n"
    )
    result = await sandbox.run(python(code, "model.safetensors"))
    assert result.succeeded, result.stderr
    assert len(result.outputs["model.safetensors"]) > 64 * 64 * 8


async def test_a_call_with_numpy_is_quick(sandbox: Sandbox) -> None:
    """Held against a call that does nothing, since machines differ and are busy."""
    nothing = [(await sandbox.run(python("pass"))).seconds for _ in range(5)]
    seconds = [(await sandbox.run(python("import numpy"))).seconds for _ in range(5)]
    assert min(seconds) < 10 * min(nothing)


async def test_variables_are_those_of_the_run(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_NODE", "1")
    code = "import os, json; json.dump(dict(os.environ), open('/out/environ', 'w'))"
    result = await sandbox.run(python(code, "environ", variables={"SEED": "7"}))
    environ = result.outputs["environ"].decode()
    assert '"SEED": "7"' in environ
    assert '"OMP_NUM_THREADS": "1"' in environ
    assert '"PYTHONHASHSEED": "0"' in environ
    assert "SECRET" not in environ


async def test_the_exit_code_and_the_end_of_stderr_come_back(sandbox: Sandbox) -> None:
    code = "import sys; print('x' * 100_000, file=sys.stderr); print('\\x1b[31mlast\\x07 line ä', file=sys.stderr); sys.exit(3)"
    result = await sandbox.run(python(code))
    assert (result.exit_code, result.reason, result.succeeded) == (3, None, False)
    assert result.stderr.endswith("xxx\n[31mlast line ä\n")
    assert len(result.stderr) <= 4096


async def test_a_signal_is_a_negative_exit_code(sandbox: Sandbox) -> None:
    assert (await sandbox.run(python("import os; os.kill(os.getpid(), 11)"))).exit_code == -11


async def test_a_command_that_is_not_there_fails(sandbox: Sandbox) -> None:
    run = SandboxRun(command=["no-such-program"], mounts={}, limits=Limits(5, 512 * MEBIBYTE), outputs=[])
    result = await sandbox.run(run)
    assert result.exit_code == 127
    assert "cannot run 'no-such-program': No such file or directory" in result.stderr


async def test_stdout_and_stdin_lead_nowhere(sandbox: Sandbox) -> None:
    result = await sandbox.run(python("import sys; print('{\"exit_code\": 0}' * 9); assert sys.stdin.read() == ''"))
    assert result.succeeded
    assert result.outputs == {}


async def test_the_clock_ends_a_run(sandbox: Sandbox) -> None:
    result = await sandbox.run(python("import time; time.sleep(60)", limits=Limits(0.7, 512 * MEBIBYTE)))
    assert result.exit_code is None
    assert result.reason == "ran longer than 0.7 s"
    assert result.seconds < 5


async def test_memory_of_a_process_is_limited(sandbox: Sandbox) -> None:
    result = await sandbox.run(python("b'x' * (600 << 20)"))
    assert result.exit_code == 1
    assert "MemoryError" in result.stderr


async def test_outputs_together_are_limited(sandbox: Sandbox) -> None:
    code = "for n in 'abc': open('/out/' + n, 'wb').write(bytes(1 << 20))"
    fits = await sandbox.run(python(code, "a", "b", "c", limits=Limits(20, 512 * MEBIBYTE, output=3 * MEBIBYTE)))
    assert [len(content) for content in fits.outputs.values()] == [MEBIBYTE] * 3
    full = await sandbox.run(python(code, "a", "b", "c", limits=Limits(20, 512 * MEBIBYTE, output=2 * MEBIBYTE)))
    assert not full.succeeded
    assert "No space left on device" in full.stderr


async def test_cancelling_ends_the_run(sandbox: Sandbox) -> None:
    for delay in (0.0, 0.01, 0.05, 0.4):
        running = asyncio.create_task(sandbox.run(python("import time; time.sleep(60)")))
        await asyncio.sleep(delay)
        begun = time.monotonic()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert time.monotonic() - begun < 5


async def test_runs_at_once_do_not_see_one_another(sandbox: Sandbox) -> None:
    code = "import os, time; open('/tmp/x', 'x').close(); time.sleep(0.3); open('/out/x', 'w').write({!r})"
    results = await asyncio.gather(*(sandbox.run(python(code.format(str(n)), "x")) for n in range(4)))
    assert [result.outputs["x"] for result in results] == [b"0", b"1", b"2", b"3"]


async def test_an_unknown_environment_is_unavailable(sandbox: Sandbox) -> None:
    run = SandboxRun(["python"], {}, Limits(5, 512 * MEBIBYTE), [], environment="python-2.7")
    with pytest.raises(SandboxUnavailable, match=r"python-2\.7"):
        await sandbox.run(run)


@pytest.mark.parametrize("point", ["in/x", "/", "/in/../etc", "/in//x", "/proc/x", "/out", "/tmp/x", "/lib", "/x\0"])
async def test_impossible_mount_points_are_refused(sandbox: Sandbox, point: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot mount at"):
        await sandbox.run(python("", mounts={point: tmp_path}))


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a\0"])
async def test_impossible_outputs_are_refused(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(ValueError, match="relative to /out"):
        await sandbox.run(python("", name))


async def test_a_mount_that_is_not_there_is_an_error(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        await sandbox.run(python("", mounts={"/in/x": tmp_path / "absent"}))


@pytest.mark.parametrize("limits", [Limits(0, 1 << 30), Limits(1, 0), Limits(1, 1 << 30, 0), Limits(1, 1 << 30, 1, 0)])
async def test_limits_without_room_are_refused(sandbox: Sandbox, limits: Limits) -> None:
    with pytest.raises(ValueError, match="limits"):
        await sandbox.run(python("", limits=limits))


async def test_a_command_is_needed_and_clean(sandbox: Sandbox) -> None:
    limits = Limits(1, 512 * MEBIBYTE)
    with pytest.raises(ValueError, match="command"):
        await sandbox.run(SandboxRun([], {}, limits, []))
    with pytest.raises(ValueError, match="NUL"):
        await sandbox.run(SandboxRun(["python", "\0"], {}, limits, []))
    with pytest.raises(ValueError, match="variable"):
        await sandbox.run(SandboxRun(["python"], {}, limits, [], variables={"A=B": ""}))
