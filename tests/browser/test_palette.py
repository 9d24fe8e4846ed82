"""Ctrl-K: everything from one field."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.looking import expect_address, expect_live, panel
from tests.browser.service import Stack


def _ask(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    page.get_by_test_id("palette-input").fill(text)


def test_it_leads_to_a_page(dashboard: Page) -> None:
    expect_live(dashboard)

    _ask(dashboard, "subm")
    expect(dashboard.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    dashboard.keyboard.press("Enter")

    expect_address(dashboard, "#/submit")
    expect(dashboard.get_by_test_id("palette")).to_have_count(0)


def test_it_opens_a_task_by_its_id(dashboard: Page, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "found by its id"})
    expect_live(dashboard)

    _ask(dashboard, task_id)
    dashboard.keyboard.press("Enter")

    expect(panel(dashboard)).to_contain_text("found by its id")


def test_it_searches(dashboard: Page) -> None:
    expect_live(dashboard)

    _ask(dashboard, "state:failure queue:low")
    dashboard.keyboard.press("Enter")

    expect_address(dashboard, "?q=state:failure+queue:low#/tasks")


def test_it_pauses_and_resumes_a_queue(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard)
    expect_live(page)
    try:
        _ask(page, "pause low")
        page.keyboard.press("Enter")
        page.get_by_test_id("question-yes").click()
        expect(page.get_by_test_id("toast")).to_contain_text("low queue is paused")
        _ask(page, "resume low")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("toast").last).to_contain_text("low queue gives out tasks")
    finally:
        stack.api.call("POST", "/api/queues/low/resume")


def test_arrows_choose_and_escape_gives_the_focus_back(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}#/tasks")
    page.get_by_test_id("chip-queue-low").focus()

    _ask(page, "")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")

    expect(page.get_by_test_id("palette")).to_have_count(0)
    expect(page.get_by_test_id("chip-queue-low")).to_be_focused()
