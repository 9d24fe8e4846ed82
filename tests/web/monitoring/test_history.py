"""The history and the log of all tasks over HTTP."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import Process, StartConsumer
from tests.engine.helpers import HandWorker, commit, wait_for
from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, Server, StartServer, email_body

broker = tq.default.broker.redis

POINT = {
    "at", "partial", "submitted", "succeeded", "failed", "retried", "revoked", "expired",
    "wait_p50_s", "wait_p95_s", "wait_p99_s", "run_p50_s", "run_p95_s", "run_p99_s",
    "oldest_waiting_s",
}  # fmt: skip
TOTALS = POINT - {"at", "partial", "oldest_waiting_s"} | {"per_s", "failure_rate"}


def submit(client: FlaskClient, **more: Any) -> str:
    return client.post("/api/tasks/submit", json=email_body(**more)).get_json()["task_id"]


def read(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/history", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


# ---- the history


@pytest.mark.parametrize("span", ["15m", "1h", "24h", "7d", "30d"])
def test_a_history_has_all_of_its_fields_and_its_times_are_utc(
    client: FlaskClient, span: str
) -> None:
    submit(client)
    found = read(client, span=span)
    assert set(found) == {"span", "step_s", "from", "to", "now", "all", "queues", "types"}
    assert found["span"] == span
    assert [one["queue"] for one in found["queues"]] == ["high", "default", "low"]
    for series in (found["all"], *found["queues"]):
        assert all(set(point) == POINT for point in series["points"])
        assert set(series["totals"]) == TOTALS
        assert [point["partial"] for point in series["points"]][-2:] == [False, True]
    (only,) = found["types"]
    assert (only["task_type"], set(only["totals"])) == ("send_email", TOTALS)
    assert found["all"]["points"][0]["at"] == found["from"]
    assert found["from"].endswith("Z")
    times = [datetime.fromisoformat(found[name]) for name in ("from", "now", "to")]
    assert times == sorted(times)
    assert sum(point["submitted"] for point in found["all"]["points"]) == 1


def test_a_history_can_be_of_one_queue_and_one_type(client: FlaskClient) -> None:
    submit(client, priority="low")
    submit(client)
    assert read(client)["span"] == "1h"
    low = read(client, queue="low")
    assert [(one["queue"], one["totals"]["submitted"]) for one in low["queues"]] == [("low", 1)]
    assert low["all"]["totals"]["submitted"] == 1
    assert read(client, type="send_email")["all"]["totals"]["submitted"] == 2
    unheard_of = read(client, type="unheard_of")
    assert unheard_of["all"]["totals"]["submitted"] == 0
    assert unheard_of["all"]["totals"]["failure_rate"] is None


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("history?span=2h", "/span"),
        ("history?span=", "/span"),
        ("history?queue=urgent", "/queue"),
        ("history?type=", "/type"),
        (f"history?type={'x' * 201}", "/type"),
        ("history?step=60", "/step"),
        ("log?level=LOUD", "/level"),
        ("log?queue=urgent", "/queue"),
        ("log?limit=0", "/limit"),
        ("log?limit=1001", "/limit"),
        ("log?limit=5.0", "/limit"),
    ],
)
def test_what_cannot_be_read_is_a_422_that_points_at_it(
    client: FlaskClient, path: str, pointer: str
) -> None:
    answer = client.get(f"/api/{path}")
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["pointer"] == pointer


def test_the_inspector_has_the_history_and_the_log(inspector: FlaskClient) -> None:
    assert inspector.get("/api/history").status_code == 200
    assert inspector.get("/api/log").get_json() == {"lines": []}


def test_the_history_survives_restarts_of_consumers_and_redis(
    start_server: StartServer, own_redis: OwnRedis
) -> None:
    durable = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
    own_redis.stop()
    own_redis.start(*durable)
    server = start_server(**own_redis.environment)
    consumer = _consumer(server, own_redis)
    ended = [_submit_and_wait(server) for _ in range(3)]
    assert len(ended) == 3
    consumer.stop()
    before = _totals(server)
    assert (before["submitted"], before["succeeded"]) == (3, 3)

    own_redis.stop()
    assert server.request("GET", "/api/history").status == 503
    assert server.request("GET", "/api/log").json["code"] == "queue_unavailable"
    own_redis.start(*durable)
    wait_until(
        lambda: server.request("GET", "/api/history").status == 200,
        description="the history is there again",
    )
    for name in ("submitted", "succeeded", "run_p50_s", "wait_p99_s"):
        assert _totals(server)[name] == before[name]
    consumer = _consumer(server, own_redis)
    _submit_and_wait(server)
    consumer.stop()
    assert _totals(server)["succeeded"] == 4


def _consumer(server: Server, own_redis: OwnRedis) -> Process:
    known = {one["consumer"] for one in server.request("GET", "/api/workers").json["consumers"]}
    process = Process(["app.py", "consumer", "high"], own_redis.environment)
    wait_until(
        lambda: (
            {one["consumer"] for one in server.request("GET", "/api/workers").json["consumers"]}
            - known
        ),
        description="the consumer is online",
    )
    return process


def _submit_and_wait(server: Server) -> str:
    body = json.dumps(email_body())
    sent = server.request(
        "POST", "/api/tasks/submit", body, {"Content-Type": "application/json"}
    ).json
    task = server.request("GET", f"/api/tasks/{sent['task_id']}?wait=30").json
    assert task["status"] == "SUCCESS"
    return task["task_id"]


def _totals(server: Server) -> dict[str, Any]:
    return server.request("GET", "/api/history?span=24h").json["all"]["totals"]


# ---- the log

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_times = ((_BEGIN + timedelta(seconds=n)).isoformat() for n in count())


def log(task_type: str, *texts: str, queue: str = "default", level: str = "INFO") -> str:
    """Have a task of that type log these lines, a second apart."""
    task_id = tq.submit(task_type, {}, priority=queue).task_id
    worker = HandWorker(f"hand-{task_id}", tq.QUEUES[queue])
    claim = worker.claim()
    for text in texts:
        line = {"at": next(_times), "level": level, "text": text}
        assert worker.scripts.log(queue, claim.id, claim.token, json.dumps(line))
    worker.step(commit(claim, "SUCCESS"), want=0)
    return task_id


def texts(client: FlaskClient, **query: Any) -> list[str]:
    lines = client.get("/api/log", query_string=query).get_json()["lines"]
    return [line["text"] for line in lines]


def test_lines_of_all_queues_come_newest_first_with_their_task(client: FlaskClient) -> None:
    first = log("echo", "one", "two")
    log("fail", "three", queue="low", level="WARNING")
    assert texts(client) == ["three", "two", "one"]
    oldest = client.get("/api/log").get_json()["lines"][-1]
    assert oldest.pop("at").startswith("2026-01-01T00:")
    assert oldest == {
        "level": "INFO",
        "text": "one",
        "task_id": first,
        "task_type": "echo",
        "queue": "default",
    }


def test_lines_can_be_of_one_queue_type_or_level_and_more(client: FlaskClient) -> None:
    log("echo", "debug", level="DEBUG")
    log("echo", "info")
    log("fail", "error", queue="low", level="ERROR")
    log("echo", "own", level="MY OWN LEVEL")
    assert texts(client, queue="low") == ["error"]
    assert texts(client, type="echo") == ["own", "info", "debug"]
    assert texts(client, level="INFO") == ["error", "info"]
    assert texts(client, level="warning") == ["error"]
    assert texts(client, type="echo", level="INFO") == ["info"]
    assert texts(client, limit=2) == ["own", "error"]
    assert texts(client, limit=1, level="DEBUG") == ["error"]


def test_a_queue_keeps_its_last_thousand_lines_for_a_week() -> None:
    log("echo", *(f"{n}" for n in range(1005)))
    kept = broker.lrange(keys.lines("default"), 0, -1)
    assert len(kept) == 1000
    assert [json.loads(json.loads(line)[2])["text"] for line in (kept[0], kept[-1])] == [
        "5", "1004",
    ]  # fmt: skip
    assert 0 < broker.pttl(keys.lines("default")) <= 7 * 86_400_000


def test_a_worker_that_lost_its_lease_adds_no_line(client: FlaskClient) -> None:
    task_id = tq.submit("echo", {}).task_id
    assert not tq.default.broker.scripts.log("default", task_id, "other", "{}")
    assert texts(client) == []


def test_hostile_text_comes_through_as_it_is(client: FlaskClient) -> None:
    hostile = '<script>alert("1")</script> \u202e \ud800 \x00 ' + "é" * 50
    log("echo", hostile)
    assert texts(client) == [hostile]


def test_what_a_real_task_logs_is_in_the_log_of_all_tasks(
    client: FlaskClient, start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default")
    task_id = tq.submit("report_progress", {"file": str(tmp_path / "go")}).task_id
    wait_until(lambda: texts(client), description="the line is kept")
    (tmp_path / "go").touch()
    wait_for(task_id, "SUCCESS")
    (line,) = client.get("/api/log").get_json()["lines"]
    assert (line["text"], line["level"]) == ("line 1", "INFO")
    assert (line["task_id"], line["task_type"]) == (task_id, "report_progress")
