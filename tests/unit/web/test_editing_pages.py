"""Editing a workspace by its pages and by the API: what is changed, what is refused, and what cannot run is shown all the same."""

import json
from typing import Any

import httpx
import pytest
from tests.unit.web.conftest import API, example, only, post
from tests.unit.web.forms import fields_sent


async def test_nodes_and_steps_are_edited_by_forms(fresh: httpx.AsyncClient) -> None:
    made = await post(fresh, "/workspaces", name="Mine")
    base = made.headers["location"].removesuffix("/nodes")
    workspace = base.split("/")[2]
    added = await post(
        fresh,
        f"{base}/nodes/new",
        group="noisy",
        role="trainer",
        count="2",
        behaviour="noise",
        **{"options.scale": "7"},
    )
    assert added.status_code == 303
    nodes = (await fresh.get(f"{API}/workspaces/{workspace}/nodes")).json()
    assert nodes[-1] == {"group": "noisy", "role": "trainer", "count": 2, "behaviour": "noise", "options": {"scale": 7}}
    await post(fresh, f"{base}/nodes/4/duplicate")
    await post(fresh, f"{base}/nodes/4/delete")
    assert (await fresh.get(f"{API}/workspaces/{workspace}/nodes")).json()[-1]["group"] == "noisy-copy"
    await post(fresh, f"{base}/steps", do="repeat", times="2", key="", parent="")
    await post(fresh, f"{base}/steps/6/move", to="3")
    steps = (await fresh.get(f"{API}/workspaces/{workspace}/steps")).json()
    assert [step["do"] for step in steps][3] == "repeat"
    moved = await fresh.post(
        f"{base}/steps/3/move",
        data={"to": "4"},
        headers={"hx-request": "true", "x-csrf-token": fresh.cookies["scatter_csrf"]},
    )
    assert json.loads(moved.headers["hx-trigger"]) == {"scatter:focus": {"target": "body", "id": "grip-4"}}
    assert (await fresh.get(f"{API}/workspaces/{workspace}")).json()["problem"] is None


async def test_steps_move_into_a_repeat_and_out_of_it(fresh: httpx.AsyncClient) -> None:
    workspace = (await fresh.get(f"{API}/workspaces")).json()[0]["id"]
    at, base = f"{API}/workspaces/{workspace}/steps", f"/w/{workspace}/steps"

    async def shape() -> list[Any]:
        steps = (await fresh.get(at)).json()
        return [[inner["do"] for inner in step["steps"]] if step["do"] == "repeat" else step["do"] for step in steps]

    before, inside = (await fresh.get(f"{API}/workspaces/{workspace}/document")).text, (await shape())[3]
    moved = await fresh.post(f"{at}/2/move?version=1", json={"to": 1, "parent": "3"})
    assert moved.status_code == 200
    assert (await shape())[2] == [inside[0], "initialize-roles", *inside[1:]]
    assert (await fresh.get(f"{API}/workspaces/{workspace}")).json()["problem"].endswith("comes before it")
    stale = await fresh.post(f"{at}/2.1/move?version=1", json={"to": 2, "parent": ""})
    assert stale.status_code == 409
    page = await post(fresh, f"{base}/2.1/move", to="2", parent="")
    assert page.status_code == 303
    assert (await fresh.get(f"{API}/workspaces/{workspace}/document")).text == before
    for key, body in (
        ("3", {"to": 0, "parent": "3"}),
        ("0", {"to": 9, "parent": "3"}),
        ("0", {"to": 0, "parent": "1"}),
    ):
        assert (await fresh.post(f"{at}/{key}/move", json=body)).status_code == 422
    assert (await fresh.post(f"{at}/0/move", json={"to": 0, "parent": "x"})).status_code == 404
    assert (await fresh.get(f"{API}/workspaces/{workspace}/document")).text == before
    await fresh.post(f"{at}/3.0/duplicate")
    await fresh.delete(f"{at}/3.1")
    assert (await shape())[3] == inside


async def test_a_moved_step_says_at_once_whether_the_scenario_can_run(fresh: httpx.AsyncClient) -> None:
    workspace = (await fresh.get(f"{API}/workspaces")).json()[0]["id"]
    await fresh.get("/")
    headers = {"hx-request": "true", "x-csrf-token": fresh.cookies["scatter_csrf"]}
    move = f"/w/{workspace}/steps"
    moved = await fresh.post(f"{move}/0/move", data={"to": "0", "parent": "3"}, headers=headers)
    assert json.loads(moved.headers["hx-trigger"]) == {"scatter:focus": {"target": "body", "id": "grip-2.0"}}
    assert "This scenario cannot run yet." in moved.text
    back = await fresh.post(f"{move}/2.0/move", data={"to": "0", "parent": ""}, headers=headers)
    assert "This scenario cannot run yet." not in back.text


ODD_DOCUMENTS = (
    *(
        f"{name} = {value}"
        for name in ("steps", "nodes", "expect", "scenario", "short")
        for value in ("7", '"x"', "[7]")
    ),
    *(f"{name} = {value}" for name in ("variables", "chain", "workload", "interventions") for value in ("7", "[[1]]")),
    '[[nodes]]\ngroup = 7\ncount = "$x"\nrole = []\noptions = 3',
    '[[steps]]\ndo = 7\n[[steps]]\ndo = "repeat"\nsteps = 4\n[[steps]]\ndo = "repeat"\nsteps = [1, {}]',
    "[scenario]\ntitle = 7\nname = []\nseed = {}",
    '[[expect]]\nof = 7\nmeasure = "gain"\n[[expect]]\ntext = {}',
    "steps = 1979-05-27\nnodes = 1979-05-27T07:32:00Z",
)


@pytest.mark.parametrize("document", ODD_DOCUMENTS)
async def test_what_is_toml_and_no_scenario_is_shown_and_can_be_corrected(
    fresh: httpx.AsyncClient, document: str
) -> None:
    made = (await fresh.post(f"{API}/workspaces", json={"name": "Odd", "document": document})).json()
    assert made["problem"]
    assert 'aria-label="Correct Odd"' in (await fresh.get("/")).text
    base = f"/w/{made['id']}"
    for page in ("/", *(f"{base}/{tab}" for tab in ("setup", "nodes", "steps", "run", "data", "jobs", "file"))):
        answer = await fresh.get(page)
        assert answer.status_code == 200, page
        assert "cannot run yet" in answer.text
    for part in ("nodes", "steps", "tables", "expectations"):
        assert (await fresh.get(f"{API}/workspaces/{made['id']}/{part}")).status_code == 200, part
    added = await fresh.post(f"{API}/workspaces/{made['id']}/steps", json={"values": {"do": "deploy-protocol"}})
    assert added.status_code in (201, 422)


async def test_a_draw_that_is_none_is_shown_as_it_is(fresh: httpx.AsyncClient) -> None:
    made = await post(fresh, "/workspaces", name="Odd", document=example().replace('["', '["1 SCT", "2 SCT", "'))
    base = made.headers["location"].removesuffix("/nodes")
    for tab in ("nodes", "steps", "steps/3.0"):
        assert (await fresh.get(f"{base}/{tab}")).status_code == 200


async def test_a_wrong_field_says_so_beside_it_and_changes_nothing(fresh: httpx.AsyncClient) -> None:
    workspace = (await fresh.get(f"{API}/workspaces")).json()[0]["id"]
    before = (await fresh.get(f"{API}/workspaces/{workspace}/document")).text
    answer = await post(
        fresh, f"/w/{workspace}/nodes/1", role="trainer", group="trainer", count="-3", behaviour="honest"
    )
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "must be between 0 and 500" in answer.text
    refused = await fresh.patch(f"{API}/workspaces/{workspace}/steps/3.0", json={"values": {"rounds": 99}})
    assert refused.status_code == 422
    assert refused.json()["fields"] == {"rounds": "it must be between 1 and 32"}
    assert (await fresh.get(f"{API}/workspaces/{workspace}/document")).text == before


async def test_whoever_changes_a_stale_version_is_told(client: httpx.AsyncClient) -> None:
    workspace, _ = await only(client)
    document = (await client.get(f"{API}/workspaces/{workspace}/document")).text
    put = f"{API}/workspaces/{workspace}/document?version=1"
    first = await client.put(put, content=f"{document}\n# more\n", headers={"content-type": "application/toml"})
    assert (first.status_code, first.json()["version"]) == (200, 2)
    second = await client.put(put, content=document, headers={"content-type": "application/toml"})
    assert second.status_code == 409
    assert "somebody else" in second.json()["error"]


async def test_a_form_of_an_older_document_changes_nothing(fresh: httpx.AsyncClient) -> None:
    made = await post(fresh, "/workspaces", name="Mine")
    base = made.headers["location"].removesuffix("/nodes")
    page = (await fresh.get(f"{base}/nodes/1")).text
    old = fields_sent(page, f"{base}/nodes/1")
    assert (await post(fresh, f"{base}/steps/5/move", to="4", version=old["version"])).status_code == 303
    before = (await fresh.get(f"{base}/export")).text
    for address, said in (
        ("nodes/1", {**old, "count": "9"}),
        ("nodes/1/delete", {"version": old["version"]}),
        ("steps/3/delete", {"version": old["version"]}),
        ("steps/3/move", {"to": "4", "version": old["version"]}),
        ("steps", {"do": "wait", "key": "4", "job": "$job", "round": "2", "version": old["version"]}),
    ):
        refused = await post(fresh, f"{base}/{address}", **said)
        assert refused.status_code == 409
        assert "somebody else changed this workspace" in refused.text.lower()
    assert (await fresh.get(f"{base}/export")).text == before
    wrong = await post(fresh, f"{base}/rename", name=" ")
    assert wrong.status_code == 422
    assert 'id="name-error"' in wrong.text
