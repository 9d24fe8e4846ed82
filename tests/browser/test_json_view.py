"""The payload and the result of a task as JSON that folds."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_live, panel
from tests.browser.service import Stack

BIG = 12345678901234567890123


def _open(visits: Visits, stack: Stack, value: Any, **options: Any) -> Page:
    task_id = stack.api.submit("echo", {"value": value})
    stack.api.wait_for_status(task_id, "SUCCESS")
    page = visits.open(f"{stack.dashboard}tasks/{task_id}", **options)
    expect(_result(page)).to_be_visible()
    expect_live(page)
    return page


def _result(page: Page) -> Locator:
    return panel(page).get_by_label("Result", exact=True)


def _branch(page: Page, name: str) -> Locator:
    """What folds and unfolds an object or a list of the result."""
    return _result(page).get_by_role("button", name=name, exact=True)


def test_small_json_is_open_and_folds_with_the_mouse(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, {"order": {"number": BIG, "lines": [1, 2]}, "empty": []})
    order = _branch(page, "order: 2 members")
    expect(_result(page)).to_contain_text(f'"number": {BIG}')

    order.click()
    expect(order).to_have_attribute("aria-expanded", "false")
    expect(_result(page)).to_contain_text('"order": { 2 members }')
    expect(_result(page)).not_to_contain_text("number")
    _result(page).get_by_text("2 members").click()

    expect(order).to_have_attribute("aria-expanded", "true")
    expect(_result(page)).to_contain_text(f'"number": {BIG}')
    expect(_result(page)).to_contain_text('"empty": []')


def test_the_tree_is_one_stop_of_the_tab_key_and_the_arrows_move_in_it(
    visits: Visits, stack: Stack
) -> None:
    page = _open(visits, stack, {"a": {"b": [1]}, "c": {"d": 2}})
    whole, a, c = (
        _branch(page, name) for name in ("Result: 2 members", "a: 1 member", "c: 1 member")
    )

    _result(page).focus()
    page.keyboard.press("Tab")
    expect(whole).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(a).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(_branch(page, "b: 1 item")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(a).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(a).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(c).to_be_focused()
    page.keyboard.press("Enter")
    expect(c).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Shift+Tab")
    expect(_result(page)).to_be_focused()
    page.keyboard.press("Tab")

    expect(c).to_be_focused()


def test_what_is_folded_stays_so_while_the_page_is_drawn_anew(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, {"folded": {"secret": 1}})
    _branch(page, "folded: 1 member").click()

    with page.expect_response("**/api/tasks?*"):
        stack.api.submit("echo", {"value": "something happens"})
    page.keyboard.press("t")
    expect(page.get_by_test_id("theme-switch")).not_to_have_attribute("data-theme", "system")

    expect(_branch(page, "folded: 1 member")).to_have_attribute("aria-expanded", "false")
    expect(_branch(page, "folded: 1 member")).to_be_focused()
    page.keyboard.press("t")
    page.keyboard.press("t")


def test_of_a_long_list_a_hundred_are_shown_and_more_on_demand(
    visits: Visits, stack: Stack
) -> None:
    page = _open(visits, stack, [f"value {n}" for n in range(750)])
    result = _result(page)
    expect(result).to_contain_text("value 99")
    expect(result).not_to_contain_text("value 100")

    result.get_by_role("button", name="500 more of 650").click()
    expect(result).to_contain_text("value 599")
    expect(result.get_by_role("button", name="150 more of 150")).to_be_focused()
    page.keyboard.press("Enter")

    expect(result).to_contain_text("value 749")
    expect(result).to_be_focused()
    assert json.loads(result.inner_text()) == [f"value {n}" for n in range(750)]


def test_large_json_is_folded_at_first_and_unfolds_as_a_whole(visits: Visits, stack: Stack) -> None:
    rows = [{"row": n, "cells": [n, n + 1]} for n in range(90)]
    page = _open(visits, stack, {"rows": rows})
    tools = panel(page)
    expect(_result(page)).to_contain_text("{ 2 members }")

    tools.get_by_role("button", name="Expand all of the result").click()
    expect(_result(page)).not_to_contain_text("2 members")
    assert json.loads(_result(page).inner_text()) == {"rows": rows}
    tools.get_by_role("button", name="Collapse all of the result", exact=True).click()

    expect(_result(page)).to_contain_text('"rows": [ 90 items ]')
    expect(_result(page)).not_to_contain_text("cells")


def test_copy_gives_the_original_text_whatever_is_folded(visits: Visits, stack: Stack) -> None:
    value = {"number": BIG, "text": 'a "quoted" \u202e\n word', "list": list(range(300))}
    page = _open(visits, stack, value, permissions=["clipboard-read", "clipboard-write"])
    _branch(page, "Result: 3 members").click()

    panel(page).get_by_role("button", name="Copy result").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Copied result")

    copied = page.evaluate("navigator.clipboard.readText()")
    task_id = panel(page).get_attribute("data-task-id")
    sent = page.evaluate(f"fetch('/api/tasks/{task_id}').then((answer) => answer.text())")
    assert json.loads(copied) == value
    assert copied in sent


def test_a_megabyte_of_small_values_leaves_the_page_usable(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, [[n] for n in range(100_000)])
    expect(_result(page)).to_contain_text("99,900")
    began = page.evaluate("performance.now()")

    panel(page).get_by_role("button", name="Expand all of the result").click()
    expect(panel(page)).to_contain_text("Large: expand as needed")
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)

    assert page.evaluate("performance.now()") - began < 4000


def test_names_of_members_are_text_wherever_they_stand(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, {"<h6 id=planted>\u202e": {"__proto__": {"constructor": [1]}}})

    expect(_result(page)).to_contain_text(r"<h6 id=planted>\u202e")
    expect(_branch(page, r"<h6 id=planted>\u202e: 1 member")).to_be_visible()
    expect(_branch(page, "constructor: 1 item")).to_be_visible()
    expect(page.locator("#planted")).to_have_count(0)
