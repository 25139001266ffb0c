"""What a person does."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import complaints, watched
from tests.e2e.test_web import Web

LONG = 90_000


def new_workspace(page: Page, web: Web, name: str) -> str:
    page.goto(web.address)
    page.get_by_role("link", name="New workspace").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/nodes")
    return page.url.removesuffix("/nodes")


@pytest.mark.quick
def test_a_scenario_from_its_nodes_to_its_charts_and_back_in_again(page: Page, web: Web) -> None:
    base = new_workspace(page, web, "Twelve nodes")
    add_two_malicious_trainers(page)
    expect_something(page)
    run_the_six_steps(page)
    watch_the_job(page)
    look_at_charts(page)
    look_at_the_job(page)
    exported = export(page)
    again = import_again(page, web, exported)
    assert httpx.get(f"{web.address}/w/{again}/export").text == httpx.get(f"{base}/export").text
    assert complaints(page) == []


def add_two_malicious_trainers(page: Page) -> None:
    page.get_by_role("link", name="Edit trainer").click()
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="+ trainer").click()
    page.get_by_label("Name").fill("malicious")
    page.get_by_label("How many").fill("2")
    page.get_by_label("How they behave").select_option("label-flip")
    expect(page.get_by_text("Trains on wrong answers")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("12 nodes"))).to_be_visible()


def expect_something(page: Page) -> None:
    page.get_by_role("link", name="Setup", exact=True).click()
    page.get_by_role("link", name="+ Add an expectation").click()
    page.get_by_label("What is expected").fill("lies do not pay")
    page.get_by_label("Measure").select_option("share")
    page.get_by_text("Of which nodes").click()
    page.get_by_label("Group").fill("malicious")
    page.get_by_label("Exactly").fill("0")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("share · of group malicious · equals 0")).to_be_visible()


def run_the_six_steps(page: Page) -> None:
    page.get_by_role("link", name="Steps", exact=True).click()
    expect(page.locator(".step")).to_have_count(6)
    page.get_by_role("button", name="Run", exact=True).first.click()
    page.wait_for_url("**/steps")
    expect(page.locator(".step.status-done")).to_have_count(6, timeout=LONG)
    page.locator(".step").nth(5).get_by_role("link", name=re.compile("transaction")).click()
    expect(page.get_by_role("rowheader", name="malicious-1").first).to_be_visible()
    page.get_by_role("link", name="Back to the steps").click()


def watch_the_job(page: Page) -> None:
    page.get_by_role("link", name="Run", exact=True).click()
    expect(page.get_by_text("The run is over.")).to_be_visible()
    expect(page.get_by_text("lies do not pay")).to_be_attached()
    expect(page.locator("#network .name")).to_have_count(12)
    expect(page.locator("#network .bent-node")).to_have_count(2)
    expect(page.locator(".states .now")).to_have_text("settled")
    expect(page.locator("#log")).to_contain_text("earns")


def look_at_charts(page: Page) -> None:
    page.get_by_role("link", name="Data", exact=True).click()
    for name in ("tokens", "accuracy", "contributions"):
        expect(page.locator(f'[data-chart="{name}"] canvas')).to_be_visible()
    line = page.locator('[data-chart="tokens"] .legend-list button', has_text="malicious-1")
    line.click()
    expect(line).to_have_attribute("aria-pressed", "false")
    page.locator('[data-chart="tokens"] [data-log]').check()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG of Token balance").click()
    assert download.value.suggested_filename == "tokens.png"
    drag(page, '[data-chart="tokens"] .u-over')
    expect(page.locator('[data-chart="tokens"] [data-reset]')).to_be_visible()
    page.locator('[data-chart="tokens"] [data-reset]').click()


def look_at_the_job(page: Page) -> None:
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_role("link", name="job-1").click()
    expect(page.locator(".payments")).to_contain_text("malicious-1 earned nothing as trainer")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the global model").click()
    assert download.value.suggested_filename.endswith(".safetensors")


def export(page: Page) -> bytes:
    page.get_by_role("link", name="File", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    return Path(download.value.path()).read_bytes()


def import_again(page: Page, web: Web, exported: bytes) -> str:
    """The id of the workspace that comes of it."""
    page.goto(f"{web.address}/#new")
    page.get_by_label("Name", exact=True).fill("In again")
    page.get_by_text("Import a scenario file").click()
    page.get_by_label("Choose a file").set_input_files({"name": "x.toml", "mimeType": "", "buffer": exported})
    expect(page.get_by_label("or paste its text")).to_have_value(re.compile("malicious"))
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/nodes")
    return page.url.split("/")[4]


def drag(page: Page, place: str) -> None:
    box = page.locator(place).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60, steps=5)
    page.mouse.up()


def titles(page: Page) -> list[str]:
    return page.locator(".step-text b").all_text_contents()


def tab_to(page: Page, what: str) -> None:
    """Press Tab until something has the focus that matches."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"Tab does not reach {what}")


@pytest.mark.quick
def test_the_keyboard_alone_suffices(page: Page, web: Web) -> None:
    page.goto(web.address)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    tab_to(page, "#name")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    page.wait_for_url("**/nodes")
    edit_by_keyboard(page)
    tab_to(page, '.tabs a[href$="/steps"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/steps")
    tab_to(page, "#grip-4")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#grip-3")).to_be_focused()
    assert titles(page)[3:5] == ["Trainers join", "Add topic"]
    expect(page.get_by_text("This scenario cannot run yet")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#grip-4")).to_be_focused()
    assert titles(page)[3:5] == ["Add topic", "Trainers join"]
    expect(page.get_by_text("This scenario cannot run yet")).to_have_count(0)
    tab_to(page, ".more summary")
    page.keyboard.press("Enter")
    tab_to(page, '[hx-post$="/duplicate"] button')
    page.keyboard.press("Enter")
    expect(page.locator(".step")).to_have_count(7)
    page.reload()
    tab_to(page, "#controls .primary")
    page.keyboard.press("Enter")
    expect(page.locator(".step.status-done").first).to_be_visible(timeout=LONG)
    assert complaints(page) == []


def edit_by_keyboard(page: Page) -> None:
    """Add trainers that are lazy, and a variable, from the page of nodes on."""
    tab_to(page, '.adders a[href$="role=trainer"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/nodes/new?role=trainer")
    tab_to(page, "#f-count")
    page.keyboard.type("2")
    tab_to(page, "#f-behaviour")
    page.keyboard.type("lazy")
    expect(page.locator("#f-behaviour")).to_have_value("lazy")
    tab_to(page, ".form-foot .primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/nodes")
    expect(page.locator(".bent")).to_have_text("lazy")
    tab_to(page, '.tabs a[href$="/setup"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/setup")
    tab_to(page, '[name="name-0"]')
    page.keyboard.type("jobs")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/setup#variables-title")
    expect(page.locator('[name="name-0"]')).to_have_value("jobs")


@pytest.mark.quick
def test_steps_are_dragged_also_into_a_repeat_and_out_of_it(page: Page, web: Web) -> None:
    # Nothing has to be scrolled into view while the mouse is down.
    page.set_viewport_size({"width": 1360, "height": 1400})
    with_a_repeat(page, web, "Dragged")
    drag_step(page, "5", '[data-key="3"]', 0.2)
    expect(page.locator(".step-text b").nth(3)).to_have_text("Wait")
    assert titles(page)[3:6] == ["Wait", "Add topic", "Trainers join"]
    drag_step(page, "3", '[data-key="6.0"]', 0.8)
    expect(page.locator('[data-key="5.1"] b')).to_have_text("Wait")
    assert inner_titles(page, "5") == ["Add topic", "Wait", "Trainers join", "Wait"]
    drag_step(page, "5.3", '[data-key="0"]', 0.2)
    expect(page.locator('[data-key="0"] b')).to_have_text("Wait")
    drag_step(page, "0", '[data-key="6"]', 0.8)
    expect(page.locator('[data-key="5.0"] b')).to_have_text("Wait")
    drag_step(page, "5", '[data-key="5.0"]', 0.8)
    expect(page.locator('[data-key="5"] b').first).to_have_text("Repeat")
    assert inner_titles(page, "5") == ["Wait", "Add topic", "Wait", "Trainers join"]
    assert complaints(page) == []


@pytest.mark.quick
def test_steps_go_into_a_repeat_and_out_of_it_by_keys_and_by_buttons(page: Page, web: Web) -> None:
    with_a_repeat(page, web, "Nested")
    page.locator("#grip-5").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#grip-5\\.0")).to_be_focused()
    assert inner_titles(page, "5")[:2] == ["Wait", "Add topic"]
    page.keyboard.press("End")
    expect(page.locator("#grip-5\\.3")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#grip-5\\.2")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#grip-6")).to_be_focused()
    assert titles(page)[-1] == "Wait"
    press(page, "6", "Into the repeat above")
    expect(page.locator('[data-key="5.3"]')).to_be_visible()
    press(page, "5.3", "Move up")
    expect(page.locator("#grip-5\\.2")).to_be_focused()
    press(page, "5.2", "Duplicate")
    expect(page.locator('[data-key="5.4"]')).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    press(page, "5.0", "Delete")
    expect(page.locator('[data-key="5.4"]')).to_have_count(0)
    press(page, "5.0", "Out of the repeat")
    expect(page.locator('[data-key="5"] > .step-line b')).to_have_text("Trainers join")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#grip-5\\.0")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#grip-5")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#grip-6")).to_be_focused()
    page.locator('[data-key="5.0"] a').first.click()
    page.get_by_label("Round", exact=True).fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator('[data-key="5.0"] .says')).to_have_text(re.compile(r"until round 2 of \$\w+ has ended"))
    page.get_by_text("Add a step to the repeat").click()
    page.locator(".no-steps").get_by_role("link", name=re.compile("^Advance time")).click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator('[data-key="5.3"] .says')).to_have_text("by 1 d, while nodes work")
    assert complaints(page) == []


def test_a_list_that_is_drawn_anew_leaves_focus_and_open_menus_alone(page: Page, web: Web) -> None:
    with_a_repeat(page, web, "Left alone")
    drawn = page.evaluate_handle("document.querySelector('.steps')")
    for what in ("#grip-3", "#more-3", "#edit-6\\.1", "#add-to-6"):
        page.locator(what).focus()
        page.evaluate("document.body.dispatchEvent(new Event('scatter:steps'))")
        page.wait_for_function("before => !before.isConnected", arg=drawn)
        expect(page.locator(what)).to_be_focused()
        drawn = page.evaluate_handle("document.querySelector('.steps')")
    page.locator("#more-3").press("Enter")
    page.evaluate("document.body.dispatchEvent(new Event('scatter:steps'))")
    page.wait_for_timeout(1000)
    expect(page.locator('[data-key="3"] .menu-list')).to_be_visible()
    assert drawn.evaluate("before => before.isConnected")
    page.keyboard.press("Escape")
    page.wait_for_function("before => !before.isConnected", arg=drawn)
    expect(page.locator("#more-3")).to_be_focused()
    assert complaints(page) == []


def with_a_repeat(page: Page, web: Web, name: str) -> None:
    """The page of steps of a workspace: six steps, and a seventh that repeats three."""
    base = new_workspace(page, web, name)
    web.call("POST", f"/workspaces/{base.rsplit('/', 1)[1]}/steps", {"values": {"do": "repeat", "times": 2}})
    page.goto(f"{base}/steps")
    expect(page.locator('[data-key="6.2"]')).to_be_visible()


def drag_step(page: Page, key: str, onto: str, height: float) -> None:
    """Drag a step on to the line of another: at the top of it the step comes before that one, at the bottom behind it."""
    target = page.locator(f".step{onto} > .step-line")
    box = target.bounding_box()
    assert box is not None
    page.locator(f'[id="grip-{key}"]').drag_to(target, target_position={"x": 90, "y": box["height"] * height})


def inner_titles(page: Page, key: str) -> list[str]:
    return page.locator(f'.step[data-key="{key}"] .steps .step-text b').all_text_contents()


def press(page: Page, key: str, button: str) -> None:
    """A button of a step's menu."""
    line = page.locator(f'.step[data-key="{key}"] > .step-line')
    line.locator("summary").click()
    line.get_by_role("button", name=button).click()


@pytest.mark.quick
def test_a_paused_run_goes_on_step_by_step_and_from_any(page: Page, web: Web) -> None:
    base = new_workspace(page, web, "Step by step")
    workspace = base.rsplit("/", 1)[1]
    page.goto(f"{base}/steps")
    press(page, "1", "Run up to here")
    expect(page.locator("#run-status")).to_have_text("paused", timeout=LONG)
    expect(page.locator(".step.status-done")).to_have_count(2)
    expect(page.locator(".step").nth(3).get_by_role("button", name="Run this step")).to_have_count(0)
    press(page, "2", "Run this step")
    expect(page.locator(".step.status-done")).to_have_count(3, timeout=LONG)
    expect(page.locator("#run-status")).to_have_text("paused")
    page.reload()
    press(page, "4", "Run up to here")
    expect(page.locator(".step.status-done")).to_have_count(5, timeout=LONG)
    expect(page.locator("#run-status")).to_have_text("paused")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#run-status")).to_have_text("stopped", timeout=LONG)
    page.reload()
    press(page, "5", "Run from here")
    expect(page.locator(".step.status-done")).to_have_count(6, timeout=LONG)
    expect(page.locator("#run-status")).to_have_text("finished", timeout=LONG)
    (run,) = web.call("GET", f"/workspaces/{workspace}/runs")
    assert (run["status"], run["number"]) == ("finished", 1)
    page.locator(".step").nth(2).get_by_role("link", name=re.compile("transaction")).click()
    first = page.locator("tbody tr").first
    expect(first.locator("code")).to_have_text(re.compile("^0x[0-9a-f]{64}$"))
    expect(first).to_contain_text("done")
    assert complaints(page) == []


@pytest.mark.quick
def test_wrong_fields_are_told_where_they_are(page: Page, web: Web) -> None:
    base = new_workspace(page, web, "Wrong")
    page.goto(f"{base}/steps/3")
    page.get_by_label("Rounds").fill("99")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#e-rounds")).to_have_text("Rounds: it must be between 1 and 32")
    expect(page.get_by_label("Rounds")).to_have_value("99")
    page.get_by_label("Rounds").fill("1")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/steps")


def test_two_browsers_see_one_run_and_a_restart_of_the_server_loses_nothing(context: BrowserContext, web: Web) -> None:
    first, second = watched(context.new_page()), watched(context.new_page())
    base = new_workspace(first, web, "Two browsers")
    workspace = base.rsplit("/", 1)[1]
    run = web.call("POST", f"/workspaces/{workspace}/runs", {"pace": 0.4})["id"]
    for page in (first, second):
        page.goto(f"{base}/run")
        page.get_by_label("Transactions").check()
        expect(page.locator("#log li").nth(12)).to_be_attached(timeout=LONG)
    first.get_by_role("button", name="Pause").click()
    expect(second.get_by_role("button", name="Continue")).to_be_visible()
    second.get_by_role("button", name="Continue").click()
    expect(first.get_by_role("button", name="Pause")).to_be_visible()
    for page in (first, second):
        page.get_by_label("Transactions").check()
    web.command.kill()
    expect(first.locator("#link")).to_have_attribute("data-state", "lost")
    web.start()
    web.call("PATCH", f"/runs/{run}", {"pace": 0})
    for page in (first, second):
        expect(page.locator("#link")).to_have_attribute("data-state", "over", timeout=LONG)
    whole = [entry["text"] for entry in web.call("GET", f"/runs/{run}/log?limit=5000")]
    for page in (first, second):
        lines = page.locator("#log li > span").all_text_contents()
        assert [re.sub(r"^job-\d+ ", "", line) for line in reversed(lines)] == whole
        expect(page.get_by_text("The run is over.")).to_be_visible()
