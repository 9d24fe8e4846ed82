"""Statistics, queues, workers and health, and what operators look into."""

import os
from typing import Any

from flask.testing import FlaskClient

from tests.conftest import StartConsumer
from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, StartServer, email_body

NO_TASKS = {
    "queued_high": 0,
    "queued_default": 0,
    "queued_low": 0,
    "active_tasks": 0,
    "failed_tasks": 0,
    "success_tasks": 0,
    "workers_online": 0,
    "scheduled_tasks": 0,
    "retry_tasks": 0,
    "revoked_tasks": 0,
    "expired_tasks": 0,
}


def test_statistics_of_an_empty_service_are_zero(client: FlaskClient) -> None:
    stats = client.get("/api/workers/stats").get_json()

    queues = stats.pop("queues")
    assert stats == NO_TASKS
    assert [queue["queue"] for queue in queues] == ["high", "default", "low"]
    assert queues == client.get("/api/queues").get_json()["queues"]


def test_statistics_count_what_waits_and_what_is_revoked(client: FlaskClient) -> None:
    for priority in ("high", "high", "low"):
        task_id = client.post("/api/tasks/submit", json=email_body(priority=priority)).get_json()
    client.delete(f"/api/tasks/{task_id['task_id']}/cancel")  # pyright: ignore

    stats = client.get("/api/workers/stats").get_json()

    high = stats.pop("queues")[0]
    assert stats == {**NO_TASKS, "queued_high": 2, "revoked_tasks": 1}
    assert high["oldest_waiting_s"] >= 0


def test_the_service_is_not_healthy_without_consumers(client: FlaskClient) -> None:
    answer = client.get("/api/workers/health")

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (503, "unhealthy")
    assert problem["reasons"] == [
        f"Queue '{queue}' has no live consumer." for queue in ("high", "default", "low")
    ]
    assert problem["redis"] == "ok"
    assert answer.headers["Retry-After"]


def test_the_service_is_healthy_with_a_consumer_for_each_queue(
    client: FlaskClient, start_consumer: StartConsumer
) -> None:
    for queue in ("high", "default", "low"):
        start_consumer(queue)

    answer = client.get("/api/workers/health")

    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ok",
        "redis": "ok",
        "queues": {queue: {"consumers": 1} for queue in ("high", "default", "low")},
        "reasons": [],
    }
    assert client.get("/api/workers/stats").get_json()["workers_online"] == 3


def test_consumers_are_listed_with_their_workers(
    client: FlaskClient, start_consumer: StartConsumer
) -> None:
    process = start_consumer("low", concurrency=2)

    def listed() -> dict[str, Any]:
        return client.get("/api/workers").get_json()["consumers"][0]

    wait_until(lambda: len(listed()["workers"]) == 2, description="its workers have started")
    consumer = listed()
    assert (consumer["queue"], consumer["pid"]) == ("low", process.pid)
    assert (consumer["worker_type"], consumer["concurrency"]) == ("process", 2)
    assert [worker["task_id"] for worker in consumer["workers"]] == [None, None]
    assert consumer["memory_bytes"] > 1_000_000
    for worker in consumer["workers"]:
        assert worker["memory_bytes"] > 1_000_000
        assert worker["cpu_percent"] in (None, 0)  # it takes two looks, ten seconds apart


def test_both_ports_show_redis_and_the_settings(
    client: FlaskClient, inspector: FlaskClient
) -> None:
    for path in ("/api/redis", "/api/config"):
        assert client.get(path).status_code == 200
    redis = inspector.get("/api/redis").get_json()["redis"]
    assert redis["version"].count(".") == 2
    assert redis["used_memory_bytes"] > 0
    assert (redis["aof_enabled"], redis["maxmemory_policy"]) == (False, "noeviction")

    settings = {one["name"]: one for one in inspector.get("/api/config").get_json()["settings"]}
    assert settings["LEASE_S"]["value"] == "2.0"
    assert settings["LEASE_S"]["unit"] == "s"
    assert os.environ["REDIS_URL"] not in settings["REDIS_URL"]["value"]


def test_the_inspector_reads_and_cancels_but_takes_no_tasks(
    client: FlaskClient, inspector: FlaskClient
) -> None:
    task_id = client.post("/api/tasks/submit", json=email_body()).get_json()["task_id"]

    assert inspector.get("/api/tasks").get_json()["tasks"][0]["task_id"] == task_id
    assert inspector.delete(f"/api/tasks/{task_id}/cancel").status_code == 200
    assert inspector.post("/api/tasks/submit", json=email_body()).status_code in (404, 405)


def test_without_redis_every_answer_is_503_and_the_pages_still_open(
    start_server: StartServer, own_redis: OwnRedis
) -> None:
    server = start_server(**own_redis.environment)
    own_redis.stop()

    for path in (
        "/api/tasks", "/api/queues", "/api/workers", "/api/workers/stats", "/api/history",
        "/api/log",
    ):  # fmt: skip
        answer = server.request("GET", path)
        assert (answer.status, answer.json["code"]) == (503, "queue_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    health = server.request("GET", "/api/workers/health")
    assert (health.status, health.json["redis"]) == (503, "away")
    assert len(health.json["reasons"]) == 1
    assert [server.request("GET", path).status for path in ("/", "/docs", "/api/task-types")] == [
        200,
        200,
        200,
    ]
