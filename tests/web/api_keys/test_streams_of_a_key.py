"""What a key has opened ends with it: sockets and event streams, within a tick."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import websocket

import huey_tasks as tq
from huey_tasks.broker import access_keys
from tests.waiting import wait_until
from tests.web.conftest import Server
from tests.web.streams.sse_client import SseClient
from web.streams.stats_socket import WHY_GONE

ADMIN = "admin-of-the-setting"
JSON = {"Content-Type": "application/json"}
broker = tq.default.broker.redis


@pytest.fixture(scope="module")
def locked(redis_server: object) -> Iterator[Server]:
    """A real server that needs a key."""
    server = Server("app:app", API_KEYS=ADMIN)
    yield server
    server.process.stop()


def _key(expires_in: float | None = None) -> tuple[str, str]:
    made, key = tq.create_key("watcher", "viewer", setting=(ADMIN,), expires_in=expires_in)
    return made.id, key


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _let_in(server: Server, key: str) -> None:
    """Wait until the server knows a key that another process has made."""
    wait_until(
        lambda: server.request("GET", "/api/queues", headers=_bearer(key)).status == 200,
        description="the server knows the key",
    )


def _close_code(socket: websocket.WebSocket) -> tuple[int, str]:
    while True:
        opcode, data = socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2]), data[2:].decode()


def test_the_socket_of_a_revoked_key_is_closed_with_the_reason(locked: Server) -> None:
    key_id, key = _key()
    _let_in(locked, key)
    socket = locked.connect(header=_bearer(key))
    other = locked.connect(header=_bearer(ADMIN))
    assert "queued_high" in json.loads(socket.recv())

    tq.revoke_key(key_id, setting=(ADMIN,))

    assert _close_code(socket) == (4401, WHY_GONE)
    assert "queued_high" in json.loads(other.recv()), "that of another key goes on"


def test_the_socket_of_a_ticket_ends_with_the_key_that_got_it(locked: Server) -> None:
    key_id, key = _key()
    _let_in(locked, key)
    ticket = locked.request("POST", "/api/ws-ticket", headers=_bearer(key)).json["ticket"]
    url = f"ws://{locked.address}/ws/stats?ticket={ticket}"
    socket = websocket.create_connection(url, timeout=30)
    try:
        socket.recv()
        tq.revoke_key(key_id, setting=(ADMIN,))
        assert _close_code(socket)[0] == 4401
    finally:
        socket.shutdown()


def test_the_stream_of_a_key_that_expires_ends_with_the_reason(locked: Server) -> None:
    _, key = _key(expires_in=4)
    _let_in(locked, key)
    task = tq.submit("send_email", {"to": "a@example.com", "subject": "s", "body": "b"}).task_id
    answer = locked.request("GET", f"/api/tasks/{task}/events", headers=_bearer(key))
    assert answer.status == 200
    events = [block.split("\n") for block in answer.body.decode().strip().split("\n\n")]
    assert events[-1] == ["event: unauthorized", 'data: {"code": "unauthorized"}']


def _sign_in(server: Server) -> dict[str, str]:
    answer = server.request("POST", "/api/session", json.dumps({"key": ADMIN}), JSON)
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


def _sign_out(server: Server, cookie: dict[str, str]) -> None:
    assert server.request("DELETE", "/api/session", headers=cookie).status == 204


def _let_end(server: Server, cookie: dict[str, str]) -> None:
    """Its time is over: Redis has it no more."""
    (session,) = broker.scan_iter(match=f"{access_keys.session('')}*", count=1000)
    broker.delete(session)


@pytest.mark.parametrize("end", [_sign_out, _let_end])
def test_what_a_session_has_opened_ends_with_it(
    locked: Server, end: Callable[[Server, dict[str, str]], None]
) -> None:
    cookie = _sign_in(locked)
    task = tq.submit("send_email", _example("send_email")).task_id
    socket, other = locked.connect(header=cookie), locked.connect(header=_bearer(ADMIN))
    streams = [SseClient(locked.port, f"/api/{path}", **cookie) for path in _paths_of(task)]
    try:
        assert "queued_high" in json.loads(socket.recv())
        assert {stream.next().event for stream in streams} == {"open", "task"}

        end(locked, cookie)

        assert _close_code(socket) == (4401, WHY_GONE)
        for stream in streams:
            assert [each.event for each in stream.events()][-1] == "unauthorized"
        assert "queued_high" in json.loads(other.recv()), "what the key itself has opened goes on"
    finally:
        for stream in streams:
            stream.close()


def _paths_of(task: str) -> tuple[str, str]:
    return "events", f"tasks/{task}/events"


def test_a_key_with_a_reach_follows_what_is_within_it(locked: Server) -> None:
    _, key = tq.create_key("mails", "viewer", setting=(ADMIN,), task_types=["send_email"])
    _let_in(locked, key)
    client = SseClient(locked.port, "/api/events", **_bearer(key))
    try:
        assert client.next().event == "open"
        tq.submit("generate_report", _example("generate_report"))
        mail = tq.submit("send_email", _example("send_email")).task_id
        assert client.next().data["task_id"] == mail
    finally:
        client.close()


def _example(name: str) -> dict[str, Any]:
    return next(each.example for each in tq.task_types() if each.name == name)
