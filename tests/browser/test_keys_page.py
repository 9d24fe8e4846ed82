"""Keys and roles on the pages: made, shown once, revoked; and what a role does not see."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.page_checks import expect_live, question, toast
from tests.browser.service import WebServer
from tests.web.conftest import OwnRedis

ADMIN = "key-of-the-admin"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A web server that asks for a key."""
    redis = OwnRedis(tmp_path_factory.mktemp("redis"))
    keys = {"API_KEYS": f"ada={ADMIN}"}
    running = WebServer(tmp_path_factory.mktemp("web"), **redis.environment, **keys)
    yield running
    running.stop()
    redis.stop()


def _signed_in(visits: Visits, url: str, key: str) -> Page:
    visits.allow("status of 401|status of 403|WebSocket connection")
    page = visits.open(url, fresh=True)
    page.get_by_test_id("api-key").fill(key)
    page.get_by_test_id("use-key").click()
    expect(page.get_by_test_id("signed-in")).to_be_visible()
    return page


def test_a_key_is_made_shown_once_used_and_revoked(visits: Visits, locked: WebServer) -> None:
    visits.allow("status of 422|status of 409")
    page = _signed_in(visits, f"{locked.url}keys", ADMIN)
    expect(page.get_by_test_id("signed-in")).to_contain_text("ada · admin")
    expect(page.get_by_test_id("role-note")).to_have_count(0)
    page.get_by_test_id("new-key").click()
    page.get_by_label("Name").fill("ada")
    page.get_by_test_id("create-key").click()
    expect(page.get_by_test_id("error-/name")).to_contain_text("API_KEYS has the name 'ada'")
    page.get_by_label("Rate").fill("0")
    page.get_by_test_id("create-key").click()
    expect(page.get_by_test_id("error-/rate")).to_contain_text("0.01")
    page.get_by_label("Rate").fill("")
    page.get_by_label("Name").fill("billing")
    page.get_by_label("Task types").fill("send_email generate_report")
    page.get_by_label("Expires in").fill("90")
    page.get_by_test_id("create-key").click()

    key = page.get_by_test_id("new-key-text").locator("code").inner_text()
    row = page.locator("tr", has_text="billing")
    expect(row).to_contain_text("send_email, generate_report")
    expect(row).to_contain_text("by ada")
    page.get_by_test_id("key-done").click()
    expect(page.get_by_text(key)).to_have_count(0)
    guest = _signed_in(visits, locked.url, key)
    expect(guest.get_by_test_id("signed-in")).to_contain_text("billing · viewer")
    expect(guest.get_by_test_id("role-note")).to_contain_text("send_email, generate_report only")
    expect(guest.locator('#nav [data-view="flows"]')).to_be_visible()
    for view in ("failures", "functions", "log", "audit", "redis", "config"):
        expect(guest.locator(f'#nav [data-view="{view}"]')).to_have_count(0)
    guest.goto(f"{locked.url}types")
    expect(guest.locator("tbody tr")).to_have_count(2)

    row.get_by_role("button", name="Revoke").click()
    question(page).get_by_role("button", name="Revoke").click()

    expect(toast(page, "billing is revoked")).to_be_visible()
    expect(row).to_have_count(0)
    expect(guest.get_by_test_id("dialog-key")).to_be_visible()


def test_a_viewer_has_no_buttons_that_it_may_not_use(visits: Visits, locked: WebServer) -> None:
    admin = _signed_in(visits, f"{locked.url}queues", ADMIN)
    expect(admin.get_by_test_id("pause-high")).to_be_visible()
    made = admin.evaluate(
        """async () => (await (await fetch('/api/keys', {method: 'POST',
           headers: {'Content-Type': 'application/json'},
           body: JSON.stringify({name: 'guest', role: 'viewer'})})).json()).key"""
    )
    page = _signed_in(visits, f"{locked.url}queues", made)
    expect_live(page)
    expect(page.get_by_test_id("role-note")).to_contain_text("signed in as a viewer")
    expect(page.get_by_test_id("queue-high")).to_be_visible()
    for name in ("pause-high", "drain-high", "purge-high"):
        expect(page.get_by_test_id(name)).to_be_hidden()
    for view in ("keys", "webhooks", "submit"):
        expect(page.locator(f'#nav [data-view="{view}"]')).to_have_count(0)


def test_the_keys_fit_a_phone(visits: Visits, locked: WebServer) -> None:
    page = _signed_in(visits, f"{locked.url}keys", ADMIN)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    expect(page.locator("tr[data-role=admin]")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]


def test_a_key_with_a_reach_is_offered_only_an_undo_that_works(
    visits: Visits, locked: WebServer
) -> None:
    admin = _signed_in(visits, locked.url, ADMIN).request
    body = {"name": "mails", "role": "operator", "task_types": ["send_email"]}
    key = admin.post(f"{locked.url}api/keys", data=body).json()["key"]
    mail = {"to": "a@example.com", "subject": "one", "body": "first"}
    task = {"task_type": "send_email", "payload": mail}
    task_id = admin.post(f"{locked.url}api/tasks/submit", data=task).json()["task_id"]
    admin.delete(f"{locked.url}api/tasks/{task_id}/cancel")

    page = _signed_in(visits, f"{locked.url}tasks/{task_id}", key)
    page.get_by_test_id("delete-button").click()
    toast(page, "Deleted 1 task").get_by_test_id("undo").click()

    expect(toast(page, "1 task restored")).to_be_visible()
    assert admin.get(f"{locked.url}api/tasks/{task_id}").json()["status"] == "REVOKED"
