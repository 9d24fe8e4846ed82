"""Where the keyboard stands after an action: never back at the top of the page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_live, panel, question, row
from tests.browser.service import Stack


def _press_and_confirm(page: Page, button: str) -> None:
    page.get_by_test_id(button).focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("question-yes").focus()
    page.keyboard.press("Enter")
    expect(question(page)).to_have_count(0)


def test_after_pausing_and_resuming_the_focus_is_on_the_button_that_undoes_it(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(f"{stack.dashboard}queues")
    expect_live(page)

    _press_and_confirm(page, "pause-low")
    expect(page.get_by_test_id("resume-low")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("pause-low")).to_be_focused()


@pytest.mark.usefixtures("held_low")
def test_after_a_purge_the_focus_stays_beside_the_button_that_is_done(
    visits: Visits, stack: Stack
) -> None:
    for value in range(3):
        stack.api.submit("echo", {"value": value}, "low")
    page = visits.open(f"{stack.dashboard}queues")
    expect(page.get_by_test_id("purge-low")).to_be_enabled()

    _press_and_confirm(page, "purge-low")

    expect(page.get_by_test_id("purge-low")).to_be_disabled()
    inside = "document.activeElement.closest('[data-testid=\"queue-low\"]') !== null"
    assert page.evaluate(inside)


def test_a_question_that_is_left_gives_the_focus_back(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}queues")
    expect_live(page)
    for leave in ("Escape", "question-no"):
        page.get_by_test_id("pause-low").focus()
        page.keyboard.press("Enter")
        expect(question(page)).to_be_visible()
        if leave == "Escape":
            page.keyboard.press(leave)
        else:
            page.get_by_test_id(leave).click()
        expect(question(page)).to_have_count(0)
        expect(page.get_by_test_id("pause-low")).to_be_focused()


@pytest.mark.usefixtures("held_low")
def test_c_asks_with_the_focus_on_the_answer(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "to cancel"}, "low")
    page = visits.open(f"{stack.dashboard}tasks?q=id:{task_id}")
    mine = row(page, task_id)
    mine.get_by_role("link").first.focus()

    page.keyboard.press("c")
    expect(mine.get_by_test_id("cancel-confirm")).to_be_focused()
    box, age = mine.get_by_test_id("cancel-confirm").bounding_box(), mine.locator(".c-age")
    room = age.bounding_box()
    assert box and room and box["x"] >= room["x"] + room["width"]
    page.keyboard.press("Escape")
    expect(mine.get_by_test_id("cancel-button")).to_be_focused()

    page.keyboard.press("Enter")
    expect(mine.get_by_test_id("cancel-confirm")).to_be_focused()
    page.keyboard.press("Enter")
    expect(mine).to_have_attribute("data-status", "REVOKED")
    assert page.evaluate("document.activeElement !== document.body")
    expect(panel(page)).to_have_count(0)


@pytest.mark.usefixtures("held_low")
def test_c_in_the_panel_asks_there(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "in the panel"}, "low")
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")
    expect(panel(page)).to_contain_text("in the panel")

    page.keyboard.press("c")

    expect(panel(page).get_by_test_id("cancel-confirm")).to_be_focused()
