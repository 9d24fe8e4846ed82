"""Answers that come late, in another order, or not at all: the page shows what is asked for now."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import (
    expect_address,
    expect_live,
    hold_first,
    let_go,
    panel,
    row,
    search_for,
    toast,
    wait_for_drawing,
    wait_until_held,
)
from tests.browser.service import Stack
from tests.browser.wire import Wire

#: The page gives up on what is held after 10 s, and asks again.
_BEFORE_GIVING_UP_MS = 7_000


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
    _type_of(page, "echo").click()
    wait_until_held(page, late)
    page.go_back()
    page.go_back()
    expect(now).to_be_visible()
    never: list[Route] = []
    hold_first(page, "**/api/task-types/send_email/limits", never)

    with page.expect_response("**/api/task-types/echo/limits"):
        let_go(page, late)
    wait_until_held(page, never)

    expect(now).to_be_visible(timeout=_BEFORE_GIVING_UP_MS)
    let_go(page, never)


def test_a_slow_answer_about_one_task_does_not_hold_up_another(
    visits: Visits, stack: Stack
) -> None:
    slow, other = (stack.api.submit("echo", {"value": value}) for value in ("slow", "other"))
    for task_id in (slow, other):
        stack.api.wait_for_status(task_id, "SUCCESS")
    page = visits.open(f"{stack.dashboard}tasks?q=id:{slow}+id:{other}")
    held: list[Route] = []
    hold_first(page, f"**/api/tasks/{slow}", held)
    row(page, slow).locator(".row-link").click()
    wait_until_held(page, held)
    page.go_back()

    row(page, other).locator(".row-link").click()

    expect(panel(page)).to_contain_text("No log lines", timeout=_BEFORE_GIVING_UP_MS)
    let_go(page, held)


def test_a_slow_search_does_not_hold_up_the_next(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "next"})
    held: list[Route] = []
    page = visits.open(f"{stack.dashboard}tasks")
    hold_first(page, "**/api/tasks?*slow*", held)
    search_for(page, "tag:slow")
    wait_until_held(page, held)

    search_for(page, f"id:{task_id}")

    expect(row(page, task_id)).to_be_visible(timeout=_BEFORE_GIVING_UP_MS)
    let_go(page, held)


def test_a_slow_answer_about_one_type_does_not_hold_up_another(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(f"{stack.dashboard}types")
    held: list[Route] = []
    hold_first(page, "**/api/task-types/send_email/limits", held)
    page.get_by_test_id("type-send_email").get_by_role(
        "link", name="send_email", exact=True
    ).click()
    wait_until_held(page, held)

    _limits_of(page, "echo")

    expect(page.get_by_test_id("limits-now")).to_be_visible(timeout=_BEFORE_GIVING_UP_MS)
    let_go(page, held)


def _type_of(page: Page, name: str) -> Locator:
    return page.get_by_test_id(f"type-{name}").get_by_role("link", name=name, exact=True)


def _limits_of(page: Page, task_type: str) -> None:
    page.get_by_role("link", name="All task types").click()
    _type_of(page, task_type).click()
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
