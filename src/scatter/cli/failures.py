"""Errors as words for a person, and as exit codes: the one place of the command line where that happens."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

BAD_INPUT = 2
FAILED = 1


class BadOption(ValueError):
    """An option of a command has a value that it does not take; the message says what it takes."""


class NotHere(RuntimeError):
    """Content is not in the folder, and no node runs there that could fetch it."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors that are somebody's to mend into one sentence on stderr: exit code 2 for bad input, 1 for the rest.
    Anything else is a bug and keeps its traceback."""
    from scatter.api.errors import CannotServe
    from scatter.behaviours.registry import BehaviourError
    from scatter.chain.anvil import AnvilMissing
    from scatter.chain.connection import WrongChain
    from scatter.chain.deployment import DeploymentUnusable
    from scatter.chain.governance import BadChange
    from scatter.chain.keystore import KeyUnusable
    from scatter.client.errors import ApiRefused, ApiUnreachable
    from scatter.daemon.errors import AlreadyRunning, NodeFolderUnusable, SettingsError
    from scatter.jobs.errors import JobError
    from scatter.localnet.cast import CastError
    from scatter.localnet.errors import ProcessEnded
    from scatter.localnet.partition import TooFewRows
    from scatter.localnet.settings import FolderUnusable
    from scatter.node.secrets import SeedRefused
    from scatter.p2p.identity_file import IdentityUnusable
    from scatter.p2p.settings import CannotListen, InvalidAddress
    from scatter.ports import ChainError, SandboxUnavailable
    from scatter.simulation.errors import (
        CheckpointUnusable,
        RecordingUnusable,
        ScenarioError,
        ScenarioFailed,
        WorkloadError,
    )
    from scatter.storage.database import DatabaseUnusable

    bad_input = (
        *(JobError, CastError, TooFewRows, FolderUnusable, DeploymentUnusable, KeyUnusable, WrongChain),
        *(IdentityUnusable, InvalidAddress, SettingsError, NodeFolderUnusable, SeedRefused, BehaviourError),
        *(BadChange, BadOption, ScenarioError, WorkloadError, CheckpointUnusable, RecordingUnusable),
    )
    failed = (
        *(AnvilMissing, SandboxUnavailable, ChainError, DatabaseUnusable, ScenarioFailed, CannotListen),
        *(CannotServe, AlreadyRunning, ProcessEnded, ApiUnreachable, ApiRefused, NotHere),
    )
    try:
        yield
    except bad_input as error:
        raise _exit(error, BAD_INPUT) from error
    except failed as error:
        raise _exit(error, FAILED) from error


def _exit(error: Exception, code: int) -> typer.Exit:
    typer.echo(f"error: {error}", err=True)
    return typer.Exit(code)
