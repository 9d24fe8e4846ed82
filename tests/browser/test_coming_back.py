"""Who goes to another page and comes back finds the page as it is now, where it was left."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import (
    expect_address,
    expect_live,
    hold_first,
    let_go,
    panel,
    row,
    rows,
    wait_for_drawing,
    wait_until_held,
)
from tests.browser.service import Stack
from tests.waiting import wait_until

MANY = 600

_FIRST_IN_SIGHT = """
() => [...document.querySelectorAll('.task-row')].find((row) => {
  const { top } = row.getBoundingClientRect();
  return top >= 0 && top < innerHeight;
})?.dataset.taskId
"""


def _first_in_sight(page: Page) -> str:
    """Return the id of the first row in sight, once there is one."""
    return wait_until(lambda: page.evaluate(_FIRST_IN_SIGHT), description="a row is in sight")


@pytest.fixture(scope="module")
def many(stack: Stack) -> str:
    """Some hundred ended tasks with a tag; the tag."""
    task = {"task_type": "echo", "payload": {"value": "one of many"}, "tags": ["left"]}
    stack.api.call("POST", "/api/tasks/bulk", [task] * MANY)
    stack.api.wait_until_idle("default")
    return "left"


@pytest.fixture
def scrolled(visits: Visits, stack: Stack, many: str) -> Page:
    """The list of these tasks, scrolled to its second page."""
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}")
    expect(rows(page).first).to_be_visible()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_test_id("window")).to_contain_text("300")
    page.evaluate("window.scrollBy(0, 3000)")
    wait_for_drawing(page)
    return page


def test_a_task_that_is_opened_and_left_leaves_the_list_where_it_was(scrolled: Page) -> None:
    first = _first_in_sight(scrolled)

    # A click of the pointer would scroll to the row.
    row(scrolled, first).locator(".row-link").dispatch_event("click")
    expect(panel(scrolled)).to_be_visible()
    expect(row(scrolled, first)).to_be_in_viewport()
    scrolled.go_back()

    expect(panel(scrolled)).to_have_count(0)
    expect(row(scrolled, first)).to_be_in_viewport()


def test_back_from_another_page_leads_to_the_same_rows(scrolled: Page) -> None:
    first = _first_in_sight(scrolled)

    scrolled.get_by_role("link", name="Queues").first.click()
    expect(scrolled.get_by_test_id("task-list")).to_have_count(0)
    scrolled.go_back()

    expect(row(scrolled, first)).to_be_in_viewport()


def test_another_page_begins_at_its_top(scrolled: Page) -> None:
    scrolled.get_by_role("link", name="Overview").first.click()

    expect(scrolled.get_by_test_id("history")).to_be_visible()
    assert scrolled.evaluate("scrollY") == 0


def test_another_search_begins_at_its_top(scrolled: Page) -> None:
    scrolled.get_by_test_id("open-palette").click()
    scrolled.keyboard.type("type:echo")
    scrolled.keyboard.press("Enter")

    expect_address(scrolled, "/tasks?q=type:echo")
    assert scrolled.evaluate("scrollY") == 0


def test_what_was_typed_and_not_searched_for_is_gone(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}tasks")
    expect_live(page)
    page.get_by_test_id("find").press_sequentially("state:fai")
    expect(page.get_by_test_id("find-options")).to_be_visible()

    page.get_by_role("link", name="Queues").first.click()
    expect(page.get_by_test_id("find")).to_have_count(0)
    page.get_by_role("link", name="Tasks").first.click()

    expect(page.get_by_test_id("find")).to_have_value("")
    expect_address(page, "/tasks")


def test_a_log_that_was_held_follows_again(visits: Visits, stack: Stack) -> None:
    stack.api.submit("tell", {"text": "once"})
    page = visits.open(f"{stack.dashboard}log?type=tell")
    page.get_by_test_id("log-hold").click()
    expect(page.get_by_test_id("log-mode")).to_contain_text("Paused")

    page.get_by_role("link", name="Queues").first.click()
    expect(page.get_by_test_id("log-mode")).to_have_count(0)
    page.go_back()

    expect(page.get_by_test_id("log-mode")).to_have_text("Live")


def test_a_chart_that_was_left_under_the_pointer_has_no_cursor(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(stack.dashboard)
    page.get_by_test_id("history").locator(".plot-control").first.hover()
    time = page.get_by_test_id("history").locator(".chart-time b")
    expect(time).to_be_visible()

    page.keyboard.type("gq")
    expect(page.get_by_test_id("history")).to_have_count(0)
    page.mouse.move(0, 0)
    page.go_back()

    expect(page.get_by_test_id("history")).to_be_visible()
    wait_for_drawing(page)
    expect(time).to_have_count(0)


def test_a_question_about_rows_goes_with_their_page(
    visits: Visits, stack: Stack, many: str
) -> None:
    page = visits.open(f"{stack.dashboard}queues")
    page.get_by_role("link", name="Tasks").first.click()
    expect(rows(page).first).to_be_visible()
    page.get_by_test_id("select-shown").click()
    page.get_by_test_id("bulk-delete").click()
    expect(page.get_by_test_id("dialog-confirm")).to_be_visible()

    page.go_back()

    expect(page.get_by_test_id("dialog-confirm")).to_have_count(0)


def test_a_question_in_a_row_takes_no_escape_on_another_page(
    visits: Visits, stack: Stack, gate: Path
) -> None:
    running = stack.api.submit("hold", {"file": str(gate)})
    page = visits.open(f"{stack.dashboard}tasks?q=id:{running}")
    row(page, running).get_by_test_id("cancel-button").click()
    expect(row(page, running).get_by_test_id("cancel-confirm")).to_be_visible()

    page.get_by_role("link", name="Workers").first.click()
    page.get_by_test_id("worker").get_by_role("link", name="hold").first.click()
    expect(panel(page)).to_be_visible()
    page.keyboard.press("Escape")

    expect(panel(page)).to_have_count(0)


def test_the_latest_tasks_are_there_at_once(visits: Visits, stack: Stack, many: str) -> None:
    page = visits.open(stack.dashboard)
    expect(rows(page).first).to_be_visible()
    page.get_by_role("link", name="Queues").first.click()
    expect(rows(page)).to_have_count(0)
    held: list[Route] = []
    hold_first(page, "**/api/tasks?*", held)

    page.go_back()
    wait_until_held(page, held)

    expect(rows(page).first).to_be_visible(timeout=5_000)  # before the page gives up on the answer
    let_go(page, held)
