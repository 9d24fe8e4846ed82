"""One task in full: why it waits, what its attempts did, and running it again."""

import re
import uuid

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, expect_state, panel, row, submit_with
from tests.browser.service import Stack

BIG = 12345678901234567890123


def _open(visits: Visits, stack: Stack, task_id: str, more: str = "") -> Page:
    page = visits.open(f"{stack.dashboard}tasks/{task_id}{more}")
    expect(panel(page)).to_contain_text(task_id)
    return page


def test_every_attempt_has_its_own_error_and_traceback(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_slowly", {"message": "the bridge is out"})
    stack.api.wait_for_status(task_id, "RETRY")
    stack.api.run_now(task_id)
    stack.api.wait_for_status(task_id, "FAILURE")
    page = _open(visits, stack, task_id)
    attempts = panel(page).get_by_test_id("attempt")

    expect(attempts).to_have_count(2)
    expect(attempts.first).to_contain_text("Attempt 1")
    expect(attempts.first).to_contain_text("failed")
    attempts.first.locator("summary").first.click()
    expect(attempts.first).to_contain_text("raise ValueError(message)")
    expect(attempts.nth(1)).to_contain_text(re.compile(r"waited \d"))


def test_a_task_that_waits_says_why_until_it_runs(visits: Visits, stack: Stack) -> None:
    stack.api.call("POST", "/api/queues/low/pause")
    try:
        task_id = stack.api.submit("echo", {"value": "patience"}, priority="low")
        page = _open(visits, stack, task_id)

        expect(panel(page).get_by_test_id("why")).to_contain_text("paused")
    finally:
        stack.api.call("POST", "/api/queues/low/resume")
    expect_state(panel(page), "Success")
    expect(panel(page).get_by_test_id("why")).to_have_count(0)


def test_busy_workers_are_named_with_links_to_what_they_run(
    visits: Visits, stack: Stack, tmp_path_factory: object
) -> None:
    gate = tmp_path_factory.mktemp("busy") / "gate"  # type: ignore[attr-defined]
    try:
        holders = [stack.api.submit("hold", {"file": str(gate)}) for _ in range(2)]
        for each in holders:
            stack.api.wait_for_status(each, "STARTED")
        task_id = stack.api.submit("echo", {"value": "behind them"})
        page = _open(visits, stack, task_id)
        why = panel(page).get_by_test_id("why")

        expect(why).to_contain_text("Next in line")
        why.get_by_role("link", name="hold").first.click()
        expect(panel(page).locator("h2")).to_have_text("hold")
        assert panel(page).get_attribute("data-task-id") in holders
    finally:
        gate.touch()


def test_a_failed_task_is_retried_and_linked_both_ways(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_at_once", {"message": "once more"})
    stack.api.wait_for_status(task_id, "FAILURE")
    page = _open(visits, stack, task_id)

    panel(page).get_by_test_id("retry-button").click()
    page.get_by_test_id("toast").get_by_role("link", name="View task").click()
    expect(panel(page)).not_to_have_attribute("data-task-id", task_id)
    panel(page).locator(".facts div", has_text="Retry of").get_by_role("link").click()
    expect(panel(page)).to_have_attribute("data-task-id", task_id)

    expect(panel(page).locator(".facts div", has_text="Retried as")).to_be_visible()
    expect(panel(page).get_by_test_id("retry-button")).to_have_count(0)


def test_a_failure_leads_to_all_of_its_cause(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_at_once", {"message": "a common cause"})
    stack.api.wait_for_status(task_id, "FAILURE")
    page = _open(visits, stack, task_id)

    panel(page).get_by_role("link", name="show these tasks").click()

    expect(page.get_by_test_id("find")).to_have_value("cause:" + _cause(stack, task_id))
    expect(row(page, task_id)).to_be_visible()


def _cause(stack: Stack, task_id: str) -> str:
    return stack.api.call("GET", f"/api/tasks/{task_id}")["cause"]


def test_the_form_to_run_again_is_there_though_the_page_began_elsewhere(
    visits: Visits, stack: Stack
) -> None:
    task_id = stack.api.submit("add", {"amount": 1, "note": "one", "tags": []})
    page = visits.open(f"{stack.dashboard}workers")
    expect(page.get_by_role("heading", name="Workers", exact=True)).to_be_visible()

    page.evaluate("(id) => { location.hash = `#/tasks/${id}/again`; }", task_id)

    expect(panel(page).get_by_test_id("again-form")).to_be_visible()


def test_a_task_runs_again_with_an_edited_payload_and_keeps_big_numbers(
    visits: Visits, stack: Stack
) -> None:
    tag = f"t{uuid.uuid4().hex[:8]}"
    payload = {"amount": BIG, "note": "two\nlines", "tags": ["a"]}
    body = {"task_type": "add", "payload": payload, "tags": [tag]}
    task_id = stack.api.call("POST", "/api/tasks/submit", body)["task_id"]
    stack.api.wait_for_status(task_id, "SUCCESS")
    page = _open(visits, stack, task_id)

    panel(page).get_by_test_id("again-button").click()
    expect_address(page, f"/tasks/{task_id}/again")
    expect(panel(page).get_by_label("Amount")).to_have_value(str(BIG))
    expect(panel(page).get_by_label("Note")).to_have_value("two\nlines")
    panel(page).get_by_label("Note").fill("edited")
    new = submit_with(page, panel(page).get_by_test_id("submit-button"))

    expect(panel(page)).to_have_attribute("data-task-id", new)
    expect_state(panel(page), "Success")
    record = stack.api.call("GET", f"/api/tasks/{new}")
    assert record["payload"] == {"amount": BIG, "note": "edited", "tags": ["a"]}
    assert record["tags"] == [tag]


def test_what_is_wrong_with_edited_json_is_said_at_its_line(visits: Visits, stack: Stack) -> None:
    visits.allow("status of 422")
    task_id = stack.api.submit("add", {"amount": 1, "note": "n", "tags": ["a", "b"]})
    page = _open(visits, stack, task_id, "/again")
    panel(page).get_by_test_id("again-json").click()
    text = panel(page).get_by_test_id("again-text")

    text.fill('{\n  "amount": 1,\n  "note": "n",\n  "tags": ["a", 7]\n}')
    panel(page).get_by_test_id("submit-button").click()

    expect(panel(page).locator(".payload-editor .form-errors")).to_contain_text(
        "Line 4, /payload/tags/1"
    )
    expect(text).to_have_attribute("aria-invalid", "true")
    chosen = "area => area.value.slice(area.selectionStart, area.selectionEnd)"
    assert text.evaluate(chosen) == "7"
    text.fill("{")
    panel(page).get_by_test_id("submit-button").click()
    expect(panel(page).locator(".payload-editor .form-errors")).to_contain_text("Not valid JSON")


def test_what_is_wrong_with_an_edited_form_is_said_at_the_field(
    visits: Visits, stack: Stack
) -> None:
    visits.allow("status of 422")
    task_id = stack.api.submit("add", {"amount": 1, "note": "n", "tags": []})
    page = _open(visits, stack, task_id, "/again")

    panel(page).get_by_label("Amount").fill("many")
    panel(page).get_by_test_id("submit-button").click()

    expect(panel(page).get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    expect(panel(page).get_by_label("Amount")).to_be_focused()


def test_a_deleted_task_closes_its_panel_and_undo_brings_it_back(
    visits: Visits, stack: Stack
) -> None:
    task_id = stack.api.submit("echo", {"value": "not for long"})
    stack.api.wait_for_status(task_id, "SUCCESS")
    page = _open(visits, stack, task_id)

    panel(page).get_by_test_id("delete-button").click()
    expect(panel(page)).to_have_count(0)
    expect(row(page, task_id)).to_have_count(0)
    page.get_by_test_id("undo").click()

    expect(row(page, task_id)).to_be_visible()


def test_a_task_is_copied_as_what_submits_it(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("add", {"amount": BIG, "note": "it's", "tags": []})
    page = visits.open(
        f"{stack.dashboard}tasks/{task_id}", permissions=["clipboard-read", "clipboard-write"]
    )
    read = "navigator.clipboard.readText()"

    panel(page).get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Copied curl command")
    copied = page.evaluate(read)
    assert f'"amount": {BIG}' in copied
    assert "curl -X POST" in copied
    assert "it'\\''s" in copied
    panel(page).get_by_role("button", name="Copy as Python").click()
    expect(page.get_by_test_id("toast").last).to_contain_text("Copied Python program")
    assert f'"amount": {BIG}' in page.evaluate(read)
    panel(page).get_by_role("button", name="Copy task id").click()
    expect(page.get_by_test_id("toast").last).to_contain_text("Copied task id")
    assert page.evaluate(read) == task_id


def test_what_of_a_result_is_replaced_stands_below_it(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("average_of_nothing", {})
    stack.api.wait_for_status(task_id, "SUCCESS")
    page = _open(visits, stack, task_id)

    expect(panel(page).get_by_test_id("result-note")).to_have_text(
        "Not exactly what the task returned: NaN and Infinity are null."
    )
