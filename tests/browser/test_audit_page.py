"""What operators did, and the way back."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, expect_state, panel, toast
from tests.browser.service import Stack


def _entries(page: Page, action: str) -> Locator:
    return page.locator(f'[data-testid="audit-entry"][data-action="{action}"]')


@pytest.mark.usefixtures("held_low")
def test_a_purge_stands_in_the_audit_and_is_undone_there(visits: Visits, stack: Stack) -> None:
    for value in (1, 2):
        stack.api.submit("echo", {"value": value}, priority="low")
    stack.api.call("POST", "/api/queues/low/purge", {"reason": "the wrong list"})
    page = visits.open(f"{stack.dashboard}audit")
    entry = _entries(page, "purge").first

    expect(entry).to_contain_text("Purged 2 tasks in low")
    expect(entry).to_contain_text("the wrong list")
    entry.get_by_test_id("audit-undo").click()

    expect(toast(page, "2 tasks restored")).to_be_visible()
    expect(entry).to_contain_text("undone")
    expect(entry.get_by_test_id("audit-undo")).to_have_count(0)
    expect(_entries(page, "undo").first).to_contain_text("Undone")


def test_a_cancel_leads_to_its_task(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("hold", {"file": "/nowhere"})
    stack.api.cancel(task_id)
    page = visits.open(f"{stack.dashboard}audit?action=cancel")

    _entries(page, "cancel").first.get_by_role("link", name=task_id[:8]).click()

    expect(panel(page)).to_contain_text(task_id)
    expect_state(panel(page), "Cancelled")


@pytest.mark.usefixtures("held_low")
def test_the_filter_is_in_the_address_and_survives_a_reload(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}audit")
    expect(_entries(page, "pause").first).to_be_visible()

    page.get_by_test_id("audit-action").select_option("resume")
    expect_address(page, "/audit?action=resume")
    expect(_entries(page, "pause")).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("audit-action")).to_have_value("resume")
    page.go_back()
    expect(_entries(page, "pause").first).to_be_visible()


def test_older_entries_are_loaded_on_demand(visits: Visits, stack: Stack) -> None:
    for _ in range(30):
        stack.api.call("POST", "/api/queues/low/pause")
        stack.api.call("POST", "/api/queues/low/resume")
    page = visits.open(f"{stack.dashboard}audit")
    expect(page.get_by_test_id("audit-entry")).to_have_count(50)

    page.get_by_test_id("load-more").click()

    expect(page.get_by_test_id("audit-entry").nth(59)).to_be_visible()


@pytest.mark.usefixtures("held_low")
def test_a_hostile_reason_stays_text(visits: Visits, stack: Stack) -> None:
    reason = "<img src=x onerror=alert(1)><h6 id=planted>x</h6>"
    stack.api.call("POST", "/api/queues/low/pause", {"reason": reason})
    page = visits.open(f"{stack.dashboard}audit?action=pause")

    expect(_entries(page, "pause").first).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("#planted")).to_have_count(0)


def test_an_unknown_action_in_the_address_counts_as_none(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}audit?action=constructor")

    expect(page.get_by_test_id("audit-action")).to_have_value("")
    page.get_by_test_id("audit-action").select_option(label="retried failures")
    expect_address(page, "/audit?action=retry_group")
