"""Where things are on the pages: the words in which the browser tests speak."""

import re

from playwright.sync_api import Locator, Page, Route, expect


def row(page: Page, task_id: str) -> Locator:
    """The task's row in the list."""
    return page.locator(f'[data-testid="task-row"][data-task-id="{task_id}"]')


def panel(page: Page) -> Locator:
    """The drawer with one task in full."""
    return page.get_by_test_id("task-panel")


def verdict(page: Page) -> Locator:
    """The sentence that says how the service is."""
    return page.get_by_test_id("verdict")


def question(page: Page) -> Locator:
    """The dialog that asks before an action."""
    return page.get_by_test_id("question")


def toast(page: Page, text: str) -> Locator:
    """The note at the corner that says so."""
    return page.get_by_test_id("toast").filter(has_text=text)


def expect_state(place: Locator, label: str) -> None:
    """Wait until the row or panel shows the state in words."""
    expect(place.locator(".state").first).to_have_text(label)


def expect_live(page: Page) -> None:
    """Wait until the badge says that what is shown is of now."""
    expect(page.get_by_test_id("live-badge")).to_have_attribute("data-live", "live")


def submit_with(page: Page, button: Locator) -> str:
    """Press a button that submits; return the new task's id."""
    with page.expect_response("**/api/tasks/submit") as answer:
        button.click()
    assert answer.value.status == 202, answer.value.text()
    return answer.value.json()["task_id"]


def expect_address(page: Page, ending: str) -> None:
    """Wait until the address ends so."""
    expect(page).to_have_url(re.compile(re.escape(ending) + "$"))


def rows(page: Page) -> Locator:
    """The rows of the list that are drawn."""
    return page.get_by_test_id("task-row")


def search_for(page: Page, text: str) -> None:
    """Type a search into the box and send it."""
    page.get_by_test_id("find").fill(text)
    page.get_by_test_id("find").press("Enter")
    page.get_by_test_id("find").press("Escape")


def options(page: Page) -> Locator:
    """What the search box offers."""
    return page.get_by_test_id("find-options").get_by_role("option")


def hold_first(page: Page, url: str, held: list[Route]) -> None:
    """Keep the first request to `url` without an answer, in `held`."""
    page.route(url, lambda route: held.append(route), times=1)


def wait_for_drawing(page: Page) -> None:
    """Wait until the page has drawn what it knows now; for what must not appear."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
