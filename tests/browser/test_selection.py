"""Choosing tasks, and doing something to all of them."""

import json
import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_state, row, rows, search_to_the_end
from tests.browser.service import Stack
from tests.waiting import wait_until

BIG = 12345678901234567890123


def _submit(stack: Stack, count: int, *, fail: bool = False) -> str:
    """Submit tasks with a tag of their own and wait for their end; the tag."""
    tag = f"t{uuid.uuid4().hex[:10]}"
    task = (
        {"task_type": "fail_at_once", "payload": {"message": "no"}, "tags": [tag]}
        if fail
        else {"task_type": "echo", "payload": {"value": BIG}, "tags": [tag]}
    )
    stack.api.call("POST", "/api/tasks/bulk", [task] * count)
    state = "failure" if fail else "success"
    wait_until(
        lambda: _count(stack, f"tag:{tag} state:{state}") == count,
        description="all have ended",
        timeout_s=60,
    )
    return tag


def _count(stack: Stack, q: str) -> int:
    found, cursor = 0, ""
    while True:
        path = f"/api/tasks?limit=200&q={q.replace(' ', '+')}&cursor={cursor}"
        page = stack.api.call("GET", path if cursor else path.removesuffix("&cursor="))
        found, cursor = found + len(page["tasks"]), page["next_cursor"]
        if cursor is None:
            return found


def _open(visits: Visits, stack: Stack, tag: str) -> Page:
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{tag}")
    expect(rows(page).first).to_be_visible()
    return page


def test_x_selects_and_shift_click_selects_a_range(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, _submit(stack, 6))
    chosen = page.get_by_test_id("chosen")

    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(chosen).to_have_text("1 selected")
    rows(page).nth(3).get_by_test_id("row-check").click(modifiers=["Shift"])
    expect(chosen).to_have_text("4 selected")
    expect(rows(page).nth(2)).to_have_attribute("data-chosen", "true")
    expect(page.get_by_test_id("select-shown")).to_have_attribute("aria-checked", "mixed")
    page.get_by_test_id("select-shown").click()
    expect(chosen).to_have_text("6 selected")
    page.keyboard.press("Escape")

    expect(page.get_by_test_id("bulk-bar")).to_have_count(0)


def test_a_selection_keeps_the_rows_in_their_places(visits: Visits, stack: Stack) -> None:
    known = stack.api.submit("echo", {"value": "known"})
    page = visits.open(f"{stack.dashboard}tasks?q=type:echo")
    row(page, known).get_by_test_id("row-check").click()
    page.mouse.move(0, 0)

    fresh = stack.api.submit("echo", {"value": "fresh"})

    expect(page.get_by_test_id("new-pill")).to_be_visible()
    expect(row(page, fresh)).to_have_count(0)
    page.get_by_test_id("clear-selection").click()
    expect(row(page, fresh)).to_be_visible()


def test_selected_failures_are_retried_after_a_question(visits: Visits, stack: Stack) -> None:
    tag = _submit(stack, 2, fail=True)
    page = _open(visits, stack, tag)

    page.get_by_test_id("select-shown").click()
    page.keyboard.press("r")
    dialog = page.get_by_test_id("dialog-confirm")
    expect(dialog).to_contain_text("Retry 2 tasks?")
    page.get_by_test_id("confirm").click()

    expect(page.get_by_test_id("toast")).to_contain_text("Retried 2 tasks")
    expect(rows(page)).to_have_count(4)


def test_only_what_fits_the_state_is_offered(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, _submit(stack, 1))

    page.get_by_test_id("select-shown").click()

    expect(page.get_by_test_id("bulk-cancel")).to_be_disabled()
    expect(page.get_by_test_id("bulk-retry")).to_be_disabled()
    expect(page.get_by_test_id("bulk-requeue")).to_be_disabled()
    expect(page.get_by_test_id("bulk-delete")).to_have_text("Delete 1")


def test_deleted_tasks_come_back_with_undo(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, _submit(stack, 3))

    page.get_by_test_id("select-shown").click()
    page.get_by_test_id("bulk-delete").click()
    page.get_by_test_id("confirm").click()

    expect(page.get_by_role("heading", name="No task matches")).to_be_visible()
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("toast").last).to_contain_text("3 tasks restored")
    expect(rows(page)).to_have_count(3)


def test_a_hundred_and_more_are_deleted_only_when_that_is_typed(
    visits: Visits, stack: Stack
) -> None:
    tag = _submit(stack, 450)
    page = _open(visits, stack, tag)

    page.get_by_test_id("select-shown").click()
    # It goes when all is found: what stands behind it would move under the pointer.
    actions, whole = (
        page.get_by_test_id(one).bounding_box() for one in ("export-csv", "select-matching")
    )
    assert actions is not None and whole is not None and actions["x"] < whole["x"]
    page.get_by_test_id("select-matching").click()
    expect(page.get_by_test_id("chosen")).to_have_text("All matches")
    page.get_by_test_id("bulk-delete").click()
    confirm = page.get_by_test_id("confirm")
    expect(confirm).to_be_disabled()
    page.get_by_test_id("confirm-word").fill("delete")
    confirm.click()

    expect(page.get_by_test_id("toast")).to_contain_text("Deleted 450 tasks")
    expect(page.get_by_role("heading", name="No task matches")).to_be_visible()
    assert _count(stack, f"tag:{tag}") == 0


def test_waiting_tasks_are_cancelled_together(visits: Visits, stack: Stack) -> None:
    tag = f"t{uuid.uuid4().hex[:10]}"
    stack.api.call("POST", "/api/queues/low/pause")
    try:
        task = {"task_type": "echo", "payload": {"value": 1}, "priority": "low", "tags": [tag]}
        stack.api.call("POST", "/api/tasks/bulk", [task] * 2)
        page = _open(visits, stack, tag)
        page.get_by_test_id("select-shown").click()
        page.keyboard.press("c")
        page.get_by_test_id("confirm").click()

        expect(page.get_by_test_id("toast")).to_contain_text("Cancelled 2 tasks")
        expect(rows(page).locator(".c-state")).to_have_text(["Cancelled"] * 2)
    finally:
        stack.api.call("POST", "/api/queues/low/resume")


def test_a_retrying_task_is_run_now(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("fail_slowly", {"message": "wait for me"})
    page = visits.open(f"{stack.dashboard}tasks?q=id:{task_id}")
    expect_state(row(page, task_id), "Retrying")

    row(page, task_id).get_by_test_id("row-check").click()
    page.get_by_test_id("bulk-requeue").click()
    page.get_by_test_id("confirm").click()

    expect(page.get_by_test_id("toast")).to_contain_text("Queued 1 task")
    expect_state(row(page, task_id), "Failed")


def _wait_on_low(stack: Stack, tag: str) -> str:
    body = {"task_type": "echo", "payload": {"value": 1}, "priority": "low", "tags": [tag]}
    return stack.api.call("POST", "/api/tasks/submit", body)["task_id"]


def _ask_to_cancel_all_that_match(page: Page) -> None:
    search_to_the_end(page)  # only then are all matches known
    rows(page).first.get_by_test_id("row-check").click()
    page.get_by_test_id("select-matching").click()
    page.get_by_test_id("bulk-cancel").click()


@pytest.mark.usefixtures("held_low")
def test_all_that_match_are_those_that_the_question_counted(visits: Visits, stack: Stack) -> None:
    tag = f"t{uuid.uuid4().hex[:10]}"
    counted = [_wait_on_low(stack, tag) for _ in range(2)]
    page = _open(visits, stack, tag)
    expect(rows(page)).to_have_count(2)

    _ask_to_cancel_all_that_match(page)
    expect(page.get_by_test_id("dialog-confirm")).to_contain_text("Cancel 2 tasks?")
    late = _wait_on_low(stack, tag)
    page.get_by_test_id("confirm").click()

    expect(page.get_by_test_id("toast")).to_contain_text("Cancelled 2 tasks")
    for task_id in counted:
        stack.api.wait_for_status(task_id, "REVOKED")
    assert stack.api.call("GET", f"/api/tasks/{late}")["status"] == "PENDING"


@pytest.mark.usefixtures("held_low")
def test_without_a_sure_count_none_is_told_and_newcomers_are_left_alone(
    visits: Visits, stack: Stack
) -> None:
    tag = _submit(stack, 1)  # has ended: a cancel does not fit it
    waits = _wait_on_low(stack, tag)
    page = _open(visits, stack, tag)
    expect(rows(page)).to_have_count(2)

    _ask_to_cancel_all_that_match(page)
    expect(page.get_by_test_id("dialog-confirm")).to_contain_text("Cancel all matches?")
    late = _wait_on_low(stack, tag)
    page.get_by_test_id("confirm-word").fill("cancel")
    page.get_by_test_id("confirm").click()

    expect(page.get_by_test_id("toast")).to_contain_text("Cancelled 1 task")
    stack.api.wait_for_status(waits, "REVOKED")
    assert stack.api.call("GET", f"/api/tasks/{late}")["status"] == "PENDING"


@pytest.mark.parametrize("which", ["selected", "all"])
def test_tasks_are_exported_digit_for_digit(visits: Visits, stack: Stack, which: str) -> None:
    count = 3 if which == "selected" else 250
    page = _open(visits, stack, _submit(stack, count))
    button = "export-all-jsonl"
    if which == "selected":
        page.get_by_test_id("select-shown").click()
        button = "export-jsonl"

    with page.expect_download() as download:
        page.get_by_test_id(button).click()

    lines = download.value.path().read_text().splitlines()
    assert len(lines) == count
    assert {json.loads(line)["payload"]["value"] for line in lines} == {BIG}
    assert re.fullmatch(r"tasks-[\dT-]+\.jsonl", download.value.suggested_filename)


def test_a_csv_cannot_run_formulas(visits: Visits, stack: Stack) -> None:
    tag = f"t{uuid.uuid4().hex[:10]}"
    payload = {"message": "=1+1"}
    body = {"task_type": "fail_plainly", "payload": payload, "tags": [tag]}
    task_id = stack.api.call("POST", "/api/tasks/submit", body)["task_id"]
    stack.api.wait_for_status(task_id, "FAILURE")
    page = _open(visits, stack, tag)

    with page.expect_download() as download:
        page.get_by_test_id("export-all-csv").click()

    head, line = download.value.path().read_text().splitlines()
    assert head.startswith("task_id,status,task_type,queue")
    assert line.startswith(f"{task_id},FAILURE,fail_plainly,default,")
    assert ",=" not in line
