"""The rail of links: groups, numbers that matter, icons on demand; and the bar of a phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.page_checks import expect_address, expect_live
from tests.browser.service import Stack

_TABLET = {"width": 820, "height": 1100}


def _width(page: Page) -> int:
    return page.locator("#nav").evaluate("nav => nav.offsetWidth")


def test_the_pages_stand_in_six_groups(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard)
    expect_live(page)
    groups = page.locator("#nav").get_by_role("group")

    expect(groups).to_have_count(6)
    work = page.locator("#nav").get_by_role("group", name="Work")
    expect(work.locator(".nav-label")).to_have_text(["Tasks", "Failures", "Flows", "Schedules"])
    assert _width(page) == 208


def test_the_inspector_has_the_groups_of_its_pages(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.inspector)
    expect_live(page)
    expect(page.locator("#nav").get_by_role("group")).to_have_count(6)
    code = page.locator("#nav").get_by_role("group", name="Code")
    expect(code.locator(".nav-label")).to_have_text(["Functions", "Task types"])
    expect(page.locator("#nav").get_by_role("link", name="Dashboard")).to_be_visible()


def test_a_folded_rail_stays_folded_and_still_says_what_each_icon_is(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(stack.dashboard, fresh=True)
    page.get_by_test_id("nav-fold").click()
    assert _width(page) == 56

    page.reload()

    expect_live(page)
    assert _width(page) == 56
    expect(page.locator("#nav .nav-label").first).to_have_css("position", "absolute")
    failures = page.locator("#nav").get_by_role("link", name="Failures")
    failures.click()
    expect_address(page, "/failures")
    expect(failures).to_have_attribute("aria-current", "page")
    page.get_by_test_id("nav-fold").click()
    assert _width(page) == 208


def test_a_narrow_window_folds_the_rail_by_itself(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard, viewport=_TABLET)
    expect_live(page)
    assert _width(page) == 56
    expect(page.get_by_test_id("nav-fold")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == _TABLET["width"]


@pytest.mark.usefixtures("held_low")
def test_a_paused_queue_is_counted_beside_its_page(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard)
    link = page.locator('#nav [data-view="queues"]')

    expect(link).to_have_attribute("data-badge", "1")
    expect(link).to_have_accessible_name("Queues, 1 paused or draining")
    stack.api.call("POST", "/api/queues/low/resume")
    expect(link).not_to_have_attribute("data-badge", "1")
    expect(link).to_have_accessible_name("Queues")


def test_a_phone_has_a_bar_of_five_at_the_bottom(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard, viewport=PHONE)
    expect_live(page)
    bar = page.locator("#nav .nav-bar > :is(a, button)")

    expect(bar).to_have_text(["Overview", "Tasks", "Failures", "Queues", "More"])
    bottom = page.locator("#nav").evaluate("nav => nav.getBoundingClientRect().bottom")
    assert bottom == PHONE["height"]
    page.get_by_test_id("nav-more").click()
    page.locator("#nav").get_by_role("link", name="Workers").click()
    expect_address(page, "/workers")
    expect(page.get_by_test_id("nav-more")).to_have_attribute("data-current", "true")


def test_a_window_that_becomes_narrow_gets_the_bar(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard, fresh=True)
    expect_live(page)
    expect(page.locator("#nav .rail")).to_be_visible()
    page.set_viewport_size(PHONE)  # pyright: ignore[reportArgumentType]
    expect(page.locator("#nav .nav-bar")).to_be_visible()
    expect(page.locator("#nav .rail")).to_have_count(0)
