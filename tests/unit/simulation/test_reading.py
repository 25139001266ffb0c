"""Whatever is wrong with a scenario file is one sentence that names the file, the line and the key."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.simulation.scenario_files import EXAMPLES, SMALL, read

from scatter.simulation.errors import ScenarioError
from scatter.simulation.reading import MAX_BYTES, read_scenario, read_scenario_file

TOPIC = """
[[steps]]
id = "other"
do = "add-topic"
"""

BAD = [
    # values out of bounds, of the wrong type or form
    ("count = 2", "count = -1", "nodes[1].count is -1; it must be between 0 and 500"),
    ("count = 2", "count = 501", "nodes[1].count is 501; it must be between 0 and 500"),
    ("count = 2", "count = true", "nodes[1].count is true; it must be between 0 and 500"),
    ("count = 2", "count = 2.0", "nodes[1].count is 2.0; it must be between 0 and 500"),
    ('role = "trainer"', 'role = "coach"', 'nodes[1].role is "coach"; it is requestor, trainer, validator or challenger'),
    ("count = 2", 'tokens = "5"', 'nodes[1].tokens is "5"; it is an amount like "100000 SCT"'),
    ('challenge_bond = "100 SCT"', "challenge_bond = 100", 'chain.challenge_bond is 100; it is an amount like "200 SCT"'),
    ('challenge_bond = "100 SCT"', "lock_bps = 10001", "chain.lock_bps is 10001; it must be between 0 and 10000, in 1/10000"),
    ('"1 SCT", "2 SCT"', '"2 SCT", "1 SCT"', "slot_stake is a table with something else in it; it is an amount like"),
    ('step = "0.5 SCT"', 'step = "0 SCT"', "slot_stake is a table with something else in it"),
    ("fault = 0.25", "fault = 1.5", "fault is 1.5; it is a share of the slot stake between 0 and 1"),
    ("fault = 0.25", "max_share = 0", "max_share is 0; it is a share above 0 and at most 1"),
    ("fault = 0.25", "tau = nan", "tau is NaN; it must be between 1 and 32767"),
    ('rule = "krum"', 'rule = "best"', 'rule is "best"; it is one of contribution, mean, median'),
    ('train = "2h"', 'train = "31d"', 'durations.train is "31d"; it is a duration like "30s", "2h" or "3d", at most 30d'),
    ('state = "training"', 'state = "trained"', 'state is "trained"; it is one of open, drawing, keying'),
    ('title = "A job of two trainers"', r'title = "two\nlines"', r"title is 'two\nlines'; it is one sentence"),
    ('name = "small"', 'name = "Small One"', 'scenario.name is "Small One"; it is a name of lower-case letters'),
    ("seed = 5", "seed = 4294967296", "scenario.seed is 4294967296; it must be between 0 and 4294967295"),
    ("seed = 5", "seed = 2020-01-01", "scenario.seed is 2020-01-01; it must be between"),
    ('by = "3d"', "by = 3", 'steps[5].by is 3; it is a duration like "3d", at most 3650d'),
    ('nodes = ["trainer"]', "nodes = []", "steps[4].nodes is a list of 0; it is a list of 1 to 500 names"),
    ('nodes = ["trainer"]', 'nodes = "trainer"', 'steps[4].nodes is "trainer"; it is a list of 1 to 500 names'),
    ('nodes = ["trainer"]', "nodes = [7]", "steps[4].nodes[0] is 7; it is a list of 1 to 500 names"),
    ("contribution = 700", "contribution = { a = 1 }", "options.contribution is a table with something else in it"),
    ("contribution = 700", "contribution = inf", "options.contribution is Infinity; it is a table of at most 20 options"),
    # keys that are missing or unknown
    ('title = "A job', 'colour = "A job', "scenario.colour is not a known key; there are name, title, seed"),
    ('name = "small"\n', "", "scenario.name is missing; it is a name of lower-case letters"),
    ('role = "validator"\n', "", "nodes[2].role is missing; it is requestor"),
    ('do = "advance-time"', 'do = "travel"', 'steps[5].do is "travel"; it is one of deploy-protocol'),
    ('do = "advance-time"', "do = []", "steps[5].do is a list of 0; it is one of deploy-protocol"),
    ('do = "advance-time"\n', "", "steps[5].do is missing; it is one of deploy-protocol"),
    ("round = 1", "rounds = 1", "steps[3].steps[2].rounds is not a known key; there are do, id, job, state, round, within"),
    ("[chain]", "[chains]", "chains is not a known key; there are scenario, nodes, steps, chain"),
    ("of = {", "off = {", "expect[1].off is not a known key; there are text, measure, of"),
    # variables
    ('times = "$jobs"', 'times = "$job"', 'steps[3].times is "$job", and no variable has that name; it must be between'),
    ("jobs = 3", "jobs = 20_000", "steps[3].times is 20000 (the variable jobs); it must be between 0 and 10000"),
    ("[short]\njobs", "[short]\njob", "short.job is not a variable; there are jobs, reward"),
    ("jobs = 3", "Jobs = 3", 'variables."Jobs" is not a name of lower-case letters'),
    ("jobs = 3", "jobs = [3]", "variables.jobs is a list of 1; it is a number, a boolean or a text without $"),
    ("jobs = 3", 'jobs = "$reward"', 'variables.jobs is "$reward"; it is a number, a boolean or a text without $'),
    ("[variables]", "[[variables]]", "variables is a list of 1; it is a table of at most 100 variables"),
    ('id = "job"', 'id = "jobs"', 'id is "jobs", which is a variable: $ would mean both'),
    # names and references
    ('job = "$job"\n  state', 'job = "$jib"\n  state', 'job is "$jib"; no add-topic step before it has that id'),
    ('job = "$job"\n  state', 'job = "job"\n  state', 'job is "job"; it is "$" and the id of an earlier add-topic step'),
    ('do = "wait"\n  job = "$job"\n  state', 'id = "job"\n  do = "wait"\n  job = "$job"\n  state', 'id is "job", which is the id of an earlier step'),
    ('group = "validator"', 'group = "trainer"', 'nodes[2].group is "trainer", which an earlier group or node is called'),
    ('group = "validator"', 'group = "trainer-2"', 'nodes[2].group is "trainer-2", which an earlier group or node'),
    ('trainers = ["trainer-2"', 'trainers = ["trainer-3"', 'trainers[0] is "trainer-3"; no node and no group has that name'),
    ('"trainer-2", "trainer"]', '"trainer-2", "validator"]', 'trainers[1] is "validator", a validator; it takes a trainer'),
    ('rule = "krum"', 'requestor = "nobody"', 'requestor is "nobody"; no node and no group has that name'),
    ('rule = "krum"', 'requestor = "requestor"', 'requestor is "requestor", which is a group; it is the name of one node'),
    ('role = "requestor"', 'role = "requestor"\ncount = 2', "requestor is missing; the scenario has 2 requestors"),
    ("min = 1, max = 2", "min = 3, max = 2", "trainers.min is 3; it is at most max, 2"),
    # steps in an order that can be done
    ('do = "initialize-roles"', 'do = "advance-time"\nby = "1d"', 'steps[2].do is "advance-time"; initialize-roles comes before it'),
    ('do = "transfer-initial-supply"', 'do = "initialize-roles"', "begins with deploy-protocol, then transfer-initial-supply, then initialize-roles"),
    ('do = "advance-time"\nby = "3d"', 'do = "deploy-protocol"', "steps[5].do is \"deploy-protocol\"; a scenario begins with"),
    ("jobs = 3", "jobs = 3_000", "steps[3] makes more than 10000 steps"),
    ("jobs = 3", "jobs = 0", None),
    # money
    ('conspiracy = "gang"', 'stake = "1 SCT"', "nodes[2].stake is neither the ticket of a validator nor nothing"),
    ('conspiracy = "gang"', 'tokens = "24999 SCT"', "nodes[2].tokens does not suffice for the ticket"),
    ('withdrawal_delay = "3d"', 'supply = "399999 SCT"', "nodes has more tokens in all its groups than chain.supply"),
    ('withdrawal_delay = "3d"', "members_bps = 3001", "chain.members_bps makes, with chain.trainers_bps, 10001 of 10000"),
    ('conspiracy = "gang"', 'joins = "by-itself"', "nodes[2].joins is for trainers only"),
    # behaviours
    ('"sign-flip"', '"sing-flip"', 'behaviour is "sing-flip": there is no behaviour'),
    ('"colluding"', '"lazy"', 'nodes[2].behaviour is "lazy": it is for trainer'),
    ("contribution = 700", "contributions = 700", "nodes[2].behaviour is \"colluding\": behaviour 'colluding': it has no option"),
    # expectations
    ('measure = "jobs_in_state"', 'measure = "luck"', 'expect[0].measure is "luck"; it is one of gain,'),
    ('equals = "$jobs"', "", "expect[0].measure has no at_least, at_most or equals beside it"),
    ('equals = "$jobs"', "equals = 1\nat_most = 2", "expect[0].equals stands beside at_least or at_most"),
    ('equals = "$jobs"', "at_least = 3\nat_most = 2", "expect[0].at_least is 3, which is more than at_most, 2"),
    ('equals = "$jobs"', "equals = [1]", "expect[0].equals is a list; for jobs_in_state it is a number"),
    ("equals = [25000, 24800.5]", "equals = 25000", "expect[1].equals is not a list; for stake_sequence"),
    ("equals = [25000, 24800.5]", "equals = [true]", "expect[1].equals is a list of 1; it is a number, or a list"),
    ('state = "settled"', "", "expect[0].state is missing; jobs_in_state needs it"),
    ('of = { role = "validator" }', 'outcome = "void"', "expect[1].outcome is not for stake_sequence"),
    ('of = { role = "validator" }', 'aggregate = "mean"', 'expect[1].aggregate is "mean"; for stake_sequence it is each'),
    ('of = { role = "validator" }', 'of = { group = "jury" }', 'expect[1].of.group is "jury"; no group has that name'),
    ('of = { role = "validator" }', 'of = { name = "validator-2" }', "expect[1].of.name is \"validator-2\"; no node"),
    ('of = { role = "validator" }', 'of = { role = "challenger" }', "expect[1].of.role is a role that no node has"),
    ('of = { role = "validator" }', 'of = { behaviour = "noise" }', 'expect[1].of.behaviour is "noise"; no node behaves so'),
    ('of = { role = "validator" }', 'of = { behaviour = "sign-flip" }', None),
    ('of = { role = "validator" }', 'of = { role = "validator", honest = true }', "expect[1].of selects no node"),
    # not even TOML
    ("count = 2", "count = ", "not TOML: invalid value"),
    ('title = "A', 'title = "A\0', "not TOML: illegal character"),
    ("count = 2", "count = " + "1" * 5_000, "there is a number that is too long"),
    ("count = 2", "count = " + "[" * 3_000 + "]" * 3_000, "lists that are nested too deeply"),
    ("count = 2", "options = { a = " + "[" * 25 + "]" * 25 + " }", "is nested too deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "problem"), BAD, ids=lambda text: repr(text)[:40])
def test_a_wrong_file_is_refused_with_its_reason(right: str, wrong: str, problem: str | None) -> None:
    assert right in SMALL
    text = SMALL.replace(right, wrong, 1)
    if problem is None:
        read(text)
        return
    with pytest.raises(ScenarioError) as caught:
        read(text)
    message = str(caught.value)
    assert problem in message
    assert re.match(r"small\.toml:[0-9]+: ", message)
    assert "\n" not in message


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("count = 2", "count = -1", "count"),
        ('rule = "krum"', 'rule = "best"', "rule"),
        ('trainers = ["trainer-2"', 'trainers = [\n"trainer-9"', "trainer-9"),
        ('measure = "jobs_in_state"\n', "", "[[expect]]"),
        ("times =", "time =", "time ="),
        ("count = 2", "count = ", "count ="),
    ],
)
def test_the_line_is_that_of_the_key(right: str, wrong: str, line: str) -> None:
    text = SMALL.replace(right, wrong, 1)
    with pytest.raises(ScenarioError) as caught:
        read(text)
    number = int(str(caught.value).split(":")[1])
    assert line in text.splitlines()[number - 1]


def test_a_variable_that_the_file_has_not_cannot_be_set() -> None:
    with pytest.raises(ScenarioError, match='"job" is not a variable of it; there are jobs, reward'):
        read(overrides={"job": "1"})


def test_a_seed_out_of_bounds_is_refused() -> None:
    with pytest.raises(ScenarioError, match="the seed is -1; it must be between 0 and 4294967295"):
        read(seed=-1)


def test_a_job_of_a_repeat_that_never_ran_cannot_be_meant() -> None:
    text = SMALL + '\n[[steps]]\ndo = "wait"\njob = "$job"\n'
    read(text)
    with pytest.raises(ScenarioError, match=r'job is "\$job"; no add-topic step before it has that id'):
        read(text, overrides={"jobs": "0"})


def test_too_many_nodes_in_all_groups_are_refused() -> None:
    with pytest.raises(ScenarioError, match="nodes has 502 nodes in all its groups; there can be 500"):
        read(SMALL.replace("count = 2", "count = 500"))


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(ScenarioError, match=f"more than {MAX_BYTES} bytes"):
        read(SMALL + "#" * MAX_BYTES)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"small\.toml:2: the file is not UTF-8 text"):
        read_scenario(b'[scenario]\nname = "\xff"', "small.toml")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        read_scenario_file(tmp_path / "none.toml")


def test_a_behaviour_is_checked_where_it_changes_too() -> None:
    def check(name: str, role: object, options: object) -> None:
        if name == "sign-flip":
            raise ValueError("not today")

    with pytest.raises(ScenarioError, match=r'steps\[4\]\.behaviour is "sign-flip": not today'):
        read(check_behaviour=check)


PIECES = [
    *(
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        '"',
        "'",
        '"""',
        "'''",
        "#",
        "\n",
        "\\",
        "$",
        "$job",
        "$jobs",
        "do",
        "[[steps]]",
    ),
    *(
        "[[steps.steps]]",
        "[nodes]",
        "-1",
        "1e9999",
        "nan",
        "inf",
        "true",
        "{}",
        "[]",
        "2020-01-01",
        '"1 SCT"',
        "id",
        "times",
    ),
    *("[short]", "9" * 30, "\x00", "\u2028", "é", " ", "="),
]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_bent_file_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([SMALL, *(file.read_text() for file in EXAMPLES)]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 40)))
        text = text[:start] + data.draw(st.sampled_from(PIECES) | st.text(max_size=10)) + text[end:]
    with suppress(ScenarioError):
        read_scenario(text.encode(errors="surrogatepass"), "small.toml", short=data.draw(st.booleans()))


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ScenarioError):
        read_scenario(content, "small.toml")
