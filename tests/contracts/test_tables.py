"""What the Foundry tests cover, checked by reading them: each row of the protocol's tables has a test in which all goes well
and one in which it does not, and each custom error of the contracts a test that expects it.

That the tests pass is forge's business (`make test` runs it); here a row or an error without a test is found.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "contracts" / "test"
TABLES = TESTS / "TABLES.md"
PROTOCOL = ROOT / "docs" / "protocol.md"
HEADERS = ("state", "phase", "reason", "for", "outcome", "end")
EXPECTING = re.compile(r"\b(?:refused\w*|expectRevert|directly|late)\(")
"""What expects an error in a test, with the cheat itself among it."""


def rows(page: Path, header: str) -> list[list[str]]:
    """The rows of the table whose first column is called so."""
    _, found, rest = page.read_text().partition(f"\n| {header} |")
    assert found, f"{page.name} has no table of {header}"
    lines = rest.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def without_comments(text: str) -> str:
    return re.sub(r"//[^\n]*", "", text)


def functions() -> Iterator[tuple[str, str, str]]:
    """(contract, function, body) of everything under contracts/test. Names of contracts are unique there."""
    for file in sorted(TESTS.rglob("*.sol")):
        text = without_comments(file.read_text())
        contract = ""
        for part in re.split(r"^(?=(?:abstract )?contract |    function )", text, flags=re.MULTILINE):
            if named := re.match(r"(?:abstract )?contract (\w+)", part):
                contract = named[1]
            elif named := re.match(r"    function (\w+)", part):
                yield contract, named[1], part


def errors() -> list[str]:
    """The custom errors of all our contracts."""
    found = set()
    for file in (ROOT / "contracts" / "src").rglob("*.sol"):
        found |= set(re.findall(r"^\s*error (\w+)\(", without_comments(file.read_text()), re.MULTILINE))
    return sorted(found)


@pytest.fixture(scope="module")
def bodies() -> Mapping[str, str]:
    return {f"{contract}.{name}": body for contract, name, body in functions()}


@pytest.fixture(scope="module")
def expected(bodies: Mapping[str, str]) -> Mapping[str, set[str]]:
    """The tests that expect each error, by itself or by a function that makes its data or expects it for them."""
    makers: dict[str, set[str]] = {}
    for key, body in bodies.items():
        name = key.split(".")[1]
        if not name.startswith("test"):
            makers.setdefault(name, set()).update(re.findall(r"\b(\w+)\.selector", body))
    known: dict[str, set[str]] = {}
    for key, body in bodies.items():
        if ".test" not in key:
            continue
        called = set(re.findall(r"\b(\w+)\(", body))
        named = set(re.findall(r"\b(\w+)\.selector", body))
        named |= {error for name in called for error in makers.get(name, ())}
        if EXPECTING.search(body) or called & makers.keys():
            for error in named:
                known.setdefault(error, set()).add(key)
    return known


def test_there_is_something_to_read(bodies: Mapping[str, str]) -> None:
    tests = [key for key in bodies if ".test" in key]
    assert len(tests) > 200
    assert len(errors()) > 60


@pytest.mark.parametrize("error", errors())
def test_every_error_is_expected_by_a_test(error: str, expected: Mapping[str, set[str]]) -> None:
    assert expected.get(error), f"no test in contracts/test expects {error}"


@pytest.mark.parametrize("header", HEADERS)
def test_every_row_has_its_tests(header: str, bodies: Mapping[str, str]) -> None:
    specified = [row[0] for row in rows(PROTOCOL, header)]
    shown = rows(TABLES, header)
    assert [row[0] for row in shown] == specified
    for name, happy, unhappy in shown:
        for tests in (happy, unhappy):
            named = re.findall(r"`([\w.]+)`", tests)
            assert named, f"{name} has no tests"
            assert ", ".join(f"`{test}`" for test in named) == tests
            missing = [test for test in named if test not in bodies]
            assert not missing, f"{name}: there is no {missing}"
        assert set(re.findall(r"`([\w.]+)`", happy)).isdisjoint(re.findall(r"`([\w.]+)`", unhappy))


def test_what_a_table_says_of_a_row_is_in_a_test_of_that_row(bodies: Mapping[str, str]) -> None:
    """The tests of a reason or a terminal state name it."""
    for header in ("reason", "end"):
        for name, happy, unhappy in rows(TABLES, header):
            word = re.findall(r"[A-Z]\w+", name)[-1] if header == "reason" else name.split()[0].rstrip(",")
            texts = [bodies[test] for test in re.findall(r"`([\w.]+)`", happy + unhappy)]
            assert any(re.search(rf"\b(?:Reason|State)\.{word}\b", text) for text in texts), name
