"""Mutation tests of the pure rooms: change `protocol` and `learning` one thing at a time, and see whether a fast test notices.

    python tools/mutation.py                           every mutant; hours
    python tools/mutation.py --endings 3,7             those whose number ends so: two tenths of them
    python tools/mutation.py --of "scatter.protocol.scores.*"
    python tools/mutation.py --results                 the figures of the last run again

mutmut makes the mutants, in a copy in build/mutation. It leaves decorated functions alone, so properties are undecorated in that
copy. It also leaves alone what is outside of functions: constants and tables, which tests of the documentation and of the
contracts hold. tests/survivors.toml has the survivors that are known, each with the reason why no test could kill it, or need not.
The exit code is 1 when another one survived.
"""

import argparse
import ast
import difflib
import json
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutation"
ROOMS = ("protocol", "learning")
TESTS = [f"tests/{kind}/{room}" for room in ROOMS for kind in ("unit", "property")]
SURVIVORS = ROOT / "tests" / "survivors.toml"
SETTINGS = f"""
[tool.mutmut]
source_paths = ["src"]
only_mutate = {[f"src/scatter/{room}/*" for room in ROOMS]}
pytest_add_cli_args_test_selection = {TESTS}
pytest_add_cli_args = ["-p", "no:xdist"]
also_copy = ["examples"]
use_git_change_detection = false
track_dependencies = false
timeout_multiplier = 4.0
"""
AT_IMPORT = {("protocol.states", "_row")}
"""Functions that run only while their module is imported: mutmut changes them too late."""
SURVIVED = (0, 5, 33)
"""Exit codes of pytest where all passed, and where there was no test to run, which mutmut has a code of its own for."""


@dataclass(frozen=True)
class Mutant:
    """One change, as removed and added lines; `verdict` is the exit code of its tests, None before they ran."""

    module: str
    function: str
    was: str
    becomes: str
    verdict: int | None

    @property
    def name(self) -> tuple[str, str, str, str]:
        """What it is known by in tests/survivors.toml: numbers change with the code."""
        return self.module, self.function, self.was, self.becomes


def prepare() -> None:
    """Copy what is needed, with properties undecorated and quicker Hypothesis. What mutmut knows of an earlier run stays."""
    for folder in ("src", "tests", "examples"):
        shutil.rmtree(COPY / folder, ignore_errors=True)
        shutil.copytree(ROOT / folder, COPY / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for room in ROOMS:
        for source in (COPY / "src" / "scatter" / room).rglob("*.py"):
            source.write_text(undecorated(source.read_text()))
    shutil.copy(ROOT / "tools" / "mutation_conftest.py", COPY / "tests" / "conftest.py")
    (COPY / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + SETTINGS)


def undecorated(source: str) -> str:
    """The same module with `name = property(name)` below each function that was decorated so."""
    lines = source.split("\n")
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and _is_property(node)]
    for node in sorted(found, key=lambda node: node.lineno, reverse=True):
        indent = " " * node.col_offset
        lines.insert(node.end_lineno or node.lineno, f"{indent}{node.name} = property({node.name})")
        del lines[node.decorator_list[0].lineno - 1]
    return "\n".join(lines)


def _is_property(node: ast.FunctionDef) -> bool:
    return [ast.unparse(decorator) for decorator in node.decorator_list] == ["property"]


def mutants() -> Iterator[Mutant]:
    """All mutants of the last run."""
    for meta in sorted((COPY / "mutants" / "src").rglob("*.py.meta")):
        verdicts = json.loads(meta.read_text())["exit_code_by_key"]
        source = meta.with_suffix("")
        if not verdicts:
            continue
        lines = source.read_text().split("\n")
        spans = json.loads(source.with_suffix(".py.spans").read_text())["spans"]
        for key, verdict in verdicts.items():
            module, _, changed = key.rpartition(".")
            original = changed.rpartition("__mutmut_")[0]
            before, after = (lines[first:last] for first, last in (spans[f"{original}__mutmut_orig"], spans[changed]))
            was, becomes = _difference(before, after)
            function = original.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
            yield Mutant(module.removeprefix("scatter."), function, was, becomes, verdict)


def _difference(before: list[str], after: list[str]) -> tuple[str, str]:
    """What is removed and what is added; names of functions differ in any case."""
    changes = [line for line in difflib.ndiff(before, after) if line[:2] in ("- ", "+ ") and "__mutmut_" not in line]
    was, becomes = ("\n".join(line[2:].strip() for line in changes if line[0] == sign) for sign in ("-", "+"))
    return was, becomes


def explained() -> set[tuple[str, str, str, str]]:
    """The names of survivors that are known."""
    listed = tomllib.loads(SURVIVORS.read_text())["survivor"]
    return {(one["module"], one["function"], one["was"], one["becomes"]) for one in listed}


def report() -> int:
    """Print the figures; 1 when a mutant survived that is not explained."""
    tried = [
        mutant
        for mutant in mutants()
        if mutant.verdict is not None and (mutant.module, mutant.function) not in AT_IMPORT
    ]
    alive = [mutant for mutant in tried if mutant.verdict in SURVIVED]
    known = explained()
    unknown = [mutant for mutant in alive if mutant.name not in known]
    for mutant in unknown:
        print(f"{mutant.module} {mutant.function}\n  - {mutant.was}\n  + {mutant.becomes}")
    counts, survived = Counter(mutant.module for mutant in tried), Counter(mutant.module for mutant in alive)
    print(f"{'module':<28} tried   died")
    for module in [*sorted(counts), "all"]:
        all_of, left = counts[module] or len(tried), survived[module] if module in counts else len(alive)
        print(f"{module:<28} {all_of:>5}  {(all_of - left) / all_of:>6.1%}")
    print(f"{len(alive)} of {len(tried)} survived, {len(unknown)} of them without a reason in tests/{SURVIVORS.name}")
    return 1 if unknown else 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Mutation tests of the pure rooms.")
    parser.add_argument("--of", action="append", default=[], help="mutants by their names, with * for anything")
    parser.add_argument("--endings", help="digits that a mutant's number ends in, with commas between")
    parser.add_argument("--results", action="store_true", help="run nothing")
    options = parser.parse_args()
    if not options.results:
        prepare()
        chosen = [f"{of}[{options.endings}]" if options.endings else of for of in options.of or ["scatter.*"]]
        mutmut = str(Path(sys.executable).with_name("mutmut"))
        ran = subprocess.run([mutmut, "run", "--max-children", "1", *chosen], cwd=COPY, check=False)
        if ran.returncode:
            return ran.returncode
    return report()


if __name__ == "__main__":
    sys.exit(main())
