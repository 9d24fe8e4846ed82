"""What load balancers and supervisors ask, without a key and by any name."""

import dataclasses

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
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

    assert live.status == 200
    assert (ready.status, ready.json["code"], ready.json["detail"]) == (
        503, "not_ready", "Not ready.",
    )  # fmt: skip
    assert ready.headers["Retry-After"]
    assert "edis" not in ready.body.decode()
