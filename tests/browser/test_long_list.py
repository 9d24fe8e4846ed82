"""Ten thousand tasks in the list, and a service in which hundreds change every second."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import (
    expect_live,
    hold_first,
    let_go,
    row,
    rows,
    search_to_the_end,
)
from tests.browser.service import Stack
from tests.waiting import wait_until

MANY = 10_000
_FURTHER_DOWN = "**/api/tasks?*cursor=*"

_COUNT_FRAMES = """
() => {
  window.frames_seen = 0;
  const next = () => { window.frames_seen += 1; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}
"""
_NEXT_ROW_IS_DRAWN = """
() => {
  const rows = [...document.querySelectorAll('.task-row')];
  return rows.findIndex((row) => row.contains(document.activeElement)) + 1 < rows.length;
}
"""
_A_ROW_IS_IN_SIGHT = """
() => {
  const seen = ({ top, bottom }) => bottom > 0 && top < innerHeight;
  const rows = [...document.querySelectorAll('.task-row')];
  return rows.some((row) => seen(row.getBoundingClientRect()));
}
"""
# Scrolls on, and tells how many rows the list has in the next frame.
_SCROLL_ON = """
async () => {
  window.scrollBy(0, 3000);
  await new Promise(requestAnimationFrame);
  return Number(document.querySelector('table.tasks').getAttribute('aria-rowcount')) - 1;
}
"""


def _wait_in(page: Page, look: str) -> None:
    """Wait for what the page says; a promise of its own would wait without a limit."""
    wait_until(lambda: page.evaluate(look), description=look)


def _submit(stack: Stack, count: int, tag: str) -> None:
    task = {"task_type": "echo", "payload": {"value": "one of many"}, "tags": [tag]}
    for begin in range(0, count, 1000):
        body = [task] * min(1000, count - begin)
        stack.api.call("POST", "/api/tasks/bulk", body)


@pytest.fixture(scope="module")
def many(stack: Stack) -> str:
    """Ten thousand ended tasks with a tag; the tag."""
    _submit(stack, MANY, "many")
    stack.api.wait_until_idle("default")
    return "many"


@pytest.fixture(autouse=True)
def nothing_is_left_to_run(stack: Stack) -> Iterator[None]:
    """What comes after these tests does not wait behind ten thousand tasks."""
    yield
    stack.api.wait_until_idle("default")


def _walk(page: Page, count: int) -> None:
    for _ in range(count):
        _wait_in(page, _NEXT_ROW_IS_DRAWN)
        page.keyboard.press("j")


def _row_number(page: Page, number: int) -> Locator:
    """Return this row of the list, from 1, if it is drawn: blocks have 20 rows."""
    block, at = divmod(number - 1, 20)
    return page.locator(f'tbody[data-block="{block}"] .task-row').nth(at)


class Effort:
    """What a page has computed: time on the processor, which others do not lengthen."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.evaluate(_COUNT_FRAMES)
        self._begin_s = self._computed_s()

    def per_frame_ms(self) -> float:
        """Milliseconds since it began, for each frame that was drawn."""
        frames: int = self._page.evaluate("window.frames_seen")
        assert frames > 0, "nothing was drawn"
        return (self._computed_s() - self._begin_s) * 1000 / frames

    def _computed_s(self) -> float:
        metrics = self._cdp.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def test_ten_thousand_rows_are_scrolled_through_without_stutter(
    visits: Visits, stack: Stack, many: str
) -> None:
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}")
    expect(rows(page).first).to_be_visible()

    effort = Effort(page)
    wait_until(
        lambda: page.evaluate(_SCROLL_ON) == MANY, description="all are there", timeout_s=120
    )

    expect(rows(page).first).to_be_attached()
    assert rows(page).count() < 300, "rows out of sight are not drawn"
    assert effort.per_frame_ms() < 200  # measured on two noisy cores: 19
    page.evaluate("window.scrollTo(0, document.body.scrollHeight / 2)")
    _wait_in(page, _A_ROW_IS_IN_SIGHT)
    assert rows(page).count() < 300


def test_the_keyboard_walks_beyond_the_rows_that_are_drawn(
    visits: Visits, stack: Stack, many: str
) -> None:
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}")
    expect(rows(page).first).to_be_visible()
    seen = set[str]()

    for _ in range(150):
        _walk(page, 1)
        seen.add(page.evaluate("document.activeElement.closest('.task-row')?.dataset.taskId"))

    assert len(seen) == 150
    assert None not in seen


def test_the_keyboard_passes_over_no_rows_that_are_not_drawn(
    visits: Visits, stack: Stack, many: str
) -> None:
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}")
    here, next_one = _row_number(page, 20), _row_number(page, 21)
    here.locator(".row-link").focus()
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 4_000)
    expect(next_one).to_have_count(0)

    page.keyboard.press("j")
    expect(here.locator(".row-link")).to_be_focused()
    expect(here).to_be_in_viewport()
    _walk(page, 1)

    expect(next_one.locator(".row-link")).to_be_focused()


def test_a_page_that_comes_late_is_drawn_for_the_reader_who_waits_at_the_end(
    visits: Visits, stack: Stack, many: str
) -> None:
    held: list[Route] = []
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}")
    expect(rows(page).first).to_be_visible()
    hold_first(page, _FURTHER_DOWN, held)

    _walk(page, 100)
    let_go(page, held)

    expect(_row_number(page, 101)).to_be_attached()
    _walk(page, 1)
    expect(_row_number(page, 101).locator(".row-link")).to_be_focused()


def test_the_list_goes_on_by_itself_once_a_page_can_be_read_again(
    visits: Visits, stack: Stack, many: str
) -> None:
    visits.allow("status of 503")
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}")
    expect(rows(page).first).to_be_visible()
    page.route(_FURTHER_DOWN, lambda route: route.fulfill(status=503, body=""), times=1)

    with page.expect_response(_FURTHER_DOWN) as failed:
        _walk(page, 100)

    assert failed.value.status == 503
    expect(_row_number(page, 101)).to_be_attached()


def _ask_for_few(route: Route) -> None:
    """As if the time of the server were up after ten matches."""
    route.continue_(url=route.request.url.replace("limit=100", "limit=10"))


def test_a_search_that_finds_little_goes_on_after_a_page_could_not_be_read(
    visits: Visits, stack: Stack, many: str
) -> None:
    visits.allow("status of 503")

    def prepare(page: Page) -> None:
        page.route("**/api/tasks?*limit=100*", _ask_for_few)
        page.route(_FURTHER_DOWN, lambda route: route.fulfill(status=503, body=""), times=1)

    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}", prepare=prepare)

    expect(_row_number(page, 21)).to_be_attached()


def test_a_list_that_was_left_further_down_has_rows_when_one_comes_back(
    visits: Visits, stack: Stack, many: str
) -> None:
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}")
    expect(rows(page).first).to_be_visible()
    with page.expect_response(_FURTHER_DOWN):
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(_row_number(page, 1)).to_have_count(0)

    page.get_by_role("link", name="Queues").first.click()
    expect(page.get_by_test_id("task-list")).to_have_count(0)
    page.go_back()

    expect(page.get_by_test_id("task-list")).to_be_visible()
    _wait_in(page, _A_ROW_IS_IN_SIGHT)


def test_a_flood_of_tasks_does_not_freeze_the_page(visits: Visits, stack: Stack) -> None:
    page = visits.open(f"{stack.dashboard}tasks")
    expect_live(page)
    stop, sent = threading.Event(), [0]

    def flood() -> None:
        # Each task changes its state three times: 200 a second are 600 changes.
        while not stop.wait(0.25):
            _submit(stack, 50, "flood")
            sent[0] += 50

    sender = threading.Thread(target=flood)
    sender.start()
    try:
        wait_until(lambda: sent[0] >= 100, description="the flood runs")
        effort = Effort(page)
        wait_until(lambda: sent[0] >= 1000, description="it has run for some time", timeout_s=120)
        assert effort.per_frame_ms() < 200, "a frozen page computes all the time and draws nothing"
    finally:
        stop.set()
        sender.join()


def test_no_row_moves_while_one_reads_further_down(visits: Visits, stack: Stack, many: str) -> None:
    page = visits.open(f"{stack.dashboard}tasks?q=tag:{many}+tag:news")
    expect(rows(page).first).to_be_visible()
    page.mouse.wheel(0, 1500)
    expect(page.get_by_test_id("task-list")).to_have_attribute("data-held", "true")
    before = page.evaluate("document.querySelector('.task-row').dataset.taskId")

    body = {"task_type": "echo", "payload": {"value": "news"}, "tags": ["news"]}
    fresh = stack.api.call("POST", "/api/tasks/submit", body)["task_id"]

    pill = page.get_by_test_id("new-pill")
    expect(pill).to_have_text("1 new")
    expect(row(page, fresh)).to_have_count(0)
    assert page.evaluate("document.querySelector('.task-row').dataset.taskId") == before
    pill.click()
    expect(row(page, fresh)).to_be_visible()
    assert page.evaluate("scrollY") == 0


def test_what_a_long_search_has_found_is_kept_when_the_list_is_read_again(
    visits: Visits, stack: Stack, many: str
) -> None:
    wanted = stack.api.submit("echo", {"value": "rare-9"})
    _submit(stack, 10_000, "above")
    page = visits.open(f"{stack.dashboard}tasks?q=payload.value:rare-9")
    search_to_the_end(page)
    expect(row(page, wanted)).to_be_visible()

    with page.expect_response("**/api/tasks?*"):  # a change makes it be read again
        stack.api.submit("echo", {"value": "something else"})

    expect(page.get_by_test_id("window")).to_contain_text("1 result")
    expect(row(page, wanted)).to_be_visible()
