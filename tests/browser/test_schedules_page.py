"""Schedules: made, looked at and steered in the page, on the real stack."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE, Visits
from tests.browser.page_checks import (
    expect_address,
    expect_live,
    expect_state,
    let_go,
    panel,
    question,
    rows,
    toast,
)
from tests.browser.service import Api, Stack

_DAILY = {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}
_BIG = 12345678901234567890123


@pytest.fixture(autouse=True)
def _no_schedule_is_left(stack: Stack) -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    for each in _schedules(stack.api):
        stack.api.call("DELETE", f"/api/schedules/{each['name']}")


def _schedules(api: Api) -> list[dict[str, Any]]:
    return api.call("GET", "/api/schedules")["schedules"]


def _make(stack: Stack, name: str, **more: Any) -> None:
    """Create a schedule of `echo`, every night if nothing else is said."""
    rule = {} if "every_s" in more else _DAILY
    body = {"name": name, "task_type": "echo", "payload": {"value": name}, **rule, **more}
    stack.api.call("POST", "/api/schedules", body)


def _base(stack: Stack, app: str) -> str:
    return stack.dashboard if app == "dashboard" else stack.inspector


def _open(visits: Visits, stack: Stack, query: str = "", **options: Any) -> Page:
    return visits.open(f"{stack.dashboard}schedules{query}", **options)


def _row(page: Page, name: str) -> Locator:
    return page.get_by_test_id(f"schedule-{name}")


def _form(page: Page) -> Locator:
    return page.get_by_test_id("schedule-form")


def _new(visits: Visits, stack: Stack, name: str, task_type: str = "echo") -> Locator:
    """Open the form of a new schedule, with its name and task type given."""
    page = _open(visits, stack, "?new=yes", fresh=True)  # a draft of another test is no start
    form = _form(page)
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_test_id("schedule-type").select_option(task_type)
    return form


def _save(form: Locator) -> None:
    form.get_by_test_id("save-schedule").click()


def _error(form: Locator, pointer: str) -> Locator:
    return form.get_by_test_id(f"error-{pointer}")


@pytest.mark.parametrize("app", ["dashboard", "inspector"])
def test_a_schedule_of_every_second_is_made_and_its_runs_appear(
    visits: Visits, stack: Stack, app: str
) -> None:
    page = visits.open(f"{_base(stack, app)}schedules")
    page.get_by_test_id("new-schedule").first.click()
    form = _form(page)
    form.get_by_label("Name", exact=True).fill("heartbeat")
    form.get_by_test_id("schedule-type").select_option("echo")
    form.get_by_label("Value", exact=True).fill("thump")
    form.locator(".mode", has_text="Interval").click()
    form.get_by_label("Every", exact=True).fill("1")
    form.get_by_test_id("every-unit").select_option("second")
    _save(form)

    expect(toast(page, "heartbeat saved. Next run")).to_be_visible()
    expect_address(page, "/schedules")
    expect(
        _row(page, "heartbeat").get_by_role("link", name="heartbeat", exact=True)
    ).to_be_focused()
    expect(_row(page, "heartbeat").get_by_test_id("runs")).to_have_text(
        re.compile(r"^(?!1 )\d+ runs$")
    )
    _row(page, "heartbeat").get_by_test_id("last-run").click()

    expect(panel(page)).to_contain_text("thump")
    expect_state(panel(page), "Success")


def test_the_count_of_runs_leads_to_its_tasks(visits: Visits, stack: Stack) -> None:
    _make(stack, "tick", every_s=1)
    page = _open(visits, stack)

    expect(_row(page, "tick").get_by_test_id("runs")).to_have_text(re.compile(r"^[1-9]\d* run"))
    _row(page, "tick").get_by_test_id("runs").click()

    expect_address(page, "/tasks?q=tag:schedule:tick")
    expect(rows(page).first).to_contain_text("tick")


def test_the_preview_tells_the_rule_in_words_and_the_next_five_runs(
    visits: Visits, stack: Stack
) -> None:
    form = _new(visits, stack, "office-hours")
    form.get_by_label("Cron expression", exact=True).fill("30 9 * * 1-5")
    form.get_by_label("Time zone").fill("America/New_York")
    preview = form.get_by_test_id("rule-preview")

    expect(preview).to_contain_text("Time in America/New_York")
    expect(preview.get_by_role("heading")).to_contain_text("09:30")
    runs = preview.get_by_test_id("preview-run")
    expect(runs).to_have_count(5)
    for run in runs.all():
        expect(run).to_contain_text(
            re.compile(r"^(Mon|Tue|Wed|Thu|Fri).* 09:30 ?in \d+ (h|min|d|s)")
        )


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_save_button_stays_where_it_is_when_the_preview_arrives(
    visits: Visits, stack: Stack, viewport: dict[str, int]
) -> None:
    """A button that moves under the pointer is missed by a click that is just under way."""
    held: list[Route] = []

    def hold_previews(page: Page) -> None:
        page.route("**/api/schedules/preview", lambda route: held.append(route))

    page = _open(visits, stack, "?new=yes", viewport=viewport, prepare=hold_previews)
    save, preview = page.get_by_test_id("save-schedule"), page.get_by_test_id("rule-preview")
    expect(preview).to_contain_text("…")
    before = save.bounding_box()

    let_go(page, held)
    page.unroute("**/api/schedules/preview")
    expect(page.get_by_test_id("preview-run")).to_have_count(5)
    assert save.bounding_box() == before

    cron = page.get_by_label("Cron expression", exact=True)
    cron.scroll_into_view_if_needed()
    before = save.bounding_box()
    cron.fill("5,10,15 3-9 1,15 1-6 mon-fri")  # four lines of words
    expect(preview).to_contain_text("At minutes 5, 10, and 15 past every hour")
    assert save.bounding_box() == before


def test_an_example_fills_the_rule_and_the_preview(visits: Visits, stack: Stack) -> None:
    form = _new(visits, stack, "often")

    form.get_by_role("button", name="every 5 minutes").click()

    expect(form.get_by_label("Cron expression", exact=True)).to_have_value("*/5 * * * *")
    first = form.get_by_test_id("preview-run").first
    expect(first).to_contain_text(re.compile(r":[0-5][05] ?(in \d|now)"))


def test_a_bad_cron_is_told_at_its_field_while_it_is_typed(visits: Visits, stack: Stack) -> None:
    visits.allow("status of 422")
    form = _new(visits, stack, "never")
    cron = form.get_by_label("Cron expression", exact=True)

    cron.fill("61 * * * *")
    expect(_error(form, "/cron")).to_be_visible()
    expect(cron).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_test_id("rule-preview")).to_contain_text("Enter a schedule")
    cron.fill("1 * * * *")
    expect(_error(form, "/cron")).to_be_hidden()
    expect(form.get_by_test_id("preview-run")).to_have_count(5)


def test_what_the_server_refuses_is_told_at_each_field(visits: Visits, stack: Stack) -> None:
    visits.allow("status of 422")
    form = _new(visits, stack, "no spaces, please", "send_email")
    form.get_by_label("To", exact=True).fill("nobody")
    form.get_by_label("Time zone").fill("Mars/Olympus")
    form.get_by_label("Tags").fill('ops "quoted"')

    _save(form)

    for pointer in ("/name", "/timezone"):
        expect(_error(form, pointer)).to_be_visible()
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    form.get_by_label("Name", exact=True).fill("mail")
    form.get_by_label("Time zone").fill("Asia/Tokyo")
    form.get_by_label("Tags").fill("ops")
    _save(form)
    expect(_error(form, "/payload/to")).to_contain_text("email address")
    assert _schedules(stack.api) == []


def test_a_name_that_is_taken_is_told_at_the_name(visits: Visits, stack: Stack) -> None:
    visits.allow("status of 409")
    _make(stack, "taken")
    form = _new(visits, stack, "taken")

    _save(form)

    expect(_error(form, "/name")).to_contain_text("taken")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()


def test_a_new_one_takes_queue_tags_and_manners(visits: Visits, stack: Stack) -> None:
    form = _new(visits, stack, "mannered")
    form.get_by_test_id("queue-select").select_option("low")
    form.get_by_label("Tags").fill("eu, nightly")
    form.get_by_label("Allow overlapping runs").uncheck()
    form.get_by_label("Start paused").check()
    _save(form)

    row = _row(form.page, "mannered")
    expect(row.get_by_test_id("paused")).to_be_visible()
    expect(row).to_contain_text("no overlap")
    (made,) = _schedules(stack.api)
    stored = {key: made[key] for key in ("queue", "tags", "overlap", "paused", "next_run_at")}
    assert stored == {
        "queue": "low", "tags": ["eu", "nightly"], "overlap": False, "paused": True,
        "next_run_at": None,
    }  # fmt: skip


@pytest.mark.parametrize("app", ["dashboard", "inspector"])
def test_run_now_makes_a_task_and_leads_to_it(visits: Visits, stack: Stack, app: str) -> None:
    _make(stack, "on-demand")
    page = visits.open(f"{_base(stack, app)}schedules")

    _row(page, "on-demand").get_by_test_id("run-now").click()
    toast(page, "on-demand runs now").get_by_role("link", name="View task").click()

    expect(panel(page)).to_contain_text("on-demand")
    expect_state(panel(page), "Success")
    page.keyboard.press("Escape")
    expect(_row(page, "on-demand").get_by_test_id("last-run")).to_have_text("Success")


def test_it_is_paused_with_a_reason_and_resumed(visits: Visits, stack: Stack) -> None:
    _make(stack, "quarterly")
    page = _open(visits, stack)
    row = _row(page, "quarterly")
    expect(row.get_by_test_id("next-run")).to_have_text(re.compile("^in "))

    row.get_by_test_id("pause").click()
    question(page).get_by_test_id("question-reason").fill("the books are closed")
    question(page).get_by_test_id("question-yes").click()
    expect(row.get_by_test_id("paused")).to_be_visible()
    expect(row.get_by_test_id("next-run")).to_have_count(0)
    row.get_by_test_id("resume").click()
    expect(row.get_by_test_id("next-run")).to_be_visible()
    page.goto(f"{stack.dashboard}audit?action=schedule_update")

    entry = page.get_by_test_id("audit-entry").filter(has_text="the books are closed").first
    expect(entry).to_contain_text("quarterly")


def test_an_edit_sends_what_was_changed_and_nothing_else(visits: Visits, stack: Stack) -> None:
    _make(stack, "edited", payload={"value": _BIG}, tags=["kept"])
    (before,) = _schedules(stack.api)
    page = _open(visits, stack)
    _row(page, "edited").get_by_test_id("edit").click()
    form = _form(page)
    expect(form.get_by_label("Value", exact=True)).to_have_value(str(_BIG))
    expect(form.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    form.get_by_label("Cron expression", exact=True).fill("15 4 * * *")

    with page.expect_request("**/api/schedules/edited") as sent:
        _save(form)

    expect(_row(page, "edited")).to_contain_text("15 4 * * *")
    assert sent.value.post_data_json == {
        "cron": "15 4 * * *",
        "timezone": "Europe/Berlin",
        "if_updated_at": before["updated_at"],
    }
    (made,) = _schedules(stack.api)
    assert (made["payload"], made["tags"]) == ({"value": _BIG}, ["kept"])


def test_nobodys_change_is_undone_unseen(visits: Visits, stack: Stack) -> None:
    _make(stack, "shared", payload={"value": 1}, tags=["first"])
    page = _open(visits, stack, "?edit=shared")
    form = _form(page)
    tags = form.get_by_label("Tags")
    stack.api.call("PATCH", "/api/schedules/shared", {"tags": ["second"]})
    expect(tags).to_have_value("second")  # nothing was typed
    tags.fill("mine")

    theirs = {"tags": ["third"], "payload": {"value": _BIG}, "every_s": 5400, "paused": True}
    stack.api.call("PATCH", "/api/schedules/shared", theirs)

    news = page.get_by_test_id("changed-meanwhile")
    for item in (
        f"payload.value: 1 → {_BIG}",
        'Tags: ["second"] → ["third"]; you changed it too, yours stays: ["mine"]',
        '{"every_s": 5400}',
        "Paused: false → true",
    ):
        expect(news.locator("li").filter(has_text=item)).to_be_visible()
    expect(form.get_by_test_id("save-schedule")).to_be_disabled()
    news.get_by_test_id("take-over").click()
    expect(tags).to_have_value("mine")
    expect(form.get_by_label("Every", exact=True)).to_have_value("90")
    _save(form)

    expect(_row(page, "shared")).to_be_visible()
    (made,) = _schedules(stack.api)
    assert (made["payload"], made["tags"]) == ({"value": _BIG}, ["mine"])
    assert (made["every_s"], made["paused"]) == (5400, True)


def test_a_rule_of_seconds_becomes_one_of_cron(visits: Visits, stack: Stack) -> None:
    _make(stack, "changing", every_s=5400)
    page = _open(visits, stack, "?edit=changing")
    form = _form(page)
    expect(form.get_by_label("Every", exact=True)).to_have_value("90")
    expect(form.get_by_test_id("every-unit")).to_have_value("minute")

    form.locator(".mode", has_text="Cron").click()
    form.get_by_label("Cron expression", exact=True).fill("0 12 * * *")
    _save(form)

    expect(_row(page, "changing")).to_contain_text("0 12 * * *")
    (made,) = _schedules(stack.api)
    assert (made["cron"], made["every_s"]) == ("0 12 * * *", None)


def test_a_deleted_one_is_made_again_by_undo(visits: Visits, stack: Stack) -> None:
    _make(stack, "missed", payload={"value": _BIG}, tags=["kept"], overlap=False)
    before = _schedules(stack.api)[0]
    page = _open(visits, stack)

    _row(page, "missed").get_by_test_id("delete").click()
    expect(question(page)).to_contain_text("Delete missed?")
    question(page).get_by_test_id("question-yes").click()
    expect(_row(page, "missed")).to_have_count(0)
    expect(page.get_by_role("heading", name="No schedules yet")).to_be_visible()
    assert _schedules(stack.api) == []
    toast(page, "missed is deleted").get_by_test_id("undo").click()

    expect(_row(page, "missed")).to_be_visible()
    after = _schedules(stack.api)[0]
    same = ("name", "task_type", "queue", "payload", "tags", "cron", "every_s", "timezone",
            "overlap", "paused", "next_run_at")  # fmt: skip
    assert {key: after[key] for key in same} == {key: before[key] for key in same}


def test_who_leaves_the_question_has_deleted_nothing(visits: Visits, stack: Stack) -> None:
    _make(stack, "spared")
    page = _open(visits, stack)

    _row(page, "spared").get_by_test_id("delete").click()
    expect(question(page)).to_be_visible()
    page.keyboard.press("Escape")

    expect(question(page)).to_have_count(0)
    expect(_row(page, "spared").get_by_test_id("delete")).to_be_focused()
    assert len(_schedules(stack.api)) == 1


def test_a_due_time_that_made_no_task_is_told_loudly(visits: Visits, stack: Stack) -> None:
    _make(stack, "stuck", every_s=1, priority="low")
    stack.api.call("POST", "/api/queues/low/drain")
    try:
        page = _open(visits, stack)
        row = _row(page, "stuck")
        expect(row.get_by_test_id("problem")).to_contain_text("The last due time submitted no task")
        expect(row.get_by_role("link", name="queue draining")).to_be_visible()
        expect(page.get_by_test_id("schedules-summary")).to_contain_text("1 can’t run")
    finally:
        stack.api.call("POST", "/api/queues/low/resume")

    expect(row.get_by_test_id("problem")).to_have_count(0)


def test_many_are_ordered_by_name_or_due_time_and_found_by_a_text(
    visits: Visits, stack: Stack
) -> None:
    for name, every_s in (("alpha", 4000), ("beta", 3000), ("gamma", 2000)):
        _make(stack, name, every_s=every_s, tags=["greek"])
    for name in ("one", "two", "three"):
        _make(stack, name, paused=True)
    page = _open(visits, stack)
    names = page.locator(".schedule-name")

    expect(names).to_have_text(["alpha", "beta", "gamma", "one", "three", "two"])
    page.get_by_role("link", name="by next run").click()
    expect(names).to_have_text(["gamma", "beta", "alpha", "one", "three", "two"])
    page.get_by_test_id("find-schedule").press_sequentially("greek")
    expect(names).to_have_text(["gamma", "beta", "alpha"])
    expect_address(page, "/schedules?sort=next&find=greek")
    page.get_by_test_id("find-schedule").fill("<h6 id=planted>")
    expect(page.get_by_role("heading", name="No matching schedules")).to_be_visible()
    expect(page.locator("#planted")).to_have_count(0)


def test_it_is_made_and_paused_by_keyboard_alone(visits: Visits, stack: Stack) -> None:
    page = visits.open(stack.dashboard, fresh=True)
    expect_live(page)
    page.keyboard.type("gd")  # both at once: a stop between them would part the pair
    expect_address(page, "/schedules")
    page.keyboard.press("Control+k")
    page.get_by_test_id("palette-input").press_sequentially("new sched")
    page.keyboard.press("Enter")
    form = _form(page)
    form.get_by_label("Name", exact=True).focus()
    page.keyboard.type("typed")
    page.keyboard.press("Tab")
    expect(form.get_by_test_id("schedule-type")).to_be_focused()
    page.keyboard.type("echo")
    form.get_by_test_id("way-cron").focus()
    page.keyboard.press("ArrowRight")
    expect(form.get_by_test_id("way-every")).to_be_checked()
    page.keyboard.press("Tab")
    expect(form.get_by_label("Every", exact=True)).to_be_focused()
    form.get_by_label("Value", exact=True).fill("by keyboard")
    form.get_by_label("Every", exact=True).press("Enter")

    row = _row(page, "typed")
    expect(row.get_by_role("link", name="typed", exact=True)).to_be_focused()
    for label in ("Run now", "Pause"):
        page.keyboard.press("Tab")
        expect(row.get_by_role("button", name=f"{label}: typed")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question(page)).to_be_visible()
    page.keyboard.press("Enter")

    expect(row.get_by_test_id("paused")).to_be_visible()


def test_a_draft_survives_a_look_at_another_page(visits: Visits, stack: Stack) -> None:
    form = _new(visits, stack, "half-written")

    form.page.locator("#nav").get_by_role("link", name="Tasks", exact=True).click()
    expect(form).to_have_count(0)
    form.page.go_back()

    expect(form.get_by_label("Name", exact=True)).to_have_value("half-written")
    form.get_by_test_id("leave-schedule").click()
    form.page.get_by_test_id("new-schedule").first.click()
    expect(form.get_by_label("Name", exact=True)).to_have_value("")


def test_markup_in_payload_tags_and_address_stays_text(visits: Visits, stack: Stack) -> None:
    markup = "<img src=x onerror=alert(1)><h6 id=planted>planted</h6>\u202e"
    _make(stack, "hostile", payload={"value": {markup: markup}}, tags=["<h6/id=planted>"])
    page = _open(visits, stack)
    expect(_row(page, "hostile")).to_contain_text("<h6/id=planted>")

    _row(page, "hostile").get_by_test_id("edit").click()
    expect(_form(page).get_by_label("Value", exact=True)).to_have_value(re.compile("onerror=alert"))
    page.goto(f"{stack.dashboard}schedules?edit=%3Ch6%20id=planted%3E%E2%80%AE")
    expect(page.get_by_role("heading", name="Schedule not found")).to_be_visible()

    expect(page.locator("h1")).to_have_text(r"Edit <h6 id=planted>\u202e")
    expect(page.locator("#planted")).to_have_count(0)


def test_everything_fits_a_phone(visits: Visits, stack: Stack) -> None:
    _make(stack, "x" * 100, tags=["t" * 64, "u" * 64])
    _make(stack, "running", every_s=1)
    page = _open(visits, stack, viewport=PHONE)
    width = "document.documentElement.scrollWidth"

    expect(_row(page, "running").get_by_test_id("last-run")).to_be_visible()
    assert page.evaluate(width) == 390
    _row(page, "x" * 100).get_by_test_id("edit").click()
    expect(_form(page).get_by_test_id("preview-run")).to_have_count(5)
    assert page.evaluate(width) == 390
