"""Errors as words for a person, and as exit codes: the one place of the command line where that happens."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from scatter.errors import BadInput, Failure

BAD_INPUT = 2
FAILED = 1


class BadOption(BadInput):
    """An option of a command has a value that it does not take; the message says what it takes."""


class NotHere(Failure):
    """Content is not in the folder, and no node runs there that could fetch it."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors that are somebody's to mend into one sentence on stderr: exit code 2 for bad input, 1 for the rest.
    Anything else is a bug and keeps its traceback."""
    try:
        yield
    except BadInput as error:
        raise _exit(error, BAD_INPUT) from error
    except Failure as error:
        raise _exit(error, FAILED) from error


def _exit(error: Exception, code: int) -> typer.Exit:
    typer.echo(f"error: {error}", err=True)
    return typer.Exit(code)
