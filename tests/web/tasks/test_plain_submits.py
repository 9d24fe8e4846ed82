"""A submit is answered alike with Flask and without: the same status, headers and body."""

import dataclasses
import gc
import json
import re
import weakref
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

import huey_tasks as tq
import web
from huey_tasks.broker import room
from tests.web.conftest import EMAIL, Server, email_body

PATH = "/api/tasks/submit"
ADMIN = "first-key"
FRIEND = "https://app.example.com"
#: A wish that nobody knows is ignored, but makes a submit one for Flask.
BY_FLASK = {"Prefer": "nothing"}

Request = dict[str, Any]
Seen = tuple[int, list[tuple[str, str]], Any]


def _post(body: Any = None, **more: Any) -> Request:
    """A request; `body`: JSON, or bytes as they are. None in `headers` takes a header away."""
    data = body if isinstance(body, bytes) else json.dumps(email_body() if body is None else body)
    headers = {
        "Content-Type": "application/json",
        "X-Request-ID": "mine",
        **more.pop("headers", {}),
    }
    kept = {name: value for name, value in headers.items() if value is not None}
    return {"method": "POST", "path": PATH, "data": data, "headers": kept, **more}


def _headed(**headers: Any) -> Request:
    return _post(headers={name.replace("_", "-"): value for name, value in headers.items()})


#: What is sent, one request after the other.
OPEN: dict[str, Sequence[Request]] = {
    "good": [_post()],
    "every option": [
        _post(email_body(priority="low", tags=["a", "b"], expires_in=60, queue_priority=5))
    ],
    "later": [_post(email_body(delay=30))],
    "at a time": [_post(email_body(run_at="2999-01-01T00:00:00Z"))],
    "run_at and delay": [_post(email_body(run_at="2030-01-01T00:00:00Z", delay=1))],
    "unique twice": [_post(email_body(unique_for=60))] * 2,
    "a key twice": [_headed(Idempotency_Key="k")] * 2,
    "a key again for another": [
        _headed(Idempotency_Key="k"),
        _post(email_body(priority="low"), headers={"Idempotency-Key": "k"}),
    ],
    "a bad key": [_headed(Idempotency_Key="a b")],
    "no JSON": [_post(b"{")],
    "an array": [_post([])],
    "an empty body": [_post(b"")],
    "a byte order mark": [_post(b"\xef\xbb\xbf{}")],
    "bad UTF-8": [_post(b'{"a": "\xff"}')],
    "a key twice in an object": [_post(b'{"a": 1, "a": 2}')],
    "NaN": [_post(b'{"a": NaN}')],
    "half a surrogate pair": [_post(b'{"task_type": "\\ud800"}')],
    "NUL": [_post(b'{"task_type": "\\u0000"}')],
    "too deep": [_post(b'{"a":' + b"[" * 200 + b"]" * 200 + b"}")],
    "too large": [_post(b" " * (1024 * 1024 + 1))],
    "as large as it may be": [_post(json.dumps(email_body()).encode().ljust(1024 * 1024))],
    "a payload of 100 kB": [_post(email_body(payload={**EMAIL, "body": "x" * 100_000}))],
    "a missing field": [_post({"task_type": "send_email"})],
    "an unknown field": [_post(email_body(color="red"))],
    "a number for a name": [_post({"task_type": 1, "payload": {}})],
    "an unknown type": [_post({"task_type": "send_emial", "payload": {}})],
    "an unknown queue": [_post(email_body(priority="urgent"))],
    "a queue of null": [_post(email_body(priority=None))],
    "a wrong payload": [_post({"task_type": "send_email", "payload": {"to": "nobody", "x": 1}})],
    "a wrong tag": [_post(email_body(tags=["a b"]))],
    "an unsafe webhook": [_post(email_body(webhook_url="http://10.0.0.1/"))],
    "text": [_headed(Content_Type="text/plain")],
    "no content type": [_headed(Content_Type=None)],
    "a charset": [_headed(Content_Type="application/json; charset=utf-8")],
    "another charset": [_headed(Content_Type="application/json; charset=latin-1")],
    "compressed": [_headed(Content_Encoding="gzip")],
    "a new request id": [_headed(X_Request_ID=None)],
    "an unsafe request id": [_headed(X_Request_ID="<script>")],
    "a key where none is needed": [_headed(Authorization="Bearer whatever")],
    "an own page": [_headed(Origin="http://localhost", Sec_Fetch_Site="same-origin")],
    "a foreign page": [_headed(Origin="https://evil.example")],
    "a foreign page without Origin": [_headed(Sec_Fetch_Site="cross-site")],
    "a friend's page": [_headed(Origin=FRIEND)],
    "a preflight": [
        _post(method="OPTIONS", headers={"Origin": FRIEND, "Access-Control-Request-Method": "POST"})
    ],
    "a cookie": [_headed(Cookie="duckline_session_8000=x")],
    "a foreign host": [_headed(Host="evil.example")],
    "a host with a port": [_headed(Host="localhost:8000")],
    "a host that is none": [_headed(Host="local_host")],
    "a host that is empty": [_headed(Host="")],
    "a dry run": [_post(query_string="dry_run=1")],
    "no dry run": [_post(query_string="dry_run=0")],
    "an unknown parameter": [_post(query_string="a=1")],
    "a parameter twice": [_post(query_string="a=1&a=2")],
    "behind a proxy": [_headed(X_Forwarded_Prefix="/jobs")],
    "a handshake": [_headed(Upgrade="websocket", Connection="Upgrade")],
    "HEAD": [_post(method="HEAD")],
    "OPTIONS": [_post(method="OPTIONS")],
    "GET": [_post(method="GET")],
    "PUT": [_post(method="PUT")],
    "a slash at the end": [_post(path=f"{PATH}/")],
    "doubled slashes": [_post(path="/api//tasks/submit")],
    "another path": [_post(path="/api/tasks/submits")],
}
LOCKED: dict[str, Sequence[Request]] = {
    "without a key": [_post()],
    "an admin": [_headed(Authorization=f"Bearer {ADMIN}")],
    "an admin, in capitals": [_headed(Authorization=f"BEARER  {ADMIN} ")],
    "an admin, to a host that is none": [_headed(Authorization=f"Bearer {ADMIN}", Host="a..b")],
    "an admin, to an odd host": [_headed(Authorization=f"Bearer {ADMIN}", Host="local_host")],
    "an admin, to an empty host": [_headed(Authorization=f"Bearer {ADMIN}", Host="")],
    "an admin, to any host": [_headed(Authorization=f"Bearer {ADMIN}", Host="shop.example")],
    "a wrong key": [_headed(Authorization="Bearer wrong")],
    "another scheme": [_headed(Authorization=f"Basic {ADMIN}")],
    "a key in the URL": [_post(query_string=f"api_key={ADMIN}")],
    "a wrong session": [_headed(Cookie="duckline_session_8000=x")],
    "a wrong body without a key": [_post(b"{")],
    "a wrong body with a key": [_post(b"{", headers={"Authorization": f"Bearer {ADMIN}"})],
}
#: The role of a stored key, what it reaches, and what it sends.
STORED: dict[str, tuple[str, dict[str, Any], Any]] = {
    "a submitter": ("submitter", {}, None),
    "a viewer": ("viewer", {}, None),
    "within its types": ("submitter", {"task_types": ["send_email"]}, None),
    "out of its types": ("submitter", {"task_types": ["echo"]}, None),
    "within its queues": ("submitter", {"queues": ["low"]}, email_body(priority="low")),
    "out of its queues": ("submitter", {"queues": ["low"]}, None),
    "an unknown type within a reach": (
        "submitter",
        {"queues": ["low"]},
        {"task_type": "none_such", "payload": {}},
    ),
    "at its rate": ("submitter", {"rate": 0.01}, None),
    "a wrong body, which counts once": ("submitter", {"rate": 0.01}, b"{"),
}


@cache
def _client(**settings: Any) -> FlaskClient:
    """A client of one application for all tests that only send requests to it."""
    return _app(**settings).test_client(use_cookies=False)


def _app(**settings: Any) -> Flask:
    return web.create_app(dataclasses.replace(tq.CONFIG, **settings))


def _seen(client: FlaskClient, sent: Request) -> Seen:
    """What came back, without what differs between two requests: ids of tasks and of requests."""
    answer = client.open(**sent)

    def same(text: str) -> str:
        return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", "<id>", text)

    headers = [(name, same(value)) for name, value in answer.headers]
    return answer.status_code, headers, same(answer.get_data(as_text=True))


def _sent(client: FlaskClient, requests: Sequence[Request], **headers: str) -> list[Any]:
    """Send the requests with these headers; return what came back, and the tasks that are there."""
    seen = [_seen(client, {**one, "headers": {**one["headers"], **headers}}) for one in requests]
    return [*seen, *map(_task, tq.list_tasks())]


def _task(task: Any) -> tuple[Any, ...]:
    return task.task_type, task.queue, task.payload, task.tags, task.status, task.submitted_by


def _empty_redis() -> None:
    tq.high.broker.redis.flushall()


def _served_by_flask(app: Flask) -> list[str]:
    """Return a list to which each request that Flask serves adds its path."""
    served: list[str] = []
    app.before_request_funcs[None].insert(0, lambda: served.append(request.path))
    return served


@pytest.mark.parametrize("origins", [(), (FRIEND,)], ids=["", "with origins"])
@pytest.mark.parametrize("name", OPEN)
def test_both_ways_answer_alike(name: str, origins: tuple[str, ...]) -> None:
    client = _client(allowed_origins=origins)
    plain = _sent(client, OPEN[name])
    _empty_redis()
    assert plain == _sent(client, OPEN[name], **BY_FLASK)


@pytest.mark.parametrize("name", LOCKED)
def test_both_ways_ask_for_the_key_alike(name: str) -> None:
    client = _client(api_keys=(ADMIN,))
    plain = _sent(client, LOCKED[name])
    _empty_redis()
    assert plain == _sent(client, LOCKED[name], **BY_FLASK)


@pytest.mark.parametrize("name", STORED)
def test_both_ways_keep_to_role_reach_and_rate(name: str) -> None:
    role, reach, body = STORED[name]

    def seen(**headers: str) -> list[Any]:
        _, key = tq.create_key("me", role, setting=(ADMIN,), **reach)
        client = _app(api_keys=(ADMIN,)).test_client(use_cookies=False)
        return _sent(client, [_post(body)] * 2, Authorization=f"Bearer {key}", **headers)

    plain = seen()
    _empty_redis()
    assert plain == seen(**BY_FLASK)


def test_both_ways_refuse_alike_while_a_queue_is_full(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tq.submit("echo", {}, priority="low")
    bounds = room.as_text(("high", "default", "low"), None, {"low": 1}, 0, 0)
    monkeypatch.setattr(tq.QUEUES["low"].broker.scripts, "bounds", bounds)
    full = [_post(email_body(priority="low"))]
    plain = _sent(client, full)
    assert plain[0][0] == 429
    assert plain == _sent(client, full, **BY_FLASK)


@pytest.mark.parametrize("name", ["good", "later", "every option", "a key twice", "unique twice"])
def test_flask_serves_no_plain_submit(name: str) -> None:
    app = _app()
    served = _served_by_flask(app)
    assert {seen[0] for seen in _sent(app.test_client(), OPEN[name])[:1]} == {202}
    assert served == []


def test_flask_answers_what_a_plain_submit_raises_without_a_second_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, calls = _app(), []

    def lose(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        raise RuntimeError("a defect")

    monkeypatch.setattr(tq.QUEUES["high"].broker.scripts, "submit", lose)
    served = _served_by_flask(app)
    status, _, body = _seen(app.test_client(), _post())
    assert (status, json.loads(body)["code"]) == (500, "internal_error")
    assert (len(calls), served) == (1, [PATH])


class _Environ(dict[str, Any]):
    """One that a test can watch."""

    __slots__ = ("__weakref__",)


@pytest.mark.parametrize("body", [b"{", json.dumps(email_body()).encode()])
def test_the_body_of_a_plain_submit_goes_with_its_answer(body: bytes) -> None:
    """Not only when the garbage collector comes: bodies are large, and anybody can send them."""
    app = _app()
    _seen(app.test_client(), _post())  # the first of a process also loads the script
    sent = EnvironBuilder(PATH, method="POST", data=body, content_type="application/json")
    environ = _Environ(sent.get_environ())
    watched, seen = weakref.ref(environ), list[str]()

    def start(status: str, *more: Any) -> Any:
        seen.append(status)

    gc.disable()
    try:
        answer = app.wsgi_app(environ, start)
        assert b"".join(answer)
        del answer, environ
        assert seen in (["202 ACCEPTED"], ["400 BAD REQUEST"])
        assert watched() is None
    finally:
        gc.enable()


def test_metrics_count_a_plain_submit_by_its_route(server: Server) -> None:
    series = 'duckline_http_request_duration_seconds_count{method="POST",route="%s",status="202"}'

    def count() -> float:
        text = server.request("GET", "/metrics").body.decode()
        lines = (line.rpartition(" ") for line in text.splitlines())
        return next((float(value) for name, _, value in lines if name == series % PATH), 0.0)

    before = count()
    sent = _post()
    server.request("POST", PATH, sent["data"], sent["headers"])
    assert count() == before + 1
