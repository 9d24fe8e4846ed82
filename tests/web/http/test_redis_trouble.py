"""What callers of the API see while Redis is in trouble: 503 in time, never 500, never silence."""

import json
import threading
import time
from collections.abc import Iterator

import pytest

from huey_tasks.broker import keys
from tests.redis_servers import TROUBLES, RedisServer
from tests.waiting import wait_until
from tests.web.conftest import Answer, OwnRedis, Server, StartServer
from web.http.redis_deadline import LIMIT_S

#: Seconds that the limit may be missed by on a machine with much else to do.
MARGIN_S = 5.0

UNKNOWN = "202e2dfa-9dae-40d9-b25a-62c8c002e1b0"
JSON = {"Content-Type": "application/json"}
SUBMIT = json.dumps({"task_type": "echo", "priority": "default", "payload": {"value": 1}})
READS = (
    ("GET", "/api/workers/stats"),
    ("GET", "/api/tasks"),
    ("GET", f"/api/tasks/{UNKNOWN}"),
    ("DELETE", f"/api/tasks/{UNKNOWN}/cancel"),
    ("GET", "/api/workers"),
    ("GET", "/api/workers/health"),
)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("r"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def service(redis: RedisServer) -> Iterator[Server]:
    server = Server(**redis.environment)
    yield server
    server.process.stop()
    print(server.process.text())


def submit(service: Server) -> Answer:
    return service.request(
        "POST", "/api/tasks/submit", SUBMIT, {"Content-Type": "application/json"}
    )


def timed(service: Server, method: str, path: str) -> tuple[Answer, float]:
    begun = time.monotonic()
    if method == "POST":
        return submit(service), time.monotonic() - begun
    return service.request(method, path), time.monotonic() - begun


@pytest.mark.parametrize("name", TROUBLES)
def test_in_any_trouble_a_submit_is_503_in_time_and_afterwards_202(
    service: Server, redis: RedisServer, name: str
) -> None:
    assert submit(service).status == 202
    with TROUBLES[name](redis):
        answer, took_s = timed(service, "POST", "/api/tasks/submit")
        assert (answer.status, answer.json["code"]) == (503, "queue_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert took_s < LIMIT_S + MARGIN_S
    wait_until(lambda: submit(service).status == 202, description="tasks are taken again")


def test_a_submit_whose_answer_was_lost_tells_the_id_to_ask_for(
    service: Server, redis: RedisServer
) -> None:
    assert submit(service).status == 202
    with redis.frozen():
        task_id = submit(service).json["task_id"]
    wait_until(
        lambda: service.request("GET", f"/api/tasks/{task_id}").status == 200,
        description="Redis has done what nobody heard the end of",
    )


@pytest.mark.parametrize(
    "name", ["killed", "frozen", "loading", "busy", "forbidding", "locked", "crowded"]
)
def test_when_nothing_can_be_read_every_route_is_503_in_time(
    service: Server, redis: RedisServer, name: str
) -> None:
    assert submit(service).status == 202
    found: dict[str, tuple[int, bool]] = {}

    def ask(method: str, path: str) -> None:
        answer, took_s = timed(service, method, path)
        in_time = took_s < LIMIT_S + MARGIN_S
        found[f"{method} {path}"] = (answer.status, bool(answer.headers["Retry-After"]) and in_time)

    with TROUBLES[name](redis):
        threads = [threading.Thread(target=ask, args=read) for read in READS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {f"{method} {path}": (503, True) for method, path in READS}
    wait_until(
        lambda: service.request("GET", "/api/tasks").status == 200, description="it reads again"
    )


@pytest.mark.parametrize("name", ["read-only", "full", "unable to save", "disk full"])
def test_when_nothing_can_be_written_tasks_can_still_be_read(
    service: Server, redis: RedisServer, name: str
) -> None:
    task_id = submit(service).json["task_id"]
    with TROUBLES[name](redis):
        assert service.request("GET", f"/api/tasks/{task_id}").json["status"] == "PENDING"
        assert service.request("GET", "/api/workers/stats").status == 200


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("read-only", "no_writes"),
        ("unable to save", "no_writes"),
        ("disk full", "no_writes"),
        ("full", "memory_low"),
    ],
)
def test_when_nothing_can_be_written_the_verdict_and_the_health_say_so(
    service: Server, redis: RedisServer, name: str, code: str
) -> None:
    def codes() -> list[str]:
        found = service.request("GET", "/api/verdict").json["conditions"]
        return [one["code"] for one in found]

    consumers = f"{keys.root('low')}:consumers"
    redis.admin.zadd(consumers, {"its-last-heartbeat-was-long-ago": 1})
    with TROUBLES[name](redis):
        wait_until(lambda: code in codes(), description="the verdict says so")
        ready = service.request("GET", "/health/ready").json["reasons"]
        assert ("Redis takes no writes." in ready) == (code == "no_writes") and len(ready) == 1
        reasons = service.request("GET", "/api/workers/health").json["reasons"]
        assert ("Redis takes no writes." in reasons) == (code == "no_writes")
        takes = f"duckline_redis_takes_writes {int(code != 'no_writes')}\n"
        wait_until(
            lambda: takes in service.request("GET", "/metrics").body.decode(),
            description="the metrics say so",
        )
        server = service.request("GET", "/api/redis").json["redis"]
        is_written = server["aof_write_ok"] and server["snapshot_ok"]
        assert is_written == (name in ("read-only", "full"))
    wait_until(lambda: code not in codes(), description="it says no more so")
    redis.admin.zrem(consumers, "its-last-heartbeat-was-long-ago")


def test_a_socket_hears_of_the_trouble_and_of_its_end(service: Server, redis: RedisServer) -> None:
    feed = service.connect()
    assert "queues" in json.loads(feed.recv())
    with redis.killed():
        frames = iter(lambda: json.loads(feed.recv()), None)
        assert next(f for f in frames if "error" in f)["error"]["code"] == "queue_unavailable"
    assert next(f for f in frames if "error" not in f)["queued_default"] >= 0


def test_scripts_that_are_flushed_all_the_time_disturb_nobody(
    service: Server, redis: RedisServer
) -> None:
    over = threading.Event()

    def flush() -> None:
        while not over.is_set():
            redis.admin.script_flush()

    flusher = threading.Thread(target=flush)
    flusher.start()
    try:
        statuses = {submit(service).status for _ in range(50)}
        reads = {service.request("GET", "/api/workers/stats").status for _ in range(20)}
    finally:
        over.set()
        flusher.join()
    assert (statuses, reads) == ({202}, {200})


def test_health_names_a_policy_that_was_changed_later(service: Server, redis: RedisServer) -> None:
    redis.admin.config_set("maxmemory-policy", "allkeys-lru")
    try:
        health = service.request("GET", "/api/workers/health")
    finally:
        redis.admin.config_set("maxmemory-policy", "noeviction")
    assert health.status == 503
    assert health.json["reasons"][0] == (
        "REDIS_URL: with maxmemory-policy allkeys-lru, a full Redis throws tasks away; "
        "set noeviction."
    )


def test_the_service_starts_without_redis_and_looks_at_it_later(
    start_server: StartServer, own_redis: OwnRedis
) -> None:
    own_redis.stop()
    server = start_server(**own_redis.environment)
    assert server.request("GET", "/api/workers/health").json["redis"] == "away"
    assert server.request("GET", "/").status == 200

    own_redis.start("--maxmemory-policy", "allkeys-lru")

    wait_until(lambda: "tasks are not safe here" in server.process.text(), description="it says so")
    reasons = server.request("GET", "/api/workers/health").json["reasons"]
    assert "maxmemory-policy allkeys-lru" in reasons[0]
    assert server.process.popen.poll() is None
