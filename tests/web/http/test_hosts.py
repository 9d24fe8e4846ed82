"""Under which names the service answers: a page may have its own name point at this machine."""

import dataclasses

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from tests.web.conftest import email_body

FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "evil.example#127.0.0.1",
    "[evil.example]",
    "[::1]evil",
    "localhost:x",
    "xn--lcalhost-54a",
    "0x7f.1",
    "a b",
]


def client_of(**settings: object) -> FlaskClient:
    return web.create_app(dataclasses.replace(tq.CONFIG, **settings)).test_client()  # pyright: ignore


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/api/queues", "/openapi.json", "/ws/stats", "/docs"])
def test_a_name_that_is_not_ours_is_refused(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})

    assert (answer.status_code, answer.get_json()["code"]) == (421, "unknown_host")
    assert answer.mimetype == "application/problem+json"
    assert "evil" not in answer.get_data(as_text=True)


def test_a_page_that_points_its_own_name_here_submits_nothing(client: FlaskClient) -> None:
    headers = {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}
    answer = client.post("/api/tasks/submit", json=email_body(), headers=headers)

    assert answer.status_code == 421
    assert tq.list_tasks() == []


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST.:8000", "127.0.0.1:8000", "192.0.2.7", "[::1]:8000",
     "[2001:db8::7]", ""],
)  # fmt: skip
def test_an_address_and_localhost_are_always_ours(client: FlaskClient, host: str) -> None:
    assert client.get("/api/queues", headers={"Host": host}).status_code == 200


def test_a_name_can_be_made_ours() -> None:
    named = client_of(allowed_hosts=("Tasks.example.com", "tasks"), host="box.lan")

    def status(host: str) -> int:
        return named.get("/api/queues", headers={"Host": host}).status_code

    assert [status(host) for host in ("tasks.example.com:443", "TASKS", "box.lan:8000")] == [
        200
    ] * 3
    assert status("other.example.com") == 421


def test_a_key_makes_names_unneeded_unless_some_are_given() -> None:
    bearer = {"Authorization": "Bearer key", "Host": "any.example"}

    assert client_of(api_keys=("key",)).get("/api/queues", headers=bearer).status_code == 200
    strict = client_of(api_keys=("key",), allowed_hosts=("tasks.example.com",))
    assert strict.get("/api/queues", headers=bearer).status_code == 421
