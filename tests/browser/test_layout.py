"""How parts of a page share its width: no holes beside cards, cells as wide as their row."""

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.service import Stack


def _box(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box is not None
    return box


def _rights(cards: Locator) -> tuple[float, list[float]]:
    """Return the right edge of the grid and of the last card of each row: of one moment."""
    right, boxes = cards.evaluate("""(grid) => [grid.getBoundingClientRect().right,
        [...grid.children].map((card) => card.getBoundingClientRect())
            .map(({ y, right }) => [y, right])]""")
    edges: dict[int, float] = {}
    for top, edge in boxes:
        edges[round(top)] = max(edges.get(round(top), 0), edge)
    return right, list(edges.values())


@pytest.mark.parametrize("width", [390, 700, 820, 1000, 1440])
@pytest.mark.parametrize("path", ["", "redis"])
def test_a_row_of_cards_leaves_no_hole(visits: Visits, stack: Stack, width: int, path: str) -> None:
    page = visits.open(f"{stack.dashboard}{path}", viewport={"width": width, "height": 900})
    cards = page.locator(".cards")
    expect(cards.locator("> *").nth(2)).to_be_visible()
    right, of_rows = _rights(cards)
    assert of_rows == pytest.approx([right] * len(of_rows), abs=1)  # pyright: ignore[reportUnknownMemberType]


def test_code_in_a_text_of_the_documentation_covers_no_other_line(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(f"{stack.dashboard}docs", viewport=PHONE)
    inline = page.locator(".renderedMarkdown p > code")
    expect(inline.first).to_be_visible()
    heights = inline.evaluate_all("all => all.map((one) => one.getClientRects()[0].height)")
    assert heights and max(heights) < 20


def test_the_trigger_of_a_schedule_has_the_whole_row_on_a_phone(
    visits: Visits, stack: Stack
) -> None:
    body = {"name": "wide", "task_type": "echo", "payload": {"value": 1}, "cron": "0 8 * * 1-5"}
    stack.api.call("POST", "/api/schedules", body)
    page = visits.open(f"{stack.dashboard}schedules", viewport=PHONE)
    row = page.get_by_test_id("schedule-wide")
    trigger, following = row.locator(".rule-words"), row.locator('[data-label="Next run"]')
    expect(trigger).to_be_visible()
    assert _box(trigger)["height"] < 30, "one line"
    assert _box(trigger)["y"] < _box(following)["y"]
    stack.api.call("DELETE", "/api/schedules/wide")
