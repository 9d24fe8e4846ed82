"""The web layer in this process, and a real gunicorn for what only a real server shows."""

import contextlib
import http.client
import json
import secrets
import socket
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import websocket
from flask.testing import FlaskClient

import web
from duckline.stack.embedded_redis import find_server
from tests.conftest import Process
from tests.ports import free_ports
from tests.redis_servers import answers
from tests.waiting import wait_until

_opened: list[websocket.WebSocket] = []

EMAIL = {"to": "ada@example.com", "subject": "Hello", "body": "Dear Ada"}


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def read_all(client: socket.socket) -> bytes:
    """Everything until the server closes; what it resets counts as closed."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(65536):
            received += chunk
    return received


class Server:
    """A gunicorn of ours on a loopback port."""

    def __init__(self, application: str = "app:app", **environment: str) -> None:
        self.port = int(environment.get("PORT") or free_ports(1)[0])
        self.address = f"127.0.0.1:{self.port}"
        self.process = Process(
            ["-m", "gunicorn", "--bind", self.address, "--keep-alive", "1", application],
            environment,
        )
        wait_until(self._answers, description=f"gunicorn answers on {self.address}", timeout_s=60)

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):  # also when the server breaks it
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are, return everything until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
            client.sendall(data)
            received = b""
            while chunk := client.recv(65536):
                received += chunk
            return received

    def first_line(self, data: bytes) -> bytes:
        """Send bytes as they are, return the first line that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
            client.sendall(data)
            with client.makefile("rb") as received:
                return received.readline()

    def connect(self, **options: Any) -> websocket.WebSocket:
        """Open a WebSocket; it is closed at the end of the test."""
        url = f"ws://{self.address}/ws/stats"
        _opened.append(websocket.create_connection(url, timeout=30, **options))
        return _opened[-1]

    def _answers(self) -> bool:
        if self.process.popen.poll() is not None:
            raise AssertionError(self.process.text())
        try:
            return self.request("GET", "/openapi.json").status in (200, 404)
        except OSError:
            return False


class OwnRedis:
    """A redis-server that a test may stop and start again."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / f"{secrets.token_hex(4)}.sock"
        self._folder = folder
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        url = f"unix://{self.socket}?db="
        return {"REDIS_URL": f"{url}0", "RESULT_REDIS_URL": f"{url}1"}

    def start(self, *options: str) -> None:
        self._server = subprocess.Popen(
            [str(find_server()), "--port", "0", "--unixsocket", str(self.socket), *options],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: answers(self.socket), description="the test's own redis-server answers")

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(60)
        self.socket.unlink(missing_ok=True)


StartServer = Callable[..., Server]


@contextmanager
def _running(application: str, environment: dict[str, str]) -> Generator[Server]:
    server = Server(application, **environment)
    yield server
    if server.process.popen.poll() is None:
        server.process.stop()
    print(server.process.text())


@pytest.fixture(autouse=True)
def close_sockets() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().shutdown()


@pytest.fixture
def client() -> FlaskClient:
    return web.create_app().test_client()


@pytest.fixture
def inspector() -> FlaskClient:
    return web.create_inspector().test_client()


@pytest.fixture(scope="session")
def _server(redis_server: Path) -> Iterator[Server]:
    with _running("app:app", {}) as running:
        yield running


@pytest.fixture
def server(_server: Server) -> Server:
    """One gunicorn for all tests that leave it as they found it.

    It knows for up to a second the keys that the test before has stored.
    """
    session = "/api/session"
    wait_until(
        lambda: _server.request("GET", session).json["needs_key"] is False,
        description="the keys of another test are forgotten",
    )
    return _server


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Start a gunicorn with settings of its own: start_server(API_KEYS="k")."""
    with ExitStack() as stack:

        def start(application: str = "app:app", **environment: str) -> Server:
            return stack.enter_context(_running(application, environment))

        yield start


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    redis = OwnRedis(tmp_path)
    yield redis
    redis.stop()


def email_body(**more: Any) -> dict[str, Any]:
    """A submission that is accepted."""
    return {"task_type": "send_email", "payload": EMAIL, **more}
