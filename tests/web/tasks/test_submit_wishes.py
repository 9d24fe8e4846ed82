"""`Idempotency-Key`, `Prefer: wait`, `dry_run` and unique tasks over HTTP; and PATCH."""

import http.client
import json
import threading
import time
from typing import Any

import psutil
import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import keys, once_keys
from tests.conftest import StartConsumer
from tests.waiting import wait_until
from tests.web.conftest import Server, StartServer, email_body

ECHO = {"task_type": "echo", "payload": {"value": 1}}
UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


def _submit(client: FlaskClient, body: Any = ECHO, query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/api/tasks/submit{query}", json=body, headers=named)


def test_the_first_answer_names_its_queue_when_that_is_no_more(client: FlaskClient) -> None:
    unique = {**ECHO, "unique_for": 60}
    task_id = _submit(client, unique).get_json()["task_id"]
    keyed = _submit(client, Idempotency_Key="k").get_json()["task_id"]
    broker = tq.default.broker.redis
    broker.rename(keys.task("default", task_id), keys.task("gpu", task_id))
    (held,) = broker.keys(once_keys.unique("*"))
    broker.set(held, f"gpu {task_id}")
    for kept in broker.keys(once_keys.idempotency("*")):
        broker.hset(kept, "queue", "gpu")
    for query, status in (("", 202), ("?dry_run=1", 200)):
        answer = _submit(client, unique, query)
        assert answer.status_code == status, answer.get_json()
        assert (answer.get_json()["priority"], answer.get_json()["duplicate_of"]) == (
            "gpu",
            task_id,
        )
    waited = _submit(client, unique, Prefer="wait=1")
    assert waited.status_code == 202, waited.get_json()
    (item,) = client.post("/api/tasks/bulk", json=[unique]).get_json()
    assert (item["priority"], item["duplicate_of"]) == ("gpu", task_id)
    again = _submit(client, Idempotency_Key="k").get_json()
    assert (again["task_id"], again["priority"]) == (keyed, "gpu")
    broker.rename(keys.task("gpu", task_id), keys.task("default", task_id))


def test_a_repeat_is_the_first_answer_to_the_letter(client: FlaskClient) -> None:
    first = _submit(client, Idempotency_Key="order-42")
    quoted = _submit(client, Idempotency_Key='"order-42"')

    assert "Idempotent-Replayed" not in first.headers
    assert quoted.headers["Idempotent-Replayed"] == "true"
    assert (quoted.status_code, quoted.get_json()) == (202, first.get_json())
    assert quoted.headers["Location"] == first.headers["Location"]


def test_another_body_under_the_key_is_a_422(client: FlaskClient) -> None:
    _submit(client, Idempotency_Key="k")
    answer = _submit(client, {**ECHO, "payload": {"value": 2}}, Idempotency_Key="k")

    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")
    assert len(tq.list_tasks()) == 1


@pytest.mark.parametrize("key", ["", " ", '""', "a b", "x" * 256, "\xe4"])
def test_a_key_that_cannot_be_one_is_named(client: FlaskClient, key: str) -> None:
    answer = _submit(client, Idempotency_Key=key)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/Idempotency-Key"
    assert not tq.list_tasks()


@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
def test_a_bulk_that_was_cut_is_completed_by_its_repeat(client: FlaskClient, media: str) -> None:
    tasks = [{"task_type": "echo", "payload": {"value": n}} for n in range(250)]
    tasks[3] = {"task_type": "none_such", "payload": {}}
    body = json.dumps(tasks) if media == "application/json" else "\n".join(map(json.dumps, tasks))
    send = {"data": body, "content_type": media, "headers": {"Idempotency-Key": "import"}}

    first = client.post("/api/tasks/bulk", **send).get_data(as_text=True)
    again = client.post("/api/tasks/bulk", **send).get_data(as_text=True)
    assert again == first
    assert len(tq.list_tasks(limit=1000)) == 249

    send["data"] = body.replace("249", "250")
    other = client.post("/api/tasks/bulk", **send)
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")


def test_a_longer_bulk_under_the_key_of_another_stores_nothing(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "import"}
    client.post("/api/tasks/bulk", json=[ECHO] * 50, headers=headers)
    longer = client.post("/api/tasks/bulk", json=[ECHO] * 250, headers=headers)
    assert longer.get_json()["code"] == "idempotency_key_reused"
    assert len(tq.list_tasks(limit=1000)) == 50


def test_a_duplicate_names_the_task_that_is_there(client: FlaskClient) -> None:
    unique = {**ECHO, "unique_for": 60, "unique_key": "customer 7"}
    first = _submit(client, unique).get_json()
    second = _submit(client, {**unique, "payload": {"value": 2}})

    assert (first["duplicate_of"], second.status_code) == (None, 202)
    assert second.get_json() == {
        **first,
        "duplicate_of": first["task_id"],
        "message": "Task 'echo' is on 'default' queue already.",
    }
    (item,) = client.post("/api/tasks/bulk", json=[unique]).get_json()
    assert item["duplicate_of"] == item["task_id"] == first["task_id"]


def test_prefer_wait_answers_with_the_end(
    client: FlaskClient, start_consumer: StartConsumer
) -> None:
    start_consumer("default")
    answer = _submit(client, Prefer="respond-async, wait=20", Idempotency_Key="k")
    assert (answer.status_code, answer.get_json()["result"]) == (200, 1)
    assert answer.headers["Preference-Applied"] == "wait=20"
    again = _submit(client, Prefer="wait=600", Idempotency_Key="k")
    assert again.headers["Preference-Applied"] == "wait=30"
    assert again.get_json()["task_id"] == answer.get_json()["task_id"]


def test_prefer_wait_answers_202_when_the_task_takes_longer(client: FlaskClient) -> None:
    begun = time.monotonic()
    answer = _submit(client, Prefer="wait=1")
    assert (answer.status_code, answer.get_json()["status"]) == (202, "PENDING")
    assert time.monotonic() - begun >= 1


@pytest.mark.parametrize("prefer", ["wait=", "wait=-1", "wait=1.5", "await=9", "waits=9", "x=wait"])
def test_a_preference_that_cannot_be_read_is_ignored(client: FlaskClient, prefer: str) -> None:
    answer = _submit(client, Prefer=prefer)
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers


def test_a_dry_run_says_what_would_happen_and_stores_nothing(client: FlaskClient) -> None:
    waiting = _submit(client).get_json()["task_id"]
    answer = _submit(client, {**ECHO, "queue_priority": 3}, "?dry_run=1", Idempotency_Key="k")

    assert answer.status_code == 200
    assert answer.get_json() == {
        "task_type": "echo",
        "status": "PENDING",
        "priority": "default",
        "message": "Task 'echo' would be queued on 'default' queue.",
        "duplicate_of": None,
        "summary": "No consumer of queue default is running.",
        "position": 2,
        "estimated_start_at": None,
        "estimate": "No estimate: its queue has no consumer.",
    }
    assert [task.task_id for task in tq.list_tasks()] == [waiting]
    assert "Idempotent-Replayed" not in _submit(client, Idempotency_Key="k").headers


def test_a_dry_run_sees_a_later_task_and_a_duplicate(client: FlaskClient) -> None:
    later = _submit(client, {**ECHO, "delay": 60}, "?dry_run=true").get_json()
    assert (later["status"], later["position"]) == ("SCHEDULED", None)
    unique = {**ECHO, "unique_for": 60}
    task_id = _submit(client, unique).get_json()["task_id"]
    assert _submit(client, unique, "?dry_run=1").get_json()["duplicate_of"] == task_id


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        ("?dry_run=1", {**ECHO, "task_type": "none_such"}, "unknown_task_type"),
        ("?dry_run=1", email_body(payload={}), "invalid_payload"),
        ("?dry_run=1", {**ECHO, "delay": -1}, "invalid_request"),
        ("?dry_run=yes", ECHO, "invalid_request"),
        ("?dryrun=1", ECHO, "invalid_request"),
    ],
)
def test_a_dry_run_refuses_what_submit_would(
    client: FlaskClient, query: str, body: dict[str, Any], code: str
) -> None:
    answer = _submit(client, body, query)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert not tq.list_tasks()


def test_a_dry_run_of_a_draining_queue_is_refused(client: FlaskClient) -> None:
    client.post("/api/queues/default/drain")
    assert _submit(client, query="?dry_run=1").get_json()["code"] == "queue_draining"


def test_a_dry_run_of_a_bulk_checks_each_task(client: FlaskClient) -> None:
    answer = client.post("/api/tasks/bulk?dry_run=1", json=[ECHO, email_body(payload={})])
    good, wrong = answer.get_json()
    assert good == {"index": 0, "status": "PENDING", "priority": "default"}
    assert wrong["code"] == "invalid_payload"
    assert not tq.list_tasks()


def test_fifty_racing_requests_with_one_key_submit_once(client: FlaskClient) -> None:
    ids: list[str] = []
    callers = [
        threading.Thread(
            target=lambda: ids.append(
                _submit(client.application.test_client(), Idempotency_Key="k").get_json()["task_id"]
            )
        )
        for _ in range(50)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(ids) == 50
    assert len(set(ids)) == len(tq.list_tasks()) == 1


def test_patch_changes_a_waiting_task(client: FlaskClient) -> None:
    task_id = _submit(client).get_json()["task_id"]
    change = {"payload": {"value": 2}, "tags": ["a"], "queue_priority": 5, "reason": "typo"}
    answer = client.patch(f"/api/tasks/{task_id}", json=change, headers={"X-Operator": "ada"})

    assert answer.status_code == 200
    assert (answer.get_json()["payload"], answer.get_json()["tags"]) == ({"value": 2}, ["a"])
    (row,) = client.get("/api/tasks").get_json()["tasks"]
    assert answer.get_json()["queue_priority"] == row["queue_priority"] == 5
    (entry,) = client.get("/api/audit").get_json()["entries"]
    assert (entry["action"], entry["why"], entry["target"]) == ("change", "typo", task_id)


def test_a_patch_that_has_not_seen_the_last_one_is_a_409(client: FlaskClient) -> None:
    path = f"/api/tasks/{_submit(client).get_json()['task_id']}"
    seen = client.get(path).get_json()["updated_at"]
    theirs = client.patch(path, json={"payload": {"value": 2}, "if_updated_at": seen}).get_json()

    answer = client.patch(path, json={"payload": {"value": 3}, "if_updated_at": seen})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "changed_meanwhile")
    assert answer.mimetype == "application/problem+json"
    assert client.get(path).get_json() == theirs
    again = {"payload": {"value": 3}, "if_updated_at": theirs["updated_at"]}
    assert client.patch(path, json=again).get_json()["payload"] == {"value": 3}


@pytest.mark.parametrize(
    ("task_id", "change", "status", "code"),
    [
        ("", {"if_updated_at": "2026-01-01T00:00:00"}, 422, "invalid_request"),
        (UNKNOWN, {"tags": []}, 404, "task_not_found"),
        ("other", {"tags": []}, 404, "task_not_found"),
        ("", {}, 422, "invalid_request"),
        ("", {"payload": None}, 422, "invalid_request"),
        ("", {"payload": {"values": 1}}, 422, "invalid_payload"),
        ("", {"run_at": "2026-01-01T00:00:00"}, 422, "invalid_request"),
        ("", {"run_at": "9999-12-31T23:59:59Z"}, 422, "invalid_request"),
        ("", {"delay": 1, "run_at": "2026-12-31T23:59:59Z"}, 422, "invalid_request"),
        ("", {"queue_priority": 1.5}, 422, "invalid_request"),
        ("", {"state": "SUCCESS"}, 422, "invalid_request"),
    ],
)
def test_a_wrong_patch_changes_nothing(
    client: FlaskClient, task_id: str, change: dict[str, Any], status: int, code: str
) -> None:
    own = _submit(client).get_json()["task_id"]
    before = client.get(f"/api/tasks/{own}").get_json()
    answer = client.patch(f"/api/tasks/{task_id or own}", json=change)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert client.get(f"/api/tasks/{own}").get_json() == before


def test_callers_that_repeat_while_the_server_is_killed_submit_once(
    start_server: StartServer,
) -> None:
    """Each caller repeats its request until it is answered, as clients with retries do."""
    server = start_server()
    answers: list[tuple[str, str]] = []

    def call(key: str) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        while True:
            try:
                answer = server.request("POST", "/api/tasks/submit", json.dumps(ECHO), headers)
            except (OSError, http.client.HTTPException):
                continue  # the connection broke: the task may be stored or not
            if answer.status == 202:
                answers.append((key, answer.json["task_id"]))
                return

    callers = [threading.Thread(target=call, args=(f"key-{n % 10}",)) for n in range(200)]
    for number, caller in enumerate(callers):
        caller.start()
        if number % 40 == 20:
            _kill_a_worker(server)
    for caller in callers:
        caller.join()

    assert len(answers) == 200
    assert len(set(answers)) == len(tq.list_tasks(limit=1000)) == 10


def _kill_a_worker(server: Server) -> None:
    """Kill a process of gunicorn's that serves requests, once there is one."""
    workers = wait_until(
        lambda: psutil.Process(server.process.pid).children(), description="a worker serves"
    )
    workers[0].kill()
