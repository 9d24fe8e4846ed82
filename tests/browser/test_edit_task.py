"""A task that waits is changed from its panel."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, expect_state, panel, toast
from tests.browser.service import Stack

BIG = 12345678901234567890123


def _submit(stack: Stack, **more: Any) -> str:
    payload = {"amount": BIG, "note": "old", "tags": []}
    body = {"task_type": "add", "payload": payload, "priority": "low", **more}
    return stack.api.call("POST", "/api/tasks/submit", body)["task_id"]


def _edit(visits: Visits, address: str, task_id: str) -> Page:
    page = visits.open(f"{address}tasks/{task_id}/edit")
    expect(panel(page).get_by_test_id("edit-form")).to_be_visible()
    return page


def test_payload_start_priority_and_tags_of_a_waiting_task_change(
    visits: Visits, stack: Stack, held_low: None
) -> None:
    task_id = _submit(stack, queue_priority=7, tags=["first"])
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")
    priority = panel(page).locator(".facts div", has_text="Priority in its queue")
    expect(priority).to_contain_text("7")

    panel(page).get_by_test_id("edit-button").click()
    expect_address(page, f"/tasks/{task_id}/edit")
    form = panel(page).get_by_test_id("edit-form")
    form.get_by_label("Note").fill("new")
    form.get_by_test_id("start-in").check(force=True)
    form.get_by_label("Start in", exact=True).fill("90")
    form.locator('[name="/queue_priority"]').fill("-3")
    form.locator('[name="/tags"]').fill("second third")
    form.get_by_label("Reason").fill("a typo")
    form.get_by_test_id("save-task").click()

    expect(toast(page, "Changed")).to_be_visible()
    expect_state(panel(page), "Scheduled")
    expect(priority).to_contain_text("-3")
    expect(panel(page).get_by_label("Payload", exact=True)).to_contain_text("new")
    record = stack.api.call("GET", f"/api/tasks/{task_id}")
    assert record["payload"] == {"amount": BIG, "note": "new", "tags": []}
    assert record["tags"] == ["second", "third"]
    page.goto(f"{stack.dashboard}audit?action=change")
    entry = page.get_by_test_id("audit-entry").first
    expect(entry).to_contain_text(re.compile("Changed a task in low.*a typo"))
    entry.get_by_role("link", name=task_id[:8]).click()
    expect(panel(page)).to_have_attribute("data-task-id", task_id)


def test_only_what_was_changed_is_sent(visits: Visits, stack: Stack, held_low: None) -> None:
    task_id = _submit(stack, queue_priority=7, tags=["first"])
    page = _edit(visits, stack.inspector, task_id)
    form = panel(page).get_by_test_id("edit-form")
    form.locator('[name="/queue_priority"]').fill("")

    with page.expect_request(lambda asked: asked.method == "PATCH") as sent:
        form.get_by_test_id("save-task").click()

    seen = stack.api.call("GET", f"/api/tasks/{task_id}")["submitted_at"]
    assert sent.value.post_data_json == {"queue_priority": 0, "if_updated_at": seen}
    expect(toast(page, "Changed")).to_be_visible()


def test_what_is_wrong_with_a_change_is_said_at_its_field(
    visits: Visits, stack: Stack, held_low: None
) -> None:
    visits.allow("status of 422")
    page = _edit(visits, stack.dashboard, _submit(stack))
    form = panel(page).get_by_test_id("edit-form")

    form.get_by_test_id("save-task").click()
    expect(form.get_by_role("alert")).to_contain_text("Say what to change")
    form.get_by_label("Amount").fill("many")
    form.get_by_test_id("save-task").click()

    expect(form.get_by_label("Amount")).to_be_focused()
    expect(form.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    expect(form.locator(".form-errors")).to_be_empty()


@pytest.mark.parametrize(("state", "words"), [("STARTED", "started"), ("SUCCESS", "ended")])
def test_a_change_that_comes_too_late_says_so(
    visits: Visits, stack: Stack, held_low: None, gate: Path, state: str, words: str
) -> None:
    """It starts between the click and the change."""
    visits.allow("status of 409")
    body = {"task_type": "hold", "payload": {"file": str(gate)}, "priority": "low"}
    task_id = stack.api.call("POST", "/api/tasks/submit", body)["task_id"]
    page = _edit(visits, stack.dashboard, task_id)
    form = panel(page).get_by_test_id("edit-form")
    form.locator('[name="/queue_priority"]').fill("3")

    def let_it_start(route: Route) -> None:
        if route.request.method != "PATCH":  # the panel reads the task again and again
            route.continue_()
            return
        if state == "SUCCESS":
            gate.touch()
        stack.api.call("POST", "/api/queues/low/resume")
        stack.api.wait_for_status(task_id, state)
        route.continue_()

    page.route(f"**/api/tasks/{task_id}", let_it_start)
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as answered:
        form.get_by_test_id("save-task").click()
    page.unroute(f"**/api/tasks/{task_id}")

    assert answered.value.status == 409
    expect(form.get_by_role("alert")).to_contain_text(f"It has {words} meanwhile")
    late = panel(page).get_by_test_id("edit-late")
    expect(late).to_contain_text(f"It has {words} meanwhile")
    expect(form.get_by_test_id("save-task")).to_be_disabled()
    late.get_by_role("link", name="Run again").click()
    expect(panel(page).get_by_test_id("submit-button")).to_be_visible()


def _change(stack: Stack, task_id: str, **change: Any) -> None:
    """As somebody else."""
    stack.api.call("PATCH", f"/api/tasks/{task_id}", change)


def test_nobodys_change_is_undone_unseen(visits: Visits, stack: Stack, held_low: None) -> None:
    task_id = _submit(stack, tags=["first"])
    page = _edit(visits, stack.dashboard, task_id)
    form = panel(page).get_by_test_id("edit-form")
    form.get_by_label("Note").fill("mine")
    form.get_by_test_id("start-in").check(force=True)
    form.get_by_label("Start in", exact=True).fill("90")
    form.get_by_label("Reason").fill("a typo")

    _change(
        stack,
        task_id,
        payload={"amount": BIG + 1, "note": "theirs", "tags": ["x"]},
        tags=["theirs"],
    )

    news = panel(page).get_by_test_id("changed-meanwhile")
    for item in (
        f"payload.amount: {BIG} → {BIG + 1}",
        'payload.note: "old" → "theirs"; you changed it too, yours stays: "mine"',
        'payload.tags: [] → ["x"]',
        'Tags: ["first"] → ["theirs"]',
    ):
        expect(news.locator("li").filter(has_text=item)).to_be_visible()
    expect(form.get_by_test_id("save-task")).to_be_disabled()
    expect(form.get_by_label("Note")).to_have_value("mine")
    news.get_by_test_id("take-over").click()
    expect(news).to_have_count(0)
    expect(form.get_by_label("Amount")).to_have_value(str(BIG + 1))
    expect(form.locator('[name="/tags"]')).to_have_value("theirs")
    form.get_by_test_id("save-task").click()

    expect(toast(page, "Changed")).to_be_visible()
    record = stack.api.call("GET", f"/api/tasks/{task_id}")
    assert record["payload"] == {"amount": BIG + 1, "note": "mine", "tags": ["x"]}
    assert (record["tags"], record["status"]) == (["theirs"], "SCHEDULED")


def test_a_change_between_the_last_look_and_the_click_is_not_undone(
    visits: Visits, stack: Stack, held_low: None
) -> None:
    visits.allow("status of 409")
    task_id = _submit(stack)
    page = _edit(visits, stack.dashboard, task_id)
    form = panel(page).get_by_test_id("edit-form")
    form.get_by_label("Note").fill("mine")

    def change_first(route: Route) -> None:
        if route.request.method == "PATCH":
            _change(stack, task_id, payload={"amount": 7, "note": "old", "tags": []})
        route.continue_()

    page.route(f"**/api/tasks/{task_id}", change_first)
    form.get_by_test_id("save-task").click()
    expect(form.get_by_role("alert")).to_contain_text("Nothing was saved")
    page.unroute(f"**/api/tasks/{task_id}")

    panel(page).get_by_test_id("take-over").click()
    form.get_by_test_id("save-task").click()
    expect(toast(page, "Changed")).to_be_visible()
    record = stack.api.call("GET", f"/api/tasks/{task_id}")
    assert record["payload"] == {"amount": 7, "note": "mine", "tags": []}


def test_an_untouched_form_shows_the_task_as_it_is(
    visits: Visits, stack: Stack, held_low: None
) -> None:
    task_id = _submit(stack)
    page = _edit(visits, stack.dashboard, task_id)
    note = panel(page).get_by_test_id("edit-form").get_by_label("Note")

    _change(stack, task_id, payload={"amount": 7, "note": "second", "tags": []})
    expect(note).to_have_value("second")
    panel(page).get_by_role("link", name="Back to the task").click()
    _change(stack, task_id, payload={"amount": 7, "note": "third", "tags": []})
    panel(page).get_by_test_id("edit-button").click()

    expect(note).to_have_value("third")
    expect(panel(page).get_by_test_id("changed-meanwhile")).to_have_count(0)
