"""Every error that is a person's to mend becomes one sentence and an exit code."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import typer

import scatter
from scatter.cli.failures import BAD_INPUT, FAILED, explained
from scatter.errors import BadInput, Failure


def kinds(root: type[Exception]) -> Iterator[type[Exception]]:
    for kind in root.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.fixture(scope="module", autouse=True)
def everything() -> None:
    """Errors are known once their modules are."""
    for module in pkgutil.walk_packages(scatter.__path__, "scatter."):
        if module.name.endswith(("errors", "settings", "registry", "secrets", "connection", "database")):
            importlib.import_module(module.name)


def plain(kind: type[Exception], message: str) -> Exception:
    """One with a message and nothing else, whatever the kind is made of."""
    return type(kind.__name__, (kind,), {"__init__": Exception.__init__})(message)


def exit_code(error: Exception) -> int:
    with pytest.raises(typer.Exit) as left, explained():
        raise error
    return left.value.exit_code


def test_bad_input_and_failures_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(list(kinds(BadInput))) > 10
    assert len(list(kinds(Failure))) > 5
    for kind in {BadInput, *kinds(BadInput)}:
        assert exit_code(plain(kind, "it is wrong.")) == BAD_INPUT, kind
        assert capsys.readouterr().err == "error: it is wrong.\n", kind
    for kind in {Failure, *kinds(Failure)} - {BadInput, *kinds(BadInput)}:
        assert exit_code(plain(kind, "it broke.")) == FAILED, kind
        assert capsys.readouterr().err == "error: it broke.\n", kind


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError
