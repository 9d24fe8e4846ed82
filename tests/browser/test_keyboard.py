"""Everything by keyboard."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_address, expect_live, panel, row
from tests.browser.service import Stack


def test_slash_goes_to_the_search_field(dashboard: Page) -> None:
    expect_live(dashboard)

    dashboard.keyboard.press("/")

    expect(dashboard.get_by_test_id("find")).to_be_focused()
    expect_address(dashboard, "/tasks")


def test_the_skip_link_goes_to_the_content_of_the_same_page(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}tasks?q=type:echo")
    expect(page.get_by_test_id("find")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()
    expect_address(page, "/tasks?q=type:echo")
    expect(page.get_by_test_id("find")).to_be_visible()


def test_g_and_a_letter_go_to_a_page(dashboard: Page) -> None:
    expect_live(dashboard)

    for letter, address in (("t", "/tasks"), ("s", "/submit"), ("o", "/overview")):
        dashboard.keyboard.type(f"g{letter}")  # at once: a stop between them would part the pair
        expect_address(dashboard, address)


def test_a_pair_of_keys_is_one_however_late_the_page_comes_to_the_second(
    dashboard: Page,
) -> None:
    expect_live(dashboard)

    dashboard.evaluate(
        """async () => {
          const press = (key) => new KeyboardEvent('keydown', { key, bubbles: true });
          const [g, t] = [press('g'), press('t')];
          document.dispatchEvent(g);
          await new Promise((resolve) => setTimeout(resolve, 1500));
          document.dispatchEvent(t);
        }"""
    )

    expect_address(dashboard, "/tasks")


def test_the_question_mark_shows_the_shortcuts_and_escape_closes_them(dashboard: Page) -> None:
    expect_live(dashboard)
    dialog = dashboard.get_by_test_id("dialog-help")

    dashboard.keyboard.press("?")
    expect(dialog).to_contain_text("go to Tasks")
    dashboard.keyboard.press("Escape")

    expect(dialog).to_have_count(0)


def test_j_and_k_walk_the_rows_and_enter_opens_one(visits: Visits, stack: Stack) -> None:
    below, above = (stack.api.submit("echo", {"value": n}) for n in (1, 2))
    page = visits.open(f"{stack.dashboard}tasks")
    expect(row(page, above)).to_be_visible()

    page.keyboard.press("j")
    expect(row(page, above).locator(".row-link")).to_be_focused()
    page.keyboard.press("j")
    expect(row(page, below).locator(".row-link")).to_be_focused()
    page.keyboard.press("k")
    expect(row(page, above).locator(".row-link")).to_be_focused()
    page.keyboard.press("Enter")

    expect(panel(page)).to_have_attribute("data-task-id", above)
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    expect(row(page, above).locator(".row-link")).to_be_focused()


def test_c_asks_before_it_cancels_and_escape_keeps(
    visits: Visits, stack: Stack, gate: Path
) -> None:
    task_id = stack.api.submit("hold", {"file": str(gate)})
    page = visits.open(f"{stack.dashboard}tasks")
    row(page, task_id).locator(".row-link").focus()

    page.keyboard.press("c")
    expect(row(page, task_id).get_by_test_id("cancel-confirm")).to_be_visible()
    page.keyboard.press("Escape")

    expect(row(page, task_id).get_by_test_id("cancel-confirm")).to_have_count(0)
    expect(row(page, task_id).get_by_test_id("cancel-button")).to_be_visible()


def test_a_filter_keeps_the_focus_while_it_is_chosen(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}log")
    level = page.get_by_test_id("log-level")
    level.focus()

    page.keyboard.press("ArrowDown")
    expect_address(page, "/log?level=debug")
    page.keyboard.press("ArrowDown")
    expect_address(page, "/log?level=info")

    expect(level).to_be_focused()
    page.keyboard.press("Tab")
    page.go_back()
    expect(level).to_have_value("debug")


def test_a_time_range_keeps_the_focus_while_it_is_chosen(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}tasks")
    select = page.get_by_test_id("time-range")
    select.focus()

    page.keyboard.press("End")
    start = page.get_by_test_id("range-from")
    expect(start).to_be_visible()
    expect(select).to_be_focused()
    page.keyboard.press("Tab")
    expect(start).to_be_focused()
    chosen = page.url
    page.keyboard.type("03042020")
    expect(page).to_have_url(chosen)  # half a time is none
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"from=2020-"))
    expect(start).to_be_focused()
    expect(page.get_by_test_id("find")).to_be_visible()


def test_letters_typed_into_a_field_are_no_shortcuts(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}tasks")

    page.get_by_test_id("find").press_sequentially("gt?xr")

    expect(page.get_by_test_id("find")).to_have_value("gt?xr")
    expect(page.get_by_test_id("dialog-help")).to_have_count(0)
