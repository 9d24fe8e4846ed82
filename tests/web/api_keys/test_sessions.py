"""A browser signs in with a key, and its cookie stands for it."""

import dataclasses
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from huey_tasks.broker import access_keys
from tests.web.api_keys.conftest import ADMIN
from tests.web.conftest import email_body

OWN = {"Origin": "http://localhost"}
NOBODY = {
    "needs_key": True,
    "name": None,
    "role": None,
    "queues": [],
    "task_types": [],
    "by_cookie": False,
}
FRIEND = "http://localhost:3000"


@pytest.fixture
def browser(app: Any) -> FlaskClient:
    return app.test_client()


def _sign_in(browser: FlaskClient, key: str = ADMIN, **more: Any) -> Any:
    return browser.post("/api/session", json={"key": key}, headers=OWN, **more)


def test_who_signs_in_is_known_by_the_cookie_until_it_signs_out(browser: FlaskClient) -> None:
    assert browser.get("/api/session").get_json() == NOBODY
    signed_in = _sign_in(browser)
    assert signed_in.get_json() == {
        "needs_key": True,
        "name": "root",
        "role": "admin",
        "queues": [],
        "task_types": [],
        "by_cookie": True,
    }
    assert browser.get("/api/session").get_json()["name"] == "root"
    task = browser.post("/api/tasks/submit", json=email_body(), headers=OWN).get_json()["task_id"]
    assert tq.get_task(task).submitted_by == "root"
    assert browser.get("/ws/stats").status_code == 426  # let in; but no handshake

    assert browser.delete("/api/session", headers=OWN).status_code == 204

    assert browser.get("/api/session").get_json() == NOBODY


def test_the_cookie_is_for_no_script_no_other_site_and_no_other_path(browser: FlaskClient) -> None:
    cookies = _sign_in(browser).headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie, path in zip(cookies, ("/api", "/ws"), strict=True):
        parts = cookie.split("; ")
        assert {"HttpOnly", "SameSite=Strict", f"Path={path}", "Max-Age=43200"} <= set(parts)
        assert "Secure" not in parts
        assert ADMIN not in cookie
    secure = _sign_in(browser, base_url="https://localhost").headers.getlist("Set-Cookie")
    assert all("Secure" in cookie.split("; ") for cookie in secure)


def test_redis_has_no_session_id(browser: FlaskClient) -> None:
    cookie = _sign_in(browser).headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    redis = tq.QUEUES["high"].broker.redis
    (kept,) = redis.scan_iter(match=f"{access_keys.session('')}*", count=1000)
    assert cookie not in kept.decode()
    assert cookie not in redis.get(kept).decode()
    assert 0 < redis.pttl(kept) <= 43_200_000


@pytest.mark.parametrize("key", ["", "wrong", f"{ADMIN} x", f"root:{ADMIN}"])
def test_a_wrong_key_signs_nobody_in(browser: FlaskClient, key: str) -> None:
    answer = _sign_in(browser, key)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")
    assert "Set-Cookie" not in answer.headers


def test_a_session_that_somebody_made_up_is_none(browser: FlaskClient) -> None:
    _sign_in(browser)
    for path in ("/api", "/ws"):
        browser.set_cookie(f"duckline_session_{tq.CONFIG.port}", "made-up", path=path)
    assert browser.get("/api/queues").status_code == 401
    assert browser.get("/api/session").get_json() == NOBODY
    wrong = {"Authorization": "Bearer wrong"}
    assert browser.get("/api/session", headers=wrong).status_code == 401


def test_a_session_ends_with_its_key(browser: FlaskClient, app: Any) -> None:
    made, key = tq.create_key("guest", "viewer", setting=(ADMIN,))
    assert _sign_in(browser, key).get_json()["role"] == "viewer"
    assert browser.post("/api/tasks/submit", json=email_body(), headers=OWN).status_code == 403
    tq.revoke_key(made.id, setting=(ADMIN,))
    app.extensions["duckline_identity"].keys.read_again()
    assert browser.get("/api/queues").status_code == 401


def test_a_page_of_another_origin_does_nothing_with_the_cookie() -> None:
    config = dataclasses.replace(tq.CONFIG, api_keys=(ADMIN,), allowed_origins=(FRIEND,))
    browser = web.create_app(config).test_client()
    _sign_in(browser)
    for origin in ("https://evil.example", "null", FRIEND):
        answer = browser.post("/api/tasks/submit", json=email_body(), headers={"Origin": origin})
        assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site"), origin
    assert browser.get("/api/queues", headers={"Origin": FRIEND}).status_code == 403
    assert tq.list_tasks() == []


def test_a_key_in_the_header_goes_before_the_cookie(browser: FlaskClient) -> None:
    _sign_in(browser)
    wrong = {"Authorization": "Bearer wrong"}
    assert browser.get("/api/queues", headers=wrong).status_code == 401


def test_without_keys_everybody_is_an_admin_and_nobody_signs_in() -> None:
    browser = web.create_app().test_client()
    answer = browser.get("/api/session").get_json()
    assert (answer["needs_key"], answer["name"], answer["role"]) == (False, None, "admin")
    signed_in = _sign_in(browser, "any")
    assert signed_in.get_json()["needs_key"] is False
    assert "Set-Cookie" not in signed_in.headers


def _browser_of(*setting: str) -> FlaskClient:
    return web.create_app(dataclasses.replace(tq.CONFIG, api_keys=setting)).test_client()


def _continue(browser: FlaskClient, *setting: str) -> int:
    """The same browser at a service that was started again with these keys."""
    cookie = browser.get_cookie(f"duckline_session_{tq.CONFIG.port}", path="/api")
    assert cookie is not None
    later = _browser_of(*setting)
    later.set_cookie(cookie.key, cookie.value, path="/api")
    return later.get("/api/queues").status_code


@pytest.mark.parametrize(
    ("before", "key", "after", "status"),
    [
        (["al=old-leaked-key"], "old-leaked-key", ["al=brand-new-key"], 401),
        (["al=old-leaked-key"], "al=old-leaked-key", ["al=brand-new-key"], 401),
        (["al=old-leaked-key", "al=new-one-1"], "old-leaked-key", ["al=new-one-1"], 401),
        (["al=old-leaked-key", "al=new-one-1"], "new-one-1", ["al=new-one-1"], 200),
        (["al=old-leaked-key"], "old-leaked-key", ["bob=old-leaked-key"], 401),
        (["al=same-key-1"], "al=same-key-1", ["al=same-key-1", "bob=another-key"], 200),
        (["schlüssel-1"], "schlüssel-1", ["schlüssel-1"], 200),
        (["schlüssel-1"], "schlüssel-1", ["schlüssel-2"], 401),
    ],
)
def test_a_session_is_of_the_key_that_began_it_and_not_of_its_name(
    before: list[str], key: str, after: list[str], status: int
) -> None:
    browser = _browser_of(*before)
    assert _sign_in(browser, key).status_code == 200
    assert browser.get("/api/queues").status_code == 200
    assert _continue(browser, *after) == status


def test_redis_does_not_tell_which_key_began_a_session(browser: FlaskClient) -> None:
    """Not even to who guesses: only with the id of the session a guess can be checked."""
    _sign_in(browser)
    _sign_in(browser)
    redis = tq.QUEUES["high"].broker.redis
    kept = [redis.get(key) for key in redis.scan_iter(match=f"{access_keys.session('')}*")]
    assert len({text.partition(b" ")[2] for text in kept}) == 2


def test_the_oldest_session_of_a_key_ends_when_it_has_too_many(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huey_tasks.credentials.sessions.MOST_OF_KEY", 2)
    monkeypatch.setattr("huey_tasks.credentials.sessions.PERIOD_S", 0.0)
    _, key = tq.create_key("guest", "viewer", setting=(ADMIN,))
    browsers = [app.test_client() for _ in range(4)]
    _sign_in(other := app.test_client())

    def who_is_in() -> list[int]:
        return [browser.get("/api/queues").status_code for browser in browsers]

    _sign_in(browsers[0], key)
    _sign_in(browsers[1], key)
    browsers[1].delete("/api/session", headers=OWN)
    _sign_in(browsers[2], key)
    assert who_is_in() == [200, 401, 200, 401], "who has signed out takes no place"
    _sign_in(browsers[3], key)
    assert who_is_in() == [401, 401, 200, 200]
    assert other.get("/api/queues").status_code == 200, "another key has its own"


def test_to_sign_in_and_to_look_count_for_the_rate_of_a_key(app: Any) -> None:
    _, key = tq.create_key("slow", "viewer", setting=(ADMIN,), rate=0.01)
    header = {"Authorization": f"Bearer {key}"}
    first, looked, again = (
        _sign_in(app.test_client(), key),
        app.test_client().get("/api/session", headers=header),
        _sign_in(app.test_client(), key),
    )
    assert [each.status_code for each in (first, looked, again)] == [200, 429, 429]
    assert again.get_json()["code"] == looked.get_json()["code"] == "rate_exceeded"
    assert "Set-Cookie" not in again.headers
