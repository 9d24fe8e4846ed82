"""Answers that come late, in another order, or not at all: the page shows what is asked for now."""

from playwright.sync_api import Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import (
    expect_live,
    hold_first,
    let_go,
    panel,
    wait_for_drawing,
    wait_until_held,
)
from tests.browser.service import Stack
from tests.browser.wire import Wire


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
