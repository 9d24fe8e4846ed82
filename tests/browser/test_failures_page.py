"""Failures by cause, and how a cause is retried: a few first, then the rest."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, expect_state, panel, question, row, toast
from tests.browser.service import Stack


def _fail(stack: Stack, what: str, file: Path, count: int = 1) -> list[str]:
    ids = [stack.api.submit("needs", {"file": str(file), "what": what}) for _ in range(count)]
    for task_id in ids:
        stack.api.wait_for_status(task_id, "FAILURE")
    return ids


def _group(page: Page, what: str) -> Locator:
    return page.get_by_test_id("failure-group").filter(has_text=f"{what} is missing")


@pytest.fixture
def lost(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "lost"


def test_failures_of_one_cause_are_one_group_with_its_sample(
    visits: Visits, stack: Stack, lost: Path
) -> None:
    ids = _fail(stack, "the ladder", lost, 2)
    page = visits.open(f"{stack.dashboard}failures")
    group = _group(page, "the ladder")

    expect(group.get_by_role("heading", name="RuntimeError")).to_be_visible()
    expect(group.get_by_test_id("group-tasks")).to_contain_text("2")
    expect(group).to_contain_text("page_tasks.py:needs")
    expect(group.get_by_role("img")).to_have_attribute(
        "aria-label",
        re.compile(r"^2 in 24 hours, [0-2] in the last one$"),  # an hour may end here
    )
    group.get_by_test_id("group-open").click()

    expect(group.get_by_test_id("group-sample")).to_contain_text(
        "Traceback (most recent call last)"
    )
    group.get_by_test_id("group-sample").get_by_role("link").click()
    expect(panel(page)).to_contain_text(re.compile("|".join(ids)))


def test_an_open_group_is_in_the_address(visits: Visits, stack: Stack, lost: Path) -> None:
    _fail(stack, "the map", lost)
    page = visits.open(f"{stack.dashboard}failures")
    _group(page, "the map").get_by_test_id("group-open").click()
    expect(_group(page, "the map").get_by_test_id("group-sample")).to_be_visible()

    page.reload()
    expect(_group(page, "the map").get_by_test_id("group-sample")).to_be_visible()
    page.go_back()
    expect(_group(page, "the map").get_by_test_id("group-sample")).to_have_count(0)


def test_a_group_leads_to_its_tasks_and_no_others(visits: Visits, stack: Stack, lost: Path) -> None:
    (mine,), (other,) = _fail(stack, "the oar", lost), _fail(stack, "the sail", lost)
    page = visits.open(f"{stack.dashboard}failures")

    _group(page, "the oar").get_by_test_id("group-tasks").click()

    expect(row(page, mine)).to_be_visible()
    expect(row(page, other)).to_have_count(0)


def test_a_failed_task_leads_to_its_open_group(visits: Visits, stack: Stack, lost: Path) -> None:
    (task_id,) = _fail(stack, "the buoy", lost)
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")

    panel(page).get_by_role("link", name="All failures of this cause").click()

    expect(_group(page, "the buoy").get_by_test_id("group-sample")).to_be_visible()


def test_a_trial_shows_how_it_went_and_then_the_rest_is_retried(
    visits: Visits, stack: Stack, lost: Path
) -> None:
    _fail(stack, "the key", lost, 5)
    (other,) = _fail(stack, "the lock", lost)
    page = visits.open(f"{stack.dashboard}failures")
    group = _group(page, "the key")
    lost.touch()

    group.get_by_test_id("retry-trial").click()

    expect(group.get_by_test_id("trial-task")).to_have_text(["Success"] * 3)
    expect(group.get_by_test_id("retried")).to_contain_text("All succeeded")
    group.get_by_role("button", name="Retry remaining 2").click()
    expect(question(page)).to_contain_text("Retry the remaining 2 tasks?")
    page.get_by_test_id("question-yes").click()
    expect(toast(page, "Retried 2 tasks")).to_be_visible()
    expect(group).to_contain_text("Every kept task of this cause has been retried")
    expect_state(_other(page, stack, other), "Failed")


def _other(page: Page, stack: Stack, task_id: str) -> Locator:
    page.goto(f"{stack.dashboard}tasks/{task_id}")
    return panel(page)


def test_a_trial_that_fails_again_says_so(visits: Visits, stack: Stack, lost: Path) -> None:
    _fail(stack, "the compass", lost, 4)
    page = visits.open(f"{stack.dashboard}failures")
    group = _group(page, "the compass")

    group.get_by_test_id("retry-trial").click()

    expect(group.get_by_test_id("retried")).to_contain_text("0 succeeded, 3 failed")
    expect(group.get_by_test_id("retry-all")).not_to_have_class(re.compile("primary"))
    expect(group.locator(".button.primary")).to_have_text("Open the latest failure")
    group.get_by_test_id("latest-failure").click()
    expect(panel(page).locator(".error-text")).to_contain_text("the compass is missing")


def test_the_example_stands_in_the_group_and_what_varies_in_it_is_dimmed(
    visits: Visits, stack: Stack
) -> None:
    for message in ("no room for 17 guests at 8", "no room for 4 guests at 9"):
        task_id = stack.api.submit("fail_at_once", {"message": message})
        stack.api.wait_for_status(task_id, "FAILURE")
    page = visits.open(f"{stack.dashboard}#/failures")
    group = page.get_by_test_id("failure-group").filter(has_text="no room for")

    expect(group.locator(".group-message")).to_contain_text("no room for 4 guests at 9")
    expect(group.locator(".varies")).to_have_text(["4", "9"])
    expect(page.locator(".strip")).to_contain_text("Dimmed text differs from task to task.")


def test_all_of_a_group_are_retried_once_though_they_fail_again(
    visits: Visits, stack: Stack, lost: Path
) -> None:
    _fail(stack, "the lantern", lost, 3)
    page = visits.open(f"{stack.dashboard}failures", fresh=True)
    page.route("**/api/failures/*/retry", _one_at_a_time)  # as the server does when it is slow
    group = _group(page, "the lantern")

    group.get_by_test_id("retry-all").click()
    expect(question(page)).to_contain_text("Retry 3 tasks?")
    page.get_by_test_id("question-yes").click()

    expect(toast(page, "Retried 3 tasks")).to_be_visible()
    expect(group.get_by_test_id("group-tasks")).to_contain_text("6")


def _one_at_a_time(route: Route) -> None:
    body: dict[str, Any] = json.loads(route.request.post_data or "{}")
    route.continue_(post_data={**body, "limit": 1})


def test_the_order_is_in_the_address(visits: Visits, stack: Stack, lost: Path) -> None:
    _fail(stack, "the rope", lost, 2)
    _fail(stack, "the hook", lost)
    page = visits.open(f"{stack.dashboard}failures")

    page.get_by_role("link", name="New", exact=True).click()

    expect_address(page, "/failures?sort=first")
    expect(page.get_by_test_id("failure-group").first).to_contain_text("the hook is missing")


def test_hostile_messages_and_tracebacks_stay_text(
    visits: Visits, stack: Stack, lost: Path
) -> None:
    _fail(stack, "<img src=x onerror=alert(1)><h6 id=planted>our</h6> \u202egpj", lost)
    page = visits.open(f"{stack.dashboard}failures")
    group = page.get_by_test_id("failure-group").filter(has_text="planted>our<")

    group.get_by_test_id("group-open").click()

    expect(group.get_by_test_id("group-sample")).to_contain_text(r"\u202egpj")
    expect(page.locator("#planted")).to_have_count(0)
