"""The queues, and what an operator does to them."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, expect_live, question, toast, wait_for_drawing
from tests.browser.service import Stack
from tests.browser.wire import Wire


@pytest.fixture
def queues(visits: Visits, stack: Stack) -> Page:
    return visits.open(f"{stack.dashboard}queues")


@pytest.fixture
def open_low(stack: Stack) -> Iterator[None]:
    """Whatever a test does to the `low` queue, it is open again after it."""
    yield
    stack.api.call("POST", "/api/queues/low/resume")


def _low(page: Page) -> Locator:
    return page.get_by_test_id("queue-low")


def _waiting(page: Page, count: int) -> None:
    expect(_low(page).locator('[data-label="Waiting"] dd')).to_have_text(str(count))


def _submit(stack: Stack, count: int) -> None:
    task = {"task_type": "echo", "payload": {"value": "waits"}, "priority": "low"}
    stack.api.call("POST", "/api/tasks/bulk", [task] * count)


@pytest.mark.usefixtures("open_low")
def test_a_queue_is_paused_with_a_reason_and_resumed(queues: Page) -> None:
    queues.get_by_test_id("pause-low").click()
    expect(question(queues)).to_contain_text("New tasks are accepted but wait")
    queues.get_by_test_id("question-reason").fill("the warehouse moves")
    queues.get_by_test_id("question-who").fill("Zoë")
    queues.get_by_test_id("question-yes").click()

    expect(question(queues)).to_have_count(0)
    expect(_low(queues).get_by_test_id("mode")).to_have_text("paused")
    last = _low(queues).get_by_test_id("last-action")
    expect(last).to_contain_text("Paused low by Zoë")
    expect(last).to_contain_text("the warehouse moves")
    queues.get_by_test_id("resume-low").click()
    expect(_low(queues).get_by_test_id("mode")).to_have_text("running")


@pytest.mark.usefixtures("open_low")
def test_a_frame_from_before_a_pause_does_not_deny_it(visits: Visits, stack: Stack) -> None:
    wire = Wire()
    page = visits.open(f"{stack.dashboard}queues", prepare=wire.tap)
    expect_live(page)
    wire.hold = True
    wire.wait_for_frames(page, 1)

    page.get_by_test_id("pause-low").click()
    page.get_by_test_id("question-yes").click()
    expect(_low(page).get_by_test_id("mode")).to_have_text("paused")
    wire.let_go()
    wait_for_drawing(page)

    expect(_low(page).get_by_test_id("mode")).to_have_text("paused")


@pytest.mark.usefixtures("open_low")
def test_a_draining_queue_says_that_it_takes_nothing(queues: Page) -> None:
    queues.get_by_test_id("drain-low").click()
    queues.get_by_test_id("question-yes").click()

    expect(_low(queues)).to_contain_text("rejects new ones (503)")
    expect(_low(queues).get_by_test_id("mode")).to_have_text("draining")


@pytest.mark.usefixtures("open_low")
def test_to_drain_a_paused_queue_says_that_its_tasks_start(queues: Page, stack: Stack) -> None:
    stack.api.call("POST", "/api/queues/low/pause")
    expect(_low(queues).get_by_test_id("mode")).to_have_text("paused")

    queues.keyboard.press("Control+k")
    queues.get_by_test_id("palette-input").fill("drain low")
    queues.keyboard.press("Enter")

    expect(question(queues)).to_contain_text("replaces the pause: waiting tasks start again")


def test_who_leaves_the_question_has_changed_nothing(queues: Page) -> None:
    queues.get_by_test_id("pause-low").click()
    expect(question(queues)).to_be_visible()
    queues.keyboard.press("Escape")

    expect(question(queues)).to_have_count(0)
    expect(_low(queues).get_by_test_id("mode")).to_have_text("running")
    expect(queues.get_by_test_id("pause-low")).to_be_focused()


@pytest.mark.usefixtures("held_low")
def test_a_purge_states_the_count_and_is_undone_from_its_toast(queues: Page, stack: Stack) -> None:
    _submit(stack, 3)
    _waiting(queues, 3)

    queues.get_by_test_id("purge-low").click()
    expect(question(queues)).to_contain_text("Purge 3 tasks from the low queue?")
    queues.get_by_test_id("question-yes").click()
    expect(toast(queues, "Cancelled 3 tasks in the low queue")).to_be_visible()
    _waiting(queues, 0)
    toast(queues, "Cancelled 3 tasks").get_by_test_id("undo").click()

    expect(toast(queues, "3 tasks restored")).to_be_visible()
    _waiting(queues, 3)


@pytest.mark.usefixtures("held_low")
def test_a_purge_cancels_what_was_asked_about(queues: Page, stack: Stack) -> None:
    _submit(stack, 1)
    _waiting(queues, 1)

    queues.get_by_test_id("purge-low").click()
    expect(question(queues)).to_contain_text("Purge 1 task from the low queue?")
    _submit(stack, 120)
    _waiting(queues, 121)
    queues.get_by_test_id("question-yes").click()

    expect(toast(queues, "Cancelled 1 task in the low queue")).to_be_visible()
    _waiting(queues, 120)


@pytest.mark.usefixtures("held_low")
def test_a_large_purge_has_to_be_typed(queues: Page, stack: Stack) -> None:
    _submit(stack, 101)
    _waiting(queues, 101)
    queues.get_by_test_id("purge-low").click()
    yes, typed = queues.get_by_test_id("question-yes"), queues.get_by_test_id("question-typed")

    expect(typed).to_be_focused()
    expect(yes).to_be_disabled()
    typed.fill("100")
    expect(yes).to_be_disabled()
    typed.fill("101")
    expect(yes).to_be_enabled()
    typed.fill("low")
    typed.press("Enter")

    expect(toast(queues, "Cancelled 101 tasks in the low queue")).to_be_visible()


def test_an_empty_queue_has_nothing_to_purge(queues: Page) -> None:
    expect(queues.get_by_test_id("purge-low")).to_be_disabled()


@pytest.mark.usefixtures("held_low")
def test_a_count_opens_its_tasks_and_back_returns(queues: Page, stack: Stack) -> None:
    _submit(stack, 1)
    _low(queues).locator('[data-label="Waiting"]').get_by_role("link").click()

    expect(queues).to_have_url(re.compile(r"/tasks\?q=state:pending\+queue:low$"))
    queues.go_back()
    expect_address(queues, "/queues")


@pytest.mark.usefixtures("held_low")
def test_a_paused_queue_is_the_headline_of_the_overview(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard)

    expect(page.get_by_test_id("verdict")).to_contain_text("The low queue is paused")
    expect(page.get_by_test_id("queue-low")).to_contain_text("paused")
