"""Locators and checks that the browser tests share."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from tests.waiting import wait_until


def row(page: Page, task_id: str) -> Locator:
    """Return the task's row in the list."""
    return page.locator(f'[data-testid="task-row"][data-task-id="{task_id}"]')


def panel(page: Page) -> Locator:
    """Return the drawer with one task in full."""
    return page.get_by_test_id("task-panel")


def verdict(page: Page) -> Locator:
    """Return the verdict on the dashboard."""
    return page.get_by_test_id("verdict")


def question(page: Page) -> Locator:
    """Return the dialog that asks before an action."""
    return page.get_by_test_id("question")


def toast(page: Page, text: str) -> Locator:
    """Return the toast with this text."""
    return page.get_by_test_id("toast").filter(has_text=text)


def expect_state(place: Locator, label: str) -> None:
    """Wait until the row or panel shows the state with this label."""
    expect(place.locator(".state").first).to_have_text(label)


def expect_live(page: Page) -> None:
    """Wait until the badge says that the page is live."""
    expect(page.get_by_test_id("live-badge")).to_have_attribute("data-live", "live")


def submit_with(page: Page, button: Locator) -> str:
    """Press a button that submits; return the new task's id."""
    with page.expect_response("**/api/tasks/submit") as answer:
        button.click()
    assert answer.value.status == 202, answer.value.text()
    return answer.value.json()["task_id"]


def expect_address(page: Page, ending: str) -> None:
    """Wait until the address has this ending."""
    expect(page).to_have_url(re.compile(re.escape(ending) + "$"))


def search_to_the_end(page: Page) -> None:
    """Go on with a search that its page has begun: how far it gets by itself, machines decide."""
    go_on = '[data-testid="go-on"]'

    def is_over() -> bool:
        page.evaluate(f"document.querySelector('{go_on}:enabled')?.click()")
        return page.get_by_test_id("window").is_visible() and page.locator(go_on).count() == 0

    wait_until(is_over, description="the search has come to its end", timeout_s=60)


def rows(page: Page) -> Locator:
    """Return the drawn rows of the list."""
    return page.get_by_test_id("task-row")


def search_for(page: Page, text: str) -> None:
    """Type a search into the box and send it."""
    page.get_by_test_id("find").fill(text)
    page.get_by_test_id("find").press("Enter")
    page.get_by_test_id("find").press("Escape")


def options(page: Page) -> Locator:
    """Return the suggestions of the search box."""
    return page.get_by_test_id("find-options").get_by_role("option")


def hold_first(page: Page, url: str, held: list[Route]) -> None:
    """Keep the first request to `url` without an answer, in `held`."""
    page.route(url, lambda route: held.append(route), times=1)


def wait_until_held(page: Page, held: list[Route]) -> None:
    """Wait until a request is held: it may come after what has caused it."""
    wait_until(lambda: page.evaluate("true") and held, description="a request is held")


def let_go(page: Page, held: list[Route]) -> None:
    """Send on the requests that are held, once there is one."""
    wait_until_held(page, held)
    while held:
        held.pop().continue_()


def wait_for_drawing(page: Page) -> None:
    """Wait until the page has drawn its current state, before a check that something is absent."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def serious(page: Page, scope: str | None = None) -> list[str]:
    """Return what axe calls serious or critical, in both themes."""
    found = Axe().run(page, scope).response["violations"]
    page.emulate_media(color_scheme="dark")
    try:
        # Of axe's rules only this one depends on the theme.
        found += Axe().run(page, scope, {"runOnly": ["color-contrast"]}).response["violations"]
    finally:
        page.emulate_media(color_scheme="light")
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
