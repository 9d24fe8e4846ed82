"""Answers that come late, in another order, or not at all: the page shows what is asked for now."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import (
    expect_address,
    expect_live,
    hold_first,
    let_go,
    panel,
    toast,
    wait_for_drawing,
    wait_until_held,
)
from tests.browser.service import Stack
from tests.browser.wire import Wire


def _hold(page: Page, method: str, url: str, held: list[Route]) -> None:
    """Keep requests of this method without an answer, in `held`."""

    def take(route: Route) -> None:
        if route.request.method == method:
            held.append(route)
        else:
            route.continue_()

    page.route(url, take)


def test_a_task_that_has_ended_is_read_again_after_it_could_not_be(
    visits: Visits, stack: Stack
) -> None:
    visits.allow("status of 503")
    task_id = stack.api.submit("echo", {"value": 1})
    stack.api.wait_for_status(task_id, "SUCCESS")
    wire = Wire()
    page = visits.open(f"{stack.dashboard}tasks/{task_id}", prepare=wire.tap)
    expect_live(page)
    expect(panel(page)).to_contain_text("No log lines")
    url = f"**/api/tasks/{task_id}"
    page.route(url, lambda route: route.fulfill(status=503, body=""), times=1)

    with page.expect_response(url):
        wire.lose = 1  # what was missed may have been about this task
    wait_for_drawing(page)

    expect(panel(page)).not_to_contain_text("Out of date")


def test_an_answer_about_what_was_left_does_not_take_away_what_is_shown(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(f"{stack.dashboard}types/send_email")
    now = page.get_by_test_id("limits-now")
    expect(now).to_be_visible()
    late: list[Route] = []
    page.get_by_role("link", name="All task types").click()
    hold_first(page, "**/api/task-types/echo/limits", late)
    page.get_by_test_id("type-echo").get_by_role("link", name="echo", exact=True).click()
    wait_until_held(page, late)
    page.go_back()
    page.go_back()
    expect(now).to_be_visible()
    never: list[Route] = []
    hold_first(page, "**/api/task-types/send_email/limits", never)

    with page.expect_response("**/api/task-types/echo/limits"):
        let_go(page, late)
    wait_until_held(page, never)

    expect(now).to_be_visible(timeout=5_000)  # before the page gives up on what is held
    let_go(page, never)


def _limits_of(page: Page, task_type: str) -> None:
    page.get_by_role("link", name="All task types").click()
    link = page.get_by_test_id(f"type-{task_type}").get_by_role("link", name=task_type, exact=True)
    link.click()
    expect_address(page, f"/types/{task_type}")


def test_a_late_answer_to_one_form_leaves_what_is_typed_into_another(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(f"{stack.dashboard}types/send_email")
    running = page.get_by_test_id("limits").get_by_label("Running at a time")
    running.fill("2")
    late: list[Route] = []
    hold_first(page, "**/api/task-types/send_email/limits", late)
    page.get_by_test_id("set-limits").click()
    wait_until_held(page, late)
    _limits_of(page, "echo")
    running.fill("7")

    let_go(page, late)

    expect(toast(page, "send_email")).to_be_visible()
    expect(running).to_have_value("7")
    stack.api.call("DELETE", "/api/task-types/send_email/limits")


def _new_webhook(page: Page) -> None:
    page.get_by_label("URL").fill("http://127.0.0.1:9/late")
    page.get_by_test_id("save-webhook").click()


def _new_schedule(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("late")
    page.get_by_test_id("schedule-type").select_option("echo")
    page.get_by_test_id("save-schedule").click()


@pytest.mark.parametrize(
    ("view", "name", "save"),
    [("webhooks", "id", _new_webhook), ("schedules", "name", _new_schedule)],
)
def test_a_late_answer_takes_nobody_away_from_where_they_are(
    visits: Visits, stack: Stack, view: str, name: str, save: Callable[[Page], None]
) -> None:
    page = visits.open(f"{stack.dashboard}{view}?new=yes", fresh=True)
    late: list[Route] = []
    _hold(page, "POST", f"**/api/{view}", late)
    save(page)
    wait_until_held(page, late)
    page.get_by_role("link", name="Workers").first.click()

    with page.expect_response(lambda sent: sent.request.method == "POST") as answer:
        let_go(page, late)
    made = answer.value.json()
    stack.api.call("DELETE", f"/api/{view}/{made[name]}")

    expect(page.get_by_test_id("toast")).to_be_visible()
    expect_address(page, "/workers")


@pytest.mark.parametrize("kind", ["edit", "again"])
def test_a_late_answer_about_a_task_does_not_open_it_again(
    visits: Visits, stack: Stack, held_low: None, kind: str
) -> None:
    task_id = stack.api.submit("echo", {"value": 1}, "low")
    page = visits.open(f"{stack.dashboard}tasks/{task_id}/{kind}", fresh=True)
    late: list[Route] = []
    url = {"edit": f"**/api/tasks/{task_id}", "again": "**/api/tasks/submit"}[kind]
    expect(panel(page).locator("form")).to_be_visible()
    _hold(page, {"edit": "PATCH", "again": "POST"}[kind], url, late)
    if kind == "edit":
        panel(page).locator('[name="/queue_priority"]').fill("3")
    button = {"edit": "save-task", "again": "submit-button"}[kind]
    panel(page).get_by_test_id(button).click()
    wait_until_held(page, late)
    page.get_by_role("link", name="Workers").first.click()

    let_go(page, late)

    expect(page.get_by_test_id("toast")).to_be_visible()
    expect_address(page, "/workers")
