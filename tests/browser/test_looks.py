"""Theme, width and accessibility of every page."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visits
from tests.browser.page_checks import expect_live, panel, serious, wait_for_drawing
from tests.browser.service import Stack

_DASHBOARD = [
    "?span=1h",
    "tasks?state=STARTED",
    "submit",
    "failures",
    "flows",
    "queues",
    "functions",
    "types/send_email",
    "webhooks",
    "webhooks?new=yes",
    "keys",
    "keys?new=yes",
    "schedules",
    "schedules?new=yes",
    "audit",
    "log",
]
_INSPECTOR = [
    "workers",
    "tasks?state=SUCCESS&queue=low",
    "queues",
    "redis",
    "config",
    "schedules",
    "schedules?new=yes",
    "failures",
    "audit",
    "log",
    "overview",
]


def _address(stack: Stack, app: str, page: str) -> str:
    return f"{stack.dashboard if app == 'dashboard' else stack.inspector}{page}"


def _go(page: Page, stack: Stack, app: str, place: str) -> None:
    """Go there, and wait until it is that page, and whole."""
    page.goto(_address(stack, app, place))
    name = place.partition("?")[0].partition("/")[0] or "overview"
    expect(page.locator('#nav [aria-current="page"]')).to_have_attribute("data-view", name)
    expect_live(page)
    expect(page.get_by_text("Loading")).to_have_count(0)
    wait_for_drawing(page)


def test_the_chosen_theme_survives_a_reload(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard, fresh=True)
    switch = page.get_by_test_id("theme-switch")
    expect(switch).to_have_attribute("data-theme", "system")
    switch.click()
    expect(switch).to_have_attribute("data-theme", "light")
    switch.click()

    page.reload()

    expect(switch).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(13, 18, 25)")


@pytest.mark.parametrize("app", ["dashboard", "inspector"])
def test_nothing_scrolls_sideways_on_a_phone(visits: Visits, stack: Stack, app: str) -> None:
    page = visits.open(_address(stack, app, ""), viewport=PHONE)
    for each in _DASHBOARD if app == "dashboard" else _INSPECTOR:
        _go(page, stack, app, each)

        assert page.evaluate("document.documentElement.scrollWidth") == 390, each
        nav = page.locator("#nav")
        assert nav.evaluate("nav => nav.scrollWidth - nav.clientWidth") == 0, each


def test_the_panel_fits_a_phone(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "https://example.com/" + "long/" * 60})
    page = visits.open(f"{stack.dashboard}tasks/{task_id}", viewport=PHONE)

    expect(panel(page)).to_contain_text("Result")

    assert panel(page).evaluate("panel => panel.scrollWidth") == 390
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_options_and_the_form_that_edits_fit_a_phone_and_have_names(
    visits: Visits, stack: Stack
) -> None:
    echo = {"task_type": "echo", "payload": {"value": 1}, "delay": 3600}
    task_id = stack.api.call("POST", "/api/tasks/submit", echo)["task_id"]
    page = visits.open(f"{stack.dashboard}submit", viewport=PHONE)
    page.get_by_test_id("choose-send_email").click()
    page.get_by_text("Options").click()
    page.get_by_test_id("start-at").check(force=True)
    page.get_by_test_id("check-button").click()
    expect(page.get_by_test_id("forecast")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert serious(page) == []

    page.goto(f"{stack.dashboard}tasks/{task_id}/edit")
    panel(page).get_by_test_id("start-in").check(force=True)
    assert panel(page).evaluate("panel => panel.scrollWidth") == 390
    assert serious(page) == []


@pytest.mark.parametrize("app", ["dashboard", "inspector"])
def test_axe_finds_nothing_serious_on_any_page(
    visits: Visits, stack: Stack, gate: Path, app: str
) -> None:
    # So that something runs, and that something has been done to a task.
    stack.api.submit("hold", {"file": str(gate)})
    stack.api.cancel(stack.api.submit("hold", {"file": str(gate)}))
    page = visits.open(_address(stack, app, ""))
    for each in _DASHBOARD if app == "dashboard" else _INSPECTOR:
        _go(page, stack, app, each)

        assert serious(page) == [], each


def test_axe_finds_nothing_serious_in_the_panel_of_a_failed_task(
    visits: Visits, stack: Stack
) -> None:
    task_id = stack.api.submit("fail_slowly", {"message": "for axe"})
    page = visits.open(f"{stack.dashboard}tasks/{task_id}?state=RETRY")

    expect(panel(page).locator(".error-text")).to_be_visible()

    assert serious(page) == []


def test_axe_finds_nothing_serious_where_something_has_happened(
    visits: Visits, stack: Stack, tmp_path: Path
) -> None:
    lost = {"file": str(tmp_path / "lost"), "what": "the anchor"}
    for _ in range(4):
        stack.api.wait_for_status(stack.api.submit("needs", lost), "FAILURE")
    page = visits.open(f"{stack.dashboard}failures")
    group = page.get_by_test_id("failure-group").filter(has_text="the anchor")
    group.get_by_test_id("group-open").click()
    group.get_by_test_id("retry-trial").click()
    expect(group.get_by_test_id("trial-task")).to_have_count(3)
    assert serious(page) == []

    page.goto(f"{stack.dashboard}queues")
    page.get_by_test_id("drain-low").click()
    expect(page.get_by_test_id("question")).to_be_visible()
    assert serious(page) == []
    page.get_by_test_id("question-no").click()

    page.goto(f"{stack.dashboard}overview")
    page.get_by_text("Show as table").click()
    expect(page.get_by_role("region", name="Values")).to_be_visible()
    assert serious(page) == []


def test_axe_finds_nothing_serious_while_tasks_are_searched_and_chosen(
    visits: Visits, stack: Stack
) -> None:
    stack.api.wait_for_status(stack.api.submit("echo", {"value": "for axe"}), "SUCCESS")
    page = visits.open(f"{stack.dashboard}tasks?q=type:echo")
    page.get_by_test_id("row-check").first.click()
    expect(page.get_by_test_id("bulk-bar")).to_be_visible()
    page.get_by_test_id("find").fill("st")
    expect(page.get_by_test_id("find-options")).to_be_visible()
    assert serious(page) == []

    page.get_by_test_id("find").press("Escape")
    expect(page.get_by_test_id("find-options")).to_be_hidden()
    page.get_by_test_id("bulk-delete").click()
    expect(page.get_by_test_id("dialog-confirm")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("dialog-confirm")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.get_by_test_id("palette")).to_be_visible()

    assert serious(page) == []


def test_axe_finds_nothing_serious_where_searches_are_saved(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}tasks?q=queue:low", fresh=True)
    expect_live(page)
    page.get_by_test_id("saved-button").click()
    for name in ("One", "Two", "Three"):
        page.get_by_test_id("saved-name").fill(name)
        page.get_by_test_id("saved-save").click()
        expect(page.get_by_test_id("saved-search").filter(has_text=name)).to_be_visible()
    page.get_by_role("button", name="Delete Two").click()
    expect(page.get_by_test_id("saved-undo")).to_be_visible()
    page.get_by_role("button", name="Rename One").click()
    expect(page.get_by_test_id("saved-rename")).to_be_visible()

    assert serious(page) == []


def test_axe_finds_nothing_serious_where_a_task_waits_or_runs_again(
    visits: Visits, stack: Stack, held_low: None
) -> None:
    task_id = stack.api.submit("echo", {"value": "for axe"}, priority="low")
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")
    expect(panel(page).get_by_test_id("why")).to_be_visible()
    assert serious(page) == []

    panel(page).get_by_test_id("again-button").click()
    expect(panel(page).get_by_test_id("again")).to_be_visible()

    assert serious(page) == []


def test_axe_finds_nothing_serious_where_a_task_waits_for_busy_workers(
    visits: Visits, stack: Stack, gate: Path
) -> None:
    for _ in range(2):
        holder = stack.api.submit("hold", {"file": str(gate)})
        stack.api.wait_for_status(holder, "STARTED")
    page = visits.open(f"{stack.dashboard}tasks/{stack.api.submit('echo', {'value': 1})}")

    expect(panel(page).locator(".busy-workers a").first).to_be_visible()

    assert serious(page) == []


def test_axe_finds_nothing_serious_among_schedules(visits: Visits, stack: Stack) -> None:
    visits.allow("status of 422")
    api = stack.api
    echo = {"task_type": "echo", "payload": {"value": 1}, "priority": "low", "tags": ["axe"]}
    for name, rule in (
        ("axe-stuck", {"every_s": 1}),
        ("axe-paused", {"cron": "0 3 * * *", "paused": True, "overlap": False}),
    ):
        api.call("POST", "/api/schedules", {"name": name, **echo, **rule})
    try:
        page = visits.open(f"{stack.dashboard}schedules")
        stuck = page.get_by_test_id("schedule-axe-stuck")
        expect(stuck.get_by_test_id("last-run")).to_be_visible()
        api.call("POST", "/api/queues/low/drain")
        expect(stuck.get_by_test_id("problem")).to_be_visible()
        assert serious(page) == []
        stuck.get_by_test_id("delete").click()
        expect(page.get_by_test_id("question")).to_be_visible()
        assert serious(page) == []
        page.get_by_test_id("question-no").click()
        stuck.get_by_test_id("edit").click()
        form = page.get_by_test_id("schedule-form")
        form.get_by_label("Every", exact=True).fill("0")
        expect(form.get_by_test_id("error-/every_s")).to_be_visible()
        form.get_by_text("For the audit").click()
        expect(form.get_by_label("Your name")).to_be_visible()
        assert serious(page) == []
    finally:
        for name in ("axe-stuck", "axe-paused"):
            api.call("DELETE", f"/api/schedules/{name}")
        api.call("POST", "/api/queues/low/resume")


def test_choosing_tasks_fits_a_phone(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "on a phone"})
    page = visits.open(f"{stack.dashboard}tasks?q=type:echo", viewport=PHONE)
    width = "document.documentElement.scrollWidth"

    page.get_by_test_id("row-check").first.click()
    expect(page.get_by_test_id("bulk-bar")).to_be_visible()
    assert page.evaluate(width) == 390
    page.keyboard.press("Control+k")
    expect(page.get_by_test_id("palette")).to_be_visible()
    assert page.evaluate(width) == 390
    page.keyboard.press("Escape")
    page.goto(f"{stack.dashboard}tasks/{task_id}/again")
    expect(panel(page).get_by_test_id("again")).to_be_visible()

    assert panel(page).evaluate("panel => panel.scrollWidth") == 390


def test_a_long_type_name_widens_no_page(visits: Visits, stack: Stack) -> None:
    name = "synchronise_the_quarterly_ledger_of_every_subsidiary_with_the_central_warehouse"
    task_id = stack.api.submit(name, {})
    stack.api.wait_for_status(task_id, "FAILURE")
    for size in (PHONE, DESKTOP):
        page = visits.open(f"{stack.dashboard}failures", viewport=size)
        for place in ("failures", "overview", "log", "submit", "tasks", f"tasks/{task_id}"):
            page.goto(f"{stack.dashboard}{place}")
            expect(page.get_by_text(name[:20]).first).to_be_attached()
            wait_for_drawing(page)
            assert page.evaluate("document.documentElement.scrollWidth") == size["width"], place
    page.goto(f"{stack.dashboard}submit")
    chosen = page.get_by_test_id(f"choose-{name}")
    expect(chosen.locator(".type-about code")).to_have_text("width")
    badge = chosen.locator(".tag").bounding_box()
    assert badge and badge["height"] < 30


def test_the_log_is_a_list_within_a_log(visits: Visits, stack: Stack) -> None:
    stack.api.wait_for_status(stack.api.submit("tell", {"text": "listed"}), "SUCCESS")
    page = visits.open(f"{stack.dashboard}log")
    expect(
        page.get_by_role("log").get_by_role("list").get_by_role("listitem").first
    ).to_be_visible()
    violations = Axe().run(page).response["violations"]
    assert [one["id"] for one in violations if one["impact"] in ("serious", "critical")] == []
