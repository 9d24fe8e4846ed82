"""The worker of the web process on a unix socket, with options of gunicorn and with defects."""

import json
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Process
from tests.waiting import wait_until


class OnSocket:
    """A gunicorn with `worker_app`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.path = folder / "web.sock"
        application = "tests.web.http.worker_app:app"
        bind = ["--bind", f"unix:{self.path}", *options]
        self.process = Process(["-m", "gunicorn", *bind, application], {})
        wait_until(self._answers, description="gunicorn answers", timeout_s=60)

    def _answers(self) -> bool:
        try:
            return bool(self.ask("/", close=True))
        except OSError:
            return False

    def ask(self, *paths: str, close: bool = False, head: str = "", first: str = "") -> list[bytes]:
        """Send these requests in one piece, return what comes back, cut before each answer."""
        last = "Connection: close\r\n" if close else ""
        lines = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{head}" for path in paths]
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(self.path))
            client.sendall((first + "\r\n".join(lines) + f"{last}\r\n").encode())
            received = b"".join(iter(lambda: client.recv(65_536), b""))
        return received.split(b"HTTP/1.1 ")[1:]


Serve = Callable[..., OnSocket]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start one with options of gunicorn."""
    with ExitStack() as at_end:
        folder = Path(at_end.enter_context(tempfile.TemporaryDirectory()))

        def start(*options: str) -> OnSocket:
            server = OnSocket(folder, *options)
            at_end.callback(server.process.stop)
            return server

        yield start


def _seen(answer: bytes) -> list[str]:
    scheme_and_address: list[str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return scheme_and_address


def test_a_proxy_on_a_unix_socket_is_believed(serve: Serve) -> None:
    (answer,) = serve().ask("/", close=True, head="X-Forwarded-Proto: https\r\n")
    assert _seen(answer)[0] == "https"


def test_each_request_of_a_connection_has_the_address_that_the_proxy_protocol_told(
    serve: Serve,
) -> None:
    server = serve("--proxy-protocol", "v1")
    told = "PROXY TCP4 10.9.8.7 10.0.0.1 4711 80\r\n"
    answers = server.ask("/", "/", close=True, first=told)
    assert [_seen(answer)[1] for answer in answers] == ["10.9.8.7"] * 2


def test_a_server_that_keeps_no_connection_says_so(serve: Serve) -> None:
    answers = serve("--keep-alive", "0").ask("/", "/")
    assert len(answers) == 1
    assert b"Connection: close\r\n" in answers[0]


def test_an_answer_that_was_cut_ends_its_connection(serve: Serve) -> None:
    (answer,) = serve().ask("/cut", "/")
    assert answer.endswith(b"\r\n\r\nhe")


@pytest.mark.parametrize("path", ["/header", "/error"])
def test_a_defect_is_a_500_and_the_log_has_its_id(serve: Serve, path: str) -> None:
    server = serve()
    (answer,) = server.ask(path, "/", head="X-Request-ID: my-own-id\r\n")
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (problem["status"], problem["request_id"]) == (500, "my-own-id")
    wait_until(lambda: "request_id=my-own-id" in server.process.text(), description="it is logged")
