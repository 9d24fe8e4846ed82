"""Ctrl-K: everything from one field."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, expect_live, panel
from tests.browser.service import Stack


def _ask(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    page.get_by_test_id("palette-input").fill(text)


def _commands(page: Page) -> Locator:
    return page.get_by_test_id("palette").get_by_role("option")


@pytest.fixture
def tasks(visits: Visits, stack: Stack) -> Page:
    """The list of tasks, freshly opened."""
    page = visits.open(f"{stack.dashboard}tasks")
    expect_live(page)
    return page


def test_it_leads_to_a_page(tasks: Page) -> None:
    _ask(tasks, "subm")
    expect(_commands(tasks).first).to_have_attribute("aria-selected", "true")
    tasks.keyboard.press("Enter")

    expect_address(tasks, "/submit")
    expect(tasks.get_by_test_id("palette")).to_have_count(0)


def test_it_opens_a_task_by_its_id(tasks: Page, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "found by its id"})

    _ask(tasks, task_id)
    tasks.keyboard.press("Enter")

    expect(panel(tasks)).to_contain_text("found by its id")


def test_it_searches(tasks: Page) -> None:
    _ask(tasks, "state:failure queue:low")
    tasks.keyboard.press("Enter")

    expect_address(tasks, "/tasks?q=state:failure+queue:low")


def test_it_pauses_and_resumes_a_queue(tasks: Page, stack: Stack) -> None:
    page = tasks
    try:
        _ask(page, "pause low")
        page.keyboard.press("Enter")
        page.get_by_test_id("question-yes").click()
        expect(page.get_by_test_id("toast")).to_contain_text("low queue is paused")
        _ask(page, "resume low")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("toast").last).to_contain_text("low queue is resumed")
    finally:
        stack.api.call("POST", "/api/queues/low/resume")


def test_arrows_choose_and_escape_gives_the_focus_back(tasks: Page) -> None:
    page = tasks
    page.get_by_test_id("chip-queue-low").focus()

    _ask(page, "")
    page.keyboard.press("ArrowDown")
    expect(_commands(page).nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")

    expect(page.get_by_test_id("palette")).to_have_count(0)
    expect(page.get_by_test_id("chip-queue-low")).to_be_focused()
