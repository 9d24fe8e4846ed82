"""All pages: how one gets there, on both ports, by keyboard and on a phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.page_checks import expect_address, expect_live
from tests.browser.service import Stack

#: Page, key after `g`, title.
_PAGES = [
    ("overview", "o", "Overview"), ("tasks", "t", "Tasks"), ("failures", "f", "Failures"),
    ("queues", "q", "Queues"), ("schedules", "d", "Schedules"),
    ("workers", "w", "Workers"), ("log", "l", "Log"), ("audit", "a", "Audit"),
    ("redis", "r", "Redis"), ("config", "c", "Config"), ("functions", "n", "Functions"),
    ("types", "y", "Task types"), ("webhooks", "h", "Webhooks"), ("flows", "p", "Flows"),
    ("keys", "k", "Keys"),
]  # fmt: skip


@pytest.mark.parametrize("app", ["dashboard", "inspector"])
def test_g_and_a_letter_go_to_every_page(visits: Visits, stack: Stack, app: str) -> None:
    page = visits.open(stack.dashboard if app == "dashboard" else stack.inspector)
    expect_live(page)

    for name, key, title in _PAGES:
        page.keyboard.type(f"g{key}")  # both at once: a stop between them would part the pair
        expect_address(page, f"/{name}")
        expect(page).to_have_title(re.compile(f"^{title} "))
        expect(page.locator('#nav [aria-current="page"]')).to_have_text(title)


def test_the_help_names_every_page(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.inspector)
    expect_live(page)

    page.keyboard.press("?")

    for _, _, title in _PAGES:
        expect(page.get_by_test_id("dialog-help")).to_contain_text(f"go to {title}")


def test_a_phone_has_the_other_pages_in_a_menu(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard, viewport=PHONE)
    more, audit = (
        page.get_by_test_id("nav-more"),
        page.locator("#nav").get_by_role("link", name="Audit"),
    )
    expect(audit).to_be_hidden()

    more.click()
    expect(more).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(audit).to_be_hidden()
    more.click()
    audit.click()

    expect_address(page, "/audit")
    expect(audit).to_be_hidden()


def test_going_to_another_page_leaves_its_filters_behind(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}log?level=error")
    expect(page.get_by_test_id("log-level")).to_have_value("error")

    page.locator("#nav").get_by_role("link", name="Audit").click()

    expect_address(page, "/audit")
    page.go_back()
    expect(page.get_by_test_id("log-level")).to_have_value("error")
