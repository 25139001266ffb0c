"""What of a scenario is neither nodes nor steps: its forms, its routes of the API, and that nothing of a file is lost."""

import tomllib
from pathlib import Path

import httpx
import pytest
from tests.unit.web.conftest import example
from tests.unit.web.forms import fields_sent
from tests.unit.web.test_app import API, post

SCENARIOS = Path(__file__).resolve().parents[3] / "examples" / "scenarios"


async def make(client: httpx.AsyncClient, document: str | None = None) -> str:
    """The address of a new workspace."""
    made = await client.post(f"{API}/workspaces", json={"name": "Mine", "document": document})
    return f"/w/{made.json()['id']}"


async def text_of(client: httpx.AsyncClient, base: str) -> str:
    return (await client.get(f"{base}/export")).text


@pytest.mark.parametrize("name", ["bad-trainers", "sizes", "casts/5-malicious-requestor"])
async def test_whoever_saves_every_form_unchanged_changes_no_letter(fresh: httpx.AsyncClient, name: str) -> None:
    text = (SCENARIOS / f"{name}.toml").read_text()
    base = await make(fresh, text)
    assert await text_of(fresh, base) == text
    content = tomllib.loads(text)
    for shown, taken in (
        *((f"{base}/setup", f"{base}/setup/{table}") for table in ("scenario", "workload", "chain", "variables")),
        *((f"{base}/nodes/{index}", f"{base}/nodes/{index}") for index in range(len(content["nodes"]))),
        *((f"{base}/steps/{index}", f"{base}/steps") for index in range(len(content["steps"]))),
        *((f"{base}/expect/{index}", f"{base}/expect/{index}") for index in range(0, len(content["expect"]), 5)),
    ):
        answer = await post(fresh, taken, **fields_sent((await fresh.get(shown)).text, taken))
        assert answer.status_code == 303, shown
    assert await text_of(fresh, base) == text


async def test_tables_of_the_top_are_edited_by_forms_and_the_rest_stays(fresh: httpx.AsyncClient) -> None:
    base = await make(fresh, example())
    sent = fields_sent((await fresh.get(f"{base}/setup")).text, f"{base}/setup/chain")
    await post(fresh, f"{base}/setup/chain", **{**sent, "supply": "5,000,000", "lock_bps": "1000"})
    await post(
        fresh, f"{base}/setup/workload", kind="", job="", run="", alpha="", quality="honest: least 0.1; lazy: worst 0"
    )
    await post(fresh, f"{base}/setup/scenario", name="mine", title="Another", seed="7")
    content = tomllib.loads(await text_of(fresh, base))
    assert content["chain"] == {"supply": "5000000 SCT", "lock_bps": 1000}
    assert content["workload"] == {"quality": {"honest": {"least": 0.1}, "lazy": {"worst": 0}}}
    assert content["scenario"] == {"name": "mine", "title": "Another", "seed": 7}
    left = await text_of(fresh, base)
    assert [line for line in example().splitlines() if line not in left.splitlines()] == [
        'name = "paper-4"',
        'title = "Challengers uncover a committee that colludes with malicious trainers"',
    ]
    stale = await post(fresh, f"{base}/setup/chain", **{**sent, "supply": "", "lock_bps": ""})
    assert stale.status_code == 409, "it does not undo what was changed since it was shown"
    assert await text_of(fresh, base) == left
    sent = fields_sent((await fresh.get(f"{base}/setup")).text, f"{base}/setup/chain")
    await post(fresh, f"{base}/setup/chain", **{**sent, "supply": "", "lock_bps": ""})
    assert "[chain]" not in await text_of(fresh, base)


async def test_variables_of_an_older_version_are_not_saved(fresh: httpx.AsyncClient) -> None:
    base = await make(fresh, example())
    sent = fields_sent((await fresh.get(f"{base}/setup")).text, f"{base}/setup/variables")
    assert (await post(fresh, f"{base}/setup/variables", **{**sent, "value-0": "12"})).status_code == 303
    now = await text_of(fresh, base)
    assert (await post(fresh, f"{base}/setup/variables", **{**sent, "value-0": "13"})).status_code == 409
    assert await text_of(fresh, base) == now


async def test_variables_are_rows_and_those_without_a_name_are_none(fresh: httpx.AsyncClient) -> None:
    base = await make(fresh, example())
    rows = {"name-0": "jobs", "value-0": "12", "shorter-0": "3", "name-1": "share", "value-1": "0.5", "name-2": " "}
    assert (await post(fresh, f"{base}/setup/variables", **rows)).status_code == 303
    content = tomllib.loads(await text_of(fresh, base))
    assert (content["variables"], content["short"]) == ({"jobs": 12, "share": 0.5}, {"jobs": 3})
    assert 'value="share"' in (await fresh.get(f"{base}/setup")).text
    for wrong, said in (
        ({"name-0": "Jobs", "value-0": "1"}, "is not a name of lower-case letters"),
        ({"name-0": "jobs", "value-0": "1", "name-1": "jobs", "value-1": "2"}, "is there twice"),
        ({"name-0": "jobs", "value-0": "", "shorter-0": "1"}, "needs a value for the long form too"),
    ):
        before = await text_of(fresh, base)
        answer = await post(fresh, f"{base}/setup/variables", **wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert await text_of(fresh, base) == before


async def test_expectations_are_added_changed_copied_and_deleted(fresh: httpx.AsyncClient) -> None:
    base = await make(fresh)
    assert "Nothing is expected yet" in (await fresh.get(f"{base}/setup")).text
    said = {"text": "All is well", "measure": "gain", "of.role": "trainer", "of.honest": "true", "at_least": "1.5"}
    assert (await post(fresh, f"{base}/expect/new", **said)).status_code == 303
    assert (await post(fresh, f"{base}/expect/new", **{**said, "measure": "joy"})).status_code == 422
    await post(fresh, f"{base}/expect/0/duplicate")
    await post(
        fresh,
        f"{base}/expect/1",
        **{**said, "text": "Better", "measure": "stake_sequence", "at_least": "", "equals": "1, 2"},
    )
    made = tomllib.loads(await text_of(fresh, base))["expect"]
    assert made[0] == {
        "text": "All is well",
        "measure": "gain",
        "of": {"role": "trainer", "honest": True},
        "at_least": 1.5,
    }
    assert made[1]["equals"] == [1, 2]
    page = (await fresh.get(f"{base}/setup")).text
    assert "gain · of trainer, honest · at least 1.5" in page
    await post(fresh, f"{base}/expect/0/delete")
    assert [one["text"] for one in tomllib.loads(await text_of(fresh, base))["expect"]] == ["Better"]
    assert (await fresh.get(f"{base}/expect/9")).status_code == 404


@pytest.mark.parametrize(
    ("table", "values", "field", "said"),
    [
        ("chain", {"lock_bps": "20000"}, "lock_bps", "must be between 0 and 10000"),
        ("chain", {"supply": "lots"}, "supply", "it is an amount"),
        ("scenario", {"name": "Not A Name", "title": "x"}, "name", "lower-case letters"),
        ("workload", {"alpha": "-1"}, "alpha", "a number above 0"),
        ("workload", {"quality": "all good"}, "quality", "a table of tables"),
    ],
)
async def test_wrong_values_are_told_at_their_field(
    fresh: httpx.AsyncClient, table: str, values: dict[str, str], field: str, said: str
) -> None:
    base = await make(fresh)
    before = await text_of(fresh, base)
    answer = await post(fresh, f"{base}/setup/{table}", **values)
    assert answer.status_code == 422
    told = answer.text[answer.text.index(f'id="e-{field}"') :][:300]
    assert said in told
    assert await text_of(fresh, base) == before


async def test_scripts_do_the_same(fresh: httpx.AsyncClient) -> None:
    workspace = f"{API}/workspaces/" + (await make(fresh)).removeprefix("/w/")
    changed = await fresh.patch(f"{workspace}/tables/variables", json={"values": {"jobs": 3, "gone": None}})
    assert changed.json()["variables"] == {"jobs": 3}
    assert changed.json()["chain"] == {}
    refused = await fresh.patch(f"{workspace}/tables/chain", json={"values": {"lock_bps": -1}})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["lock_bps"])
    assert (await fresh.patch(f"{workspace}/tables/nodes", json={"values": {}})).status_code == 404
    new = {"values": {"text": "None is lost", "measure": "supply_change", "equals": 0}}
    assert len((await fresh.post(f"{workspace}/expectations", json=new)).json()) == 1
    assert len((await fresh.post(f"{workspace}/expectations/0/duplicate")).json()) == 2
    edited = await fresh.patch(f"{workspace}/expectations/1", json={"values": {"equals": None, "at_most": 1}})
    assert edited.json()[1] == {"text": "None is lost", "measure": "supply_change", "at_most": 1}
    assert (await fresh.delete(f"{workspace}/expectations/0")).status_code == 204
    assert len((await fresh.get(f"{workspace}/expectations")).json()) == 1
    version = (await fresh.get(workspace)).json()["version"]
    for method, path in (("PATCH", "expectations/0"), ("PATCH", "nodes/0"), ("PATCH", "steps/3")):
        late = await fresh.request(method, f"{workspace}/{path}?version={version - 1}", json={"values": {}})
        assert late.status_code == 409
    assert (await fresh.delete(f"{workspace}/steps/3?version={version - 1}")).status_code == 409
    assert (await fresh.delete(f"{workspace}/expectations/0?version={version}")).status_code == 204
    forms = (await fresh.get(f"{API}/forms")).json()
    assert {one["name"] for one in forms["node"]} >= {"group", "role", "tokens"}
    assert all(one["purpose"] for fields in forms.values() for one in fields)


INTERVENTIONS = """
# The first trainer falls ill,
[[interventions]]
before_block = 0x29  # 41
do = "stop-node"
nodes = ["trainer-1"]

# and recovers.
[[interventions]]
before_block = 50
do = "start-node"
nodes = ["trainer"]
"""


async def test_interventions_are_added_changed_copied_and_deleted(fresh: httpx.AsyncClient) -> None:
    base = await make(fresh, example() + INTERVENTIONS)
    before = await text_of(fresh, base)
    assert before == example() + INTERVENTIONS
    sent = fields_sent((await fresh.get(f"{base}/interventions/0")).text, f"{base}/interventions/0")
    assert (sent["before_block"], sent["do"], sent["nodes"]) == ("41", "stop-node", "trainer-1")
    assert (await post(fresh, f"{base}/interventions/0", **sent)).status_code == 303
    assert await text_of(fresh, base) == before, "saved unchanged, no letter changes"
    assert (
        await post(fresh, f"{base}/interventions/0", **{**sent, "nodes": "trainer-1, trainer-2"})
    ).status_code == 303
    changed = before.replace('nodes = ["trainer-1"]\n\n# and', 'nodes = ["trainer-1", "trainer-2"]\n\n# and')
    assert await text_of(fresh, base) == changed
    late = {**sent, "before_block": "60"}
    for path in ("interventions/0", "interventions/0/duplicate", "interventions/0/delete"):
        assert (await post(fresh, f"{base}/{path}", **late)).status_code == 409, "it was shown before the change"
    assert await text_of(fresh, base) == changed
    new = {"before_block": "70", "do": "stop-node", "nodes": "trainer-3"}
    assert (await post(fresh, f"{base}/interventions/new", **new)).status_code == 303
    page = (await fresh.get(f"{base}/setup")).text
    assert all(said in page for said in ("Stop trainer-1, trainer-2", "before block 41", "Stop trainer-3"))
    await post(fresh, f"{base}/interventions/2/duplicate")
    await post(fresh, f"{base}/interventions/2/delete")
    await post(fresh, f"{base}/interventions/2/delete")
    assert await text_of(fresh, base) == changed
    assert (await fresh.get(f"{base}/interventions/9")).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"before_block": "0"}, 'id="e-before_block"'),
        ({"before_block": "soon"}, 'id="e-before_block"'),
        ({"before_block": ""}, 'id="e-before_block"'),
        ({"do": "sell-node"}, 'id="e-do"'),
        ({"nodes": ""}, 'id="e-nodes"'),
        ({"nodes": "trainer-1, nobody"}, "no node and no group has that name"),
    ],
)
async def test_a_wrong_intervention_is_told_at_its_field(
    fresh: httpx.AsyncClient, wrong: dict[str, str], said: str
) -> None:
    base = await make(fresh, example() + INTERVENTIONS)
    before = await text_of(fresh, base)
    right = {"before_block": "41", "do": "stop-node", "nodes": "trainer-1"}
    for path in ("new", "0"):
        answer = await post(fresh, f"{base}/interventions/{path}", **{**right, **wrong})
        assert answer.status_code == 422
        assert said in answer.text
    assert await text_of(fresh, base) == before


async def test_scripts_do_the_same_with_interventions(fresh: httpx.AsyncClient) -> None:
    workspace = f"{API}/workspaces/" + (await make(fresh, example())).removeprefix("/w/")
    new = {"values": {"before_block": 41, "do": "stop-node", "nodes": ["trainer-1"]}}
    assert (await fresh.post(f"{workspace}/interventions", json=new)).json() == [new["values"]]
    assert len((await fresh.post(f"{workspace}/interventions/0/duplicate")).json()) == 2
    edited = await fresh.patch(
        f"{workspace}/interventions/1", json={"values": {"do": "start-node", "before_block": 50}}
    )
    assert edited.json()[1] == {"before_block": 50, "do": "start-node", "nodes": ["trainer-1"]}
    wrong = await fresh.patch(f"{workspace}/interventions/1", json={"values": {"before_block": -1}})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["before_block"])
    version = (await fresh.get(workspace)).json()["version"]
    late = await fresh.patch(f"{workspace}/interventions/1?version={version - 1}", json={"values": {}})
    assert late.status_code == 409
    assert (await fresh.delete(f"{workspace}/interventions/1?version={version}")).status_code == 204
    assert (await fresh.get(f"{workspace}/interventions")).json() == [new["values"]]
    assert (await fresh.get(workspace)).json()["problem"] is None


async def test_what_a_group_has_of_the_workload_is_in_its_form(fresh: httpx.AsyncClient) -> None:
    base = await make(fresh, example())
    number = next(i for i, one in enumerate(tomllib.loads(example())["nodes"]) if one["role"] == "trainer")
    sent = fields_sent((await fresh.get(f"{base}/nodes/{number}")).text, f"{base}/nodes/{number}")
    assert "quality.least" in sent
    assert "data_share" not in sent, "the data of this workload is synthetic"
    wrong = await post(fresh, f"{base}/nodes/{number}", **{**sent, "quality.least": "9", "quality.most": "3"})
    assert (wrong.status_code, "it is at most most, 3" in wrong.text) == (422, True)
    saved = await post(fresh, f"{base}/nodes/{number}", **{**sent, "quality.least": "3", "quality.bad_days": "0.5"})
    assert saved.status_code == 303
    content = tomllib.loads(await text_of(fresh, base))
    assert content["nodes"][number]["quality"] == {"least": 3, "bad_days": 0.5}
    kept = await text_of(fresh, base)
    assert await text_of(fresh, await make(fresh, kept)) == kept
    assert "least 3, bad days 0.5" in (await fresh.get(f"{base}/nodes")).text
    refused = await post(fresh, f"{base}/setup/workload", kind="real", job="digits")
    assert refused.status_code == 303, "another table is to blame then"
    told = (await fresh.get(f"{API}/workspaces{base.removeprefix('/w')}")).json()["problem"]
    assert "quality.least is for a workload of the kind" in told
    sent = fields_sent((await fresh.get(f"{base}/nodes/{number}")).text, f"{base}/nodes/{number}")
    assert {"quality.least", "quality.bad_days", "data_share"} <= sent.keys(), "what is wrong can be taken away"
    cleared = {**sent, "quality.least": "", "quality.bad_days": "", "data_share": "2.5"}
    assert (await post(fresh, f"{base}/nodes/{number}", **cleared)).status_code == 303
    group = tomllib.loads(await text_of(fresh, base))["nodes"][number]
    assert (group.get("quality"), group["data_share"]) == (None, 2.5)
    assert "2.5 × the data" in (await fresh.get(f"{base}/nodes")).text
