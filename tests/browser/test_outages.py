"""What the page says when something is missing, and how it comes back by itself."""

import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE, Visits
from tests.browser.page_checks import (
    expect_live,
    hold_first,
    panel,
    toast,
    verdict,
    wait_for_drawing,
    wait_until_held,
)
from tests.browser.service import WebServer
from tests.conftest import Process
from tests.web.conftest import OwnRedis

_NO_TASK = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"
_NO_ANSWER = r"ERR_|WebSocket connection|status of 503"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    """A Redis that tests may stop for a while; no consumer is near it."""
    running = OwnRedis(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def web(redis: OwnRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A web server that tests may stop for a while."""
    running = WebServer(tmp_path_factory.mktemp("web"), **redis.environment)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def locked_web(redis: OwnRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A web server that asks for a key."""
    keys = {"API_KEYS": "the-right-key,another-key"}
    running = WebServer(tmp_path_factory.mktemp("locked"), **redis.environment, **keys)
    yield running
    running.stop()


@contextmanager
def _away(what: WebServer | OwnRedis) -> Generator[None]:
    """Stop it for the duration."""
    what.stop()
    try:
        yield
    finally:
        what.start()


def _tell(redis: OwnRedis, command: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(redis.socket))
        client.sendall(f"{command}\r\n".encode())
        assert client.recv(16) == b"+OK\r\n"


def _mark(page: Page) -> None:
    """Leave something that a reload would wipe away."""
    page.evaluate("document.documentElement.dataset.mark = 'here'")


def _expect_not_reloaded(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-mark", "here")


def test_the_badge_goes_stale_without_a_server_and_live_again_with_it(
    visits: Visits, web: WebServer
) -> None:
    visits.allow(_NO_ANSWER)
    page = visits.open(web.url)
    expect_live(page)
    _mark(page)

    with _away(web):
        expect(page.get_by_test_id("live-badge")).to_have_attribute("data-live", "stale")
        expect(verdict(page)).to_contain_text("Can’t reach the server")
        assert page.locator(".top").evaluate("top => top.offsetHeight") < 60  # still one line
        assert page.evaluate("document.documentElement.scrollWidth") == 1440

    expect_live(page)
    expect(verdict(page)).not_to_contain_text("Can’t reach")
    _expect_not_reloaded(page)


def test_a_redis_that_takes_no_writes_is_said_with_the_reason(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    page = visits.open(web.url)
    expect_live(page)
    _tell(redis, "REPLICAOF 127.0.0.1 1")
    try:
        expect(verdict(page)).to_contain_text("Redis takes no writes")
        page.get_by_role("link", name="Open Redis").click()
        expect(page.get_by_test_id("redis-warning").first).to_contain_text("is a replica")
    finally:
        _tell(redis, "REPLICAOF NO ONE")


def test_redis_away_is_said_on_the_page_and_it_recovers(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    visits.allow(_NO_ANSWER)
    page = visits.open(web.url)
    expect_live(page)
    _mark(page)

    with _away(redis):
        expect(verdict(page)).to_contain_text("Can’t reach Redis")
        page.get_by_test_id("quick-send_email").click()
        expect(page.get_by_test_id("toast")).to_contain_text("Not sent")

    expect(verdict(page)).not_to_contain_text("Can’t reach Redis")
    expect_live(page)
    _expect_not_reloaded(page)


@pytest.mark.parametrize(
    "name",
    [
        "overview",
        "failures",
        "schedules",
        "workers",
        "log",
        "audit",
        "redis",
        "functions",
        "webhooks",
        "keys",
        "flows",
        "types/send_email",
    ],
)
def test_every_page_says_that_redis_is_away_and_fills_when_it_is_back(
    visits: Visits, web: WebServer, redis: OwnRedis, name: str
) -> None:
    visits.allow(_NO_ANSWER)
    with _away(redis):
        page = visits.open(f"{web.url}{name}")
        expect(verdict(page)).to_contain_text("Can’t reach Redis")
        expect(page.locator("#main .empty").first).to_contain_text("Redis does not answer")

    expect(page.locator("#main")).not_to_contain_text("Redis does not answer")
    expect(verdict(page)).not_to_contain_text("Can’t reach Redis")


def _log_a_line(web: WebServer, redis: OwnRedis) -> None:
    """Have a consumer run a task that logs, and end."""
    mail = {"to": "a@example.com", "subject": "s", "body": "b"}
    task_id = web.api.submit("send_email", mail, "high")
    consumer = Process(["app.py", "consumer", "high"], redis.environment)
    web.api.wait_for_status(task_id, "SUCCESS")
    assert consumer.stop() == 0, consumer.text()


@pytest.mark.parametrize("gone", ["redis", "web"])
def test_the_log_claims_to_be_live_only_while_it_can_be_read(
    visits: Visits, web: WebServer, redis: OwnRedis, gone: str
) -> None:
    visits.allow(_NO_ANSWER)
    _tell(redis, "FLUSHALL")
    _log_a_line(web, redis)
    page = visits.open(f"{web.url}log")
    mode = page.get_by_test_id("log-mode")
    expect(mode).to_have_text("Live")

    with _away({"redis": redis, "web": web}[gone]):
        expect(mode).to_have_text("Not updating")

    expect(mode).to_have_text("Live")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_notice_is_as_wide_as_the_page_and_the_header_keeps_its_line(
    visits: Visits, web: WebServer, redis: OwnRedis, viewport: dict[str, int]
) -> None:
    visits.allow(_NO_ANSWER)
    with _away(redis):
        page = visits.open(f"{web.url}audit", viewport=viewport)
        expect(page.locator("#notices .verdict")).to_contain_text("Can’t reach Redis")
        expect(page.locator("#main .empty").first).to_be_visible()
        notice, empty, header = (
            page.locator(place).first.bounding_box()
            for place in ("#notices .verdict", "#main .empty", ".top-row")
        )
        assert notice is not None and empty is not None and header is not None
        assert (notice["x"], notice["width"]) == (empty["x"], empty["width"])
        assert header["height"] < 70


def _hold(route: Route) -> None:
    """Let no answer ever come."""


@pytest.mark.parametrize(
    "name", ["failures", "workers", "log", "audit", "redis", "submit", "tasks", f"tasks/{_NO_TASK}"]
)
def test_a_page_says_what_is_wrong_before_its_first_request_has_ended(
    visits: Visits, web: WebServer, redis: OwnRedis, name: str
) -> None:
    def answer_nothing(page: Page) -> None:
        page.route("**/api/**", _hold)

    visits.allow(_NO_ANSWER)
    with _away(redis):
        page = visits.open(f"{web.url}{name}", prepare=answer_nothing)
        expect(verdict(page)).to_contain_text("Can’t reach Redis")
        place = page.locator("#panel" if "/" in name else "#main")

        expect(place.locator(".empty").first).to_contain_text("Redis does not answer")
        expect(place.get_by_text("Loading")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("failures", "No task has failed"),
        ("schedules", "No schedules yet"),
        ("workers", "No consumer is online"),
        ("log", "No log lines yet"),
        ("audit", "No actions yet"),
    ],
)
def test_an_empty_page_says_what_will_be_there(
    visits: Visits, web: WebServer, redis: OwnRedis, name: str, words: str
) -> None:
    _tell(redis, "FLUSHALL")

    page = visits.open(f"{web.url}{name}")

    expect(page.get_by_role("heading", name=words)).to_be_visible()


def test_an_action_that_nobody_has_taken_says_so(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    _tell(redis, "FLUSHALL")
    page = visits.open(f"{web.url}audit?action=requeue")

    expect(page.get_by_text("No matching actions")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()
    expect(page.get_by_text("No actions yet")).to_be_visible()


def test_queues_without_a_consumer_are_named_with_what_to_do(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    _tell(redis, "FLUSHALL")
    web.api.submit("send_email", {"to": "a@example.com", "subject": "s", "body": "b"})

    page = visits.open(web.url)

    expect(verdict(page)).to_contain_text("The high, default and low queues have no consumer")
    expect(verdict(page)).to_contain_text("1 task waits")
    expect(verdict(page)).to_contain_text("python app.py consumer high")
    expect(page.get_by_test_id("queue-high")).to_contain_text("no consumer")
    expect(page.get_by_test_id("queue-high")).to_contain_text("No consumer runs. Start one: ")


def _schedule(web: WebServer, name: str) -> None:
    mail = {"to": "a@example.com", "subject": "s", "body": "b"}
    body = {"name": name, "task_type": "send_email", "payload": mail, "cron": "0 3 * * *"}
    web.api.call("POST", "/api/schedules", body)


def test_a_schedule_that_nobody_serves_says_so_with_what_to_do(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    _tell(redis, "FLUSHALL")
    _schedule(web, "unserved")

    page = visits.open(f"{web.url}schedules")

    row = page.get_by_test_id("schedule-unserved")
    expect(row.get_by_test_id("no-consumer")).to_contain_text("python app.py consumer high")


def test_known_schedules_and_a_draft_stay_while_redis_is_away(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    visits.allow(_NO_ANSWER)
    _tell(redis, "FLUSHALL")
    _schedule(web, "known")
    page = visits.open(f"{web.url}schedules")
    expect(page.get_by_test_id("schedule-known")).to_be_visible()

    with _away(redis):
        expect(page.locator("#main")).to_contain_text("Out of date")
        expect(page.get_by_test_id("schedule-known")).to_be_visible()
        page.get_by_test_id("schedule-known").get_by_test_id("edit").click()
        form = page.get_by_test_id("schedule-form")
        form.get_by_label("Subject").fill("half written")
        form.get_by_test_id("save-schedule").click()
        expect(form.get_by_role("alert")).to_contain_text("Not saved")

    expect(verdict(page)).not_to_contain_text("Can’t reach Redis")
    expect(form.get_by_label("Subject")).to_have_value("half written")


def test_no_schedule_is_late_while_nobody_knows_whether_it_has_run(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    visits.allow(_NO_ANSWER)
    _tell(redis, "FLUSHALL")
    _schedule(web, "due")
    web.api.call("PATCH", "/api/schedules/due", {"every_s": 1})
    page = visits.open(f"{web.url}schedules")
    next_run = page.get_by_test_id("schedule-due").get_by_test_id("next-run")
    expect(next_run).to_contain_text("late")  # no consumer runs

    with _away(redis):
        expect(verdict(page)).to_contain_text("Can’t reach Redis")
        expect(next_run).not_to_contain_text("late")
        expect(next_run).not_to_be_empty()

    expect(next_run).to_contain_text("late")


def test_a_schedule_that_could_not_be_brought_back_still_can_be(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    visits.allow(_NO_ANSWER)
    _tell(redis, "FLUSHALL")
    _schedule(web, "precious")
    page = visits.open(f"{web.url}schedules")
    page.get_by_test_id("schedule-precious").get_by_test_id("delete").click()
    page.get_by_test_id("question-yes").click()
    deleted = toast(page, "precious is deleted")
    expect(deleted).to_be_visible()

    with _away(redis):
        deleted.get_by_test_id("undo").click()
        expect(toast(page, "Not undone")).to_be_visible()
    expect(verdict(page)).not_to_contain_text("Can’t reach Redis")
    toast(page, "Not undone").get_by_test_id("undo").click()

    expect(page.get_by_test_id("schedule-precious")).to_be_visible()


def test_an_empty_list_of_tasks_says_how_a_first_one_is_made(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    _tell(redis, "FLUSHALL")

    page = visits.open(f"{web.url}tasks")

    first = page.get_by_test_id("first-task")
    expect(first.get_by_role("heading", name="No tasks yet")).to_be_visible()
    expect(first).not_to_contain_text("button above")
    expect(first).to_contain_text(f"curl -X POST {web.url}api/tasks/submit")
    expect(first).to_contain_text("@task(")


def test_an_empty_service_says_what_to_do_first(
    visits: Visits, web: WebServer, redis: OwnRedis
) -> None:
    _tell(redis, "FLUSHALL")

    page = visits.open(web.url)

    expect(page.get_by_role("heading", name="No tasks yet")).to_be_visible()
    expect(page.get_by_test_id("quick-send_email")).to_be_visible()


def test_the_page_asks_for_the_api_key_and_goes_live_with_the_right_one(
    visits: Visits, locked_web: WebServer
) -> None:
    visits.allow("status of 401|WebSocket connection")
    page = visits.open(locked_web.url, fresh=True)
    dialog = page.get_by_test_id("dialog-key")

    page.get_by_test_id("api-key").fill("a-wrong-key")
    page.get_by_test_id("use-key").click()
    expect(dialog).to_contain_text("was rejected")
    page.get_by_test_id("api-key").fill("the-right-key")
    page.get_by_test_id("use-key").click()

    expect(dialog).to_have_count(0)
    expect_live(page)
    expect(page.get_by_test_id("queue-high")).to_be_visible()
    # The page holds no key: a cookie that it cannot read stands for it, in every tab.
    cookies = page.context.cookies()
    assert {(each.get("path"), each.get("httpOnly"), each.get("sameSite")) for each in cookies} == {
        ("/api", True, "Strict"), ("/ws", True, "Strict"),
    }  # fmt: skip
    kept = "[document.cookie, ...Object.values(localStorage), ...Object.values(sessionStorage)]"
    assert "the-right-key" not in page.evaluate(f"{kept}.join()")
    page.reload()
    expect_live(page)
    other = page.context.new_page()
    other.goto(locked_web.url)
    expect_live(other)
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("dialog-key")).to_be_visible()


def test_a_socket_comes_back_with_the_session(
    visits: Visits, redis: OwnRedis, web: WebServer
) -> None:
    visits.allow(_NO_ANSWER + "|status of 401")
    web.stop()
    web.restart_with(API_KEYS="the-right-key")
    try:
        page = visits.open(web.url, fresh=True)
        page.get_by_test_id("api-key").fill("the-right-key")
        page.get_by_test_id("use-key").click()
        expect_live(page)
        with _away(web):
            expect(page.get_by_test_id("live-badge")).to_have_attribute("data-live", "stale")
        with page.expect_websocket() as socket:
            expect_live(page)
        assert "?" not in socket.value.url
    finally:
        web.stop()
        web.restart_with(API_KEYS="")


def test_a_refusal_of_the_old_session_that_comes_late_does_not_ask_again(
    visits: Visits, locked_web: WebServer
) -> None:
    visits.allow("status of 401|WebSocket connection")
    late: list[Route] = []
    page = visits.open(
        locked_web.url, prepare=partial(hold_first, url="**/api/task-types", held=late)
    )
    page.get_by_test_id("api-key").fill("the-right-key")
    page.get_by_test_id("use-key").click()
    expect_live(page)
    wait_until_held(page, late)  # else it would be asked for in the new session
    page.context.clear_cookies()
    page.get_by_test_id("api-key").fill("the-right-key")
    page.get_by_test_id("use-key").click()
    expect(page.get_by_test_id("dialog-key")).to_have_count(0)

    with page.expect_response("**/api/task-types"):
        late.pop().fulfill(status=401, json={"code": "unauthorized"})
    wait_for_drawing(page)

    expect(page.get_by_test_id("dialog-key")).to_have_count(0)
    expect_live(page)


def test_who_is_not_signed_in_as_heard_before_a_sign_in_is_not_asked_again(
    visits: Visits, locked_web: WebServer
) -> None:
    visits.allow("status of 401|WebSocket connection")
    late: list[Route] = []
    page = visits.open(
        locked_web.url, fresh=True, prepare=partial(hold_first, url="**/api/session", held=late)
    )
    page.get_by_test_id("api-key").fill("the-right-key")
    wait_until_held(page, late)
    page.get_by_test_id("use-key").click()
    expect_live(page)

    with page.expect_response("**/api/session"):
        late.pop().fulfill(json={"needs_key": True, "name": None, "role": None})
    wait_for_drawing(page)

    expect(page.get_by_test_id("dialog-key")).to_have_count(0)
    expect_live(page)


def test_who_declines_the_key_dialog_can_open_it_again(
    visits: Visits, locked_web: WebServer
) -> None:
    page = visits.open(locked_web.url, fresh=True)  # what it may not ask for it does not ask for

    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_test_id("dialog-key")).to_have_count(0)
    verdict(page).get_by_role("button", name="Enter key").click()

    expect(page.get_by_test_id("api-key")).to_be_focused()
    expect(panel(page)).to_have_count(0)
