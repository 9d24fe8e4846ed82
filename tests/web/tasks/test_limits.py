"""The limits of task types over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import limit_keys

PATH = "/api/task-types/echo/limits"
NONE = {"task_type": "echo", "concurrency": None, "rate": None, "per": None, "by": None}


@pytest.fixture(autouse=True)
def no_limits() -> Iterator[None]:
    yield
    tq.default.broker.redis.delete(limit_keys.limits())


def test_they_are_set_read_and_taken_away(client: FlaskClient) -> None:
    assert client.get(PATH).get_json() == NONE
    limits = {"concurrency": 2, "rate": 100, "per": 60, "by": "value"}
    answer = client.put(PATH, json={**limits, "reason": "asked for"})
    assert (answer.status_code, answer.get_json()) == (200, {"task_type": "echo", **limits})
    assert client.get(PATH).get_json() == answer.get_json()
    assert client.delete(PATH).status_code == 204
    assert client.get(PATH).get_json() == NONE
    entries = client.get("/api/audit").get_json()["entries"]
    assert [(one["action"], one["target"], one["count"]) for one in entries] == [
        ("limit", "echo", 1)
    ] * 2


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (PATH, {}, 422, "invalid_request"),
        (PATH, {"rate": 0}, 422, "invalid_request"),
        (PATH, {"concurrency": 1.5}, 422, "invalid_request"),
        (PATH, {"concurrency": 1, "per": "60"}, 422, "invalid_request"),
        (PATH, {"limit": 1}, 422, "invalid_request"),
        ("/api/task-types/none_such/limits", {"rate": 1}, 404, "task_type_not_found"),
    ],
)
def test_wrong_ones_are_refused(
    client: FlaskClient, path: str, body: Any, status: int, code: str
) -> None:
    answer = client.put(path, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
