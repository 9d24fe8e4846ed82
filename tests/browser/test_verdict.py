"""The headline: what is worst comes first, with its cause and a way to it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, panel, verdict
from tests.browser.service import Stack


def test_the_headline_names_a_failure_and_leads_to_it(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_at_once", {"message": "the headline knows of it"})
    stack.api.wait_for_status(task_id, "FAILURE")
    cause = stack.api.call("GET", f"/api/tasks/{task_id}")["cause"]
    page = visits.open(stack.dashboard)

    expect(verdict(page)).to_have_attribute("data-severity", "losing")
    page.evaluate("document.querySelector('[data-testid=verdict-link]').click()")
    expect(page).not_to_have_url(stack.dashboard)
    page.goto(f"{stack.dashboard}?cause={cause}#/failures")
    expect(page.get_by_test_id("group-sample")).to_contain_text("the headline knows of it")


@pytest.mark.usefixtures("held_low")
def _next_attempt(time: str) -> re.Pattern[str]:
    """Shortly before midnight the time has its day."""
    return re.compile(rf"Next attempt at (\d+ [A-Z][a-z]+, )?{time}")


def test_one_box_has_one_zone_and_the_menu_changes_it(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_slowly", {"message": "later"})
    stack.api.wait_for_status(task_id, "RETRY")
    due = stack.api.call("GET", f"/api/tasks/{task_id}")["next_retry_at"]
    page = visits.open(f"{stack.dashboard}#/tasks/{task_id}", timezone_id="Asia/Kolkata")
    why = panel(page).get_by_test_id("why")

    expect(why.get_by_test_id("why-zone")).to_have_text("Times in GMT+5:30")
    local = page.evaluate(
        "(at) => new Date(at).toLocaleTimeString('en-GB', { timeZone: 'Asia/Kolkata' })", due
    )
    expect(why.locator(".why-summary")).to_contain_text(_next_attempt(local))
    expect(why).not_to_contain_text("UTC")
    page.evaluate("document.querySelector('[data-testid=zone-switch]').click()")
    expect(why.get_by_test_id("why-zone")).to_have_text("Times in UTC")
    expect(why.locator(".why-summary")).to_contain_text(_next_attempt(due[11:19]))
    page.reload()
    expect(why.get_by_test_id("why-zone")).to_have_text("Times in UTC")


@pytest.mark.usefixtures("held_low")
def test_a_reason_is_said_once_with_who_paused(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("two_steps", {"first": "/", "second": "/"})
    page = visits.open(f"{stack.dashboard}#/tasks/{task_id}")
    why = panel(page).get_by_test_id("why")

    expect(why.locator(".why-summary")).to_contain_text("Queue low is paused by 127.0.0.1")
    expect(why.locator(".why-summary")).to_contain_text("Since ")
    expect(why.locator(".reasons")).not_to_contain_text("paused")
    assert (why.text_content() or "").count("Queue low is paused") == 1


def test_the_words_on_the_chips_are_words_of_the_search(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}#/tasks")
    labels = page.locator('[data-testid^="chip-state-"]:not([data-testid$="any"])')
    expect(labels).to_have_count(8)
    for index in range(8):
        with page.expect_response("**/api/tasks?**") as answer:
            labels.nth(index).click()
        assert answer.value.status in (200, 304)  # 304: as it was when the page last asked
        expect(page.get_by_test_id("find")).to_have_value(
            "state:"
            + page.evaluate(
                "(chip) => chip.childNodes[1].data.toLowerCase()",
                labels.nth(index).element_handle(),
            )
        )
        labels.nth(index).click()
    page.get_by_test_id("find").fill("state:can")
    offered = page.get_by_test_id("find-options").get_by_role("option")
    expect(offered.first).to_contain_text("state:cancelled")


def test_an_error_in_another_script_stays_beside_its_heading(visits: Visits, stack: Stack) -> None:
    message = "\u0644\u0645 \u064a\u062a\u0645 \u0627\u0644\u0639\u062b\u0648\u0631"
    task_id = stack.api.submit("fail_plainly", {"message": message})
    stack.api.wait_for_status(task_id, "FAILURE")
    page = visits.open(f"{stack.dashboard}#/tasks/{task_id}")

    text = panel(page).locator(".error-text")
    expect(text).to_have_css("direction", "rtl")
    expect(text).to_have_css("text-align", "left")


def test_a_failed_task_shows_the_end_of_its_traceback(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_at_once", {"message": "line\n" * 200 + "the end"})
    stack.api.wait_for_status(task_id, "FAILURE")
    page = visits.open(f"{stack.dashboard}#/tasks/{task_id}")
    place = panel(page).get_by_test_id("traceback").first

    expect(place).to_contain_text("the end")
    gap = "(e) => e.scrollHeight - e.scrollTop - e.clientHeight"
    expect(place).to_be_visible()
    assert place.evaluate("(e) => e.scrollTop") > 0 and place.evaluate(gap) < 2
    panel(page).locator(".trouble summary").first.click()
    expect_hidden = panel(page).locator(".trouble .tb-own")
    expect(expect_hidden).not_to_be_visible()  # and no refresh opens it
    page.evaluate("new Promise((done) => setTimeout(done, 2500))")
    expect(expect_hidden).not_to_be_visible()


#: In a stack that began less than two minutes ago, the time since then.
MEASURED = re.compile(r"last min|in (\d+ s|1 min)")


def test_figures_say_that_they_are_of_the_last_minute(visits: Visits, stack: Stack) -> None:
    stack.api.wait_for_status(stack.api.submit("echo", {"value": 1}), "SUCCESS")
    page = visits.open(stack.dashboard)
    smalls = page.get_by_test_id("queue-default").locator(".smalls div")

    expect(smalls.filter(has_text="Throughput")).to_contain_text(MEASURED)
    expect(page.get_by_test_id("plot-retries")).to_be_visible()
    page.goto(f"{stack.inspector}queues")
    expect(
        page.get_by_test_id("queue-default").locator('[data-label="Throughput"]')
    ).to_contain_text(MEASURED)
    expect_address(page, "/queues")
