"""Tasks in the list and in the panel, while something happens to them."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_state, panel, row
from tests.browser.service import Stack


def test_a_failing_task_is_seen_to_retry_and_then_to_fail_with_its_error(
    visits: Visits, stack: Stack
) -> None:
    task_id = stack.api.submit("fail_slowly", {"message": "the bridge is out"})
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")

    expect_state(row(page, task_id), "Retrying")
    expect(row(page, task_id)).to_contain_text("next attempt in")
    expect_state(panel(page), "Retrying")
    stack.api.run_now(task_id)
    expect_state(panel(page), "Failed")
    expect(panel(page)).to_contain_text("ValueError('the bridge is out')")
    shown = panel(page).locator(".trouble").get_by_test_id("traceback")
    expect(shown.locator(".tb-own")).to_contain_text("raise ValueError(message)")
    expect(shown.locator(".tb-own")).to_be_visible()
    expect_state(row(page, task_id), "Failed")


def test_a_running_task_is_cancelled_from_the_list(
    visits: Visits, stack: Stack, gate: Path
) -> None:
    task_id = stack.api.submit("hold", {"file": str(gate)})
    page = visits.open(f"{stack.dashboard}tasks")
    expect_state(row(page, task_id), "Running")

    row(page, task_id).get_by_test_id("cancel-button").click()
    row(page, task_id).get_by_test_id("cancel-confirm").click()

    expect_state(row(page, task_id), "Cancelled")


def test_a_running_task_is_cancelled_from_its_panel(
    visits: Visits, stack: Stack, gate: Path
) -> None:
    task_id = stack.api.submit("hold", {"file": str(gate)})
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")
    expect_state(panel(page), "Running")

    panel(page).get_by_test_id("cancel-button").click()
    panel(page).get_by_role("button", name="Stop it").click()

    expect_state(panel(page), "Cancelled")


def test_who_keeps_a_task_has_cancelled_nothing(visits: Visits, stack: Stack, gate: Path) -> None:
    task_id = stack.api.submit("hold", {"file": str(gate)})
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")
    panel(page).get_by_test_id("cancel-button").click()
    panel(page).get_by_test_id("cancel-keep").click()

    gate.touch()

    expect_state(panel(page), "Success")


def test_the_progress_bar_moves_while_the_task_runs(
    visits: Visits, stack: Stack, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    task_id = stack.api.submit("two_steps", {"first": str(first), "second": str(second)})
    page = visits.open(f"{stack.dashboard}tasks")
    bar = row(page, task_id).get_by_role("progressbar")

    expect(bar).to_have_attribute("aria-valuenow", "25")
    first.touch()
    expect(bar).to_have_attribute("aria-valuenow", "75")
    expect(row(page, task_id)).to_contain_text("second step")
    second.touch()
    expect_state(row(page, task_id), "Success")


def test_a_shared_link_opens_the_task(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "shared"})

    page = visits.open(f"{stack.dashboard}tasks/{task_id}")

    expect(panel(page)).to_contain_text(task_id)
    expect(panel(page)).to_contain_text('"shared"')
    expect_state(panel(page), "Success")


def test_a_link_to_an_unknown_task_says_so(visits: Visits, stack: Stack) -> None:
    visits.allow("status of 404")

    page = visits.open(f"{stack.dashboard}tasks/00000000-0000-4000-8000-000000000000")

    expect(panel(page)).to_contain_text("Task not found")
