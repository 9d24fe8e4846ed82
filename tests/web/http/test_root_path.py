"""Every address that we write is under the path of the proxy, which no stranger chooses."""

import dataclasses
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError
from tests.web.conftest import StartServer, email_body

_ADDRESS = re.compile(r'(?:href|src)="(/[^"]*)"')


@pytest.fixture
def below() -> FlaskClient:
    """A service with ROOT_PATH=/jobs."""
    return web.create_app(dataclasses.replace(tq.CONFIG, root_path="/jobs")).test_client()


def _said(client: FlaskClient, path: str, prefix: str, peer: str = "127.0.0.1") -> Any:
    return client.get(
        path, headers={"X-Forwarded-Prefix": prefix}, environ_overrides={"REMOTE_ADDR": peer}
    )


def _addresses(html: str) -> list[str]:
    found = _ADDRESS.findall(html)
    assert len(found) > 5
    return found


@pytest.mark.parametrize("path", ["/", "/tasks", "/jobs/tasks", "/jobs/", "/jobs", "/docs"])
def test_a_page_asks_for_its_files_under_the_root_path(below: FlaskClient, path: str) -> None:
    answer = below.get(path)

    assert answer.status_code == 200
    found = _ADDRESS.findall(answer.text)
    assert found and all(address.startswith("/jobs/") for address in found)
    for address in found:
        with below.get(address) as file:
            assert file.status_code == 200, address


@pytest.mark.parametrize("prefix", ["/jobs", "/jobs/", "/a/b-c/d.e_f~1"])
def test_a_proxy_on_this_machine_says_the_path(client: FlaskClient, prefix: str) -> None:
    answer = _said(client, "/", prefix)

    root = prefix.rstrip("/")
    assert all(address.startswith(f"{root}/") for address in _addresses(answer.text))
    assert f'data-root="{root}"' in answer.text
    assert "X-Forwarded-Prefix" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "prefix",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        '/"><script>alert(1)</script>',
        "/'onload='x",
        "/a b",
        "/a//b",
        "/..",
        "/a/../../b",
        "/.",
        "/a?b",
        "/a#b",
        "/a%0d%0ab",
        "/a, /b",
        "jobs",
        "/{root}",
        "/ä",
        "/" + "a" * 65,
        "/a" * 9,
    ],
)
def test_a_path_that_could_be_anything_else_is_ignored(client: FlaskClient, prefix: str) -> None:
    plain, answer = client.get("/"), _said(client, "/", prefix)

    assert answer.text == plain.text


@pytest.mark.parametrize("peer", ["10.0.0.7", "192.168.1.1", "2001:db8::1", "not an address"])
def test_nobody_else_says_the_path(client: FlaskClient, peer: str) -> None:
    assert _said(client, "/", "/jobs", peer).text == client.get("/").text


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", ""])
def test_a_proxy_may_be_reached_by_socket_and_by_both_families(
    client: FlaskClient, peer: str
) -> None:
    assert 'data-root="/jobs"' in _said(client, "/", "/jobs", peer).text


def test_the_setting_comes_before_what_a_proxy_says(below: FlaskClient) -> None:
    assert 'data-root="/jobs"' in _said(below, "/", "/other").text


def test_headers_problems_and_the_document_stand_under_it(below: FlaskClient) -> None:
    made = below.post("/jobs/api/tasks/submit", json=email_body())
    assert made.status_code == 202
    assert made.headers["Location"] == f"/jobs/api/tasks/{made.get_json()['task_id']}"
    assert below.get(made.headers["Location"]).status_code == 200
    assert below.get("/api/nowhere").get_json()["instance"] == "/jobs/api/nowhere"
    assert below.get("/openapi.json").get_json()["servers"] == [{"url": "/jobs"}]


def test_at_the_top_of_a_host_nothing_is_added(client: FlaskClient) -> None:
    made = client.post("/api/tasks/submit", json=email_body())
    assert made.headers["Location"] == f"/api/tasks/{made.get_json()['task_id']}"
    assert client.get("/openapi.json").get_json()["servers"] == [{"url": "/"}]


def test_the_socket_and_health_answer_with_the_path_and_without(
    start_server: StartServer,
) -> None:
    server = start_server(ROOT_PATH="/jobs/")

    for path in ("/health/live", "/jobs/health/live", "/jobs/tasks"):
        assert server.request("GET", path).status == 200
    assert server.request("GET", "/jobsy/health/live").status == 404
    for path in ("/ws/stats", "/jobs/ws/stats"):
        handshake = (
            f"GET {path} HTTP/1.1\r\nHost: {server.address}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        )
        assert server.first_line(handshake.encode()).split()[1] == b"101"


@pytest.mark.parametrize("value", ["//evil.example", "jobs", "/a b", "/../x", '/"', "/a\r\nb"])
def test_a_setting_that_is_no_path_stops_the_start(value: str) -> None:
    with pytest.raises(ConfigError, match="ROOT_PATH"):
        Config.from_env({"ROOT_PATH": value})


@pytest.mark.parametrize(("value", "path"), [("/jobs/", "/jobs"), ("/", ""), ("/a/b", "/a/b")])
def test_a_slash_at_its_end_is_left_out(value: str, path: str) -> None:
    assert Config.from_env({"ROOT_PATH": value}).root_path == path
