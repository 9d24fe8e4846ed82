"""`GET /api/tasks/<id>?wait=<s>`: answered when the task has ended, or when the time is up."""

import http.client
import importlib
import json
import os
import signal
import threading
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.engine.helpers import HandWorker, commit, submit
from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, Server, StartServer, email_body

UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


class Asking:
    """A request that waits for its answer."""

    def __init__(self, server: Server, path: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=40)
        self.connection.request("GET", path)

    def answer(self) -> tuple[int, bytes]:
        response = self.connection.getresponse()
        body = response.read()
        self.connection.close()
        return response.status, body


def is_awaited(task_id: str) -> bool:
    return bool(tq.default.broker.redis.hexists(keys.task("default", task_id), "awaited"))


def ask(server: Server, task_id: str) -> Asking:
    """Ask with a long wait; return when the server has begun to wait."""
    asking = Asking(server, f"/api/tasks/{task_id}?wait=30")
    wait_until(lambda: is_awaited(task_id), description="the server waits")
    return asking


def test_the_answer_comes_with_the_end(client: FlaskClient) -> None:
    task_id, worker = submit("echo", value=1), HandWorker()
    claim = worker.claim()
    received: list[Any] = []
    asking = threading.Thread(
        target=lambda: received.append(client.get(f"/api/tasks/{task_id}?wait=30").get_json())
    )
    asking.start()
    wait_until(lambda: is_awaited(task_id), description="it waits")

    worker.step(commit(claim, "FAILURE", reason="on purpose"), want=0)

    asking.join(60)
    assert [(task["status"], task["error"]) for task in received] == [("FAILURE", "on purpose")]


def test_without_an_end_the_task_is_told_as_it_is(client: FlaskClient) -> None:
    task_id = submit("echo")
    begun = time.monotonic()
    answer = client.get(f"/api/tasks/{task_id}?wait=0.2")

    assert (answer.status_code, answer.get_json()["status"]) == (200, "PENDING")
    assert time.monotonic() - begun >= 0.2


def test_what_has_ended_is_told_at_once(client: FlaskClient) -> None:
    task_id = submit("echo")
    tq.cancel(task_id)
    begun = time.monotonic()
    assert client.get(f"/api/tasks/{task_id}?wait=30").get_json()["status"] == "REVOKED"
    assert client.get(f"/api/tasks/{UNKNOWN}?wait=30").status_code == 404
    assert client.get("/api/tasks/x?wait=30").status_code == 404
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("wait", ["0", "0.0", "0.000001", "-0"])
def test_a_wait_may_be_short(client: FlaskClient, wait: str) -> None:
    assert client.get(f"/api/tasks/{submit('echo')}?wait={wait}").status_code == 200


@pytest.mark.parametrize(
    "wait",
    ["-1", "-0.1", "31", "30.001", "1e1", "NaN", "Infinity", "inf", "abc", "", "%201", "1%20",
     "1_0", "0x1", "%D9%A5", "1,5", ".5", "5.", "9999999999", "1" * 400, "true"],
)  # fmt: skip
def test_a_wrong_wait_names_the_parameter(client: FlaskClient, wait: str) -> None:
    answer = client.get(f"/api/tasks/{submit('echo')}?wait={wait}")

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/wait"]


def test_a_wait_given_twice_or_beside_others_is_refused(client: FlaskClient) -> None:
    task_id = submit("echo")
    assert client.get(f"/api/tasks/{task_id}?wait=1&wait=2").status_code == 422
    assert client.get(f"/api/tasks/{task_id}?timeout=1").status_code == 422


def test_so_many_wait_and_no_more(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    full = threading.BoundedSemaphore(1)
    assert full.acquire()
    monkeypatch.setattr(importlib.import_module("web.http.waiting"), "_places", full)
    task_id = submit("echo")

    answer = client.get(f"/api/tasks/{task_id}?wait=1")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "too_many_waiting")
    assert answer.headers["Retry-After"]
    assert client.get(f"/api/tasks/{task_id}").status_code == 200
    full.release()
    for _ in range(3):  # each frees its place, whatever its outcome
        assert client.get(f"/api/tasks/{task_id}?wait=0.01").status_code == 200
        assert client.get(f"/api/tasks/{UNKNOWN}?wait=0.01").status_code == 404


def test_the_inspector_waits_too(inspector: FlaskClient) -> None:
    assert inspector.get(f"/api/tasks/{submit('echo')}?wait=0.01").status_code == 200


def test_while_many_wait_others_are_answered(server: Server) -> None:
    ids = [submit("echo") for _ in range(30)]
    asking = [ask(server, task_id) for task_id in ids]

    assert server.request("GET", "/api/queues").status == 200
    tq.purge("default")
    answers = [one.answer() for one in asking]
    assert [status for status, _ in answers] == [200] * 30
    assert all(b'"REVOKED"' in body for _, body in answers)


def test_a_stopping_server_answers_those_who_wait(start_server: StartServer) -> None:
    server = start_server()
    asking = ask(server, submit("echo"))

    os.kill(server.process.pid, signal.SIGTERM)

    status, body = asking.answer()
    assert status == 200
    assert b'"PENDING"' in body
    assert server.process.popen.wait(60) == 0


def test_without_redis_nobody_waits(start_server: StartServer, own_redis: OwnRedis) -> None:
    server = start_server(**own_redis.environment)
    body, headers = json.dumps(email_body()), {"Content-Type": "application/json"}
    submitted = server.request("POST", "/api/tasks/submit", body, headers).json["task_id"]
    asking = Asking(server, f"/api/tasks/{submitted}?wait=6")
    assert server.request("GET", "/health/ready").status == 200
    own_redis.stop()

    status, body = asking.answer()
    assert (status, b"queue_unavailable" in body) == (503, True)
    answer = server.request("GET", f"/api/tasks/{submitted}?wait=30")
    assert (answer.status, answer.json["code"]) == (503, "queue_unavailable")
    assert answer.headers["Retry-After"]
