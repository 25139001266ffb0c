"""Addresses of nodes are known before anything runs, and are those that they then have."""

import tomllib

import httpx
import pytest
from tests.unit.web.conftest import example
from tests.unit.web.test_app import API, only
from tests.unit.web.test_setup import make

from scatter.web.documents.toplevel import change_table
from scatter.web.views.addresses import nodes_to_be


async def test_they_are_those_that_nodes_have_in_a_run(client: httpx.AsyncClient) -> None:
    workspace, run = await only(client)
    before = (await client.get(f"{API}/workspaces/{workspace}/nodes/each")).json()
    then = (await client.get(f"{API}/runs/{run}/nodes")).json()
    keys = ("name", "group", "role", "address")
    assert before == [{key: node[key] for key in keys} for node in then]
    assert len({node["address"] for node in before}) == len(before) == 16


async def test_the_editor_shows_them_before_anything_has_run(fresh: httpx.AsyncClient) -> None:
    base = await make(fresh, example())
    page = (await fresh.get(f"{base}/nodes")).text
    told = (await fresh.get(f"{API}/workspaces{base.removeprefix('/w')}/nodes/each")).json()
    assert told
    assert all(f">{node['name']}</th>" in page and node["address"] in page for node in told)
    assert (await fresh.get(f"{API}/openapi.json")).json()["components"]["schemas"]["NodeOut"]["properties"].keys() == {
        "name",
        "group",
        "role",
        "address",
    }


@pytest.mark.parametrize(("seed", "like"), [(1, True), (2, False), ("$seed", False), (-1, None), ("x", None)])
def test_they_follow_from_the_seed(seed: object, like: bool | None) -> None:
    usual = nodes_to_be(tomllib.loads(example()))
    text = change_table(change_table(example(), "variables", {"seed": 9}), "scenario", {"seed": seed})
    made = nodes_to_be(tomllib.loads(text))
    if like is None:
        assert made == []
    else:
        assert [one.name for one in made] == [one.name for one in usual]
        assert (made == usual) is like


def test_there_are_never_more_than_a_scenario_can_have() -> None:
    groups = [{"group": name, "role": "trainer", "count": 10**9} for name in ("a", "b")]
    assert [one.name for one in nodes_to_be({"nodes": groups}, 3)] == ["a-1", "a-2", "a-3"]
    assert nodes_to_be({"nodes": [{"group": "a", "role": "trainer", "count": -5}]}) == []
