"""What tasks carry is shown as text, whatever it is."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import expect_live, panel, row
from tests.browser.service import Stack

_MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)><h6 id=planted>planted</h6>"
_BIDI = "user\u202egpj.exe\u2066\u200b"
_CONTROL = "\u0001\u0007\u001b[31mred\u007f"


def _open(visits: Visits, stack: Stack, task_type: str, payload: dict[str, Any]) -> Page:
    task_id = stack.api.submit(task_type, payload)
    page = visits.open(f"{stack.dashboard}tasks/{task_id}")
    expect(row(page, task_id)).to_be_visible()
    return page


def test_markup_in_payload_and_result_stays_text(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, "echo", {"value": {_MARKUP: _MARKUP}})

    expect(panel(page).get_by_label("Result", exact=True)).to_contain_text(
        "<script>alert(1)</script>"
    )
    expect(page.locator("#planted")).to_have_count(0)
    assert page.locator("#main img, .panel img, #main script, .panel script").count() == 0


def test_markup_in_an_error_stays_text(visits: Visits, stack: Stack) -> None:
    page = _open(visits, stack, "fail_slowly", {"message": _MARKUP})

    expect(panel(page).locator(".error-text")).to_contain_text("<img src=x onerror=alert(2)>")
    expect(page.locator("#planted")).to_have_count(0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(_BIDI, r"user\u202egpj.exe\u2066\u200b", id="bidi"),
        pytest.param(_CONTROL, r"\u0001\u0007\u001b[31mred\u007f", id="control"),
    ],
)
def test_characters_that_deceive_the_eye_are_spelled_out(
    visits: Visits, stack: Stack, value: str, shown: str
) -> None:
    page = _open(visits, stack, "echo", {"value": value})

    expect(panel(page).get_by_label("Payload", exact=True)).to_contain_text(shown)


def test_a_string_of_100_kb_is_shown_whole_and_the_page_stays_usable(
    visits: Visits, stack: Stack
) -> None:
    page = _open(visits, stack, "echo", {"value": "quack" * 20_000})

    expect(panel(page).get_by_label("Payload", exact=True)).to_contain_text("quackquack")
    assert page.evaluate("document.documentElement.scrollWidth") == 1440
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    expect_live(page)


def test_a_string_of_a_megabyte_is_cut_and_the_page_stays_usable(
    visits: Visits, stack: Stack
) -> None:
    page = _open(visits, stack, "echo", {"value": "quack" * 190_000})

    expect(panel(page).get_by_label("Payload", exact=True)).to_contain_text("950,0")
    assert len(panel(page).text_content() or "") < 100_000
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)


def test_json_of_many_levels_is_folded_and_unfolds_to_the_bottom(
    visits: Visits, stack: Stack
) -> None:
    value: Any = "the bottom"
    for _ in range(50):
        value = [value]
    page = _open(visits, stack, "echo", {"value": value})
    payload = panel(page).get_by_label("Payload", exact=True)
    expect(payload).to_contain_text("1 item")
    expect(payload).not_to_contain_text("the bottom")

    panel(page).get_by_role("button", name="Expand all of the payload").click()

    expect(payload).to_contain_text("the bottom")
    assert page.evaluate("document.documentElement.scrollWidth") == 1440


def test_markup_in_tags_and_in_the_search_itself_stays_text(visits: Visits, stack: Stack) -> None:
    tag = "<h6/id=planted>"
    body = {"task_type": "echo", "payload": {"value": 1}, "tags": [tag]}
    task_id = stack.api.call("POST", "/api/tasks/submit", body)["task_id"]

    page = visits.open(f"{stack.dashboard}tasks/{task_id}?q=tag:{tag}")
    expect(row(page, task_id)).to_be_visible()
    expect(panel(page)).to_contain_text(tag)
    page.keyboard.press("Escape")
    page.get_by_test_id("find").fill("tag:")

    expect(page.get_by_test_id("find-options")).to_contain_text(tag)
    expect(page.locator("#planted")).to_have_count(0)
