"""What load balancers and supervisors ask, without a key and by any name."""

import dataclasses
import datetime as dt
import os
import re
import signal

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from tests.conftest import StartConsumer
from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, StartServer


@pytest.fixture
def locked() -> FlaskClient:
    return web.create_app(dataclasses.replace(tq.CONFIG, api_keys=("key",))).test_client()


@pytest.mark.parametrize("word", ["live", "ready"])
def test_a_process_that_can_be_used_says_so_in_one_word(client: FlaskClient, word: str) -> None:
    answer = client.get(f"/health/{word}")

    assert (answer.status_code, answer.get_json()) == (200, {"status": word})
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_needs_no_key_and_no_name(
    locked: FlaskClient, client: FlaskClient, path: str
) -> None:
    assert locked.get(path).status_code == 200
    assert client.get(path, headers={"Host": "web.cluster.local"}).status_code == 200
    assert client.post(path).status_code == 405


def test_the_inspector_has_them_too(inspector: FlaskClient) -> None:
    assert inspector.get("/health/ready").status_code == 200


def test_without_redis_a_process_lives_and_is_not_ready(
    start_server: StartServer, own_redis: OwnRedis
) -> None:
    server = start_server(**own_redis.environment)
    own_redis.stop()

    live, ready = server.request("GET", "/health/live"), server.request("GET", "/health/ready")
    verdict, metrics = server.request("GET", "/api/verdict"), server.request("GET", "/metrics")

    assert live.status == 200
    assert (ready.status, ready.json["code"], ready.json["detail"]) == (
        503, "not_ready", "Redis does not answer.",
    )  # fmt: skip
    assert ready.json["reasons"] == ["Redis does not answer."]
    assert ready.headers["Retry-After"]
    assert own_redis.environment["REDIS_URL"] not in ready.body.decode()
    assert (verdict.status, verdict.json["severity"]) == (200, "broken")
    assert [one["code"] for one in verdict.json["conditions"]] == ["redis_away"]
    assert metrics.status == 200 and b"duckline_redis_up 0\n" in metrics.body


def test_a_stopped_consumer_makes_it_red_until_it_goes_on(
    client: FlaskClient, start_consumer: StartConsumer
) -> None:
    def ready() -> str:
        """An empty text, or the reason."""
        answer = client.get("/health/ready")
        return "" if answer.status_code == 200 else answer.get_json()["detail"]

    def red_in_time() -> str:
        """The reason, which there must be two intervals after the last heartbeat."""
        beats, asked_at = [one.last_seen_at for one in tq.consumers()], dt.datetime.now(dt.UTC)
        reason = ready()
        assert reason or all((asked_at - beat).total_seconds() < 2.1 for beat in beats)
        return reason

    consumer = start_consumer("low")
    wait_until(lambda: not ready(), description="it is ready")
    os.kill(consumer.pid, signal.SIGSTOP)
    wait_until(red_in_time, description="it is red")
    said = client.get("/health/ready").get_json()
    assert said["reasons"] == [said["detail"]]
    assert re.fullmatch(
        r"Queue 'low': its consumers have been silent for \d\.\d s\.", said["detail"]
    )

    os.kill(consumer.pid, signal.SIGCONT)
    wait_until(lambda: not ready(), description="it is green again")
    consumer.kill()
    wait_until(ready, description="it is red after a kill")
    other = start_consumer("low")
    wait_until(lambda: not ready(), description="another consumer of the queue lives")
    assert other.stop() == 0


def test_a_restart_does_not_make_it_red(client: FlaskClient) -> None:
    scripts = tq.low.broker.scripts
    scripts.heartbeat("low", "old", "{}", 1)
    scripts.leave("low", "old")
    assert client.get("/health/ready").status_code == 200
    scripts.heartbeat("low", "new", "{}", 1)
    assert client.get("/health/ready").status_code == 200
