"""The task types: what each is, and the limits that an operator sets and removes."""

from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, question
from tests.browser.service import Stack


def test_limits_are_set_told_audited_and_removed(visits: Visits, stack: Stack) -> None:
    visits.allow("422")
    page = visits.open(f"{stack.dashboard}types")
    row = page.get_by_test_id("type-send_email")
    expect(row).to_contain_text("Send an e-mail")
    row.get_by_role("link", name="send_email", exact=True).click()
    expect_address(page, "/types/send_email")
    limits = page.get_by_test_id("limits")
    expect(limits).to_contain_text("No limits")

    limits.get_by_test_id("set-limits").click()
    expect(limits.get_by_role("alert")).to_contain_text("Give 'concurrency', 'rate', or both.")
    limits.get_by_label("Starts").fill("0")
    limits.get_by_test_id("set-limits").click()
    expect(limits.get_by_test_id("error-/rate")).to_be_visible()
    limits.get_by_label("Running at a time").fill("2")
    limits.get_by_label("Starts").fill("10")
    limits.get_by_test_id("per-unit").select_option("minute")
    limits.get_by_label("For each value of").fill("to")
    limits.get_by_text("For the audit").click()
    limits.get_by_label("Reason").fill("the relay is slow")
    limits.get_by_test_id("set-limits").click()

    now = limits.get_by_test_id("limits-now")
    expect(now).to_have_text(
        "Now: at most 2 running, at most 10 starts per minute, for each value of to"
    )
    found = stack.api.call("GET", "/api/task-types/send_email/limits")
    assert (found["concurrency"], found["rate"], found["per"], found["by"]) == (2, 10, 60, "to")
    limits.get_by_test_id("remove-limits").click()
    question(page).get_by_test_id("question-yes").click()
    expect(now).to_contain_text("No limits")
    expect(limits.get_by_label("Running at a time")).to_have_value("")

    page.get_by_test_id("submit-it").click()
    expect(page.get_by_role("heading", name="send_email", exact=True)).to_be_visible()
    page.goto(f"{stack.dashboard}audit?action=limit")
    entry = page.get_by_test_id("audit-entry").filter(has_text="the relay is slow").first
    entry.get_by_role("link", name="send_email").click()
    expect_address(page, "/types/send_email")
