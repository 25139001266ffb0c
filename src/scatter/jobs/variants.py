"""Variants of a job: the same code, model and evaluation under other terms, as a requestor who posts many jobs would make them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import tomlkit
from tomlkit.container import Container

from scatter.jobs.definition import FILE, parse_definition
from scatter.jobs.folder import JobCode, JobPackage


def variant(package: JobPackage, changes: Mapping[str, Any]) -> JobPackage:
    """The job with some keys of its `job.toml` changed, as TOML values by key: `{"job": {"reward": "10 SCT"}}`. Everything that
    is not named stays, comments too.

    Raises JobError, as for any `job.toml`, for a key or a value that there cannot be.
    """
    document = tomlkit.parse(package.code.files[FILE].decode())
    _merge(document, changes)
    content = tomlkit.dumps(document).encode()
    return replace(package, code=JobCode(parse_definition(content), {**package.code.files, FILE: content}))


def _merge(table: Container, changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(table.get(key), dict):
            _merge(table[key], value)
        else:
            table[key] = dict(value) if isinstance(value, Mapping) else value
