"""Every error is an RFC 9457 problem."""

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

import web

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
METHODS = {
    "/api/tasks/submit": {"POST", "OPTIONS"},
    "/api/tasks/bulk": {"POST", "OPTIONS"},
    "/api/tasks": {"GET", "HEAD", "OPTIONS"},
    "/api/workers/stats": {"GET", "HEAD", "OPTIONS"},
    "/api/tasks/6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11/cancel": {"DELETE", "OPTIONS"},
    "/": {"GET", "HEAD", "OPTIONS"},
    "/docs": {"GET", "HEAD", "OPTIONS"},
}


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/api", "/api/", "/api/tasks/", "/api/tasks/submit/", "/api//tasks",
     "/API/tasks", "/docs/", "/static/nothing.js", "/static/../app.py", "/static/%2e%2e/app.py",
     "/docs/swagger/../../__init__.py", "/%00", "/ws", "/ws/stats/"],
)  # fmt: skip
def test_an_unknown_path_is_a_problem(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    problem = answer.get_json()
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert set(problem) == MEMBERS
    assert (problem["code"], problem["status"]) == ("not_found", 404)
    assert problem["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("path", METHODS)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "BREW"])
def test_another_method_is_a_405_that_says_which_are_allowed(
    client: FlaskClient, path: str, method: str
) -> None:
    answer = client.open(path, method=method)

    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == METHODS[path]


def test_a_405_names_the_methods_in_its_text(client: FlaskClient) -> None:
    cancel = client.post("/api/tasks/6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11/cancel").get_json()
    assert cancel["detail"] == "This path accepts DELETE."
    schedules = client.delete("/api/schedules").get_json()
    assert schedules["detail"] == "This path accepts GET, POST."


def test_get_on_submit_is_a_405_and_not_an_unknown_task(client: FlaskClient) -> None:
    answer = client.get("/api/tasks/submit")
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (
        405,
        {"POST", "OPTIONS"},
    )


@pytest.mark.parametrize("path", METHODS)
def test_options_says_what_is_allowed(client: FlaskClient, path: str) -> None:
    answer = client.options(path)
    assert set(answer.headers["Allow"].split(", ")) == METHODS[path]
    assert answer.data == b""


def test_head_is_get_without_a_body(client: FlaskClient) -> None:
    head, get = client.head("/api/queues"), client.get("/api/queues")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_a_method_override_changes_nothing(client: FlaskClient) -> None:
    answer = client.get("/api/tasks", headers={"X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 200


@pytest.mark.parametrize("sent", ["abc-123", "A.b_c", "f" * 64])
def test_a_safe_request_id_is_taken_over(client: FlaskClient, sent: str) -> None:
    answer = client.get("/nowhere", headers={"X-Request-ID": sent})
    assert answer.headers["X-Request-ID"] == sent == answer.get_json()["request_id"]


@pytest.mark.parametrize("sent", ["", "f" * 65, "a b", "<script>", "../x", "é", "-a"])
def test_any_other_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    answer = client.get("/api/queues", headers={"X-Request-ID": sent})
    assert answer.headers["X-Request-ID"] != sent
    assert len(answer.headers["X-Request-ID"]) == 32


def test_a_long_path_is_not_repeated_whole(client: FlaskClient) -> None:
    assert len(client.get("/" + "x" * 3000).get_json()["instance"]) == 64


@pytest.fixture
def broken_app() -> Flask:
    app = web.create_app()

    def fail() -> str:
        raise RuntimeError("secret detail")

    app.add_url_rule("/broken", view_func=fail)
    return app


def test_an_unexpected_error_tells_the_caller_only_where_to_look(
    broken_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = broken_app.test_client().get("/broken", headers={"X-Request-ID": "find-me"})

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (500, "internal_error")
    assert set(problem) == MEMBERS
    assert "secret" not in answer.get_data(as_text=True)
    assert "Traceback" not in answer.get_data(as_text=True)
    assert "find-me" in caplog.text
    assert "secret detail" in caplog.text
