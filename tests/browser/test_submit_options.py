"""The options of a submit, its check, and that each submit is stored once."""

import datetime as dt
import json
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.conftest import Visits
from tests.browser.page_checks import let_go, panel, toast
from tests.browser.service import Stack
from tests.waiting import wait_until

_SUBMIT = "**/api/tasks/submit"


def _form(
    visits: Visits, stack: Stack, unfold: bool = True, **options: Any
) -> tuple[Page, Locator]:
    page = visits.open(f"{stack.dashboard}submit", **options)
    page.get_by_test_id("choose-echo").click()
    form = page.get_by_test_id("submit-form-echo")
    if unfold and form.get_by_test_id("options").get_attribute("open") is None:
        form.get_by_text("Options").click()
    return page, form


def _fill(form: Locator, **values: str) -> None:
    for name, value in values.items():
        form.locator(f'[name="/{name}"]').fill(value)


def _tag() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


def _tagged(stack: Stack, tag: str) -> list[dict[str, Any]]:
    return stack.api.call("GET", f"/api/tasks?q={quote(f'tag:{tag}')}")["tasks"]


def _sent(page: Page, button: Locator) -> Request:
    with page.expect_request(_SUBMIT) as sent:
        button.click()
    return sent.value


def test_every_option_is_sent_and_copied(visits: Visits, stack: Stack) -> None:
    tag = _tag()
    page, form = _form(visits, stack, permissions=["clipboard-read", "clipboard-write"])
    form.get_by_test_id("start-in").check(force=True)
    form.get_by_test_id("delay-unit").select_option("hour")
    form.get_by_test_id("expires_in-unit").select_option("day")
    _fill(form, delay="2", expires_in="1", queue_priority="-5", tags=f"{tag}, b")
    _fill(form, unique_for="10", unique_key=tag)
    expect(form.get_by_test_id("options-set")).to_have_text("6 set")

    form.get_by_role("button", name="Copy as curl").click()
    expect(toast(page, "Copied curl command")).to_be_visible()
    sent = _sent(page, form.get_by_test_id("submit-button"))

    options = {
        "delay": 7200, "expires_in": 86_400, "queue_priority": -5, "tags": [tag, "b"],
        "unique_for": 600, "unique_key": tag,
    }  # fmt: skip
    assert options.items() <= json.loads(sent.post_data or "").items()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f'"unique_key": "{tag}"' in copied and '"delay": 7200' in copied
    expect(toast(page, "echo is in the")).to_be_visible()
    (stored,) = _tagged(stack, tag)
    assert (stored["status"], stored["queue_priority"]) == ("SCHEDULED", -5)


def test_a_time_is_in_the_zone_that_the_form_names(visits: Visits, stack: Stack) -> None:
    page, form = _form(visits, stack, timezone_id="Asia/Kolkata")
    day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).date()
    form.get_by_test_id("start-at").check(force=True)

    form.get_by_test_id("run-at").fill(f"{day}T18:00")

    expect(form.locator(".start")).to_contain_text("Time in GMT+5:30")
    sent = _sent(page, form.get_by_test_id("submit-button"))
    assert json.loads(sent.post_data or "")["run_at"] == f"{day}T12:30:00.000Z"


@pytest.mark.parametrize(
    ("field", "wrong", "words"),
    [
        ("queue_priority", "500", "from -100 to 100"),
        ("expires_in", "soon", "number"),
        ("tags", 'a "b', "At most 10 tags"),
        ("unique_key", "k", "needs 'unique_for'"),
    ],
)
def test_a_wrong_option_is_unfolded_with_its_error(
    visits: Visits, stack: Stack, field: str, wrong: str, words: str
) -> None:
    visits.allow("status of 422")
    page, form = _form(visits, stack)
    _fill(form, **{field: wrong})
    form.locator("summary").click()

    form.get_by_test_id("submit-button").click()

    expect(page.get_by_test_id(f"error-/{field}")).to_contain_text(words)
    expect(form.locator(f'[name="/{field}"]')).to_be_focused()


def test_a_check_says_where_it_would_go_and_stores_nothing(
    visits: Visits, stack: Stack, held_low: None
) -> None:
    tag = _tag()
    unique = {"unique_for": 600, "unique_key": tag}
    body = {"task_type": "echo", "payload": {"value": 1}, "priority": "low", **unique}
    first = stack.api.call("POST", "/api/tasks/submit", body)["task_id"]
    page, form = _form(visits, stack)
    form.get_by_test_id("queue-select").select_option("low")
    _fill(form, tags=tag)
    forecast = page.get_by_test_id("forecast")

    form.get_by_test_id("check-button").click()
    expect(forecast).to_contain_text("Nothing was submitted")
    expect(forecast).to_contain_text("number 2 in line")
    expect(forecast).to_contain_text("Queue low is paused")
    _fill(form, unique_for="10", unique_key=tag)
    expect(forecast).to_have_count(0)  # what was checked is not what the form holds now
    form.get_by_test_id("check-button").click()
    expect(forecast).to_contain_text("A task like it has not ended yet")
    forecast.get_by_role("link", name=first[:8]).click()

    expect(panel(page)).to_have_attribute("data-task-id", first)
    assert _tagged(stack, tag) == []


def test_the_answer_for_a_duplicate_leads_to_the_task_that_is_there(
    visits: Visits, stack: Stack, held_low: None
) -> None:
    tag = _tag()
    body = {"task_type": "echo", "payload": {"value": 1}, "priority": "low"}
    unique = {"unique_for": 600, "unique_key": tag}
    first = stack.api.call("POST", "/api/tasks/submit", {**body, **unique})["task_id"]
    page, form = _form(visits, stack)
    _fill(form, tags=tag, unique_for="10", unique_key=tag)

    form.get_by_test_id("submit-button").click()

    expect(toast(page, "Not submitted: a echo like it")).to_be_visible()
    expect(form.get_by_test_id("submit-note")).to_contain_text("Nothing was submitted")
    form.get_by_test_id("submit-note").get_by_role("link", name=first[:8]).click()
    expect(panel(page)).to_have_attribute("data-task-id", first)
    assert _tagged(stack, tag) == []


@pytest.mark.parametrize("how", ["double click", "Enter held down"])
def test_what_is_pressed_twice_is_submitted_once(visits: Visits, stack: Stack, how: str) -> None:
    tag = _tag()
    page, form = _form(visits, stack)
    _fill(form, tags=tag)

    held: list[Route] = []
    page.route(_SUBMIT, lambda route: held.append(route))  # so that no answer comes in between
    if how == "double click":
        form.get_by_test_id("submit-button").dblclick(delay=60)
    else:
        for _ in range(4):
            form.locator('[name="/tags"]').press("Enter")
    let_go(page, held)
    page.unroute(_SUBMIT)

    expect(toast(page, "echo is in the")).to_have_count(1)
    assert len(_tagged(stack, tag)) == 1


def test_after_a_lost_answer_the_same_submit_is_sent_again_and_stored_once(
    visits: Visits, stack: Stack
) -> None:
    visits.allow("ERR_FAILED")
    tag = _tag()
    page, form = _form(visits, stack)
    _fill(form, tags=tag)
    keys: list[str] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
        else:
            route.fetch()  # the server has stored it; its answer never comes
            route.abort()

    page.route(_SUBMIT, lose_the_first)
    form.get_by_test_id("submit-button").click()

    expect(form.get_by_test_id("submit-note")).to_contain_text("with the same key")
    expect(toast(page, "echo is in the")).to_be_visible()
    expect(form.get_by_test_id("submit-note")).to_be_empty()
    page.unroute(_SUBMIT)
    assert len(keys) == 2 and len(set(keys)) == 1
    assert len(_tagged(stack, tag)) == 1


def _steer_the_clock(page: Page) -> None:
    page.clock.install()


def _lost_submits(page: Page) -> list[str]:
    """The submits that fail from now on."""
    lost: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/tasks/submit"):
            lost.append(request.url)

    page.on("requestfailed", note)
    return lost


def _wait_for(page: Page, lost: list[str], count: int) -> None:
    wait_until(
        lambda: page.evaluate("true") and len(lost) >= count, description=f"{count} are lost"
    )


def test_without_any_answer_the_next_submit_of_the_same_has_the_same_key(
    visits: Visits, stack: Stack
) -> None:
    visits.allow("ERR_FAILED")
    tag = _tag()
    page, form = _form(visits, stack, prepare=_steer_the_clock)
    _fill(form, tags=tag)
    note = form.get_by_test_id("submit-note")
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.abort()

    page.route(_SUBMIT, lose)
    lost = _lost_submits(page)
    form.get_by_test_id("submit-button").click()
    expect(note).to_contain_text("Sending it again")
    for count in range(1, 4):
        _wait_for(page, lost, count)
        if len(lost) == count:  # else it was sent again by the page's clock, which goes on
            page.clock.fast_forward(5_000)
    _wait_for(page, lost, 4)
    expect(note).to_contain_text("Submit it again unchanged")
    page.unroute(_SUBMIT)
    keys.append(_sent(page, form.get_by_test_id("submit-button")).headers["idempotency-key"])

    expect(toast(page, "echo is in the")).to_be_visible()
    assert len(keys) == 5 and len(set(keys)) == 1
    assert len(_tagged(stack, tag)) == 1
