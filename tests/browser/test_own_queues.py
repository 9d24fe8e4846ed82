"""A stack with five queues: what `make run` starts, what the API says, what the pages show."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.service import Stack

NAMES = ["high", "default", "low", "gpu", "emails"]


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with a queue for a GPU and one for mails; tasks of the demo take no time."""
    queues = "high:1,default:1,low:1,gpu:1,emails:4:greenlet"
    running = Stack(
        tmp_path_factory.mktemp("five"), QUEUES=queues, DEMO_SPEED="0", DEMO_FAILURE_RATE="0"
    )
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


def _of(five: Stack, path: str, list_name: str) -> list[dict[str, Any]]:
    return five.api.call("GET", path)[list_name]


def test_each_queue_has_its_consumer_and_runs_what_names_it(five: Stack) -> None:
    in_gpu = five.api.submit("echo", {"value": 1}, "gpu")
    task = {"task_type": "echo", "payload": {"value": 2}, "priority": "emails"}
    (in_emails,) = five.api.call("POST", "/api/tasks/bulk", [task])
    for task_id in (in_gpu, in_emails["task_id"]):
        five.api.wait_for_status(task_id, "SUCCESS")

    stats = five.api.call("GET", "/api/workers/stats")
    assert {"queued_high", "queued_default", "queued_low"} <= set(stats)
    assert stats["workers_online"] == 5
    assert [(one["queue"], one["workers"]) for one in stats["queues"]] == [
        *((name, 1) for name in NAMES[:4]), ("emails", 4),
    ]  # fmt: skip
    types = {one["queue"]: one["worker_type"] for one in _of(five, "/api/workers", "consumers")}
    assert (types["gpu"], types["emails"]) == ("process", "greenlet")
    assert list(five.api.call("GET", "/api/workers/health")["queues"]) == NAMES
    (found,) = _of(five, "/api/tasks?queue=gpu", "tasks")
    assert found["task_id"] == in_gpu
    assert _of(five, "/api/tasks?q=queue:emails+type:echo", "tasks")
    assert [one["queue"] for one in _of(five, "/api/history?span=15m", "queues")] == NAMES


def test_a_queue_of_ones_own_is_steered_scheduled_and_audited(five: Stack) -> None:
    five.api.call("POST", "/api/queues/gpu/pause", {"reason": "a new card"})
    waits = five.api.submit("echo", {"value": 1}, "gpu")
    why = five.api.call("GET", f"/api/tasks/{waits}/explain")
    assert "paused" in str(why)
    assert five.api.call("POST", "/api/queues/gpu/purge")["purged"] == 1
    five.api.call("POST", "/api/queues/gpu/resume")
    assert {one["action"] for one in _of(five, "/api/audit", "entries")} >= {"pause", "purge"}

    body = {"task_type": "echo", "priority": "gpu", "payload": {"value": 3}, "every_s": 3600}
    assert five.api.call("PUT", "/api/schedules/warm-up", body)["queue"] == "gpu"
    ran = five.api.call("POST", "/api/schedules/warm-up/run")
    assert ran["priority"] == "gpu"
    five.api.wait_for_status(ran["task_id"], "SUCCESS")
    failed = five.api.submit("fail_at_once", {"message": "no card"}, "gpu")
    five.api.wait_for_status(failed, "FAILURE")
    (group,) = _of(five, "/api/failures?queue=gpu", "groups")
    assert group["queues"] == ["gpu"]


def test_the_document_has_the_queues_that_there_are(five: Stack) -> None:
    document = str(five.api.call("GET", "/openapi.json"))
    assert str(NAMES) in document and str(NAMES[:3]) not in document


def test_the_pages_show_every_queue(visits: Visits, five: Stack) -> None:
    page = visits.open(five.dashboard)
    for name in NAMES:
        expect(page.get_by_test_id(f"queue-{name}")).to_be_visible()
    expect(page.get_by_role("group", name="Queue shown").locator("a")).to_have_text(
        ["all queues", *NAMES]
    )
    page.goto(f"{five.dashboard}?queue=gpu")
    chosen = page.get_by_role("group", name="Queue shown").locator("a[aria-current]")
    expect(chosen).to_have_text("gpu")
    page.goto(f"{five.dashboard}tasks?q=queue:gpu")
    expect(page.get_by_test_id("chip-queue-gpu")).to_have_attribute("aria-current", "true")
    page.goto(f"{five.dashboard}log")
    expect(page.get_by_test_id("log-queue").locator("option")).to_have_text(["all", *NAMES])
    page.goto(f"{five.dashboard}submit")
    expect(page.get_by_test_id("queue-select").first.locator("option")).to_have_count(5)


def _does_not_scroll_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_five_queues_fit_on_a_phone(visits: Visits, five: Stack) -> None:
    page = visits.open(five.dashboard, viewport=PHONE)
    for path in ("", "queues", "tasks", "workers"):
        page.goto(five.dashboard + path)
        expect(page.get_by_text("emails").first).to_be_attached()
        _does_not_scroll_sideways(page)
