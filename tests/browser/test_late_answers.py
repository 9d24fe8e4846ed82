"""Answers that come late, in another order, or not at all: the page shows what is asked for now."""

from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import (
    expect_live,
    panel,
    wait_for_drawing,
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
