"""Redis loses its data, and with them the keys: that opens the service to nobody."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from huey_tasks.broker import access_keys
from huey_tasks.credentials import known_keys
from huey_tasks.credentials.ever_keyed import EverKeyed, file_of
from huey_tasks.settings import data_folder
from tests.web.api_keys.conftest import ADMIN, client_of
from tests.web.conftest import email_body
from web.aws_services import app as aws_services
from web.lambda_api import app as lambda_api

redis = tq.high.broker.redis


@pytest.fixture(autouse=True)
def read_each_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each request reads the keys; as in a first start, nothing was revoked, and none was seen."""
    redis.delete(access_keys.revoked())
    monkeypatch.setattr(known_keys, "PERIOD_S", 0.0)
    monkeypatch.setattr(known_keys, "_ever", EverKeyed(None))
    return iter([None])


@pytest.fixture
def app() -> Any:
    """A service without API_KEYS."""
    return web.create_app()


def _lose_everything(app: Any) -> str:
    """A key is made and used, and then Redis is empty; returns the key."""
    _, key = tq.create_key("ada", "admin")
    assert client_of(app, key).get("/api/tasks").status_code == 200
    redis.flushall()
    return key


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/tasks", None),
        ("POST", "/api/tasks/submit", email_body()),
        ("POST", "/api/tasks/bulk", [email_body()]),
        ("POST", "/api/keys", {"name": "thief", "role": "admin"}),
        ("GET", "/api/session", None),
        ("GET", "/api/workers/stats", None),
        ("GET", "/metrics", None),
        ("GET", "/ws/stats", None),
    ],
)
@pytest.mark.parametrize("sends_its_key", [False, True])
def test_what_needed_a_key_is_closed_to_everybody(
    app: Any, method: str, path: str, body: Any, sends_its_key: bool
) -> None:
    key = _lose_everything(app)
    client = client_of(app, key) if sends_its_key else app.test_client()
    answer = client.open(path, method=method, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "keys_lost")
    assert "keys create <name> admin" in answer.get_json()["detail"]
    assert answer.headers["Retry-After"] == "30"
    assert tq.list_keys() == []


@pytest.mark.parametrize("application", [lambda_api, aws_services])
def test_an_application_that_nobody_has_asked_before_is_closed_too(
    app: Any, application: Any
) -> None:
    other: FlaskClient = application.create(tq.CONFIG).test_client()
    _lose_everything(app)
    path = "/2015-03-31/functions" if application is lambda_api else "/schedules"
    signed = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/lambda/aws4_request"
    }
    answer = other.get(path, headers=signed)
    assert answer.status_code == 503
    assert answer.headers["X-Amzn-ErrorType"] == "ServiceUnavailableException"


def test_a_new_admin_key_ends_that_and_its_revocation_opens_the_service(app: Any) -> None:
    old = _lose_everything(app)
    assert app.test_client().get("/api/tasks").status_code == 503

    made, key = tq.create_key("ada", "admin")

    assert app.test_client().get("/api/tasks").status_code == 401
    assert client_of(app, old).get("/api/tasks").status_code == 401
    assert client_of(app, key).get("/api/tasks").status_code == 200
    tq.revoke_key(made.id, even_last=True)
    assert app.test_client().get("/api/tasks").status_code == 200, "as it was asked for"
    redis.flushall()
    assert app.test_client().get("/api/tasks").status_code == 200, "and so it stays"


def test_a_service_that_never_had_a_key_stays_open(app: Any) -> None:
    assert app.test_client().get("/api/tasks").status_code == 200
    redis.flushall()
    assert app.test_client().get("/api/tasks").status_code == 200


def test_with_api_keys_theirs_go_on() -> None:
    app = web.create_app(dataclasses.replace(tq.CONFIG, api_keys=(ADMIN,)))
    _lose_everything(app)
    assert client_of(app, ADMIN).get("/api/tasks").status_code == 200
    assert app.test_client().get("/api/tasks").status_code == 401


def test_the_process_that_started_the_service_still_sees_how_it_is() -> None:
    app = web.create_app(dataclasses.replace(tq.CONFIG, probe_key="of-the-stack"))
    _lose_everything(app)
    assert client_of(app, "of-the-stack").get("/api/workers/stats").status_code == 200
    assert client_of(app, "of-somebody").get("/api/workers/stats").status_code == 503


def test_what_a_lost_key_has_opened_ends(app: Any) -> None:
    keys = tq.KnownKeys(())
    _, key = tq.create_key("ada", "admin")
    holder = keys.holder_of(key)
    assert keys.still_holds(holder)
    redis.flushall()
    assert not keys.still_holds(holder)
    assert not keys.still_holds(None)


def test_the_next_process_knows_it_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "has-keys"

    def start() -> FlaskClient:
        monkeypatch.setattr(known_keys, "_ever", EverKeyed(file))
        return web.create_app().test_client()

    assert start().get("/api/tasks").status_code == 200
    assert not file.exists()
    made, _ = tq.create_key("ada", "admin")
    assert start().get("/api/tasks").status_code == 401
    redis.flushall()
    assert start().get("/api/tasks").status_code == 503
    made, _ = tq.create_key("ada", "admin")
    tq.revoke_key(made.id, even_last=True)
    assert start().get("/api/tasks").status_code == 200
    assert not file.exists()


def test_the_file_lies_beside_the_redis_of_the_stack_and_of_no_other(tmp_path: Path) -> None:
    (tmp_path / data_folder.MARK).write_text("8000")
    url = data_folder.url(tmp_path / data_folder.SOCKET, 0)
    config = dataclasses.replace(
        tq.CONFIG, data_dir=tmp_path, data_dir_is_default=False, redis_url=url
    )
    assert file_of(config) == tmp_path / "has-keys"
    assert file_of(dataclasses.replace(config, redis_url="redis://elsewhere/0")) is None
    assert file_of(dataclasses.replace(config, data_dir=tmp_path / "unused")) is None
    assert file_of(tq.CONFIG) is None, "a test leaves nothing in the folder of a stack"


def test_a_file_that_cannot_be_written_fails_no_request(
    app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(known_keys, "_ever", EverKeyed(tmp_path / "gone" / "has-keys"))
    _lose_everything(app)
    assert app.test_client().get("/api/tasks").status_code == 503
    assert "cannot be kept for the next start" in caplog.text
