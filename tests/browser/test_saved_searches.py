"""Searches that a reader keeps under a name, in the browser."""

import json
import uuid
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.page_checks import expect_address, expect_live, row, toast
from tests.browser.service import Stack

_PLACE = "duckline-searches"
_BLOCKED = """
Storage.prototype.getItem = () => { throw new DOMException('no', 'SecurityError'); };
Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError'); };
"""
_FULL = "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };"


def _open(visits: Visits, stack: Stack, query: str = "", **options: Any) -> Page:
    """The tasks in a browser that has saved nothing."""
    page = visits.open(f"{stack.dashboard}tasks{query}", fresh=True, **options)
    expect_live(page)
    return page


def _with_script(visits: Visits, stack: Stack, script: str, query: str = "") -> Page:
    def prepare(page: Page) -> None:
        page.add_init_script(script)

    return _open(visits, stack, query, prepare=prepare)


def _menu(page: Page) -> Locator:
    return page.get_by_test_id("saved-menu")


def _unfold(page: Page) -> Locator:
    page.get_by_test_id("saved-button").click()
    expect(_menu(page)).to_be_visible()
    return _menu(page)


def _saved(page: Page, name: str) -> Locator:
    """The reader's own search of that name, in the open menu."""
    return _menu(page).get_by_test_id("saved-search").filter(has=page.get_by_text(name, exact=True))


def _save(page: Page, name: str) -> None:
    _menu(page).get_by_test_id("saved-name").fill(name)
    _menu(page).get_by_test_id("saved-save").click()
    expect(_saved(page, name)).to_be_visible()


def test_a_search_is_saved_and_opened_after_a_reload(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, "?q=state:failure+queue:low")
    _unfold(page)
    _save(page, "Low failures")
    expect(_menu(page).get_by_test_id("saved-where")).to_contain_text("in this browser only")
    page.goto(f"{stack.dashboard}tasks")
    page.reload()

    _unfold(page)
    _saved(page, "Low failures").get_by_role("link").click()

    expect_address(page, "/tasks?q=state:failure+queue:low")
    expect(page.get_by_test_id("find")).to_have_value("state:failure queue:low")
    expect(_menu(page)).to_have_count(0)
    expect(page.get_by_test_id("saved-button")).to_be_focused()


def test_a_range_of_time_is_saved_with_the_search(visits: Visits, stack: Stack) -> None:
    query = "?q=queue:low&from=2026-01-31T10:00:00.000Z&to=2026-01-31T11:00:00.000Z"
    page = _open(visits, stack, query)
    _unfold(page)
    _save(page, "That morning")
    page.goto(f"{stack.dashboard}tasks")

    _unfold(page)
    expect(_saved(page, "That morning")).to_contain_text("31 Jan")
    _saved(page, "That morning").get_by_role("link").click()

    expect(page.get_by_test_id("time-range")).to_have_value("chosen")
    expect(page.get_by_test_id("range-from")).not_to_have_value("")


def test_saving_under_a_known_name_replaces_it(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, "?q=queue:low")
    _unfold(page)
    _save(page, "Mine")
    page.goto(f"{stack.dashboard}tasks?q=queue:high")
    _unfold(page)

    _menu(page).get_by_test_id("saved-name").fill("Mine")
    expect(_menu(page).get_by_test_id("saved-save")).to_have_text("Replace")
    _menu(page).get_by_test_id("saved-name").press("Enter")

    expect(_saved(page, "Mine")).to_contain_text("queue:high")
    expect(_menu(page).get_by_test_id("saved-search")).to_have_count(1)


def test_a_saved_search_is_renamed_but_not_to_the_name_of_another(
    visits: Visits, stack: Stack
) -> None:
    page = _open(visits, stack, "?q=queue:low")
    _unfold(page)
    _save(page, "One")
    _save(page, "Two")
    field = _menu(page).get_by_test_id("saved-rename")

    _saved(page, "One").get_by_role("button", name="Rename One").click()
    expect(field).to_be_focused()
    field.fill("Two")
    field.press("Enter")
    expect(field).to_be_focused()
    field.fill("Three")
    field.press("Enter")

    expect(_saved(page, "Three").get_by_role("link")).to_be_focused()
    expect(_saved(page, "One")).to_have_count(0)
    expect(_saved(page, "Two")).to_have_count(1)


def test_a_deleted_search_comes_back_with_undo(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, "?q=queue:low")
    _unfold(page)
    _save(page, "Precious")

    _saved(page, "Precious").get_by_role("button", name="Delete Precious").click()
    expect(_saved(page, "Precious")).to_have_count(0)
    expect(_menu(page).get_by_test_id("saved-undo")).to_be_focused()
    page.keyboard.press("Enter")

    expect(_saved(page, "Precious").get_by_role("link")).to_be_focused()
    page.reload()
    _unfold(page)
    expect(_saved(page, "Precious")).to_contain_text("queue:low")


def test_the_menu_is_used_with_the_keyboard_alone(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, "?q=queue:low")
    button, links = page.get_by_test_id("saved-button"), _menu(page).get_by_role("link")

    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(links.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(_menu(page)).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(links.first).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_test_id("find")).to_have_value("state:failed age:<1h")


def test_the_palette_saves_and_opens_searches(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, "?q=queue:low")
    entry = page.get_by_test_id("palette-input")

    page.keyboard.press("Control+k")
    entry.fill("save this")
    page.keyboard.press("Enter")
    expect(_menu(page).get_by_test_id("saved-name")).to_be_focused()
    page.keyboard.type("My lowlands")
    page.keyboard.press("Enter")
    expect(toast(page, "Saved in this browser: My lowlands")).to_be_visible()
    page.goto(f"{stack.dashboard}queues")
    expect(page.get_by_test_id("queue-low")).to_be_visible()
    page.keyboard.press("Control+k")
    entry.fill("lowlands")
    page.keyboard.press("Enter")

    expect_address(page, "/tasks?q=queue:low")


def test_every_ready_made_search_can_be_read_and_finds_its_tasks(
    visits: Visits, stack: Stack
) -> None:
    failed = stack.api.submit("fail_at_once", {"message": "for the ready-made"})
    retrying = stack.api.submit("fail_slowly", {"message": "for the ready-made"})
    stack.api.wait_for_status(failed, "FAILURE")
    stack.api.wait_for_status(retrying, "RETRY")
    page = _open(visits, stack)
    count = _unfold(page).get_by_test_id("ready-made").count()
    page.keyboard.press("Escape")
    assert count == 4

    for n in range(count):
        link = _unfold(page).get_by_test_id("ready-made").nth(n).get_by_role("link")
        words = link.locator("code").inner_text()
        with page.expect_response("**/api/tasks?*") as answer:
            link.click()
        assert answer.value.status in (200, 304), words
        expect(page.get_by_test_id("find")).to_have_value(words)
        expect(row(page, failed)).to_have_count(int("state:failed" in words))
        expect(row(page, retrying)).to_have_count(int("retry" in words))
    stack.api.cancel(retrying)


def test_without_a_search_there_is_nothing_to_save(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack)

    expect(_unfold(page)).to_contain_text("Search for something")
    expect(_menu(page)).to_contain_text("None yet")
    expect(_menu(page).get_by_test_id("saved-name")).to_have_count(0)


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param('[{"name":', id="cut off"),
        pytest.param("null", id="null"),
        pytest.param('{"0": "x", "length": 1}', id="no list"),
        pytest.param(
            '[null, 1, "x", [], {"name": "n", "q": 7, "from": "", "to": ""}]', id="others"
        ),
        pytest.param('[{"name": "n", "q": "", "from": "<b>", "to": ""}]', id="no time"),
    ],
)
def test_what_is_stored_but_cannot_be_read_does_no_harm(
    visits: Visits, stack: Stack, stored: str
) -> None:
    place = f"localStorage.getItem('{_PLACE}') ?? localStorage.setItem('{_PLACE}'"
    script = f"{place}, {json.dumps(stored)})"
    page = _with_script(visits, stack, script, "?q=queue:low")
    _unfold(page)
    expect(_menu(page)).to_contain_text("None yet")

    _save(page, "Fresh")

    page.reload()
    _unfold(page)
    expect(_saved(page, "Fresh")).to_be_visible()


@pytest.mark.parametrize(
    "script", [pytest.param(_BLOCKED, id="blocked"), pytest.param(_FULL, id="full")]
)
def test_a_browser_that_stores_nothing_keeps_a_search_as_long_as_the_page(
    visits: Visits, stack: Stack, script: str
) -> None:
    page = _with_script(visits, stack, script, "?q=queue:low")
    _unfold(page)

    _save(page, "Short-lived")

    expect(toast(page, "Kept until you close this page: Short-lived")).to_be_visible()
    expect(_menu(page).get_by_test_id("saved-where")).to_contain_text(
        "gone when you close this page"
    )
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_test_id("palette-input").fill("short-lived")
    expect(page.get_by_test_id("palette").get_by_role("option").first).to_contain_text("queue:low")


def test_hostile_names_and_searches_stay_text(visits: Visits, stack: Stack) -> None:
    name = f"<h6 id=planted>{uuid.uuid4().hex[:4]} \u202egpj"
    page = _open(visits, stack, "?q=%3Ch6%20id%3Dplanted%3E%20%E2%80%AEx")
    _unfold(page)
    _menu(page).get_by_test_id("saved-name").fill(name)
    _menu(page).get_by_test_id("saved-name").press("Enter")

    saved = _menu(page).get_by_test_id("saved-search")
    expect(saved).to_contain_text(r"\u202egpj")
    expect(saved.locator("code")).to_contain_text(r"<h6 id=planted> \u202ex")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_test_id("palette-input").fill("gpj")
    expect(page.get_by_test_id("palette").get_by_role("option").first).to_contain_text(
        "<h6 id=planted>"
    )
    expect(page.locator("#planted")).to_have_count(0)


def test_the_menu_fits_a_phone_and_closes_beside_it(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, "?q=queue:low", viewport=PHONE)
    _unfold(page)
    _save(page, "A name that is about as long as a name can be, sixty of them")

    box = _menu(page).bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["x"] + box["width"] <= 390) == (True, True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    _menu(page).get_by_role("button", name="Rename A name").click()
    expect(_menu(page).get_by_test_id("saved-rename")).to_be_focused()
    assert _menu(page).evaluate("menu => menu.scrollWidth - menu.clientWidth") == 0
    page.mouse.click(195, box["y"] + box["height"] + 20)

    expect(_menu(page)).to_have_count(0)
