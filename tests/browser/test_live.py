"""The socket: what a page does when it has missed something; and how soon a page is there."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_live, rows
from tests.browser.service import Stack
from tests.browser.wire import Wire


def _quiet_page(visits: Visits, stack: Stack, wire: Wire) -> Page:
    """A list in which nothing changes any more, so that it is not read without a reason."""
    task_id = stack.api.submit("echo", {"value": "quiet"})
    stack.api.wait_for_status(task_id, "SUCCESS")
    page = visits.open(f"{stack.dashboard}tasks?q=id:{task_id}", prepare=wire.tap)
    expect_live(page)
    expect(rows(page)).to_have_count(1)
    wire.wait_for_frames(page, 2)
    return page


def test_a_page_that_missed_a_frame_reads_everything_anew(visits: Visits, stack: Stack) -> None:
    wire = Wire(still=True)
    page = _quiet_page(visits, stack, wire)

    with page.expect_request("**/api/tasks?*"):
        wire.lose = 1


def test_a_page_that_missed_nothing_reads_nothing(visits: Visits, stack: Stack) -> None:
    wire = Wire(still=True)
    page = _quiet_page(visits, stack, wire)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    wire.wait_for_frames(page, 3)

    assert [url for url in asked if "/api/tasks?" in url] == []


def test_another_process_that_answers_makes_the_task_types_be_read_again(
    visits: Visits, stack: Stack
) -> None:
    wire = Wire(still=True)
    page = _quiet_page(visits, stack, wire)

    with page.expect_request("**/api/task-types"):
        wire.epoch = "another"


def test_the_first_useful_paint_comes_soon(visits: Visits, stack: Stack) -> None:
    stack.api.submit("echo", {"value": "painted"})
    first_ms: list[float] = []

    for _ in range(3):
        page = visits.open(f"{stack.dashboard}tasks", fresh=True)
        expect(rows(page).first).to_be_visible()
        paints = page.evaluate(
            "performance.getEntriesByType('paint').map((each) => [each.name, each.startTime])"
        )
        first_ms.append(dict(paints)["first-contentful-paint"])

    # Measured on two noisy cores with an empty cache: 244 ms. Others only ever make it later.
    assert min(first_ms) < 2000
