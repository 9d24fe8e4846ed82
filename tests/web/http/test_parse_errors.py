"""What is no proper HTTP gets a problem, with the headers of every other answer."""

import json

import pytest

from tests.web.conftest import Server, StartServer

HOST = b"Host: localhost\r\n"
LINE = b"GET /health/live HTTP/1.1\r\n"
WRONG: dict[str, tuple[bytes, int, str]] = {
    "no host": (LINE + b"\r\n", 400, "bad_request"),
    "no host, but another header": (LINE + b"A: b\r\n\r\n", 400, "bad_request"),
    "two hosts": (LINE + HOST * 2 + b"\r\n", 400, "bad_request"),
    "a host with a space": (LINE + b"Host: a b\r\n\r\n", 400, "bad_request"),
    "a host with a user": (LINE + b"Host: me@localhost\r\n\r\n", 400, "bad_request"),
    "an absolute form of another scheme": (
        b"GET ftp://localhost/health/live HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request",
    ),
    "an absolute form without a host": (
        b"GET http:///health/live HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request",
    ),
    "a form for proxies": (b"GET localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "no version": (b"GET /health/live\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "another version": (b"GET / HTTP/3.0\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad_request"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 32, 400, "bad_request"),
    "bytes": (b"\x00\xff\xfe\xfd", 400, "bad_request"),
    "a small method": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    "a line of 5 kB": (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
    "an endless line": (b"GET /" + b"x" * 50_000, 414, "uri_too_long"),
    "a header of 9 kB": (
        LINE + HOST + b"A: " + b"x" * 9000 + b"\r\n\r\n", 431, "headers_too_large",
    ),
    "a hundred headers": (LINE + HOST + b"A: b\r\n" * 100 + b"\r\n", 431, "headers_too_large"),
    "endless headers": (LINE + HOST + b"A: b\r\n" * 50_000, 431, "headers_too_large"),
    "an unknown expectation": (LINE + HOST + b"Expect: tea\r\n\r\n", 417, "expectation_failed"),
    "an unknown coding": (
        LINE + HOST + b"Transfer-Encoding: tea\r\n\r\n", 501, "not_implemented",
    ),
    "two lengths": (
        LINE + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "bad_request",
    ),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: localhost\n\n", 400, "bad_request"),
    "a header without a name": (LINE + HOST + b": x\r\n\r\n", 400, "bad_request"),
    "a header in two lines": (LINE + HOST + b"A: b\r\n c\r\n\r\n", 400, "bad_request"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_it_is_a_problem_with_our_headers(server: Server, name: str) -> None:
    data, status, code = WRONG[name]
    answer = server.raw(data)

    head, _, body = answer.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {key.lower(): value for key, value in (one.split(": ", 1) for one in lines)}
    problem = json.loads(body)
    assert int(line.split()[1]) == problem["status"] == status
    assert (problem["code"], problem["type"]) == (code, f"urn:duckline:problem:{code}")
    assert problem["detail"]
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["x-request-id"] == problem["request_id"]
    ordinary = {
        key.lower(): value for key, value in server.request("GET", "/api/x").headers.items()
    }
    for own in ("x-frame-options", "x-content-type-options", "content-security-policy",
                "cache-control", "referrer-policy"):  # fmt: skip
        assert headers[own] == ordinary[own]
    assert "x-frame-options" in headers
    assert b"localhost" not in body
    assert "Traceback" not in server.process.text()


def test_the_id_of_the_caller_is_kept_where_it_was_read(server: Server) -> None:
    answer = server.raw(LINE + b"X-Request-ID: mine-1\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["request_id"] == "mine-1"


@pytest.mark.parametrize("kept", [b"", b"Connection: keep-alive\r\n"])
def test_http_1_0_needs_no_host(server: Server, kept: bytes) -> None:
    request = b"GET /health/live HTTP/1.0\r\n"
    answer = server.raw(request + kept + b"\r\n" + request + b"\r\n")
    assert answer.count(b" 200 OK") == (2 if kept else 1)


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        (b"http://localhost/api/queues", b"localhost", b"200"),
        (b"http://localhost:80/api/queues", b"evil.example", b"200"),
        (b"HTTP://evil.example/api/queues", b"localhost", b"421"),
        (b"http://localhost", b"localhost", b"200"),
    ],
)
def test_of_an_absolute_target_its_host_counts(
    server: Server, target: bytes, host: bytes, status: bytes
) -> None:
    answer = server.raw(
        b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (target, host)
    )
    assert answer.split(b" ", 2)[1] == status


def test_refusals_are_in_the_access_log(start_server: StartServer) -> None:
    server = start_server(ACCESS_LOG="1")
    server.raw(b"NOT HTTP\r\n\r\n")
    assert "refused 127.0.0.1 with 400" in server.process.text()
