"""What Prometheus reads at /metrics: of the tasks from Redis, of HTTP from all web processes."""

import dataclasses
import json
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from huey_tasks.broker.protocol import About
from huey_tasks.credentials import known_keys
from tests.engine.helpers import HandWorker, commit, store
from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, StartServer, email_body
from tests.web.monitoring.metrics import Scrape, tasks_of
from web.monitoring import metrics_routes, metrics_text


def scrape(client: FlaskClient) -> Scrape:
    return Scrape(client.get("/metrics").text)


def end(task_type: str, state: str, took_s: float) -> None:
    store(f"{task_type}-{state}-{took_s}", task_type=task_type)
    worker = HandWorker(f"hand-{task_type}-{state}-{took_s}")
    worker.step(commit(worker.claim(), state, about=About(task_type, 1, took_s, "")), want=0)


def test_tasks_are_counted_by_queue_type_and_state(client: FlaskClient) -> None:
    end("echo", "SUCCESS", 0.4)
    end("echo", "FAILURE", 3.0)
    store("waits")
    found = scrape(client)

    here = {"queue": "default", "task_type": "echo"}
    assert found.value("duckline_redis_up") == 1
    assert found.value("duckline_tasks_submitted_total", **here) == 3
    assert found.value("duckline_tasks_ended_total", **here, state="SUCCESS") == 1
    assert found.value("duckline_tasks_ended_total", **here, state="FAILURE") == 1
    assert found.value("duckline_tasks_ended_total", **here, state="EXPIRED") == 0
    assert found.value("duckline_tasks", queue="default", state="PENDING") == 1
    assert found.value("duckline_tasks", queue="high", state="PENDING") == 0
    assert found.value("duckline_consumers", queue="default") == 0
    below = {
        float(labels["le"]): value
        for labels, value in found.of("duckline_attempt_duration_seconds_bucket")
    }
    assert (below[0.256], below[0.512], below[2.048], below[4.096]) == (0, 1, 1, 2)
    assert found.value("duckline_attempt_duration_seconds_count", **here) == 2
    assert found.value("duckline_attempt_duration_seconds_sum", **here) == pytest.approx(3.4, 0.1)
    assert found.value("duckline_task_wait_seconds_count", **here) == 2
    assert found.value("duckline_redis_memory_used_bytes") > 100_000


def test_any_name_of_a_type_is_read_back(client: FlaskClient) -> None:
    name = 'a|b "quoted" \\ and\nä, {le="1"}'
    store("odd", task_type=name)
    assert scrape(client).value("duckline_tasks_submitted_total", task_type=name) == 1


def test_routes_are_counted_by_their_rules(client: FlaskClient) -> None:
    def requests(**labels: str) -> float:
        found = scrape(client).of("duckline_http_request_duration_seconds_count")
        return sum(value for has, value in found if labels.items() <= has.items())

    task = {"method": "GET", "route": "/api/tasks/<task:task_id>", "status": "404"}
    other, strange = {"route": "none"}, {"method": "other"}
    before = requests(**task), requests(**other), requests(**strange)
    for number in range(3):
        client.get(f"/api/tasks/{number}")
        client.get(f"/nowhere/{number}")
        client.open("/api/tasks", method=f"MAKE{number}UP")
    after = requests(**task), requests(**other), requests(**strange)
    assert [b - a for a, b in zip(before, after, strict=True)] == [3, 6, 3]


def test_it_needs_a_key_as_other_routes_do() -> None:
    locked = web.create_app(dataclasses.replace(tq.CONFIG, api_keys=("key-of-ops",))).test_client()
    assert locked.get("/metrics").status_code == 401
    answer = locked.get("/metrics", headers={"Authorization": "Bearer key-of-ops"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_scrapes_within_a_second_ask_redis_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long they take here, no second passes; nor for the keys, which are read each second.
    monkeypatch.setattr(metrics_routes, "time", SimpleNamespace(monotonic=lambda: 0.0))
    monkeypatch.setattr(known_keys, "PERIOD_S", 60.0)
    client.get("/metrics")
    before = tq.redis_info()["total_commands_processed"]
    for _ in range(5):
        client.get("/metrics")
    assert tq.redis_info()["total_commands_processed"] - before <= 2


def test_many_types_take_few_milliseconds(client: FlaskClient) -> None:
    histogram = tq.Histogram(tuple(range(len(tq.EDGES_S))), 20, 3.5)
    ends: dict[str, int] = dict.fromkeys(("SUCCESS", "FAILURE", "REVOKED", "EXPIRED"), 1)
    types = tuple(
        tq.TypeCounts(f"type_{number}", 1, 0, ends, histogram, histogram) for number in range(100)
    )
    totals = [dataclasses.replace(one, types=types) for one in tq.read_totals()]
    took_s = min(_seconds(totals) for _ in range(5))
    assert took_s < 0.1, f"{took_s * 1000:.0f} ms for {3 * len(types)} types"


def _seconds(totals: list[tq.QueueTotals]) -> float:
    begun = time.process_time()
    metrics_text.write(metrics_text.of_queues(totals))
    return time.process_time() - begun


def counted(text: str) -> tuple[float, float, float]:
    """Submits over HTTP, submitted tasks, and sockets."""
    found = Scrape(text)
    posts = found.value(
        "duckline_http_request_duration_seconds_count",
        method="POST", route="/api/tasks/submit", status="202",
    )  # fmt: skip
    types = found.of("duckline_tasks_submitted_total")
    return posts, sum(value for _, value in types), found.value("duckline_sockets")


def test_each_of_several_processes_answers_for_all(
    start_server: StartServer, own_redis: OwnRedis
) -> None:
    server = start_server(**own_redis.environment, WEB_CONCURRENCY="2")
    arbiter = psutil.Process(server.process.pid)

    def text() -> str:
        return server.request("GET", "/metrics").body.decode()

    def without_redis() -> str | None:
        found = text()
        return found if "duckline_redis_up 0" in found else None

    wait_until(lambda: len(arbiter.children()) == 2, description="two web processes")
    for _ in range(30):
        sent = json.dumps(email_body())
        headers = {"Content-Type": "application/json"}
        assert server.request("POST", "/api/tasks/submit", sent, headers).status == 202
    sockets = [server.connect() for _ in range(3)]
    for socket in sockets:
        socket.recv()
    texts = [text() for _ in range(8)]
    assert {counted(one) for one in texts} == {(30, 30, 3)}
    assert len({str(tasks_of(one)) for one in texts}) == 1
    for socket in sockets:
        socket.close()

    # A process that is killed takes its sockets along, and nothing that was counted.
    killed = arbiter.children()[0]
    (folder,) = {
        Path(file.path).parent for file in killed.memory_maps() if file.path.endswith(".db")
    }
    assert list(folder.glob(f"gauge_live*_{killed.pid}.db"))
    killed.kill()
    wait_until(
        lambda: not list(folder.glob(f"gauge_live*_{killed.pid}.db")),
        description="its sockets are forgotten",
    )
    assert counted(text())[:2] == (30, 30)

    own_redis.stop()
    away = Scrape(wait_until(without_redis, description="a scrape without Redis") or "")
    assert "duckline_tasks" not in away.families
    posts = {"method": "POST", "route": "/api/tasks/submit"}
    assert away.value("duckline_http_request_duration_seconds_count", **posts) == 30
    assert server.process.stop() == 0
    assert not folder.exists()
