"""`/ws/stats` on a real gunicorn, with a client library that is not ours."""

import json
import os
import signal
import socket
import struct
from datetime import datetime
from typing import Any

import pytest
import websocket
from flask.testing import FlaskClient

from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, Server, StartServer, email_body

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


def closing_code(ws: websocket.WebSocket) -> int:
    """Read until the server's close frame, return its code."""
    while True:
        opcode, data = ws.recv_data(control_frame=True)
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return struct.unpack("!H", data[:2])[0]


def handshake(server: Server, **change: str | None) -> tuple[int, bytes]:
    """Send a handshake with changed headers, return the status and what follows."""
    named = {name.replace("_", "-"): value for name, value in change.items()}
    headers = {name: value for name, value in {**HANDSHAKE, **named}.items() if value is not None}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(f"GET /ws/stats HTTP/1.1\r\n{lines}\r\n".encode())
        received = client.recv(65536)
        while b"\r\n\r\n" not in received:
            received += client.recv(65536)
        status = int(received.split(b" ", 2)[1])
        while status != 101 and (chunk := client.recv(65536)):
            received += chunk
        return status, received


def test_a_frame_comes_at_once_and_every_two_seconds(server: Server, client: FlaskClient) -> None:
    client.post("/api/tasks/submit", json=email_body())
    ws = server.connect()
    first, second, third = (json.loads(ws.recv()) for _ in range(3))

    gap = datetime.fromisoformat(third["ts"]) - datetime.fromisoformat(first["ts"])
    assert gap.total_seconds() > 3  # two periods; the first may be told late
    assert second.pop("ts")
    assert second.pop("seq") == first["seq"] + 1
    assert second.pop("epoch") == first["epoch"]
    expected = client.get("/api/workers/stats").get_json()
    assert set(second) == set(expected)
    assert second["queued_high"] == 1


def test_who_comes_later_gets_the_frame_that_there_is(server: Server) -> None:
    ws = server.connect()

    def comes_between_two_frames() -> bool:
        latest = json.loads(ws.recv())["seq"]
        return json.loads(server.connect().recv())["seq"] == latest

    wait_until(comes_between_two_frames, description="it does not wait for the next one")


def test_every_socket_gets_the_same_frame(server: Server) -> None:
    sockets = [server.connect() for _ in range(20)]
    wanted = json.loads(sockets[-1].recv())["seq"] + 1  # all of them listen by then

    def frame(ws: websocket.WebSocket) -> str:
        while json.loads(text := str(ws.recv()))["seq"] < wanted:
            pass
        return text

    assert len({frame(ws) for ws in sockets}) == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_another_site_is_refused_before_the_socket_opens(server: Server, origin: str) -> None:
    status, answer = handshake(server, Origin=origin)
    assert status == 403
    assert b'"code": "cross_site"' in answer


@pytest.mark.parametrize("origin", ["http://localhost", None])
def test_our_own_pages_and_programs_may_listen(server: Server, origin: str | None) -> None:
    assert handshake(server, Origin=origin)[0] == 101


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Upgrade": None}, 426),
        ({"Connection": None}, 426),
        ({"Upgrade": None, "Connection": None}, 426),
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Version": None}, 426),
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Key": "!" * 24}, 400),
    ],
    ids=str,
)
def test_a_wrong_handshake_is_a_problem(
    server: Server, change: dict[str, str | None], status: int
) -> None:
    got, answer = handshake(server, **change)
    assert got == status
    assert b"application/problem+json" in answer
    if status == 426:
        assert b"Upgrade: websocket" in answer
        assert b"Sec-WebSocket-Version: 13" in answer


def test_headers_that_only_matter_to_http_do_not_break_the_handshake(server: Server) -> None:
    long = {f"X_{number}": "y" * 8000 for number in range(3)}
    assert handshake(server, Sec_WebSocket_Protocol="a, b", **long)[0] == 101


def test_compression_is_declined(server: Server) -> None:
    _, answer = handshake(server, Sec_WebSocket_Extensions="permessage-deflate")
    assert b"sec-websocket-extensions" not in answer.lower()


FRAMES: dict[str, tuple[bytes, int]] = {
    "not masked": (b"\x81\x05hello", 1002),
    "reserved bit": (b"\xf1\x80\0\0\0\0", 1002),
    "unknown opcode": (b"\x83\x80\0\0\0\0", 1002),
    "long ping": (b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126, 1002),
    "invalid UTF-8": (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
    "close with 1005": (b"\x88\x82\0\0\0\0" + struct.pack("!H", 1005), 1002),
    "close with 9999": (b"\x88\x82\0\0\0\0" + struct.pack("!H", 9999), 1002),
    "close with 1000": (b"\x88\x82\0\0\0\0" + struct.pack("!H", 1000), 1000),
    "5 KB of text": (b"\x81\xfe\x13\x88\0\0\0\0" + b"x" * 5000, 1009),
    "endless fragments": (b"\x01\xfe\x04\x00\0\0\0\0" + b"x" * 1024
                          + (b"\x00\xfe\x04\x00\0\0\0\0" + b"x" * 1024) * 8, 1009),
    "ten thousand texts": (b"\x81\x85\0\0\0\0hello" * 10_000, 1008),
    "ten thousand pings": (b"\x89\x85\0\0\0\0hello" * 10_000, 1008),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_a_wrong_client_gets_the_code_of_rfc_6455(server: Server, name: str) -> None:
    data, code = FRAMES[name]
    ws = server.connect()
    ws.recv()
    assert ws.sock
    ws.sock.sendall(data)
    assert closing_code(ws) == code


def test_small_messages_are_ignored(server: Server) -> None:
    ws = server.connect()
    for text in ("hello", '{"command": "purge"}', ""):
        ws.send(text)
    assert json.loads(ws.recv())["queues"]
    assert json.loads(ws.recv())["queues"]


def test_a_client_that_breaks_off_disturbs_nobody(server: Server) -> None:
    others = [server.connect() for _ in range(5)]
    rude = server.connect()
    rude.recv()
    assert rude.sock
    linger = struct.pack("ii", 1, 0)
    rude.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    rude.shutdown()
    for ws in others:
        assert json.loads(ws.recv())["ts"]
        assert json.loads(ws.recv())["ts"]
    assert server.request("GET", "/api/queues").status == 200


def test_a_key_is_needed_before_the_socket_opens(start_server: StartServer) -> None:
    server = start_server(API_KEYS="secret-key")

    assert handshake(server)[0] == 401
    assert handshake(server, Authorization="Bearer wrong")[0] == 401
    assert handshake(server, Authorization="Bearer secret-key")[0] == 101
    assert handshake(server, Cookie="duckline_key=secret-key")[0] == 401


def test_a_ticket_opens_the_socket_of_a_page(start_server: StartServer) -> None:
    server = start_server(API_KEYS="secret-key")
    headers = {"Authorization": "Bearer secret-key"}
    ticket = server.request("POST", "/api/ws-ticket", headers=headers).json["ticket"]

    for path, line in ((f"?ticket={ticket}", b" 101 "), ("?ticket=1.2", b" 401 "), ("", b" 401 ")):
        request = (
            f"GET /ws/stats{path} HTTP/1.1\r\nHost: {server.address}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        )
        assert line in server.first_line(request.encode())


def test_the_socket_outlives_redis(start_server: StartServer, own_redis: OwnRedis) -> None:
    ws = start_server(**own_redis.environment).connect()

    def frame_with(member: str) -> dict[str, Any] | None:
        frame = json.loads(ws.recv())
        return frame if member in frame else None

    assert frame_with("queues")
    own_redis.stop()
    away = wait_until(lambda: frame_with("error"), description="a frame says that Redis is away")
    assert away
    assert (away["error"]["status"], away["error"]["code"]) == (503, "queue_unavailable")
    assert away["ts"]
    own_redis.start()
    wait_until(lambda: frame_with("queues"), description="the numbers come again")


def test_a_stopping_server_says_so_to_every_socket(start_server: StartServer) -> None:
    server = start_server()
    sockets = [server.connect() for _ in range(10)]
    for ws in sockets:
        ws.recv()

    os.kill(server.process.pid, signal.SIGTERM)

    assert {closing_code(ws) for ws in sockets} == {1012}
    assert server.process.popen.wait(60) == 0


def test_the_inspector_has_the_same_feed(start_server: StartServer) -> None:
    ws = start_server("app:create_inspector()").connect()
    assert json.loads(ws.recv())["queues"]


def test_a_client_that_answers_no_ping_is_dropped(start_server: StartServer) -> None:
    server = start_server("tests.web.streams.quick_pings:app")
    silent, received = raw_socket(server), b""
    while chunk := silent.recv(65536):
        received += chunk
    assert b"\x89\x00" in received, "it was pinged"
    assert b"Ping/Pong timeout" in received
    silent.close()
    lively = server.connect()
    for _ in range(5):  # at least six seconds: one that is silent is dropped after four
        assert json.loads(lively.recv())["seq"]


@pytest.mark.parametrize(
    "header",
    [
        b"\x81\xff\x00\x00\x01\x00\x00\x00\x00\x00",  # a terabyte of text
        b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x81\xfe\x10\x01",  # 4097 bytes
        b"\x81\x81\x00\x00\x00\x00x\x82\xfe\xff\xff",  # behind a short one
        b"\x01\xfe\x20\x00",  # the first part of a message
    ],
)
def test_a_frame_that_claims_too_much_is_refused_at_its_header(
    server: Server, header: bytes
) -> None:
    with raw_socket(server) as client:
        client.sendall(header)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    assert b"\x88\x02\x03\xf1" in received, "closed with 1009"


def raw_socket(server: Server) -> socket.socket:
    """A WebSocket without a client behind it."""
    client = socket.create_connection(("127.0.0.1", server.port), 60)
    lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
    client.sendall(f"GET /ws/stats HTTP/1.1\r\n{lines}\r\n".encode())
    assert client.recv(12) == b"HTTP/1.1 101"
    return client
