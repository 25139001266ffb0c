"""Documentation that fails the build when it lags behind the code."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scatter.chain.parameters import DAY, ChainParameters
from scatter.protocol import draw, terms
from scatter.protocol.ids import SCT
from scatter.protocol.rates import Rates
from scatter.protocol.states import TABLE, JudgingPhase, Reason, Role, SeatKind, State

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts" / "src"
PROTOCOL = ROOT / "docs" / "protocol.md"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/jobs/*/*.md"), *ROOT.glob("contracts/*.md")]
)
FOLDERS = ("src", "contracts", "tests", "tools", "docs", "examples", "requirements", ".ci")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\s]+)`")
MAKE = re.compile(r"\bmake ([a-z][a-z0-9-]*)")
ROOMS = {path.name for path in (ROOT / "src" / "scatter").iterdir() if (path / "__init__.py").is_file()} | {"ports"}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def section(page: Path, title: str) -> str:
    """What stands under a heading, up to the next one of the same or a higher level."""
    text = page.read_text()
    found = re.search(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    assert found, f"{page.name} has no heading {title!r}"
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the table whose header row begins with `header`."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(f"| {header}"))
    table: list[list[str]] = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def states(cell: str) -> set[State]:
    return set() if cell == "–" else {State[name.strip().upper()] for name in cell.split(",")}


def anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def layers() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = next(one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    return [line.replace("scatter.", "") for line in contract["layers"]]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_state_table_is_the_one_that_holds() -> None:
    listed = {State[name.upper()]: cells for name, *cells in rows(PROTOCOL.read_text(), "state | who acts")}
    assert set(listed) == set(TABLE)
    for state, (actors, _, by_action, by_time) in listed.items():
        assert actors == TABLE[state].actors, state
        assert states(by_action) == TABLE[state].by_action, state
        assert states(by_time) == TABLE[state].after_deadline, state


def test_the_state_diagram_is_the_table() -> None:
    diagram = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", PROTOCOL.read_text(), re.DOTALL)
    assert diagram
    drawn = {
        (State[before.upper()], State[after.upper()])
        for before, after in re.findall(r"^\s*(\w+) --> (\w+)", diagram[1], re.MULTILINE)
    }
    steps = {(before, after) for before, row in TABLE.items() for after in row.by_action | row.after_deadline if before}
    assert drawn == steps


def test_every_reason_is_explained() -> None:
    listed = {name for name, *_ in rows(PROTOCOL.read_text(), "reason | when")}
    assert {name.lower() for name in listed} == {reason.name.replace("_", "").lower() for reason in Reason if reason}


def test_roles_seats_and_phases_are_those_that_exist() -> None:
    text = PROTOCOL.read_text()
    assert [Role[name.upper()] for name, *_ in rows(text, "role | does")] == list(Role)[1:]
    assert [SeatKind[name.upper()] for name, *_ in rows(text, "seat | drawn")] == list(SeatKind)
    assert [JudgingPhase[name.upper()] for name, *_ in rows(text, "phase | who")] == list(JudgingPhase)


def test_bounds_are_those_that_are_checked() -> None:
    bounds = dict(rows(PROTOCOL.read_text(), "term | bounds"))
    assert bounds["rounds R"] == f"1 to {terms.MAX_ROUNDS}"
    assert bounds["members V"] == f"1 to {terms.MAX_MEMBERS}"
    assert bounds["trainers, least and most"] == f"1 to {terms.MAX_TRAINERS}"
    assert bounds["auditors A"] == f"0 to {terms.MAX_AUDITORS}"
    assert bounds["minJury"] == f"0 to min(2V + 1, {terms.MAX_JURY}); with 0 nothing can be challenged"
    assert bounds["τ"] == f"1 to {terms.MAX_TAU:,} units of 1e-5"
    assert len(bounds["rule"].split(", ")) == terms.MAX_RULE + 1
    assert terms.MAX_DURATION == 30 * DAY


def prose(page: Path) -> str:
    """A page without its line breaks."""
    return re.sub(r"\s+", " ", page.read_text())


def test_figures_are_those_of_a_deployment() -> None:
    rates, parameters, text = Rates(), ChainParameters(), prose(PROTOCOL)
    for amount in (rates.validator_ticket, rates.challenger_ticket):
        assert f"a ticket of {amount // SCT:,} SCT" in text
    assert f"the first slash ({rates.slash_base // SCT} SCT)" in text
    assert f"a seat earns at least {rates.min_seat_pay // SCT} SCT a round" in text
    assert f"{rates.trainers_bps // 100} % trainers, {rates.members_bps // 100} % members" in text
    assert f"⌊ticket · {rates.lock_bps // 100} %⌋" in text
    assert f"the bond of a challenge ({rates.challenge_bond // SCT} SCT)" in text
    assert f"the fee of a juror ({rates.juror_fee_bps // 100} % of the challenge pool)" in text
    assert f"Withdrawing takes {parameters.withdrawal_delay // DAY} days" in text
    assert (parameters.minimum_duration, ChainParameters.development().minimum_duration) == (3600, 1)


def test_bounds_of_disputes_and_draws_are_those_that_hold() -> None:
    text, drawing = prose(PROTOCOL), (CONTRACTS / "Drawing.sol").read_text()
    page = {name: int(number) for name, number in re.findall(r"(PAGE_\w+) = (\d+);", drawing)}
    assert f"looks at {page['PAGE_CANDIDATES']} candidates and fills {page['PAGE_SEATS']} seats at most" in text
    assert f"no walk looks at more than {draw.MAX_CANDIDATES:,} in all" in text
    assert f"all items of a job are {terms.MAX_ITEMS} at most" in text
    seats = terms.MAX_MEMBERS + terms.MAX_AUDITORS
    assert f"{terms.MAX_TRAINERS} trainers, {seats} seats, {terms.MAX_JURY} jurors, {terms.MAX_ITEMS} items" in text


def test_names_of_the_contracts_exist() -> None:
    sources = "\n".join(source.read_text() for source in CONTRACTS.glob("*.sol"))
    quoted = re.findall(r"`([a-z]+[A-Z]\w*|Scatter\w+|I?[A-Z]\w+Randomness)\b", PROTOCOL.read_text())
    assert {"settleRound", "mintModel", "ScatterRecords", "BlockRandomness"} <= set(quoted)
    assert [name for name in quoted if not re.search(rf"\b{name}(Bps)?\b", sources)] == []


def test_rooms_are_the_packages() -> None:
    listed = {name.strip("`") for name, _ in rows(section(ARCHITECTURE, "Rooms"), "room")}
    assert listed == ROOMS


def test_layers_are_those_that_are_checked() -> None:
    block = re.search(r"```\n(.*?)```", section(ARCHITECTURE, "Layers"), re.DOTALL)
    assert block
    assert block[1].split("\n")[:-1] == layers()
    assert {room for layer in layers() for room in layer.split(" | ")} == ROOMS


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(CODE.sub("", page.read_text())):
        if target.startswith(("https://", "http://")):
            continue
        path, _, fragment = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} is not there"
        if fragment:
            assert fragment in anchors(there), f"{target} has no such heading"


@every_page
def test_every_path_is_there(page: Path) -> None:
    for path in paths(page.read_text()):
        places = (ROOT, ROOT / "src" / "scatter", page.parent)
        assert any((place / path).exists() for place in places), f"{path} is not there"


def paths(text: str) -> Iterator[str]:
    """What is quoted as a path of this repository, or of a module under src/scatter; of a test, its file."""
    for quoted in QUOTED.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        file, _, _ = quoted.partition("::")
        first, slash, rest = file.partition("/")
        if slash and rest and first in (*FOLDERS, *ROOMS) and not re.search(r"[<>*|]", quoted):
            yield file


@every_page
def test_every_make_target_exists(page: Path) -> None:
    quoted = "\n".join(CODE.findall(page.read_text()))
    assert set(MAKE.findall(quoted)) <= targets()


def test_the_readme_names_the_two_commands() -> None:
    assert {"make demo", "make test"} <= set((ROOT / "README.md").read_text().splitlines())
    assert set(MAKE.findall(section(ROOT / "CONTRIBUTING.md", "Set-up"))) == targets() - {"help"}


def commands() -> dict[str, set[str]]:
    """The options of each subcommand, by its words."""
    import typer.main

    from scatter.cli.main import app

    found: dict[str, set[str]] = {}
    left = [("", typer.main.get_command(app))]
    while left:
        words, command = left.pop()
        inner = getattr(command, "commands", {})
        left += [(f"{words} {name}".strip(), one) for name, one in inner.items()]
        if not inner:
            found[words] = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return found


@every_page
def test_every_subcommand_and_option_exists(page: Path) -> None:
    known = commands()
    groups = {words.rsplit(" ", depth)[0] for words in known for depth in range(1, words.count(" ") + 1)}
    for quoted in CODE.findall(page.read_text()):
        for line in quoted.replace("\\\n", " ").splitlines():
            for said, rest in re.findall(r"(?:^|\s|`)scatter ([a-z]+(?: [a-z]+)*)([^|;#`]*)", line):
                words, *further = said.split()
                while words in groups and further:
                    words = f"{words} {further.pop(0)}"
                assert words in known or words in groups, f"scatter {words} is not a command"
                strange = set(re.findall(r"(?<=\s)--[a-z-]+", rest)) - known.get(words, set())
                assert not strange, f"scatter {words} has no {strange}"
            for arguments in re.findall(r'make demo ARGS="([^"]*)"', line):
                assert set(re.findall(r"--[a-z-]+", arguments)) <= known["demo"]


def test_decisions_are_listed() -> None:
    folder = ROOT / "docs" / "adr"
    listed = re.findall(r"^\d+\. \[.*?\]\((.*?)\)$", (folder / "README.md").read_text(), re.MULTILINE)
    assert listed == sorted(page.name for page in folder.glob("[0-9]*.md"))


@every_page
def test_headings_are_unique(page: Path) -> None:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.MULTILINE)
    if page.name != "CHANGELOG.md":
        assert len(headings) == len(set(headings))
