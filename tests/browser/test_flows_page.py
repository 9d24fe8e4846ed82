"""A flow, from the empty page to its end: its graph, its failure, and the way back."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, panel, question, serious, toast
from tests.browser.service import Stack

#: How many lines a text takes.
_LINES = """code => {
  const text = document.createRange();
  text.selectNodeContents(code);
  return text.getClientRects().length;
}"""
SIDES = [f"side-{number}" for number in range(12)]


def _submit(stack: Stack, name: str, *nodes: dict[str, Any]) -> str:
    return stack.api.call("POST", "/api/flows", {"name": name, "nodes": nodes})["flow_id"]


def _expect_node(page: Page, name: str, state: str) -> None:
    node = page.locator(f'[data-testid="node"][data-node="{name}"]')
    expect(node).to_have_attribute("data-state", state)


def test_a_flow_is_followed_opened_mended_and_retried_from_where_it_failed(
    visits: Visits, stack: Stack, gate: Path, tmp_path: Path
) -> None:
    page = visits.open(f"{stack.dashboard}flows")
    expect(page.get_by_test_id("no-flows")).to_contain_text("/api/flows")
    lock = tmp_path / "lock"
    flow_id = _submit(
        stack,
        "تقرير شهري",
        {"name": "load", "task_type": "hold", "payload": {"file": str(gate)}},
        *(
            {"name": name, "task_type": "echo", "payload": {"value": name}, "after": ["load"]}
            for name in SIDES
        ),
        {
            "name": "seal",
            "task_type": "needs",
            "payload": {"file": str(lock), "what": "the lock"},
            "after": SIDES,
            "on_failure": "alarm",
        },
        {"name": "alarm", "task_type": "echo", "results": {"value": "seal"}},
    )
    row = page.get_by_test_id(f"flow-{flow_id}")
    expect(row).to_contain_text("Running")
    expect(row.get_by_role("progressbar").locator("span")).to_have_count(0)  # nothing has ended
    row.get_by_role("link", name="تقرير شهري").click()
    expect_address(page, f"/flows/{flow_id}")
    folded = page.get_by_test_id("folded")
    expect(folded).to_contain_text("echo × 12")
    expect(folded).to_contain_text("12 waiting")
    _expect_node(page, "load", "STARTED")
    expect(page.get_by_test_id("depth")).to_have_count(4)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("heading", name="Step 4")).to_have_css("position", "static")
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    gate.touch()
    expect(folded).to_contain_text("12 success")
    failed = page.get_by_test_id("failed-nodes")
    expect(failed).to_contain_text("the lock is missing")
    _expect_node(page, "alarm", "SUCCESS")
    assert serious(page) == []
    for width in (1000, 1280, 1400, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator(".flow-id code").evaluate(_LINES) == 1
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_text("value ← seal")).to_be_visible()
    link = folded.get_by_role("link")
    link.focus()
    page.keyboard.press("Enter")
    expect_address(page, f"/flows/{flow_id}?box=side-0")
    expect(page.get_by_test_id("open-box").get_by_test_id("node-row")).to_have_count(12)
    assert serious(page) == []
    link.click()
    expect(page.get_by_test_id("open-box")).to_have_count(0)

    failed.get_by_role("link", name="seal").click()
    expect(panel(page)).to_contain_text("the lock is missing")
    panel(page).get_by_test_id("its-flow").click()
    expect(panel(page)).to_have_count(0)

    lock.touch()
    page.get_by_test_id("graph").get_by_test_id("retry-from").click()
    question(page).get_by_test_id("question-reason").fill("the lock is there")
    question(page).get_by_test_id("question-yes").click()
    expect(toast(page, "runs again")).to_be_visible()
    _expect_node(page, "seal", "SUCCESS")
    _expect_node(page, "alarm", "SKIPPED")
    expect(failed).to_have_count(0)
    page.goto(f"{stack.dashboard}audit?action=flow_retry")
    entry = page.get_by_test_id("audit-entry").filter(has_text="the lock is there")
    entry.get_by_role("link", name=flow_id[:8]).click()
    expect_address(page, f"/flows/{flow_id}")


def test_a_flow_is_cancelled_and_found_by_its_state(
    visits: Visits, stack: Stack, gate: Path
) -> None:
    visits.allow("404")
    hold = {"name": "hold", "task_type": "hold", "payload": {"file": str(gate)}}
    flow_id = _submit(stack, "", hold, {**hold, "name": "after", "after": ["hold"]})
    page = visits.open(f"{stack.dashboard}flows?status=cancelled")
    expect(page.get_by_text("No matching flows")).to_be_visible()
    page.get_by_role("link", name="Show all flows").click()
    row = page.get_by_test_id(f"flow-{flow_id}")
    row.get_by_test_id("cancel-flow").click()
    question(page).get_by_test_id("question-yes").click()
    expect(row).to_have_attribute("data-status", "cancelled")
    page.get_by_role("link", name="Cancelled").click()
    expect_address(page, "/flows?status=cancelled")
    expect(row).to_contain_text(f"Flow {flow_id[:8]}")

    page.goto(f"{stack.dashboard}flows/x")
    expect(page.get_by_text("No flow “x”")).to_be_visible()
