"""Bad job folders: one clear sentence, exit code 2, and nothing is posted."""

import io
import shutil
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from e2e.running import Start
from scatter.localnet.example import example_job


def _missing_file(job: Path) -> Path:
    (job / "model" / "model.safetensors").unlink()
    return job


def _edited(old: str, new: str) -> Callable[[Path], Path]:
    def edit(job: Path) -> Path:
        text = (job / "job.toml").read_text()
        assert old in text
        (job / "job.toml").write_text(text.replace(old, new))
        return job

    return edit


def _pickle(job: Path) -> Path:
    (job / "model" / "model.safetensors").write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94.")
    return job


def _link_out(job: Path) -> Path:
    (job / "train" / "secrets.txt").symlink_to("/etc/passwd")
    return job


def _ten_gibibytes(job: Path) -> Path:
    archive = job.parent / "bomb.tar"
    header = tarfile.TarInfo("train/zeros.bin")
    header.size = 10 << 30
    archive.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
    return archive


def _more_than_a_gibibyte_compressed(job: Path) -> Path:
    archive = job.parent / "bomb.tar.gz"
    archive.write_bytes(_bomb())
    return archive


@cache
def _bomb() -> bytes:
    """Takes seconds to make: once for both commands."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as bomb:
        for number in range(3):
            header = tarfile.TarInfo(f"train/zeros-{number}.bin")
            header.size = 512 << 20
            bomb.addfile(header, _Zeros(header.size))
    return content.getvalue()


class _Zeros(io.RawIOBase):
    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return bytes(size)


BAD = {
    "missing file": (_missing_file, "model/model.safetensors"),
    "unknown rule": (_edited('rule = "contribution"', 'rule = "best"'), "best"),
    "fault of 2": (_edited("fault = 0.5", "fault = 2"), "fault"),
    "pickle as model": (_pickle, "pickle"),
    "link out of the folder": (_link_out, "train/secrets.txt"),
    "archive of 10 GiB": (_ten_gibibytes, "zeros"),
    "compressed bomb": (_more_than_a_gibibyte_compressed, "byte"),
}


@pytest.fixture
def job(tmp_path: Path) -> Path:
    return Path(shutil.copytree(example_job(), tmp_path / "job"))


@pytest.mark.parametrize(("spoil", "named"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("command", ["check", "demo"])
def test_a_bad_job_gets_one_sentence(
    start: Start, tmp_path: Path, job: Path, command: str, spoil: Callable[[Path], Path], named: str
) -> None:
    bad = spoil(job)
    demo = tmp_path / "demo"
    run = start("job", "check", bad) if command == "check" else start("demo", "--job", bad, "--out", demo)
    assert run.wait(60) == 2
    errors = [line for line in run.said().splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, run.said()
    assert named in errors[0]
    assert "Traceback" not in run.said()
    assert not demo.exists()


def test_a_good_job_is_found_good(start: Start) -> None:
    run = start("job", "check", example_job(), "--json")
    assert run.wait(60) == 0, run.said()
    assert '"ok": true' in run.out


def test_a_predictor_that_disagrees_with_itself_is_refused(start: Start, job: Path) -> None:
    script = job / "predict" / "predict.py"
    script.write_text(
        "import numpy, glob, os\n"
        "rows = len(numpy.load('/in/inputs.npy'))\n"
        "for path in glob.glob('/in/models/*'):\n"
        "    noise = numpy.frombuffer(os.urandom(rows * 10), 'u1').reshape(rows, 10) + 1.0\n"
        "    name = os.path.basename(path).removesuffix('.safetensors')\n"
        "    numpy.save(f'/out/{name}.npy', noise / noise.sum(1, keepdims=True))\n"
    )
    run = start("job", "check", job)
    assert run.wait(60) == 2
    assert "deterministic" in run.said()
