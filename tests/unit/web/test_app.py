"""Pages and API, as a browser and a script use them."""

import json
import re
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.web.conftest import API, example, only, post, running

from scatter.web.app import create_app
from scatter.web.settings import WebSettings, is_loopback, token_in

PAGES = (
    *(
        "",
        "nodes",
        "nodes/new?role=validator",
        "nodes/2",
        "steps",
        "steps/list",
        "steps/3.0",
        "steps/2/transactions",
        "setup",
        "expect/new",
        "expect/3",
        "interventions/new",
        "steps/new?do=wait",
        "run",
        "data",
    ),
    *("data?by=role&also=1", "jobs", "jobs/1", "file", "controls", "outcome"),
)


@pytest.mark.parametrize("page", PAGES)
async def test_pages_are_there(client: httpx.AsyncClient, page: str) -> None:
    workspace, _ = await only(client)
    answer = await client.get(f"/w/{workspace}/{page}".rstrip("/"), follow_redirects=True)
    assert answer.status_code == 200
    assert "text/html" in answer.headers["content-type"]
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", answer.text)


async def test_the_first_visit_finds_an_example_that_can_be_run(fresh: httpx.AsyncClient) -> None:
    page = await fresh.get("/")
    assert "Example: a committee that colludes" in page.text
    assert ">Run</button>" in page.text
    (workspace,) = (await fresh.get(f"{API}/workspaces")).json()
    assert workspace["problem"] is None
    empty = await fresh.get(f"/w/{workspace['id']}/run")
    assert "Nothing has run yet" in empty.text
    for page_name in ("data", "jobs", "nodes", "steps"):
        assert (await fresh.get(f"/w/{workspace['id']}/{page_name}")).status_code == 200


async def test_a_scenario_goes_in_and_out_letter_by_letter(fresh: httpx.AsyncClient) -> None:
    made = await post(fresh, "/workspaces", name="Mine", document=example().replace("\n", "\r\n"))
    workspace = made.headers["location"].split("/")[2]
    out = await fresh.get(f"/w/{workspace}/export")
    assert out.text == example()
    assert 'filename="paper-4.toml"' in out.headers["content-disposition"]
    await post(fresh, f"/w/{workspace}/nodes/1", role="trainer", group="trainer", count="5", behaviour="honest")
    changed = (await fresh.get(f"{API}/workspaces/{workspace}/document")).text
    lines = example().splitlines()
    lines[lines.index("count = 3")] = "count = 5"
    assert changed.splitlines() == lines


ODD = '\r\n\n# a gap, and ends of lines of two kinds\r\n[scenario]\nname = "odd"  # \u2028\r\n\n\n'


async def test_a_file_is_taken_letter_by_letter_whatever_ends_its_lines(fresh: httpx.AsyncClient) -> None:
    await fresh.get("/")
    form = {"csrf": fresh.cookies["scatter_csrf"], "name": "Odd", "document": "what a browser shows of it"}
    made = await fresh.post("/workspaces", data=form, files={"file": ("odd.toml", ODD.encode())})
    exported = await fresh.get(made.headers["location"].replace("nodes", "export"))
    assert exported.content == ODD.encode()
    page = (await fresh.get(made.headers["location"].replace("nodes", "file"))).text
    # The first end of a line in a text area is none of its text.
    assert ">\n\r\n\n# a gap" in page
    refused = await fresh.post("/workspaces", data=form, files={"file": ("odd.toml", b"\xff\xfe")})
    assert refused.status_code == 422
    assert "is not UTF-8 text" in refused.text


async def test_steps_can_be_run_from_anywhere_and_be_reset(client: httpx.AsyncClient) -> None:
    workspace, run = await only(client)
    page = (await client.get(f"/w/{workspace}/steps")).text
    assert page.count(">Run from here<") == page.count(">Run up to here<") == 7
    assert f'href="/w/{workspace}/steps/2/transactions?run=1"' in page
    reset = await post(client, f"/w/{workspace}/runs/1/control", do="delete", then="steps")
    assert reset.headers["location"] == f"/w/{workspace}/steps"
    assert (await client.get(f"{API}/runs/{run}")).status_code == 404
    page = (await client.get(f"/w/{workspace}/steps")).text
    assert page.count("status-waiting") == 7
    assert page.count(">Run from here<") == 7
    assert ">Run the first step<" in page
    assert (await client.get(f"/w/{workspace}/steps/2/transactions")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/w/nowhere/nodes", 404),
        ("GET", "/nothing", 404),
        ("GET", f"{API}/runs/nowhere", 404),
        ("GET", f"{API}/workspaces/nowhere/runs", 404),
        ("POST", f"{API}/workspaces", 422),
        ("PUT", "/", 405),
    ],
)
async def test_what_is_not_there_is_said(fresh: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await fresh.request(method, path, json={})
    assert answer.status_code == status
    if path.startswith(API):
        assert answer.json()["error"]
    else:
        assert "To the workspaces" in answer.text


async def test_workspaces_are_renamed_copied_and_deleted_with_their_runs(client: httpx.AsyncClient) -> None:
    workspace, run = await only(client)
    assert (await client.patch(f"{API}/workspaces/{workspace}", json={"name": " New "})).json()["name"] == "New"
    copy = (await client.post(f"{API}/workspaces/{workspace}/duplicate")).json()
    assert (await client.get(f"{API}/workspaces/{copy['id']}/runs")).json() == []
    assert (await client.delete(f"{API}/workspaces/{workspace}")).status_code == 204
    assert (await client.get(f"{API}/runs/{run}")).status_code == 404
    assert (await client.get(f"{API}/workspaces/{workspace}")).status_code == 404


async def test_forms_without_their_token_and_requests_of_other_sites_change_nothing(client: httpx.AsyncClient) -> None:
    workspace, _ = await only(client)
    await client.get("/")
    without = await client.post(f"/w/{workspace}/delete", data={"csrf": "guessed"})
    assert without.status_code == 409
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = await client.delete(f"{API}/workspaces/{workspace}", headers=headers)
        assert answer.status_code == 403
    strange = await client.get("/", headers={"host": "evil.example"})
    assert strange.status_code == 421
    large = await client.post(f"{API}/workspaces", content=b"x" * (2 << 20))
    assert large.status_code == 413
    assert len((await client.get(f"{API}/workspaces")).json()) == 1


async def test_where_others_can_reach_it_people_sign_in(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    token = token_in(folder)
    assert (folder / "token").stat().st_mode & 0o077 == 0
    assert token_in(folder) == token
    async with running(create_app(WebSettings(folder, tmp_path, "0.0.0.0", 8000, token))) as client:  # noqa: S104
        assert (await client.get("/")).headers["location"] == "/sign-in"
        assert (await client.get(f"{API}/workspaces")).status_code == 401
        bearer = {"authorization": f"Bearer {token}"}
        assert (await client.get(f"{API}/workspaces", headers=bearer)).status_code == 200
        assert (await client.get(f"{API}/workspaces", headers={"authorization": "Bearer wrong"})).status_code == 401
        await client.get("/sign-in")
        signed = await client.post("/sign-in", data={"csrf": client.cookies["scatter_csrf"], "token": token})
        assert signed.headers["location"] == "/"
        page = await client.get("/")
        assert page.status_code == 200
        assert token not in page.text


@pytest.mark.parametrize(
    ("host", "only_here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.7", False), ("a.b", False)],
)
def test_only_this_machine_needs_no_token(host: str, only_here: bool) -> None:
    assert is_loopback(host) == only_here


async def _events(client: httpx.AsyncClient, address: str, headers: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
    answer = await client.get(address, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    for part in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if ": " in line and not line.startswith(":"))
        if "event" in fields:
            yield {**fields, "data": json.loads(fields["data"])}


async def test_the_stream_goes_on_after_what_was_seen_last(client: httpx.AsyncClient) -> None:
    _, run = await only(client)
    address = f"{API}/runs/{run}/stream"
    whole = [one async for one in _events(client, address, {})]
    # How many frames there are depends on how soon the record is read.
    assert [kind for kind, _ in groupby(one["event"] for one in whole)] == ["status", "frame", "over"]
    last = int(whole[-2]["id"])
    again = [one async for one in _events(client, f"{address}?after=3", {"last-event-id": str(last - 5)})]
    frames = [one["data"] for one in again if one["event"] == "frame"]
    assert frames
    assert {line["event"] for one in frames for line in one["log"]} <= set(range(last - 4, last + 1))
    nothing = [one["event"] async for one in _events(client, address, {"last-event-id": str(last)})]
    assert nothing == ["status", "over"]


async def test_what_was_recorded_is_handed_out(client: httpx.AsyncClient) -> None:
    _, run = await only(client)
    at = f"{API}/runs/{run}"
    assert (await client.get(at)).json()["status"] == "finished"
    assert len((await client.get(f"{at}/nodes")).json()) == 16
    assert [step["status"] for step in (await client.get(f"{at}/steps")).json()] == ["done"] * 4
    repeat = (await client.get(f"{at}/steps")).json()[3]
    assert [(one["key"], one["progress"]) for one in repeat["inner"]] == [(f"3.{n}", "2 of 2") for n in range(3)]
    assert "moves" not in repeat
    calls = (await client.get(f"{at}/steps/2/transactions")).json()
    assert {call["call"] for call in calls} == {"register", "approve", "deposit ticket"}
    assert all(re.fullmatch("0x[0-9a-f]{64}", call["hash"]) for call in calls)
    assert len({call["hash"] for call in calls}) == len(calls)
    assert {(call["status"], call["error"]) for call in calls} == {("done", "")}
    workspace = (await only(client))[0]
    shown = (await client.get(f"/w/{workspace}/steps/2/transactions")).text
    assert all(f">{call['hash']}</code>" in shown for call in calls)
    assert len(calls) == (await client.get(f"{at}/steps")).json()[2]["transactions"]
    assert len((await client.get(f"{at}/steps/3.2/transactions?limit=7")).json()) == 7
    assert (await client.get(f"{at}/steps/9/transactions")).status_code == 404
    assert [job["state"] for job in (await client.get(f"{at}/jobs")).json()] == ["Settled", "Settled"]
    assert (await client.get(f"{at}/jobs/2")).json()["payments"]
    assert (await client.get(f"{at}/jobs/3")).status_code == 404
    assert len((await client.get(f"{at}/log?limit=5")).json()) == 5
    assert (await client.get(f"{at}/jobs/1/model")).content[8:9] == b"{"
    for name in ("transactions", "balances"):
        table = await client.get(f"{at}/tables/{name}")
        assert table.headers["content-type"].startswith("text/csv")
        assert table.text.startswith("block,")
    assert (await client.get(f"{at}/tables/secrets")).status_code == 404
    assert (await client.get(f"{at}/charts/nothing")).status_code == 404
    chart = await client.get(f"{at}/charts/tokens?form=csv&by=role")
    assert chart.text.startswith("block,")
    assert {one["name"] for one in (await client.get(f"{API}/charts")).json()} >= {"tokens", "stake", "accuracy"}


async def test_a_run_that_is_over_cannot_be_steered(client: httpx.AsyncClient) -> None:
    workspace, run = await only(client)
    for wanted in ("pause", "stop", "go"):
        assert (await client.patch(f"{API}/runs/{run}", json={"do": wanted})).status_code == 409
    assert (await client.patch(f"{API}/runs/{run}", json={"pace": 99})).status_code == 422
    await client.patch(f"{API}/workspaces/{workspace}/nodes/0", json={"values": {"tokens": "1 SCT"}})
    page = await client.get(f"/w/{workspace}/run")
    assert "was changed since run 1" in page.text


async def test_the_api_describes_itself_and_everything_is_in_it(fresh: httpx.AsyncClient) -> None:
    document = (await fresh.get(f"{API}/openapi.json")).json()
    paths = document["paths"]
    assert all(path.startswith(API) for path in paths)
    assert {"get", "post"} <= set(paths[f"{API}/workspaces/{{workspace}}/steps"])
    assert "text/event-stream" in paths[f"{API}/runs/{{run}}/stream"]["get"]["responses"]["200"]["content"]
    assert set((await fresh.get(f"{API}/step-kinds")).json()) >= {"deploy-protocol", "add-topic", "repeat"}
    assert (await fresh.get(f"{API}/behaviours")).json()["label-flip"]["roles"] == ["trainer"]


async def test_the_first_load_is_small_and_assets_never_change(client: httpx.AsyncClient) -> None:
    workspace, _ = await only(client)
    page = await client.get(f"/w/{workspace}/run", headers={"accept-encoding": "gzip"})
    assets = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    total = int(page.headers["content-length"])
    for asset in assets:
        answer = await client.get(asset, headers={"accept-encoding": "gzip"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        total += int(answer.headers["content-length"])
    assert total < 150_000
