"""A webhook, from the form to its deliveries, on the real stack with a real receiver."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.page_checks import expect_address, question, row, toast
from tests.browser.service import Stack
from tests.receivers import Receiver, receiver, status


@pytest.fixture
def hooks(stack: Stack) -> Iterator[Receiver]:
    """A receiver of this test; no webhook is left behind."""
    with receiver() as found:
        yield found
    for each in stack.api.call("GET", "/api/webhooks")["webhooks"][1:]:
        stack.api.call("DELETE", f"/api/webhooks/{each['id']}")


def _press(page: Page, label: str) -> None:
    page.get_by_test_id(label).first.click()


def test_a_webhook_is_made_tested_mended_disabled_and_deleted(
    visits: Visits, stack: Stack, hooks: Receiver
) -> None:
    visits.allow("422")
    page = visits.open(f"{stack.dashboard}webhooks")
    expect(page.get_by_test_id("no-webhooks")).to_be_visible()
    _press(page, "new-webhook")
    url = page.get_by_label("URL")
    url.fill("http://localhost:9/hooks")
    _press(page, "save-webhook")
    expect(page.get_by_test_id("error-/url")).to_contain_text("no public address")
    expect(url).to_be_focused()
    url.fill(f"{hooks.url}/shop")
    page.get_by_label("Description").fill("Orders")
    page.get_by_label("Failed").check()
    page.get_by_label("Tags").fill("vip, eu")
    _press(page, "save-webhook")

    expect(page.locator("h1")).to_have_text("Orders")
    secret = page.get_by_test_id("secret").locator("code").inner_text()
    (made,) = stack.api.call("GET", "/api/webhooks")["webhooks"][1:]
    expect_address(page, f"/webhooks/{made['id']}")
    assert (made["states"], made["task_types"], made["tags"]) == (["FAILURE"], [], ["vip", "eu"])
    _press(page, "secret-done")
    expect(page.get_by_text(secret)).to_have_count(0)

    hooks.answers["/shop"] = status(503)
    _press(page, "send-test")
    delivery = page.get_by_test_id("delivery")
    expect(delivery).to_contain_text("task.test")
    expect(page.get_by_test_id("last-error")).to_contain_text("503")
    expect(delivery).to_have_attribute("data-status", "failed")  # after the retries of tests
    del hooks.answers["/shop"]
    _press(page, "replay")
    expect(delivery).to_have_attribute("data-status", "delivered")
    delivery.locator("summary").click()
    tries = delivery.get_by_test_id("attempts").get_by_role("listitem")
    expect(tries.first).to_contain_text("204")
    expect(tries.last).to_contain_text("the receiver answered 503")
    assert hooks.got[-1].verified(secret)["type"] == "task.test"

    _press(page, "edit")
    page.get_by_label("Description").fill("Orders, again")
    with page.expect_request("**/api/webhooks/wh_*") as sent:
        _press(page, "save-webhook")
    assert sent.value.post_data_json == {
        "description": "Orders, again", "if_updated_at": made["updated_at"]
    }  # fmt: skip
    expect(page.locator("h1")).to_have_text("Orders, again")
    _press(page, "edit")
    page.get_by_label("A queue is paused").check()
    _press(page, "save-webhook")
    expect(page.get_by_test_id("boxes-conditions")).to_contain_text("it hears of no tasks")
    page.get_by_label("Failed").uncheck()
    page.get_by_label("Tags").fill("")
    _press(page, "save-webhook")
    expect(page.get_by_text("1 condition")).to_be_visible()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    _press(page, "send-test")
    expect(delivery.first).to_contain_text("condition.test")
    expect(delivery.first).to_contain_text("A queue is paused")
    expect(delivery.first).to_have_attribute("data-status", "delivered")
    _press(page, "disable")
    question(page).get_by_test_id("question-reason").fill("the shop is closed")
    question(page).get_by_test_id("question-yes").click()
    expect(page.get_by_test_id("why-disabled")).to_contain_text("an operator disabled it")
    expect(page.get_by_test_id("replay").first).to_be_disabled()
    expect(delivery).to_have_count(2)
    _press(page, "send-test")
    expect(delivery).to_have_count(3)
    expect(delivery.first).to_have_attribute("data-status", "delivered")
    expect(page.get_by_test_id("webhook-state")).to_have_text("disabled")
    _press(page, "enable")
    expect(page.get_by_test_id("webhook-state")).to_have_text("active")

    phone = visits.open(f"{stack.dashboard}webhooks", viewport=PHONE)
    row = phone.get_by_test_id(f"webhook-{made['id']}")
    expect(row).to_contain_text("2 of 2")
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    row.get_by_test_id("delete").click()
    question(phone).get_by_test_id("question-yes").click()
    expect(toast(phone, "Orders, again is deleted")).to_be_visible()
    expect(row).to_have_count(0)
    visits.allow("404")  # the other page still asks for it
    expect(page.get_by_text("No webhook “")).to_be_visible()


def test_nobodys_change_is_undone_unseen_and_what_was_typed_stays(
    visits: Visits, stack: Stack, hooks: Receiver
) -> None:
    body = {"url": f"{hooks.url}/shared", "tags": ["first"]}
    address = f"/api/webhooks/{stack.api.call('POST', '/api/webhooks', body)['id']}"
    page = visits.open(f"{stack.dashboard}{address.removeprefix('/api/')}?edit=1")
    form = page.get_by_test_id("webhook-form")
    tags = form.get_by_label("Tags")
    stack.api.call("PATCH", address, {"tags": ["second"]})
    expect(tags).to_have_value("second")  # nothing was typed
    tags.fill("mine")

    theirs = {"tags": ["third"], "states": ["FAILURE"], "enabled": False}
    stack.api.call("PATCH", address, theirs)

    news = page.get_by_test_id("changed-meanwhile")
    expect(news).to_contain_text('Tags: ["second"] → ["third"]; you changed it too, yours stays')
    expect(news).to_contain_text('Ends: [] → ["FAILURE"]')
    expect(news).to_contain_text("Enabled: true → false")
    expect(tags).to_have_value("mine")
    expect(form.get_by_test_id("save-webhook")).to_be_disabled()
    news.get_by_test_id("take-over").click()
    expect(form.get_by_label("Failed")).to_be_checked()
    _press(page, "save-webhook")

    expect(page.get_by_test_id("webhook-form")).to_have_count(0)
    now = stack.api.call("GET", address)
    assert (now["tags"], now["states"], now["enabled"]) == (["mine"], ["FAILURE"], False)


def test_who_looks_for_tasks_leaves_deliveries_out(
    visits: Visits, stack: Stack, hooks: Receiver
) -> None:
    made = stack.api.call("POST", "/api/webhooks", {"url": hooks.url, "tags": ["nobody's"]})
    sent = stack.api.call("POST", f"/api/webhooks/{made['id']}/test")["delivered_by"]
    page = visits.open(f"{stack.dashboard}tasks")
    expect(row(page, sent)).to_be_visible()

    page.get_by_test_id("chip-no-deliveries").click()

    expect(row(page, sent)).to_have_count(0)
    expect_address(page, "/tasks?q=-type:duckline.webhook")
    page.get_by_test_id("chip-no-deliveries").click()
    expect(row(page, sent)).to_be_visible()
    own = stack.api.submit("echo", {"value": 1})
    overview = visits.open(stack.dashboard)
    expect(row(overview, own)).to_be_visible()
    expect(row(overview, sent)).to_have_count(0)
