"""JSON that every reader takes, whatever a task has returned."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks import serializer
from huey_tasks.protocol import Commit
from tests.engine.helpers import HandWorker
from web.http.models import Outbound
from web.http.responses import respond, write_json


class View(Outbound):
    value: Any


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (float("nan"), None),
        ([float("inf"), {"x": -float("inf")}], [None, {"x": None}]),
        (2**200, 2**200),
        ("\u202e \U0001f469 \x00 \u2028", "\u202e \U0001f469 \x00 \u2028"),
        ("half \ud800", "half \ud800"),
        ({"nested": ["half \udfff", float("nan")]}, {"nested": ["half \udfff", None]}),
        (1e300, 1e300),
    ],
    ids=ascii,
)
def test_any_value_is_written_as_json(value: Any, read: Any) -> None:
    for text in (respond(View(value=value)).get_data(), write_json({"value": value})):
        assert json.loads(text) == {"value": read}
        assert b"NaN" not in (text if isinstance(text, bytes) else text.encode())


def test_an_answer_tells_its_length_and_an_answer_to_head_has_no_body(client: FlaskClient) -> None:
    get, head = client.get("/api/queues"), client.head("/api/queues")
    assert int(get.headers["Content-Length"]) == len(get.data)
    assert (head.headers["Content-Length"], head.data) == (get.headers["Content-Length"], b"")
    missing = client.head("/api/tasks/unknown")
    assert (missing.status_code, missing.data) == (404, b"")


def test_a_result_that_json_cannot_say_is_null(client: FlaskClient) -> None:
    task_id = tq.submit("echo", {}).task_id
    worker = HandWorker()
    claim = worker.claim()
    outcome = serializer.dumps({"result": [1]}).replace(b"[1]", b"[NaN]")
    tq.default.storage._result_scripts.outcome(
        "default", {f"duckline:outcome:{task_id}:{claim.token}": outcome}, ttl_ms=60_000
    )
    worker.step(Commit(claim.id, claim.token, "SUCCESS"), want=0)

    task = client.get(f"/api/tasks/{task_id}").get_json()
    assert (task["status"], task["result"]) == ("SUCCESS", [None])
