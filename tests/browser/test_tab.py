"""What a tab tells without being looked at, and what the page reads no second time."""

import re

from playwright.sync_api import Page, expect

from tests.browser import wire
from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_live, panel, toast
from tests.browser.service import Stack

_FAVICON = "#favicon"


def test_the_title_names_the_open_task_and_what_became_of_it(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "titled"})
    stack.api.wait_for_status(task_id, "SUCCESS")
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")

    expect(page).to_have_title("echo success · Duckline")
    page.keyboard.press("Escape")
    expect(page).to_have_title("Tasks · Duckline")


def _hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def test_a_hidden_tab_counts_what_has_failed_and_shows_how_the_service_is(
    visits: Visits, stack: Stack
) -> None:
    tap = wire.Wire(hold=True)
    page = visits.open(stack.dashboard, prepare=tap.tap)
    tap.wait_for_frames(page, 1)
    tap.change = {"failed_tasks": 10}
    tap.let_go()
    expect_live(page)
    expect(page).to_have_title("Overview · Duckline")

    _hide(page, True)
    tap.change = {"failed_tasks": 13}
    expect(page).to_have_title("(3) Overview · Duckline")
    tap.change = {"failed_tasks": 13, "consumers": 0}
    expect(page.locator(_FAVICON)).to_have_attribute("href", re.compile(r"favicon-bad\.svg$"))
    expect(page).to_have_title(re.compile(r"^\(3\) The .+ queues have no consumer · Duckline$"))

    _hide(page, False)
    tap.change = {"failed_tasks": 13}
    expect(page).to_have_title("Overview · Duckline")
    # What is wrong now is what other tests have left: the picture goes with the headline.
    headline = page.get_by_test_id("verdict")
    expect(headline).not_to_have_attribute("data-severity", "broken")
    is_bad = headline.get_attribute("data-severity") == "losing"
    picture = re.compile(r"favicon-bad\.svg$" if is_bad else r"favicon(-warn)?\.svg$")
    expect(page.locator(_FAVICON)).to_have_attribute("href", picture)


def test_a_finished_task_that_is_open_is_read_once(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "read once"})
    stack.api.wait_for_status(task_id, "SUCCESS")
    reads: list[str] = []
    tap = wire.Wire()

    def prepare(page: Page) -> None:
        tap.tap(page)
        page.on("request", lambda one: reads.append(one.url) if task_id in one.url else None)

    page = visits.open(f"{stack.dashboard}tasks/{task_id}", prepare=prepare)
    expect(panel(page)).to_contain_text("read once")
    expect_live(page)
    before = len([url for url in reads if "/api/" in url])
    for _ in range(3):
        stack.api.submit("echo", {"value": "others go on"})
        tap.wait_for_frames(page, 1)

    assert len([url for url in reads if "/api/" in url]) == before <= 2


def test_what_is_asked_for_again_is_not_sent_again(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "not twice"})
    stack.api.wait_for_status(task_id, "SUCCESS")
    tap = wire.Wire()
    page = visits.open(f"{stack.dashboard}tasks/{task_id}", prepare=tap.tap)
    expect(panel(page)).to_contain_text("not twice")
    tap.wait_for_frames(page, 1)

    with page.expect_response(f"**/api/tasks/{task_id}") as answer:
        tap.epoch = "another process"  # nothing that is known is sure

    assert answer.value.status == 304
    expect(panel(page)).to_contain_text("not twice")


def test_what_is_done_to_a_finished_task_is_seen(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_at_once", {"message": "once"})
    stack.api.wait_for_status(task_id, "FAILURE")
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")
    panel(page).get_by_test_id("retry-button").click()

    expect(toast(page, "Retried as a new task")).to_be_visible()
    expect(panel(page)).to_contain_text("Retried as")
