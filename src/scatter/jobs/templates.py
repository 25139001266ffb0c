"""Starting a job of one's own: a copy of one that works, under another name, to be changed from there."""

import json
import re
from pathlib import Path

from scatter.jobs.definition import FILE, parse_definition
from scatter.jobs.errors import JobError
from scatter.jobs.folder import DATA, EVALUATION, MODEL, load_job

_NAME = re.compile(r"^name\s*=.*$", re.MULTILINE)


def copy_job(source: Path, folder: Path, name: str) -> None:
    """Write a copy of a job folder or archive, named `name`, into a folder that is new or empty.

    The copy has what `load_job` reads of the source: code, model, evaluation and data.
    Raises JobError, before anything is written, for a source or a name that cannot be used, and when the folder has
    something in it.
    """
    package = load_job(source)
    text = _NAME.sub(lambda _: f"name = {json.dumps(name, ensure_ascii=False)}", package.code.files[FILE].decode(), 1)
    if parse_definition(text.encode()).name != name:
        raise JobError(f"{source} has no line 'name = …' that could be changed")
    files = {**package.code.files, FILE: text.encode(), MODEL: package.model}
    files |= {f"{EVALUATION}/{path}": content for path, content in package.evaluation.to_files().items()}
    if package.data is not None:
        files |= {f"{DATA}/{path}": content for path, content in package.data.to_files().items()}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise JobError(f"{folder} is there already, and has something in it")
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
