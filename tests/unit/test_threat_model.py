"""docs/threat-model.md names a test for each attack. Here each name has to be a test that exists; what they show is theirs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
FORGE = ROOT / "contracts" / "test"
PYTHON = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
SOLIDITY = re.compile(r"([A-Z]\w+Test)\.(test\w+)")
SCENARIO = re.compile(r"(examples/scenarios/[\w/-]+\.toml)")
HEADER = "| attack | answer | shown by |"


def forge_tests(folder: Path) -> set[tuple[str, str]]:
    """(contract, test) of all Foundry tests below a folder. Each file of tests has one contract of them."""
    found = set()
    for file in folder.rglob("*.t.sol"):
        text = re.sub(r"//[^\n]*", "", file.read_text())
        (contract,) = re.findall(r"^contract (\w+Test)\b", text, re.MULTILINE)
        found |= {(contract, name) for name in re.findall(r"^    function (test\w+)\(", text, re.MULTILINE)}
    return found


def attacks() -> list[tuple[str, list[str]]]:
    """What is attacked, and the quoted names that show the answer, of each row of each table of attacks."""
    rows = []
    for table in PAGE.read_text().split(HEADER)[1:]:
        for line in table.split("\n\n", 1)[0].splitlines()[2:]:
            attack, answer, shown = (cell.strip() for cell in line.strip("|").split("|"))
            assert answer, attack
            rows.append((attack, re.findall(r"`([^`]+)`", shown)))
    return rows


def test_the_page_has_its_tables() -> None:
    assert PAGE.read_text().count(HEADER) == 5
    assert len(attacks()) > 60
    assert len({attack for attack, _ in attacks()}) == len(attacks())


@pytest.mark.parametrize(("attack", "shown"), attacks(), ids=[attack for attack, _ in attacks()])
def test_every_attack_names_tests(attack: str, shown: list[str]) -> None:
    assert shown, f"nothing shows {attack!r}"
    for name in shown:
        assert any(kind.fullmatch(name) for kind in (PYTHON, SOLIDITY, SCENARIO)), f"{name} is no test"


def test_every_test_that_is_named_exists() -> None:
    text = PAGE.read_text()
    assert set(SOLIDITY.findall(text)) <= forge_tests(FORGE)
    for path, name in PYTHON.findall(text):
        assert re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path} has no {name}"
    for path in SCENARIO.findall(text):
        assert "[[expect]]" in (ROOT / path).read_text(), f"{path} expects nothing"


def test_every_replayed_attack_is_on_the_page() -> None:
    replayed = forge_tests(FORGE / "attacks")
    assert len(replayed) > 30
    assert replayed <= set(SOLIDITY.findall(PAGE.read_text()))


def test_what_is_not_answered_is_said_to_be_so() -> None:
    _, _, rest = PAGE.read_text().partition("\n## What is not answered\n")
    unanswered = {(contract, name) for contract, name in forge_tests(FORGE) if "NotAnswered" in name}
    assert unanswered
    assert unanswered <= set(SOLIDITY.findall(rest))
