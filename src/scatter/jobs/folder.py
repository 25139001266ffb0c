"""A job folder, or an archive of one, as a checked package.

Of a folder `job.toml`, `train/` and `predict/` are posted for everybody, `model/` and `evaluation/` are posted encrypted,
and `data/` is never posted: it is what `scatter demo` deals out among local trainers. All else stays at home unread.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scatter.jobs.archives import MIB, ArchiveLimits, pack, read_archive, unpack
from scatter.jobs.definition import FILE, JobDefinition, parse_definition
from scatter.jobs.errors import ArchiveError, JobError
from scatter.jobs.examples import INPUTS, OUTPUTS, Examples, read_examples
from scatter.jobs.pickles import refuse_pickle
from scatter.jobs.tree import read_tree
from scatter.learning.errors import ModelError
from scatter.learning.models import read_model, write_model

MODEL = "model/model.safetensors"
EVALUATION = "evaluation"
DATA = "data"
CODE = ("train/", "predict/")

JOB_LIMITS = ArchiveLimits(entries=5_000, file=512 * MIB, total=1024 * MIB)
CODE_LIMITS = ArchiveLimits(entries=1_000, file=16 * MIB, total=64 * MIB)


@dataclass(frozen=True, slots=True)
class JobCode:
    """The public part of a job: `job.toml`, `train/` and `predict/`, by path."""

    definition: JobDefinition
    files: Mapping[str, bytes]

    def archive(self) -> bytes:
        """What is posted: the canonical archive of the files. Unpack it with `archives.unpack_to` and `CODE_LIMITS`."""
        return pack(self.files)


@dataclass(frozen=True, slots=True)
class JobPackage:
    """All of a job. `model` is the initial model's canonical safetensors file, `data` what a demonstration trains on."""

    code: JobCode
    model: bytes
    evaluation: Examples
    data: Examples | None

    @property
    def definition(self) -> JobDefinition:
        """What `job.toml` says."""
        return self.code.definition


def load_job(place: Path) -> JobPackage:
    """Read and check a job folder, or a `.tar` or `.tar.gz` of one (with or without the folder's name in front).

    Raises JobError with one sentence for the first thing that is wrong. Nothing is written anywhere.
    """
    if place.is_dir():
        return _package(read_tree(place, JOB_LIMITS, _belongs), str(place))
    if not place.is_file():
        raise JobError(f"{place} is neither a job folder nor an archive of one")
    try:
        with place.open("rb") as stream:
            files = read_archive(stream, JOB_LIMITS)
    except OSError as error:
        raise JobError(f"{place} cannot be read: {error.strerror}") from error
    except ArchiveError as error:
        raise ArchiveError(f"{place.name}: {error}") from error
    files = _without_top_folder(files)
    return _package({path: files[path] for path in files if _belongs(path)}, str(place))


def read_code(archive: bytes) -> JobCode:
    """The public part of somebody else's job, from the archive that `JobCode.archive` made.

    Raises JobError (ArchiveError when the archive is not canonical) as `load_job` does.
    """
    return _code(unpack(archive, CODE_LIMITS), "the job's archive")


def _belongs(path: str) -> bool:
    return (
        path == FILE
        or path.startswith((*CODE, "model/", f"{EVALUATION}/"))
        or path in (f"{DATA}/{INPUTS}", f"{DATA}/{OUTPUTS}")
    )


def _without_top_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """Archives are made of a folder as often as of what is in it."""
    tops = {path.partition("/")[0] for path in files}
    if len(tops) != 1 or FILE in files:
        return files
    return {path.partition("/")[2]: content for path, content in files.items()}


def _package(files: Mapping[str, bytes], where: str) -> JobPackage:
    for path, content in files.items():
        refuse_pickle(path, content)
    code = _code({path: files[path] for path in files if path == FILE or path.startswith(CODE)}, where)
    outputs = code.definition.outputs
    evaluation = read_examples(
        _required(files, f"{EVALUATION}/{INPUTS}", where),
        _required(files, f"{EVALUATION}/{OUTPUTS}", where),
        outputs,
        where=EVALUATION,
    )
    model = _initial_model(_required(files, MODEL, where))
    data = None
    if f"{DATA}/{INPUTS}" in files or f"{DATA}/{OUTPUTS}" in files:
        inputs = _required(files, f"{DATA}/{INPUTS}", where)
        data = read_examples(inputs, _required(files, f"{DATA}/{OUTPUTS}", where), outputs, where=DATA)
    return JobPackage(code, model, evaluation, data)


def _code(files: Mapping[str, bytes], where: str) -> JobCode:
    definition = parse_definition(_required(files, FILE, where))
    for folder in CODE:
        if not any(path.startswith(folder) for path in files):
            raise JobError(f"{folder} is missing from {where}, or has no files in it")
    for path, content in files.items():
        if path != FILE and not path.startswith(CODE):
            raise JobError(f"{path} is in {where}, which takes {FILE}, {' and '.join(CODE)} only")
        refuse_pickle(path, content)
        if len(content) > CODE_LIMITS.file:
            raise JobError(f"{path} has {len(content)} bytes; code files may have {CODE_LIMITS.file}")
    if len(files) > CODE_LIMITS.entries or sum(map(len, files.values())) > CODE_LIMITS.total:
        raise JobError(
            f"{' and '.join(CODE)} hold more than {CODE_LIMITS.entries} files or {CODE_LIMITS.total} bytes together"
        )
    return JobCode(definition, files)


def _initial_model(content: bytes) -> bytes:
    try:
        return write_model(read_model(content))
    except ModelError as error:
        raise JobError(f"{MODEL} cannot be used: {error}") from error


def _required(files: Mapping[str, bytes], path: str, where: str) -> bytes:
    if path not in files:
        raise JobError(f"{path} is missing from {where}")
    return files[path]
