#!/usr/bin/env python3
"""Break the contracts on purpose, and see that the tests notice: test/mutants.toml lists how, and which test must fail.

    python contracts/tools/mutants.py                every mutant: compile it, and run the test that kills it
    python contracts/tools/mutants.py NAME …         some of them
    python contracts/tools/mutants.py --often        those that `make test` runs
    python contracts/tools/mutants.py --compile      does every mutant still apply, and compile? (its tests are not run)

Mutants are compiled in a copy of src, in contracts/cache/mutants, without optimizer; the tests deploy what came of that.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import build
import forge

CONTRACTS = forge.CONTRACTS
TABLE = CONTRACTS / "test" / "mutants.toml"
WORK = CONTRACTS / "cache" / "mutants"
CLEAN = WORK / "clean"
ARTIFACTS = WORK / "artifacts"
# What has code of its own that a mutant can break; everything else in src is part of these.
BROKEN = ("ScatterToken", "ScatterProtocol", "ScatterClaims", "ScatterDisputes")
# What a campaign begins with can fail, too.
FAILURE = re.compile(
    r"^\[FAIL:? ?(?:failed to set up invariant testing environment: )?(?P<says>.*?)(?:; counterexample.*)?\](?: \w+\(|$)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Edit:
    """In a file of src, what is there exactly once becomes something else."""

    file: str
    before: str
    after: str

    def applied(self) -> str:
        """The file with it; ValueError when what it looks for is not there exactly once."""
        text = (CONTRACTS / "src" / self.file).read_text()
        if text.count(self.before) != 1:
            raise ValueError(f"{self.file} does not have this exactly once: {self.before!r}")
        return text.replace(self.before, self.after)


@dataclass(frozen=True)
class Mutant:
    """A broken copy of the contracts, the invariant of docs/protocol.md that it breaks, and the test that must notice."""

    name: str
    invariant: int
    edits: tuple[Edit, ...]
    killer: str
    says: str
    often: bool = False


def listed() -> list[Mutant]:
    """All mutants of the table."""
    rows = tomllib.loads(TABLE.read_text())["mutant"]
    return [Mutant(**{**row, "edits": tuple(Edit(*edit) for edit in row["edits"])}) for row in rows]


# ── does it compile? ────────────────────────────────────────────────────────────────────────────────────────────────
def complaints(mutant: Mutant) -> list[str]:
    """What the compiler says against it, before it makes any code of it."""
    sources = {f"src/{name}.sol": (CONTRACTS / "src" / f"{name}.sol").read_text() for name in BROKEN}
    try:
        sources |= {f"src/{edit.file}": edit.applied() for edit in mutant.edits}
    except ValueError as error:
        return [str(error)]
    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sources.items()},
        "settings": {
            "remappings": ["@openzeppelin/=node_modules/@openzeppelin/"],
            "outputSelection": {"*": {"*": ["abi"]}},
        },
    }
    command = ["node", "tools/solc", "--standard-json", "--base-path", "."]
    answer = subprocess.run(
        command,
        cwd=CONTRACTS,
        env=forge.environment(),
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    errors = json.loads(answer.stdout).get("errors", [])
    return [error["formattedMessage"] for error in errors if error["severity"] == "error"]


# ── is it killed? ───────────────────────────────────────────────────────────────────────────────────────────────────
def prepare() -> None:
    """A copy of src that mutants are made in, compiled as it is."""
    shutil.rmtree(WORK / "src", ignore_errors=True)
    shutil.copytree(CONTRACTS / "src", WORK / "src")
    shutil.copyfile(CONTRACTS / "foundry.toml", WORK / "foundry.toml")
    for name in ("tools", "node_modules"):
        (WORK / name).unlink(missing_ok=True)
        (WORK / name).symlink_to(CONTRACTS / name)
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    shutil.copytree(build.ARTIFACTS, ARTIFACTS)
    _compile()
    shutil.rmtree(CLEAN, ignore_errors=True)
    shutil.copytree(WORK / "cache", CLEAN)


def _compile() -> None:
    """What forge knows already it does not compile again; SystemExit when it cannot."""
    sources = [f"src/{name}.sol" for name in BROKEN]
    variables = {**forge.environment(), "FOUNDRY_PROFILE": "mutants"}
    command = [forge.binary(), "build", *sources, "--root", str(WORK)]
    done = subprocess.run(command, cwd=WORK, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the compiler refuses:\n{done.stdout}{done.stderr}")
    for name in BROKEN:
        shutil.copyfile(WORK / "cache" / "out" / f"{name}.sol" / f"{name}.json", ARTIFACTS / f"{name}.json")


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """The copy of src is this mutant's, and compiled."""
    try:
        # What the mutant before broke need not be compiled again.
        shutil.rmtree(WORK / "cache")
        shutil.copytree(CLEAN, WORK / "cache")
        for edit in mutant.edits:
            (WORK / "src" / edit.file).write_text(edit.applied())
        _compile()
        yield
    finally:
        for edit in mutant.edits:
            shutil.copyfile(CONTRACTS / "src" / edit.file, WORK / "src" / edit.file)


def verdict(killer: str) -> str | None:
    """What the test says about the contracts in the copy; None when it passes."""
    variables = {
        "FOUNDRY_PROFILE": "test",
        "FOUNDRY_NO_MATCH_CONTRACT": "^$",
        "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
        "FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR": str(WORK / "failures"),
        "FOUNDRY_FUZZ_FAILURE_PERSIST_DIR": str(WORK / "failures"),
        "SCATTER_ARTIFACTS": f"{ARTIFACTS.relative_to(CONTRACTS)}/{{}}.json",
    }
    shutil.rmtree(WORK / "failures", ignore_errors=True)
    # forge matches signatures.
    command = [forge.binary(), "test", "--match-test", rf"^{killer}\("]
    environment = {**forge.environment(), **variables}
    done = subprocess.run(command, cwd=CONTRACTS, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0 and "1 tests passed" in done.stdout:
        return None
    failure = FAILURE.search(done.stdout)
    if failure is None:
        raise SystemExit(f"{killer} did not run:\n{done.stdout}{done.stderr}")
    return failure["says"]


def killed(mutant: Mutant) -> bool:
    """Compile it and run its killer; whether that fails as it should."""
    with applied(mutant):
        says = verdict(mutant.killer)
    done = says is not None and says.startswith(mutant.says)
    print(
        f"{'killed' if done else 'ALIVE':<7} {mutant.invariant:>2}  {mutant.name:<36} {mutant.killer}: {says or 'passed'}",
        flush=True,
    )
    return done


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="See that the tests notice when the contracts are broken.")
    parser.add_argument("names", nargs="*", help="mutants of test/mutants.toml; all when there are none")
    parser.add_argument("--often", action="store_true", help="those that are run with every test of the project")
    parser.add_argument("--compile", action="store_true", help="only see that they apply and compile")
    options = parser.parse_args(arguments)
    mutants = [mutant for mutant in listed() if not options.names or mutant.name in options.names]
    mutants = [mutant for mutant in mutants if mutant.often or not options.often]
    if unknown := set(options.names) - {mutant.name for mutant in mutants}:
        parser.error(f"there is no mutant {', '.join(sorted(unknown))}")
    if options.compile:
        bad = {mutant.name: said for mutant in mutants if (said := complaints(mutant))}
        for name, said in bad.items():
            print(f"{name}:\n{''.join(said)}", file=sys.stderr)
        return 1 if bad else 0
    prepare()
    alive = [mutant.name for mutant in mutants if not killed(mutant)]
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
