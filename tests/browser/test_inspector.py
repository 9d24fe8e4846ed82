"""The inspector: the pages for operators."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, expect_state, panel, row
from tests.browser.service import Stack


def test_workers_are_shown_with_what_they_run(inspector: Page, stack: Stack, gate: Path) -> None:
    task_id = stack.api.submit("hold", {"file": str(gate)})
    consumer = inspector.get_by_test_id("consumer-default")

    expect(consumer).to_contain_text("process × 2")
    busy = consumer.locator('[data-busy="true"]', has_text=task_id[:8])
    expect(busy).to_contain_text("hold")
    busy.get_by_role("link", name="hold").click()

    expect(panel(inspector)).to_contain_text(task_id)
    gate.touch()
    expect_state(panel(inspector), "Success")


def test_tasks_are_listed_by_state(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "inspected"})
    stack.api.wait_for_status(task_id, "SUCCESS")
    page = visits.open(f"{stack.inspector}tasks")

    page.get_by_test_id("chip-state-success").click()

    expect_address(page, "/tasks?q=state:success")
    expect(row(page, task_id)).to_be_visible()


def test_a_task_is_cancelled_from_the_inspector(visits: Visits, stack: Stack, gate: Path) -> None:
    task_id = stack.api.submit("hold", {"file": str(gate)})
    page = visits.open(f"{stack.inspector}tasks/{task_id}")

    panel(page).get_by_test_id("cancel-button").click()
    panel(page).get_by_test_id("cancel-confirm").click()

    expect_state(panel(page), "Cancelled")


def test_each_queue_is_counted(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.inspector}queues")

    for queue, workers in (("high", "4"), ("default", "2"), ("low", "2")):
        cells = page.get_by_test_id(f"queue-{queue}")
        expect(cells.locator('[data-label="Workers"] dd')).to_have_text(workers)
        expect(cells.locator('[data-label="Consumers"] dd')).to_have_text("1")


def test_redis_is_shown_with_what_keeps_tasks_safe(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.inspector}redis")

    expect(page.get_by_text("noeviction")).to_be_visible()
    expect(page.locator(".facts div", has_text="Append-only file")).to_contain_text("on")
    expect(page.get_by_test_id("redis-warning")).to_have_count(0)


def test_the_configuration_hides_what_is_secret(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.inspector}config")

    expect(page.get_by_role("row", name="DEMO_SPEED")).to_contain_text("10")
    expect(page.get_by_role("row", name="REDIS_URL").first).to_contain_text("set")
    expect(page.locator("#main")).not_to_contain_text("unix://")


def test_dashboard_and_inspector_lead_to_each_other(dashboard: Page, stack: Stack) -> None:
    dashboard.get_by_role("link", name="Inspector").click()
    expect(dashboard.get_by_test_id("consumer-high")).to_be_visible()
    assert dashboard.url.startswith(stack.inspector)

    dashboard.get_by_role("link", name="Dashboard").click()
    expect(dashboard.get_by_test_id("queue-high")).to_be_visible()
    assert dashboard.url.startswith(stack.dashboard)
