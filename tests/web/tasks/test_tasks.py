"""Submit, read, list, cancel and retry, as a caller sees them."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.waiting import wait_until
from tests.web.conftest import EMAIL, email_body

UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


def submit(client: FlaskClient, **more: Any) -> str:
    answer = client.post("/api/tasks/submit", json=email_body(**more))
    assert answer.status_code == 202, answer.get_json()
    return answer.get_json()["task_id"]


def test_submit_answers_202_with_the_place_of_the_task(client: FlaskClient) -> None:
    answer = client.post("/api/tasks/submit", json=email_body(priority="high"))

    task_id = answer.get_json()["task_id"]
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/tasks/{task_id}"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", task_id)
    assert answer.get_json() == {
        "task_id": task_id,
        "status": "PENDING",
        "priority": "high",
        "message": "Task 'send_email' queued on 'high' queue.",
        "duplicate_of": None,
    }


def test_a_task_goes_to_the_queue_of_its_type_unless_priority_names_another(
    client: FlaskClient,
) -> None:
    own, other = submit(client), submit(client, priority="low")

    assert client.get(f"/api/tasks/{own}").get_json()["queue"] == "high"
    assert client.get(f"/api/tasks/{other}").get_json()["queue"] == "low"


def test_a_waiting_task_shows_every_field(client: FlaskClient) -> None:
    task = client.get(f"/api/tasks/{submit(client)}").get_json()

    submitted_at = task.pop("submitted_at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", submitted_at)
    assert task.pop("updated_at") == submitted_at
    assert task.pop("max_attempts") == 6
    absent = ["result", "result_note", "error", "traceback", "progress", "started_at",
              "finished_at", "next_retry_at", "scheduled_for", "worker", "stop_confirmed",
              "retry_of", "retried_as", "gate", "cause", "schedule", "flow_id", "submitted_by",
              "invocation", "reported"]  # fmt: skip
    assert {name: task.pop(name) for name in absent} == dict.fromkeys(absent)
    assert task.pop("task_id")
    assert task == {
        "status": "PENDING",
        "task_type": "send_email",
        "queue": "high",
        "queue_priority": 0,
        "payload": EMAIL,
        "attempt": 0,
        "deliveries": 0,
        "crashes": 0,
        "losses": 0,
        "tags": [],
        "log": [],
        "partial_results": [],
        "attempts": [],
    }


def test_a_finished_task_shows_its_result_and_its_log(
    client: FlaskClient, start_consumer: StartConsumer
) -> None:
    task_id = submit(client)
    start_consumer("high")

    def finished() -> dict[str, Any] | None:
        task = client.get(f"/api/tasks/{task_id}").get_json()
        return task if task["status"] == "SUCCESS" else None

    task = wait_until(finished, description="the e-mail is sent")
    assert task
    assert (task["result"]["status"], task["result"]["to"]) == ("sent", EMAIL["to"])
    assert (task["attempt"], task["error"]) == (1, None)
    assert [line["level"] for line in task["log"]] == ["INFO"]
    assert client.delete(f"/api/tasks/{task_id}/cancel").get_json()["code"] == "task_finished"


def test_cancel_revokes_a_waiting_task_once(client: FlaskClient) -> None:
    task_id = submit(client)

    first = client.delete(f"/api/tasks/{task_id}/cancel")
    again = client.delete(f"/api/tasks/{task_id}/cancel")

    assert first.status_code == 200
    assert first.get_json() == {"task_id": task_id, "status": "revoked"}
    assert client.get(f"/api/tasks/{task_id}").get_json()["status"] == "REVOKED"
    assert (again.status_code, again.get_json()["code"]) == (409, "task_finished")


@pytest.mark.parametrize(
    "task_id",
    [UNKNOWN, "x", "1", UNKNOWN.upper(), f"{{{UNKNOWN}}}", f"urn:uuid:{UNKNOWN}", "..%2f", "%00",
     UNKNOWN.replace("-", ""), f"{UNKNOWN}%0a", f" {UNKNOWN}", "x" * 10_000],
)  # fmt: skip
def test_an_unknown_or_malformed_id_is_not_found(client: FlaskClient, task_id: str) -> None:
    for answer in (
        client.get(f"/api/tasks/{task_id}"),
        client.delete(f"/api/tasks/{task_id}/cancel"),
    ):
        assert answer.status_code == 404
        assert answer.get_json()["code"] in ("task_not_found", "not_found")


def test_an_id_in_capitals_is_not_the_task(client: FlaskClient) -> None:
    assert client.get(f"/api/tasks/{submit(client).upper()}").status_code == 404


def _submit_in_turn(client: FlaskClient, **more: Any) -> str:
    """Submit a task, and be back in a later millisecond: within one the order is any."""
    task_id, at = submit(client, **more), _redis_ms()
    wait_until(lambda: _redis_ms() > at, description="the next millisecond")
    return task_id


def _redis_ms() -> int:
    seconds, microseconds = tq.default.broker.redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def test_tasks_are_listed_newest_first_without_their_logs(client: FlaskClient) -> None:
    ids = [_submit_in_turn(client, priority=queue) for queue in ("high", "low", "default")]

    tasks = client.get("/api/tasks").get_json()["tasks"]

    assert [task["task_id"] for task in tasks] == ids[::-1]
    assert all("log" not in task for task in tasks)


def test_tasks_are_listed_by_state_queue_and_limit(client: FlaskClient) -> None:
    low, high = _submit_in_turn(client, priority="low"), submit(client)
    client.delete(f"/api/tasks/{low}/cancel")

    def listed(query: str) -> list[str]:
        return [task["task_id"] for task in client.get(f"/api/tasks?{query}").get_json()["tasks"]]

    assert listed("state=PENDING") == [high]
    assert listed("state=REVOKED") == [low]
    assert listed("queue=low") == [low]
    assert listed("queue=low&state=PENDING") == []
    assert listed("limit=1") == [high]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=201", "limit=1000000000", "limit=abc", "limit=", "limit=5.0",
     "limit=%205", "limit=1_0", "limit=NaN", "limit=%D9%A5", "state=", "state=X",
     "queue=urgent", "queue=", "unknown=1", "cursor=abc", "set_aside=1", "set_aside=",
     "set_aside=True"],
)  # fmt: skip
def test_a_wrong_query_names_the_parameter(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/tasks?{query}")

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")
    assert [e["pointer"] for e in answer.get_json()["errors"]] == ["/" + query.split("=")[0]]


def test_a_parameter_given_twice_is_refused(client: FlaskClient) -> None:
    assert client.get("/api/tasks?limit=1&limit=2").status_code == 422


def test_task_types_come_with_schema_and_example(client: FlaskClient) -> None:
    types = {
        one["task_type"]: one for one in client.get("/api/task-types").get_json()["task_types"]
    }

    assert {"send_email", "process_payment", "generate_report", "data_pipeline"} <= set(types)
    email = types["send_email"]
    assert (email["queue"], email["retries"]) == ("high", 5)
    assert (email["retry_delay_s"], email["retry_backoff"], email["timeout_s"]) == (2, 2, None)
    assert set(email["schema"]["properties"]) == {"to", "subject", "body"}
    for name, one in types.items():
        if one["example"]:
            tq.submit(name, one["example"])
