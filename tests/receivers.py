"""A real receiver of webhooks: an HTTP server in a thread, which keeps what it gets."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks import Webhook


class Received(NamedTuple):
    """One request that a receiver got."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The event, if the signature is right; raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


#: Answers one request; the default says 204.
Answering = Callable[[BaseHTTPRequestHandler], None]


class Receiver:
    """What has arrived, and what to answer: by path, or a default."""

    def __init__(self, port: int) -> None:
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        self.got: list[Received] = []
        self.answers: dict[str, Answering] = {}

    def of(self, path: str) -> list[Received]:
        """What arrived at a path."""
        return [each for each in self.got if each.path == path]


def status(code: int, **headers: str) -> Answering:
    """Answer a status, with headers and a short text."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0" if code == 204 else "5")
        handler.end_headers()
        handler.wfile.write(b"" if code == 204 else b"hello")

    return answer


def in_turn(*answers: Answering) -> Answering:
    """Answer each request by the next of these; the last goes on."""
    left = list(answers)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


@contextmanager
def receiver(address: str = "127.0.0.1", port: int = 0) -> Generator[Receiver]:
    """Run a receiver."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.got.append(Received(self.path, headers, body))
            self.close_connection = True
            found.answers.get(self.path, status(204))(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The sender hangs up when it has read enough."""

    server = Server((address, port), Handler)
    found = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
