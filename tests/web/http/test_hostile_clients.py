"""Clients that stall, push without end, or take every place, against a real gunicorn."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from duckline.server.wire import DRAIN_BYTES, HEAD_S, LEAST_S
from tests.waiting import wait_until
from tests.web.conftest import Server, StartServer, email_body, read_all

BODY = json.dumps(email_body()).encode()
POST = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n"
SUBMIT = POST % (b"/api/tasks/submit", b"application/json")
BULK = POST % (b"/api/tasks/bulk", b"application/x-ndjson")
ENDLESS = b"Content-Length: 9999999999\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"10000\r\n" + b" " * 65536 + b"\r\n"
#: A client that is asked to stop notices it when the buffers of both kernels are full.
KERNEL_BYTES = 16_000_000

#: What is sent at first, then again and again, and what is answered.
FLOODS: dict[str, tuple[bytes, bytes, int]] = {
    "too large": (SUBMIT + ENDLESS, b"x" * 65536, 413),
    "too large in chunks": (SUBMIT + CHUNKED, PIECE, 413),
    "no such path": (POST % (b"/nowhere", b"application/json") + ENDLESS, b"x" * 65536, 404),
    "no such path in chunks": (POST % (b"/nowhere", b"a/b") + CHUNKED, PIECE, 404),
    "another media type": (POST % (b"/api/tasks/submit", b"a/b") + CHUNKED, PIECE, 415),
    "a method that is not taken": (POST % (b"/api/tasks", b"a/b") + ENDLESS, b"x" * 65536, 405),
    "a GET": (b"GET /health/live HTTP/1.1\r\nHost: a\r\n" + ENDLESS, b"x" * 65536, 200),
    "chunks of one byte": (SUBMIT + CHUNKED, b"1\r\nx\r\n" * 10_000, 413),
    "long chunk extensions": (SUBMIT + CHUNKED, b"1;a=" + b"x" * 8000 + b"\r\nx\r\n", 408),
    "no HTTP at all": (b"", b"x" * 65536, 414),
}


def connect(server: Server, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 60, source_address=(source, 0))


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def push(server: Server, name: str) -> tuple[int, bytes]:
    """Push a flood until the server ends it; return how much it took, and its answer."""
    begin, more, _ = FLOODS[name]
    with connect(server) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        client.sendall(begin)
        pushed, received = 0, b""
        with contextlib.suppress(OSError):
            while True:
                pushed += client.send(more)
                with contextlib.suppress(BlockingIOError):
                    received += client.recv(65536, socket.MSG_DONTWAIT)
        return pushed, received


@pytest.fixture(scope="module")
def patient_server(redis_server: object) -> Iterator[Server]:
    """A server whose bodies have two seconds."""
    server = Server(BODY_TIMEOUT_S="2")
    yield server
    server.process.stop()
    assert "Traceback" not in server.process.text()


@pytest.mark.parametrize("name", FLOODS)
def test_an_endless_body_is_answered_and_cut(patient_server: Server, name: str) -> None:
    pushed, answer = push(patient_server, name)

    assert status(answer) in (FLOODS[name][2], 408)
    if status(answer) != 408:  # which is read for as long as any body may take
        assert pushed < KERNEL_BYTES


def test_ten_who_push_without_end_hold_up_nobody(patient_server: Server) -> None:
    stop = threading.Event()

    def keep_pushing(name: str) -> None:
        while not stop.is_set():
            push(patient_server, name)

    worker = psutil.Process(patient_server.process.pid).children()[0]
    before = worker.memory_info().rss
    pushers = [threading.Thread(target=keep_pushing, args=(name,)) for name in FLOODS]
    for pusher in pushers:
        pusher.start()
    waits: list[float] = []
    try:
        while len(waits) < 100:
            begun = time.monotonic()
            assert patient_server.request("GET", "/health/live").status == 200
            waits.append(time.monotonic() - begun)
    finally:
        stop.set()
        for pusher in pushers:
            pusher.join()
    assert sorted(waits)[50] < 0.5
    assert worker.memory_info().rss - before < 64_000_000


def test_who_is_refused_with_a_large_body_can_read_why(server: Server) -> None:
    with connect(server) as client:
        client.sendall(POST % (b"/nowhere", b"a/b") + b"Content-Length: %d\r\n\r\n" % 900_000)
        client.sendall(b"x" * 900_000)
        answer = read_all(client)
    assert status(answer) == 404
    assert b"\r\nConnection: close\r\n" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "not_found"


def test_a_small_body_that_nobody_reads_costs_no_connection(server: Server) -> None:
    small = b"Content-Length: %d\r\n\r\n" % (DRAIN_BYTES // 2) + b"x" * (DRAIN_BYTES // 2)
    last = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = server.raw(POST % (b"/nowhere", b"a/b") + small + last)
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"HTTP/1.1 200" in answer


SMUGGLED = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        SUBMIT + b"Content-Length: 5000000\r\n\r\n",
        POST % (b"/nowhere", b"a/b") + b"Content-Length: 5000000\r\n\r\n",
        SUBMIT + CHUNKED + b"zz\r\n",
        SUBMIT + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        SUBMIT + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST % (b"/nowhere", b"a/b") + CHUNKED + b"5\r\nhello\r\n0\r\nA B: c\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\n\r\n",
        b"NOT HTTP\r\n\r\n",
    ],
)
def test_nothing_behind_a_refused_request_is_taken_for_another(server: Server, head: bytes) -> None:
    answer = server.raw(head + SMUGGLED * 3)
    assert answer.count(b"Server: gunicorn\r\n") == 1
    assert 400 <= status(answer) < 500


def test_who_waits_for_a_continue_is_refused_without_one(server: Server) -> None:
    expect = b"Expect: 100-continue\r\n"
    for head, code in (
        (POST % (b"/nowhere", b"a/b") + expect + b"Content-Length: 5\r\n\r\n", 404),
        (SUBMIT + expect + b"Content-Length: 50000000\r\n\r\n", 413),
        (POST % (b"/api/tasks/submit", b"a/b") + expect + CHUNKED, 415),
    ):
        assert status(server.raw(head)) == code


def test_who_waits_for_a_continue_gets_it_when_the_body_is_wanted(server: Server) -> None:
    with connect(server) as client:
        client.sendall(
            SUBMIT + b"Expect: 100-continue\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(BODY)
        )
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(BODY)
        assert status(read_all(client)) == 202


def ended_after(client: socket.socket) -> tuple[float, bytes]:
    begun = time.monotonic()
    answer = read_all(client)
    return time.monotonic() - begun, answer


def test_a_client_that_stalls_is_cut_off(server: Server) -> None:
    stalls = {
        "says nothing": (b"", None),
        "half a line": (b"GET / HT", 408),
        "a head without end": (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n", 408),
        "half a body": (SUBMIT + b"Content-Length: 1000\r\n\r\n{", 408),
        "half a chunk": (SUBMIT + CHUNKED + b"ff\r\n{", 408),
        "half a bulk": (BULK + b"Content-Length: 1000\r\n\r\n{", 408),
        "a body that nobody wants": (POST % (b"/no", b"a/b") + b"Content-Length: 9\r\n\r\n", 404),
    }
    clients = {name: connect(server) for name in stalls}
    for name, client in clients.items():
        client.sendall(stalls[name][0])
    for name, client in clients.items():
        answer = read_all(client)
        code = stalls[name][1]
        assert answer == b"" if code is None else status(answer) == code, name
        client.close()


@pytest.mark.parametrize("kind", ["head", "body", "chunks"])
def test_a_client_that_drips_is_cut_off(patient_server: Server, kind: str) -> None:
    begin, drop = {
        "head": (b"GET / HTTP/1.1\r\n", b"A: b\r\n"),
        "body": (SUBMIT + b"Content-Length: 100000\r\n\r\n", b" "),
        "chunks": (SUBMIT + CHUNKED, b"1\r\n \r\n"),
    }[kind]
    pause, begun, answer = threading.Event(), time.monotonic(), b""
    with connect(patient_server) as client:
        client.sendall(begin)
        with contextlib.suppress(OSError):
            while not pause.wait(0.05):
                client.sendall(drop)
                assert time.monotonic() - begun < 6 * max(HEAD_S, LEAST_S)
                with contextlib.suppress(BlockingIOError):
                    answer = client.recv(65536, socket.MSG_DONTWAIT)
                    break
        assert status(answer) in (408, 431)


def test_eight_bulks_that_stall_take_no_place(server: Server) -> None:
    with contextlib.ExitStack() as open_clients:
        for _ in range(20):
            client = open_clients.enter_context(connect(server))
            client.sendall(BULK + b"Content-Length: 100000\r\n\r\n{")
        answer = server.request(
            "POST", "/api/tasks/bulk", BODY, {"Content-Type": "application/x-ndjson"}
        )
    assert answer.status == 207


def _idle(client: socket.socket) -> None:
    client.sendall(SMUGGLED)
    client.recv(65536)


def _never_reads(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)


SILENT: dict[str, Callable[[socket.socket], object]] = {
    "says nothing": lambda client: None,
    "a head without end": lambda client: client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n"),
    "half a body": lambda client: client.sendall(SUBMIT + b"Content-Length: 9\r\n\r\n"),
    "idle after a request": _idle,
    "never reads its answer": _never_reads,
}


def test_silent_clients_do_not_take_the_places_of_others(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS="40", MAX_CONNECTIONS_PER_ADDRESS="40")
    with contextlib.ExitStack() as open_clients:
        for kind in SILENT:
            for number in range(60):
                client = open_clients.enter_context(connect(server))
                with contextlib.suppress(OSError):
                    SILENT[kind](client)
                if number % 30 != 29:
                    continue
                assert server.request("GET", "/health/live").status == 200, kind
        worker = psutil.Process(server.process.pid).children()[0]
        wait_until(lambda: worker.num_fds() < 100, description="no more are open than may be")
        assert server.request("POST", "/api/tasks/submit", BODY,
                              {"Content-Type": "application/json"}).status == 202  # fmt: skip
    assert "Traceback" not in server.process.text()


def test_who_comes_last_in_a_burst_waits_for_a_place(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS="1000", MAX_CONNECTIONS_PER_ADDRESS="1000")
    worker = psutil.Process(server.process.pid).children()[0]
    with contextlib.ExitStack() as open_clients:
        worker.suspend()  # so that all are there when it looks
        for _ in range(1700):
            client = open_clients.enter_context(connect(server))
            client.sendall(SUBMIT + b"Content-Length: 1000\r\n\r\n{")
        last = open_clients.enter_context(connect(server))
        last.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        worker.resume()
        assert status(read_all(last)) == 200


def test_an_address_that_takes_too_much_drives_out_its_own(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS="200", MAX_CONNECTIONS_PER_ADDRESS="40")
    with contextlib.ExitStack() as open_clients:
        neighbour = open_clients.enter_context(connect(server, "127.0.0.2"))
        neighbour.sendall(b"GET /health/live HTTP/1.1\r\n")
        for _ in range(100):
            open_clients.enter_context(connect(server, "127.0.0.3"))
        assert server.request("GET", "/health/live").status == 200
        neighbour.sendall(b"Host: localhost\r\nConnection: close\r\n\r\n")
        assert status(read_all(neighbour)) == 200
        worker = psutil.Process(server.process.pid).children()[0]
        wait_until(lambda: worker.num_fds() < 80, description="the others have 40 places")
