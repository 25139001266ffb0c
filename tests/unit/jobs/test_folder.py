import gzip
import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scatter.jobs import folder as folder_module
from scatter.jobs.archives import ArchiveLimits, pack, unpack_to
from scatter.jobs.errors import ArchiveError, JobError
from scatter.jobs.examples import array_bytes
from scatter.jobs.folder import CODE_LIMITS, load_job, read_code
from scatter.learning.models import read_model

Files = dict[str, bytes]


def put(folder: Path, path: str, content: bytes) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def test_a_folder_becomes_a_package(job_folder: Path, job_files: Files) -> None:
    put(job_folder, "README.md", b"# stays at home")
    put(job_folder, "notes/plan.txt", b"stays at home")
    package = load_job(job_folder)
    assert package.definition.name == "tiny"
    assert package.model == job_files["model/model.safetensors"]
    assert package.evaluation.rows == 80
    assert package.data is None
    assert sorted(package.code.files) == ["job.toml", "predict/lib/layers.py", "predict/predict.py", "train/train.py"]


def test_data_comes_along_when_it_is_there(job_folder: Path, job_files: Files) -> None:
    put(job_folder, "data/inputs.npy", job_files["evaluation/inputs.npy"])
    put(job_folder, "data/outputs.npy", job_files["evaluation/outputs.npy"])
    package = load_job(job_folder)
    assert package.data is not None
    assert package.data.rows == 80
    assert not any(path.startswith(("data/", "evaluation/", "model/")) for path in package.code.files)


def test_half_of_the_data_is_refused(job_folder: Path, job_files: Files) -> None:
    put(job_folder, "data/outputs.npy", job_files["evaluation/outputs.npy"])
    with pytest.raises(JobError, match=r"data/inputs.npy is missing from "):
        load_job(job_folder)


def test_the_same_folder_makes_the_same_archive(job_folder: Path, tmp_path: Path) -> None:
    archive = load_job(job_folder).code.archive()
    (job_folder / "train" / "train.py").chmod(0o700)
    (job_folder / "train" / "__pycache__").mkdir()
    put(job_folder, "train/__pycache__/train.pyc", b"\0")
    assert load_job(job_folder).code.archive() == archive
    unpack_to(archive, tmp_path / "copy", CODE_LIMITS)
    assert read_code(archive).definition == load_job(job_folder).definition
    assert (tmp_path / "copy" / "train" / "train.py").read_bytes() == b"print('train')\n"


def test_a_model_in_another_layout_becomes_canonical(job_folder: Path, job_files: Files) -> None:
    canonical = job_files["model/model.safetensors"]
    length = int.from_bytes(canonical[:8], "little")
    header = canonical[8 : 8 + length].replace(b'{"weight"', b'{"__metadata__":{"made":"by hand"},"weight"')
    put(job_folder, "model/model.safetensors", len(header).to_bytes(8, "little") + header + canonical[8 + length :])
    assert load_job(job_folder).model == canonical
    assert read_model(canonical)["weight"].shape == (3, 2)


@pytest.mark.parametrize(
    "path", ["job.toml", "train/train.py", "model/model.safetensors", "evaluation/inputs.npy", "evaluation/outputs.npy"]
)
def test_what_is_missing_is_named(job_folder: Path, path: str) -> None:
    (job_folder / path).unlink()
    with pytest.raises(JobError, match=f"{path.replace('train.py', '')} is missing from .*tiny"):
        load_job(job_folder)


def torch_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
    return stream.getvalue()


@pytest.mark.parametrize("content", [pickle.dumps({"a": 1}, protocol) for protocol in range(6)] + [torch_zip()])
def test_a_pickle_in_place_of_the_model_is_refused(job_folder: Path, content: bytes) -> None:
    put(job_folder, "model/model.safetensors", content)
    with pytest.raises(JobError, match=r"model/model.safetensors.* is a pickle|cannot be used: the model is a pickle"):
        load_job(job_folder)


@pytest.mark.parametrize("name", ["model/model.pth", "model/model.PT", "train/weights.pkl", "evaluation/x.ckpt"])
def test_a_pickle_is_refused_by_its_name(job_folder: Path, name: str) -> None:
    put(job_folder, name, b"")
    with pytest.raises(JobError, match=f'"{name}" is a pickle by its name; models travel as safetensors'):
        load_job(job_folder)


@pytest.mark.parametrize("content", [pickle.dumps([1]), torch_zip()])
def test_a_pickle_is_refused_by_its_content(job_folder: Path, content: bytes) -> None:
    put(job_folder, "predict/weights.bin", content)
    with pytest.raises(JobError, match=r'"predict/weights.bin" is a pickle'):
        load_job(job_folder)


def test_other_zips_are_not_pickles(job_folder: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("words.txt", "a b c")
    put(job_folder, "predict/words.zip", stream.getvalue())
    assert "predict/words.zip" in load_job(job_folder).code.files


def test_a_model_that_is_no_model_is_refused(job_folder: Path) -> None:
    put(job_folder, "model/model.safetensors", b"hello")
    with pytest.raises(JobError, match=r"model/model.safetensors cannot be used: the model is not a safetensors file"):
        load_job(job_folder)


def test_rows_must_be_as_many_as_outputs(job_folder: Path) -> None:
    put(job_folder, "evaluation/outputs.npy", array_bytes(np.zeros(79, np.int64)))
    with pytest.raises(JobError, match=r"evaluation/inputs.npy has 80 rows, outputs.npy has 79; they must be equal"):
        load_job(job_folder)


def test_a_link_out_of_the_folder_is_refused(job_folder: Path) -> None:
    (job_folder / "evaluation" / "inputs.npy").unlink()
    (job_folder / "evaluation" / "inputs.npy").symlink_to("/etc/passwd")
    with pytest.raises(JobError, match=r'"evaluation/inputs.npy" is a link to "/etc/passwd"'):
        load_job(job_folder)


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (ArchiveLimits(1_000, 15, 10**6), r"has \d+ bytes; code files may have 15"),
        (ArchiveLimits(3, 10**6, 10**6), "hold more than 3 files or 1000000 bytes together"),
        (ArchiveLimits(100, 10**6, 100), "hold more than 100 files or 100 bytes together"),
    ],
)
def test_code_is_bounded(
    job_folder: Path, limits: ArchiveLimits, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "CODE_LIMITS", limits)
    with pytest.raises(JobError, match=sentence):
        load_job(job_folder)


def tar_of(files: Files, prefix: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, content in files.items():
            header = tarfile.TarInfo(prefix + path)
            header.size, header.mtime = len(content), 1_700_000_000.5
            tar.addfile(header, io.BytesIO(content))
    return stream.getvalue()


@pytest.mark.parametrize("prefix", ["", "./", "tiny/", "./tiny/"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_an_archive_is_as_good_as_a_folder(
    tmp_path: Path, job_folder: Path, job_files: Files, prefix: str, compress: Callable[[bytes], bytes]
) -> None:
    place = tmp_path / "job.archive"
    place.write_bytes(compress(tar_of({**job_files, "README.md": b"home"}, prefix)))
    package, same = load_job(place), load_job(job_folder)
    assert package.code.archive() == same.code.archive()
    assert package.model == same.model
    assert np.array_equal(package.evaluation.inputs, same.evaluation.inputs)


def test_an_archive_that_unpacks_to_ten_gibibytes_is_refused(tmp_path: Path, job_files: Files) -> None:
    """Eleven files of nearly 1 GiB, as headers only: the first one is too big already."""
    place = tmp_path / "bomb.tar.gz"
    with gzip.open(place, "wb") as stream:
        for number in range(11):
            header = tarfile.TarInfo(f"evaluation/{number}")
            header.size = (1 << 30) - 512
            stream.write(header.tobuf(tarfile.USTAR_FORMAT))
    with pytest.raises(
        ArchiveError, match=r"^bomb.tar.gz: \"evaluation/0\" in the archive has 1073741312 bytes; 536870912 "
    ):
        load_job(place)


def test_what_is_neither_folder_nor_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"nowhere is neither a job folder nor an archive of one"):
        load_job(tmp_path / "nowhere")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ArchiveError, match=r"^text: the archive is damaged"):
        load_job(tmp_path / "text")


def test_an_archive_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.tar").write_bytes(b"")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(JobError, match=r"x.tar cannot be read: Permission denied"):
        load_job(tmp_path / "x.tar")


def test_code_from_the_network_holds_nothing_else(job_files: Files) -> None:
    code = {path: job_files[path] for path in ("job.toml", "train/train.py", "predict/predict.py")}
    assert read_code(pack(code)).files == code
    with pytest.raises(
        JobError, match=r"README.md is in the job's archive, which takes job.toml, train/ and predict/ only"
    ):
        read_code(pack({**code, "README.md": b""}))
    with pytest.raises(JobError, match="is a pickle"):
        read_code(pack({**code, "train/x": pickle.dumps(1)}))
    with pytest.raises(ArchiveError):
        read_code(tar_of(code))
