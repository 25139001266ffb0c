#!/usr/bin/env python3
"""Are all lines, branches and functions of contracts/src gone through by the contracts' tests?

    python contracts/tools/covered.py           run the tests with forge coverage, print each file, fail below all of it
    python contracts/tools/covered.py --keep    judge the report of the last run again

The contracts do not compile without the compiler's intermediate representation (the stack is too deep), so forge takes it with
next to no optimizer (--ir-minimum). It has no place in the code for two kinds of lines, and reports them as never reached:

- statements of inline assembly. A function with some of it counts as gone through when it was entered; what branches within is
  listed in test/uncounted.toml, with the tests that go both ways;
- assignments of one local name to another, or of a constant, for which no code is made. They are listed there, too.

A line that is listed and that forge counts after all, or that is no longer there, fails the check.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import forge

CONTRACTS = forge.CONTRACTS
REPORT = CONTRACTS / "cache" / "coverage" / "lcov.info"
UNCOUNTED = CONTRACTS / "test" / "uncounted.toml"
ASSEMBLY = re.compile(r"^(?P<indent> *)assembly \(\"memory-safe\"\) \{$")
BRANCHES = re.compile(r"^\s*(?:if|for|switch|case) ")


@dataclass
class File:
    """What was reached in a file of src: line → times, (line, branch) → times, function → times."""

    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[tuple[int, str], int] = field(default_factory=dict)
    functions: dict[str, int] = field(default_factory=dict)


def run() -> int:
    """Run the tests with forge coverage; its exit code."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    return forge.run(
        ["coverage", "--ir-minimum", "--report", "lcov", "--report-file", str(REPORT)],
        {"FOUNDRY_PROFILE": "coverage", "SCATTER_ARTIFACTS": "{}.sol"},
    )


def parsed(lines: Iterable[str]) -> dict[str, File]:
    """The files of src in a report in the form of lcov, by name."""
    files: dict[str, File] = {}
    file = File()
    for line in lines:
        kind, _, rest = line.strip().partition(":")
        fields = rest.split(",")
        if kind == "SF":
            file = files.setdefault(rest, File())
        elif kind == "DA":
            file.lines[int(fields[0])] = int(fields[1])
        elif kind == "BRDA":
            file.branches[int(fields[0]), f"{fields[1]}.{fields[2]}"] = int(fields[3].replace("-", "0"))
        elif kind == "FNDA":
            file.functions[fields[1]] = int(fields[0])
    return {name.removeprefix("src/"): file for name, file in files.items() if name.startswith("src/")}


def assembly(source: list[str]) -> set[int]:
    """The numbers of the lines, from 1, that are statements of inline assembly."""
    inside: set[int] = set()
    end = ""
    for number, line in enumerate(source, 1):
        if end and line == end:
            end = ""
        elif end:
            inside.add(number)
        elif found := ASSEMBLY.match(line):
            end = f"{found['indent']}}}"
    return inside


def complaints(name: str, file: File, source: list[str], uncounted: list[str]) -> list[str]:
    """What is missing in one file; `uncounted` are the lines of it that are listed."""
    inside = assembly(source)
    missing = [number for number, times in file.lines.items() if times == 0]
    listed = {number for number, line in enumerate(source, 1) if line.strip() in uncounted}
    said = [
        f"{name}:{number}: never reached: {source[number - 1].strip()}"
        for number in missing
        if number not in inside | listed
    ]
    for (number, branch), times in file.branches.items():
        if times == 0 and number not in inside:
            said.append(f"{name}:{number}: branch {branch} is never taken: {source[number - 1].strip()}")
    said += [f"{name}: {function} is never called" for function, times in file.functions.items() if times == 0]
    for number in inside:
        if BRANCHES.match(source[number - 1]) and number not in listed:
            said.append(
                f"{name}:{number}: branches in assembly, and is not in {UNCOUNTED.name}: {source[number - 1].strip()}"
            )
    texts = {source[number - 1].strip() for number in missing}
    said += [f"{name}: is in {UNCOUNTED.name}, and needs not be: {line}" for line in uncounted if line not in texts]
    return said


def judged(report: Iterable[str]) -> list[str]:
    """What is missing altogether; prints a line a file."""
    listed = [(row["file"], row["line"]) for row in tomllib.loads(UNCOUNTED.read_text())["uncounted"]]
    files = parsed(report)
    said = [] if files else ["the report has no file of src"]
    for name, file in sorted(files.items()):
        source = (CONTRACTS / "src" / name).read_text().splitlines()
        found = complaints(name, file, source, [line for where, line in listed if where == name])
        by_forge = sum(1 for times in file.lines.values() if times)
        print(f"{name:<24}{by_forge:>5} of {len(file.lines):>4} lines by forge{len(found):>5} missing")
        said += found
    said += [f"{where} is in {UNCOUNTED.name}, and not in the report" for where, _ in listed if where not in files]
    return said


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Check that the contracts' tests go through all of contracts/src.")
    parser.add_argument("--keep", action="store_true", help="judge the report of the last run again")
    options = parser.parse_args()
    code = 0 if options.keep else run()
    if not Path(REPORT).exists():
        return code or 1
    said = judged(REPORT.read_text().splitlines())
    print("\n".join(said), file=sys.stderr)
    return code or (1 if said else 0)


if __name__ == "__main__":
    sys.exit(main())
