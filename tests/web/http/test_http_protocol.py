"""Requests that only a raw socket can send, against a real gunicorn."""

import base64
import json
import re
import socket

import pytest

import huey_tasks as tq
from tests.waiting import wait_until
from tests.web.conftest import Server, StartServer, email_body, read_all

BODY = json.dumps(email_body()).encode()
HEAD = b"POST /api/tasks/submit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNK = b"10000\r\n" + b" " * 65536 + b"\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


REFUSED: dict[str, tuple[bytes, set[int]]] = {
    "negative length": (HEAD + b"Content-Length: -1\r\n\r\n", {400}),
    "length in letters": (HEAD + b"Content-Length: abc\r\n\r\n", {400}),
    "two lengths": (HEAD + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY, {400}),
    "length and chunks": (HEAD + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "wrong chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", {400}),
    "space before colon": (b"GET /api/tasks HTTP/1.1\r\nHost : x\r\n\r\n", {400}),
    "folded header": (b"GET /api/tasks HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n", {400}),
    "long line": (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 414}),
    "long header": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 9000 + b"\r\n\r\n",
        {400, 431},
    ),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", {400, 431}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 32 + b"\r\n\r\n", {400}),
    "10 MB announced": (HEAD + b"Content-Length: 10000000\r\n\r\n", {413}),
    "endless chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 20, {413}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_request_is_refused(server: Server, name: str) -> None:
    data, expected = REFUSED[name]
    assert status(server.raw(data)) in expected
    assert tq.list_tasks() == []


def test_a_chunked_body_is_read(server: Server) -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    answer = server.raw(HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunked)
    assert status(answer) == 202


def test_a_body_that_breaks_off_is_no_task(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(HEAD + b"Content-Length: 1000\r\n\r\n" + BODY)
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(65536)
    assert answer == b"" or status(answer) == 400
    assert tq.list_tasks() == []


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    get = b"GET /api/tasks/%d HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    answer = server.raw(get % (1, b"") + get % (2, b"Connection: close\r\n"))
    assert answer.count(b"HTTP/1.1 404") == 2
    assert answer.index(b"/api/tasks/1") < answer.index(b"/api/tasks/2")


def test_http_1_0_is_answered(server: Server) -> None:
    assert status(server.raw(b"GET /api/queues HTTP/1.0\r\n\r\n")) == 200


def test_the_server_does_not_tell_its_version(server: Server) -> None:
    assert not any(char.isdigit() for char in server.request("GET", "/").headers["Server"])


def test_forwarded_headers_are_not_believed(server: Server) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "Content-Type": "application/json"}
    answer = server.request("POST", "/api/tasks/submit", BODY, headers)
    assert answer.headers["Location"].startswith("/api/tasks/")
    headers["Origin"] = "http://evil.example"
    assert server.request("POST", "/api/tasks/submit", BODY, headers).status == 403


def test_a_slow_client_holds_up_nobody(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
        slow.sendall(HEAD + LENGTH + b"\r\n" + BODY[:5])
        assert server.request("GET", "/api/queues").status == 200
        slow.sendall(BODY[5:])
        wait_until(lambda: len(tq.list_tasks()) == 1, description="the slow submission is in")


def test_requests_are_logged_when_asked_for_and_only_then(start_server: StartServer) -> None:
    talking, silent = start_server(ACCESS_LOG="1"), start_server()
    for server in (talking, silent):
        server.request("GET", "/health/live")

    wait_until(
        lambda: "GET /health/live" in talking.process.text(), description="a line of the log"
    )
    assert "/health/live" not in silent.process.text()


def test_no_key_reaches_the_access_log(start_server: StartServer) -> None:
    server = start_server(API_KEYS="kept-out-of-logs", ACCESS_LOG="1")
    basic = base64.b64encode(b"kept-out-of-logs:").decode()

    server.request("GET", "/api/queues", headers={"Authorization": f"Basic {basic}"})
    server.request("GET", "/api/queues?key=kept-out-of-logs")
    server.request("GET", "/?key=kept-out-of-logs", headers={"Referer": "/?k=kept-out-of-logs"})
    server.request("GET", "/a%1b%5b2J%0d%0ab", headers={"User-Agent": "kept-out-of-logs"})
    server.process.stop()

    log = server.process.text()
    assert log.count('"GET /api/queues HTTP/1.1" 401') == 2
    assert '"GET /a%1B%5B2J%0D%0Ab HTTP/1.1" 404' in log
    assert "kept-out-of-logs" not in log and "\x1b[2J" not in log


def test_a_proxy_is_believed_at_every_request_and_nobody_else(server: Server) -> None:
    """A proxy that says both https and http is refused; of others both headers are ignored."""
    first = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    second = first[:-2] + b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n\r\n"
    last = first[:-2] + b"Connection: close\r\n\r\n"

    def statuses(source: str) -> list[bytes]:
        place = ("127.0.0.1", server.port)
        with socket.create_connection(place, 30, (source, 0)) as client:
            client.sendall(first + second + last)
            return re.findall(rb"HTTP/1\.1 (\d+)", read_all(client))

    for _ in range(2):
        assert statuses("127.0.0.2") == [b"200", b"200", b"200"]
        assert statuses("127.0.0.1") == [b"200", b"400"]
