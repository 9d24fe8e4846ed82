"""The overview: how it goes now, and how it went."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address
from tests.browser.service import Stack


def _run_some(stack: Stack) -> None:
    ids = [stack.api.submit("echo", {"value": n}) for n in range(3)]
    for task_id in ids:
        stack.api.wait_for_status(task_id, "SUCCESS")


def _history(page: Page) -> Locator:
    return page.get_by_test_id("history")


def test_the_history_counts_what_has_finished(visits: Visits, stack: Stack) -> None:
    _run_some(stack)
    page = visits.open(stack.dashboard)

    finished = _history(page).get_by_test_id("plot-finished")
    expect(finished.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"^[1-9][\d,]* tasks finished in the time shown")
    )
    expect(finished.locator(".bar.success").last).to_be_attached()
    expect(page.get_by_test_id("type-echo")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1400])
def test_a_bar_of_the_history_is_as_tall_as_its_number(
    visits: Visits, stack: Stack, width: int
) -> None:
    _run_some(stack)
    page = visits.open(stack.dashboard, viewport={"width": width, "height": 900})
    bar = _history(page).get_by_test_id("plot-finished").locator(".bar.success").last
    expect(bar).to_be_attached()
    drawn, meant = bar.evaluate(
        "bar => [getComputedStyle(bar).height, bar.getAttribute('height')].map(parseFloat)"
    )
    assert abs(drawn - meant) < 0.1


def test_a_queue_shows_its_waiting_and_running_times(visits: Visits, stack: Stack) -> None:
    _run_some(stack)
    page = visits.open(stack.dashboard)
    card = page.get_by_test_id("queue-default")

    for name in ("Wait", "Run"):
        times = card.get_by_role("row", name=name, exact=False).locator("td")
        expect(times).to_have_text([re.compile(r"^\d.* m?s$")] * 3)
    expect(card.locator(".smalls div", has_text="Throughput")).to_contain_text(
        re.compile("min|in ")
    )


def test_the_time_shown_is_in_the_address_and_back_returns(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard)
    expect(_history(page)).to_be_visible()

    for span in ("1h", "24h", "7d"):
        page.locator(f'.segments [data-value="{span}"]').click()
        expect_address(page, f"/overview?span={span}")
        expect(_history(page)).to_be_visible()
    page.locator('.segments [data-value="high"]').click()
    expect_address(page, "/overview?span=7d&queue=high")
    page.go_back()
    page.go_back()
    expect(page.locator('.segments [data-value="24h"]')).to_have_attribute("aria-current", "true")
    page.reload()
    expect(page.locator('.segments [data-value="24h"]')).to_have_attribute("aria-current", "true")


def test_arrow_keys_read_the_values_out(visits: Visits, stack: Stack) -> None:
    _run_some(stack)
    page = visits.open(stack.dashboard)
    cursor = _history(page).get_by_role("slider", name="Time, finished tasks")

    cursor.focus()
    expect(cursor).to_have_attribute("aria-valuetext", re.compile(r"in progress: Succeeded \d"))
    newest = int(cursor.get_attribute("aria-valuenow") or 0)
    page.keyboard.press("ArrowLeft")
    expect(cursor).to_have_attribute("aria-valuenow", str(newest - 1))
    page.keyboard.press("Home")
    expect(cursor).to_have_attribute("aria-valuenow", "0")
    expect(_history(page).locator(".chart-time b")).to_have_text(re.compile(r"\d\d:\d\d"))


def test_the_pointer_reads_the_values_too(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard)
    _history(page).get_by_role("slider").first.hover()

    expect(_history(page).locator(".chart-time b")).to_have_text(re.compile(r"\d\d:\d\d"))


def test_the_same_values_are_a_table(visits: Visits, stack: Stack) -> None:
    _run_some(stack)
    page = visits.open(stack.dashboard)

    page.get_by_text("Show as table").click()

    newest = _history(page).get_by_role("table").get_by_role("row").nth(1)
    expect(newest).to_contain_text("so far")


def test_the_inspector_has_the_overview_without_sending(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.inspector}overview")

    expect(_history(page)).to_be_visible()
    expect(page.get_by_test_id("quick-send_email")).to_have_count(0)
