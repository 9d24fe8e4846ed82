"""The address bar: real paths, links of older times, wrong ones, and a service under a path."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, Visits
from tests.browser.page_checks import expect_address, expect_live, panel, row, submit_with
from tests.browser.service import Stack, WebServer
from tests.web.conftest import OwnRedis

_REFUSED = "status of 404"


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("#/tasks", "/tasks"),
        ("#/", "/"),
        ("?q=state:success#/tasks", "/tasks?q=state:success"),
        ("?level=error&type=echo#/log", "/log?level=error&type=echo"),
    ],
)
def test_a_link_of_older_times_leads_to_the_same_page(
    visits: Visits, stack: Stack, old: str, now: str
) -> None:
    page = visits.open(f"{stack.dashboard}{old}")
    expect_address(page, now)
    expect_live(page)


def test_a_link_of_older_times_on_an_open_page_does_too(visits: Visits, stack: Stack) -> None:
    task_id = stack.api.submit("echo", {"value": "old link"})
    page = visits.open(f"{stack.dashboard}queues")
    page.evaluate("(id) => { location.hash = `#/tasks/${id}`; }", task_id)
    expect_address(page, f"/tasks/{task_id}")
    expect(panel(page)).to_contain_text("old link")


@pytest.mark.parametrize("path", ["nonsense", "queues/high", "tasks/a/b", "%3Ch6%20id=planted%3E"])
def test_a_wrong_address_says_so_and_leads_on(visits: Visits, stack: Stack, path: str) -> None:
    visits.allow(_REFUSED)
    page = visits.open(f"{stack.dashboard}{path}")

    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    expect(page).to_have_title("Page not found · Duckline")
    expect(page.locator("#planted")).to_have_count(0)
    page.get_by_test_id("nowhere").get_by_role("link", name="Tasks").click()
    expect_address(page, "/tasks")
    page.go_back()
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()


def test_a_wrong_address_leads_on_without_a_keyboard(visits: Visits, stack: Stack) -> None:
    """It named only Ctrl k, which a phone has not; the command palette told of more such keys."""
    visits.allow(_REFUSED)
    page = visits.open(f"{stack.dashboard}nonsense", viewport=PHONE)
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    keys = page.locator("kbd").filter(visible=True)
    expect(keys).to_have_count(0)

    page.get_by_test_id("nowhere").get_by_role("button", name="find a page").click()
    expect(page.get_by_test_id("palette-input")).to_be_focused()
    expect(keys).to_have_count(0)
    page.get_by_test_id("palette-input").fill("queues")
    page.get_by_role("option", name="Queues").first.click()
    expect_address(page, "/queues")


def test_a_page_and_a_task_open_at_their_address_and_back_returns(
    visits: Visits, stack: Stack
) -> None:
    task_id = stack.api.submit("echo", {"value": "by address"})
    page = visits.open(f"{stack.dashboard}tasks?q=id:{task_id}")
    row(page, task_id).get_by_role("link").first.click()
    expect_address(page, f"/tasks/{task_id}?q=id:{task_id}")
    expect(panel(page)).to_contain_text("by address")

    page.reload()
    expect(panel(page)).to_contain_text("by address")
    page.keyboard.press("Escape")
    expect_address(page, f"/tasks?q=id:{task_id}")
    page.go_back()
    expect(panel(page)).to_contain_text("by address")


def test_going_through_all_pages_never_loads_the_document_again(
    visits: Visits, stack: Stack
) -> None:
    page = visits.open(stack.dashboard)
    expect_live(page)
    page.evaluate("document.documentElement.dataset.mark = 'here'")
    for name in ("tasks", "failures", "queues", "submit", "audit", "overview"):
        page.locator(f'#nav [data-view="{name}"]').click()
        expect_address(page, f"/{name}")
    expect(page.locator("html")).to_have_attribute("data-mark", "here")


def test_a_first_visit_needs_few_requests_and_a_second_asks_for_no_file(
    visits: Visits, stack: Stack
) -> None:
    asked: list[str] = []

    def watch(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url))

    page = visits.open(stack.dashboard, prepare=watch)
    expect_live(page)
    files = [url for url in asked if "/api/" not in url]
    assert len(files) <= 7, files

    page.reload()
    expect_live(page)
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter((e) => e.name.includes('/assets/'))"
        ".map((e) => e.transferSize)"
    )
    assert sizes and set(sizes) == {0}  # out of the browser's own cache


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A web server that a proxy serves under /some/jobs, and that asks for a key."""
    redis = OwnRedis(tmp_path_factory.mktemp("redis"))
    settings = {"ROOT_PATH": "/some/jobs", "API_KEYS": "under-a-path", **redis.environment}
    running = WebServer(Path(tmp_path_factory.mktemp("below")), **settings)
    yield running
    running.stop()
    redis.stop()


def test_under_a_path_of_a_proxy_everything_is_asked_for_below_it(
    visits: Visits, below: WebServer
) -> None:
    visits.allow("status of 401|status of 404|WebSocket connection")
    asked: list[str] = []

    def watch(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))

    page = visits.open(f"{below.url}some/jobs/", prepare=watch)
    page.get_by_test_id("api-key").fill("under-a-path")
    page.get_by_test_id("use-key").click()
    expect_live(page)
    task_id = submit_with(page, page.get_by_test_id("quick-send_email"))
    page.locator('#nav [data-view="tasks"]').click()
    expect_address(page, "/some/jobs/tasks")
    row(page, task_id).get_by_role("link").first.click()
    expect_address(page, f"/some/jobs/tasks/{task_id}")
    expect(panel(page)).to_contain_text("send_email")
    page.reload()
    expect(panel(page)).to_contain_text("send_email")
    page.keyboard.press("Escape")
    page.goto(f"{below.url}some/jobs/#/queues")
    expect_address(page, "/some/jobs/queues")
    page.goto(f"{below.url}some/jobs/nonsense")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()

    assert [url for url in asked if not re.match(r"\w+://[^/]+/some/jobs/", url)] == []
    assert any(url.startswith("ws:") for url in asked)


def test_a_page_of_another_version_loads_again_once_and_then_says_so(
    visits: Visits, stack: Stack
) -> None:
    loads: list[str] = []

    def serve_an_older_page(route: Route) -> None:
        answer = route.fetch()
        loads.append(route.request.url)
        html = re.sub(r"/assets/\w+/dashboard", "/assets/0123456789abcdef/dashboard", answer.text())
        route.fulfill(response=answer, body=html)

    def prepare(page: Page) -> None:
        page.route(re.compile(r":\d+/queues$"), serve_an_older_page)

    page = visits.open(f"{stack.dashboard}queues", prepare=prepare)

    expect(page.locator("#main")).to_contain_text("are of different versions")
    assert len(loads) == 2
    page.unroute(re.compile(r":\d+/queues$"))
    page.reload()
    expect_live(page)
