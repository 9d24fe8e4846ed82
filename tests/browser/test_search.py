"""Finding tasks: one box, its completion, chips and times that edit the same search."""

import uuid
from functools import partial

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import (
    expect_address,
    hold_first,
    let_go,
    options,
    panel,
    row,
    rows,
    search_for,
)
from tests.browser.service import Stack


def _tasks(visits: Visits, stack: Stack, query: str = "") -> Page:
    return visits.open(f"{stack.dashboard}tasks{query}")


def test_a_word_and_its_value_are_completed_by_keyboard(visits: Visits, stack: Stack) -> None:
    page = _tasks(visits, stack)
    box = page.get_by_test_id("find")

    box.press_sequentially("stat")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "find-option-0")
    box.press("Enter")
    expect(box).to_have_value("state:")
    box.press_sequentially("succ")
    box.press("ArrowDown")
    box.press("Tab")

    expect(box).to_have_value("state:success ")
    expect(box).to_be_focused()
    expect_address(page, "/tasks?q=state:success")
    expect(page.get_by_test_id("chip-state-success")).to_have_attribute("aria-current", "true")


def test_types_fields_and_tags_that_were_seen_are_offered(visits: Visits, stack: Stack) -> None:
    tag = f"t{uuid.uuid4().hex[:8]}"
    body = {"task_type": "echo", "payload": {"value": 1}, "tags": [tag]}
    stack.api.call("POST", "/api/tasks/submit", body)
    page = _tasks(visits, stack, f"?q=tag:{tag}")
    expect(rows(page)).to_have_count(1)
    box = page.get_by_test_id("find")

    for typed, offered in (
        ("type:send", "type:send_email"),
        ("-type:send", "type:send_email"),
        ("tag:t", f"tag:{tag}"),
        ("queue:lo", "queue:low"),
        ("payload.us", "payload.user_id:"),
        ("age:", "age:<15m"),
    ):
        box.fill(typed)
        expect(options(page).filter(has_text=offered).first).to_be_visible()


def test_escape_closes_the_completion_and_then_leaves_the_box(visits: Visits, stack: Stack) -> None:
    page = _tasks(visits, stack)
    box = page.get_by_test_id("find")
    box.press_sequentially("sta")
    expect(options(page).first).to_be_visible()

    box.press("Escape")
    expect(options(page)).to_have_count(0)
    expect(box).to_be_focused()
    box.press("Escape")

    expect(box).not_to_be_focused()
    expect(box).to_have_value("sta")


def test_what_is_typed_is_searched_for_without_enter_once_it_is_whole(
    visits: Visits, stack: Stack
) -> None:
    wanted = stack.api.submit("echo", {"value": "needle-7"})
    other = stack.api.submit("echo", {"value": "hay"})
    page = _tasks(visits, stack)
    expect(row(page, other)).to_be_visible()

    page.get_by_test_id("find").press_sequentially("payload.value:needle-7")

    expect(row(page, wanted)).to_be_visible()
    expect(row(page, other)).to_have_count(0)
    page.go_back()
    expect(row(page, other)).to_be_visible()
    expect(page.get_by_test_id("find")).to_have_value("")


def test_what_is_wrong_with_a_search_is_said_at_the_box(visits: Visits, stack: Stack) -> None:
    visits.allow("status of 422")
    page = _tasks(visits, stack)
    box = page.get_by_test_id("find")

    search_for(page, "stat:failure age:yesterday")

    expect(box).to_have_attribute("aria-invalid", "true")
    errors = page.locator("#search-errors")
    expect(errors).to_contain_text("'stat:' is no word of the search")
    expect(errors).to_contain_text("as in age:>5m")
    search_for(page, "state:success")
    expect(errors).to_be_empty()
    expect(box).not_to_have_attribute("aria-invalid", "true")


def test_chips_edit_the_search_and_the_back_button_undoes_them(
    visits: Visits, stack: Stack
) -> None:
    page = _tasks(visits, stack)
    box = page.get_by_test_id("find")

    page.get_by_test_id("chip-queue-low").click()
    expect_address(page, "/tasks?q=queue:low")
    page.get_by_test_id("chip-state-failure").click()
    expect(box).to_have_value("queue:low state:failed")
    page.get_by_test_id("chip-state-revoked").click()
    expect(box).to_have_value("queue:low state:failed state:cancelled")
    page.get_by_test_id("chip-state-failure").click()
    expect(box).to_have_value("queue:low state:cancelled")
    page.go_back()
    page.go_back()
    page.go_back()

    expect(box).to_have_value("queue:low")
    expect(page.get_by_test_id("chip-queue-low")).to_have_attribute("aria-current", "true")
    expect(page.get_by_test_id("chip-state-failure")).not_to_have_attribute("aria-current", "true")


def test_two_chips_that_are_clicked_before_the_next_frame_both_count(
    visits: Visits, stack: Stack
) -> None:
    page = _tasks(visits, stack)
    chips = [page.get_by_test_id(f"chip-state-{name}") for name in ("failure", "revoked")]

    page.evaluate("chips => chips.forEach((chip) => chip.click())", [
        chip.element_handle() for chip in chips
    ])  # fmt: skip

    expect(page.get_by_test_id("find")).to_have_value("state:failed state:cancelled")


def _tasks_before_types_are_known(visits: Visits, stack: Stack) -> tuple[Page, list[Route]]:
    """The page, and what it asked for and gets an answer to when the test lets it."""
    asked: list[Route] = []
    url = f"{stack.dashboard}tasks"
    page = visits.open(url, prepare=partial(hold_first, url="**/api/task-types", held=asked))
    return page, asked


def test_types_that_become_known_late_are_offered_for_what_is_typed_already(
    visits: Visits, stack: Stack
) -> None:
    page, asked = _tasks_before_types_are_known(visits, stack)
    box = page.get_by_test_id("find")

    box.press_sequentially("type:send")
    expect(box).to_have_value("type:send")
    let_go(page, asked)

    expect(options(page).filter(has_text="type:send_email")).to_be_visible()


def test_types_that_become_known_late_leave_the_marked_completion_marked(
    visits: Visits, stack: Stack
) -> None:
    page, asked = _tasks_before_types_are_known(visits, stack)
    box = page.get_by_test_id("find")
    box.press_sequentially("s")
    box.press("ArrowDown")
    marked = options(page).and_(page.locator("[aria-selected=true]"))
    label = marked.locator(".option-label").inner_text()

    let_go(page, asked)

    expect(options(page).filter(has_text="type:send_email")).to_be_visible()
    expect(marked.locator(".option-label")).to_have_text(label)
    box.press("Enter")
    expect(box).to_have_value(label)


def test_what_was_typed_does_not_take_away_the_button_that_is_clicked_next(
    visits: Visits, stack: Stack
) -> None:
    task_id = stack.api.submit("echo", {"value": "chosen"})
    stack.api.wait_for_status(task_id, "SUCCESS")
    page = _tasks(visits, stack, f"?q=id:{task_id}")
    row(page, task_id).get_by_test_id("row-check").click()
    page.get_by_test_id("find").fill("st")  # something is offered: it is not searched for yet
    expect(options(page).first).to_be_visible()

    page.get_by_test_id("bulk-delete").hover()
    page.mouse.down()
    page.evaluate("new Promise((done) => setTimeout(done, 600))")  # a slow press
    page.mouse.up()

    expect(page.get_by_test_id("dialog-confirm")).to_contain_text("Delete 1 task?")


def test_a_search_shows_only_what_matches(visits: Visits, stack: Stack) -> None:
    wanted = stack.api.submit("echo", {"value": 1}, priority="low")
    other = stack.api.submit("echo", {"value": 1}, priority="high")
    for task_id in (wanted, other):
        stack.api.wait_for_status(task_id, "SUCCESS")

    page = _tasks(visits, stack, "?q=state:success+queue:low")

    expect(row(page, wanted)).to_be_visible()
    expect(row(page, other)).to_have_count(0)


def test_a_shared_search_survives_a_reload(visits: Visits, stack: Stack) -> None:
    stack.api.submit("echo", {"value": "two words"})
    page = _tasks(visits, stack)
    search_for(page, 'payload.value:"two words" type:echo')
    expect(rows(page)).to_have_count(1)

    page.reload()

    expect(page.get_by_test_id("find")).to_have_value('payload.value:"two words" type:echo')
    expect(rows(page)).to_have_count(1)


def test_an_old_link_with_a_state_and_a_queue_still_works(visits: Visits, stack: Stack) -> None:
    page = _tasks(visits, stack, "?state=SUCCESS&queue=low")

    expect(page.get_by_test_id("find")).to_have_value("state:success queue:low")


def test_a_time_range_is_part_of_the_search(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "now"})
    page = _tasks(visits, stack)
    select = page.get_by_test_id("time-range")

    select.select_option("<15m")
    expect(page.get_by_test_id("find")).to_have_value("age:<15m")
    expect(row(page, task_id)).to_be_visible()
    select.select_option("chosen")
    page.get_by_test_id("range-to").fill("2020-01-01T12:00:00")
    page.get_by_test_id("range-to").press("Enter")

    expect(page.get_by_role("heading", name="No task matches")).to_be_visible()
    page.get_by_test_id("range-to").fill("")
    page.get_by_test_id("range-to").press("Enter")
    expect(row(page, task_id)).to_be_visible()
    page.reload()
    expect(select).to_have_value("chosen")
    expect(row(page, task_id)).to_be_visible()


def test_how_far_was_looked_is_said_in_words(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "looked at"})

    page = _tasks(visits, stack, f"?q=id:{task_id}")

    expect(page.get_by_test_id("window")).to_contain_text("1 result (searched")


def test_enter_on_a_whole_task_id_opens_the_task(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "by its id"})
    page = _tasks(visits, stack)

    page.get_by_test_id("find").fill(task_id)
    page.get_by_test_id("find").press("Enter")

    expect(panel(page)).to_contain_text("by its id")


def test_a_time_range_is_in_the_zone_of_the_page(visits: Visits, stack: Stack) -> None:
    url = f"{stack.dashboard}tasks?from=2026-11-30T03:10:00Z"
    page = visits.open(url, timezone_id="Asia/Kolkata")
    start = page.get_by_test_id("range-from")

    expect(start).to_have_value("2026-11-30T08:40")
    expect(page.get_by_test_id("range-from-zone")).to_have_text("GMT+5:30")
    page.get_by_test_id("zone-switch").click()
    expect(start).to_have_value("2026-11-30T03:10")
    for end in ("from", "to"):
        expect(page.get_by_test_id(f"range-{end}-zone")).to_have_text("UTC")
    start.fill("2026-11-30T04:20:05")
    start.press("Enter")

    expect_address(page, "/tasks?from=2026-11-30T04:20:05.000Z")
    page.get_by_test_id("zone-switch").click()
    expect(start).to_have_value("2026-11-30T09:50:05")
    expect_address(page, "/tasks?from=2026-11-30T04:20:05.000Z")
