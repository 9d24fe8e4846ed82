"""Serves AWS's Runtime API to a function in another language: an executable named `bootstrap`.

Started by path, like `bootstrap.py`, and speaks with the host as that does. This process becomes
the function's own, so that its memory, its exit status and its end are the function's; a child of
it serves HTTP at AWS_LAMBDA_RUNTIME_API. The source of paths and headers is AWS's Runtime API.
"""

import base64
import json
import os
import queue
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Beside this file, found because this file is the program.
from bootstrap import (  # pyright: ignore[reportMissingImports]
    Channel,
    Message,
    die_with_host,
    limit_memory,
)

_VERSION = "/2018-06-01/runtime"
_ANSWER = re.compile(f"{_VERSION}/invocation/([^/]+)/(response|error)")

#: Bytes of a long chunk that are passed on at once.
_PIECE_BYTES = 65_536
#: Seconds within which a function that has ended takes this process with it: that is no bad answer.
_END_S = 0.2


class Invocations:
    """What the host sends and the function asks for, one after the other; each has one answer."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._next: queue.Queue[Message] = queue.Queue()
        self._lock = threading.Lock()
        self.has_started = False  # or has failed to
        self._unanswered: str | None = None
        self._began = time.monotonic()

    def receive(self) -> None:
        """Take invocations from the host until it ends."""
        while (call := self._channel.receive()) is not None:
            self._next.put(call)
        os._exit(0)

    def next(self) -> Message:
        """Wait for an invocation; the first call says that the function is ready."""
        self._start({"init_ms": (time.monotonic() - self._began) * 1000})
        call = self._next.get()
        self._unanswered = call["request_id"]
        return call

    def begin_answer(self, request_id: str) -> bool:
        """Return whether that invocation has no answer yet; the caller then gives it."""
        with self._lock:
            if request_id != self._unanswered:
                return False
            self._unanswered = None
        return True

    def answer(self, body: bytes) -> None:
        """Send the answer of the function, or what is left of it behind its pieces."""
        self._channel.send({}, body)

    def answer_piece(self, piece: bytes) -> None:
        """Send a piece of the answer of the function."""
        self._channel.send_piece(piece)

    def fail(self, error: Message) -> None:
        """Send the error of the function."""
        self._channel.send({"error": error})

    def fail_start(self, error: Message) -> None:
        """Send the error of the function's start."""
        self._start({"init_error": error})

    def _start(self, how: Message) -> None:
        """Say how the start went, once."""
        with self._lock:
            if not self.has_started:
                self.has_started = True
                self._channel.send(how)


class Handler(BaseHTTPRequestHandler):
    """One connection of the function."""

    protocol_version = "HTTP/1.1"
    invocations: Invocations

    def do_GET(self) -> None:  # the name is http.server's
        """Answer with the next invocation."""
        if self.path != f"{_VERSION}/invocation/next":
            self._refuse(404, "InvalidRequest", "there is no such path")
            return
        call = self.invocations.next()
        left_s = call["deadline"] - time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": call["request_id"],
            "Lambda-Runtime-Deadline-Ms": str(round((time.time() + left_s) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": call["arn"],
            "Lambda-Runtime-Trace-Id": call["variables"].get("_X_AMZN_TRACE_ID", ""),
        }
        if call.get("client_context") is not None:
            headers["Lambda-Runtime-Client-Context"] = json.dumps(call["client_context"])
        self._reply(200, call["event"].encode(), headers)

    def do_POST(self) -> None:  # the name is http.server's
        """Take an answer or an error."""
        answered = _ANSWER.fullmatch(self.path)
        if answered is not None:
            take = self._take_response if answered[2] == "response" else self._take_error
            if not self.invocations.begin_answer(answered[1]):
                self._refuse(400, "InvalidRequestID", "no answer to this request is due")
                return
        elif self.path == f"{_VERSION}/init/error":
            take = self._take_start_error
            if self.invocations.has_started:
                self._refuse(403, "InvalidStateTransition", "the function has started already")
                return
        else:
            self._refuse(404, "InvalidRequest", "there is no such path")
            return
        take()
        self._reply(202, b'{"status":"OK"}')

    def _take_response(self) -> None:
        """Take an answer: at once, or in pieces as they come if the function says so."""
        mode = self.headers.get("Lambda-Runtime-Function-Response-Mode", "")
        body: list[bytes] = []
        is_streaming = mode.lower() == "streaming"
        if not self._take_body(self.invocations.answer_piece if is_streaming else body.append):
            return
        kind = self._trailers.get("lambda-runtime-function-error-type")
        if kind is None:
            self.invocations.answer(b"".join(body))
        else:
            told = self._trailers.get("lambda-runtime-function-error-body", "")
            self.invocations.fail(_error(_from_base64(told), kind))

    def _take_error(self) -> None:
        """Take an error in place of an answer."""
        body: list[bytes] = []
        if self._take_body(body.append):
            self.invocations.fail(self._error_of(body))

    def _take_start_error(self) -> None:
        """Take the error of the function's start."""
        self.invocations.fail_start(self._error_of(list(self._pieces())))

    def _take_body(self, take: Callable[[bytes], None]) -> bool:
        """Take a body as it comes. One without an end fails the invocation: returns False."""
        try:
            for piece in self._pieces():
                take(piece)
        except (OSError, ValueError):
            text = "The function has closed the connection before the end of its response."
            self.close_connection = True
            time.sleep(_END_S)
            self.invocations.fail({"errorType": "Runtime.TruncatedResponse", "errorMessage": text})
            return False
        return True

    def _error_of(self, body: list[bytes]) -> Message:
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "Runtime.Unknown")
        return _error(b"".join(body), kind)

    def _refuse(self, status: int, kind: str, text: str) -> None:
        """Answer with AWS's status and type of an error, when the body has been read."""
        for _ in self._pieces():
            pass
        self._reply(status, json.dumps({"errorMessage": text, "errorType": kind}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the function's log is its own."""

    def _pieces(self) -> "Iterator[bytes]":
        """Yield the body as it comes. Raises ValueError when it has no end."""
        self._trailers: dict[str, str] = {}
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield from self._part(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield from self._part(size)
            self.rfile.readline()
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            self._trailers[name.lower()] = value.strip()

    def _part(self, size: int) -> "Iterator[bytes]":
        while size:
            part = self.rfile.read1(min(size, _PIECE_BYTES))  # pyright: ignore[reportAttributeAccessIssue]
            if not part:
                raise ValueError("the body ends too early")
            yield part
            size -= len(part)

    def _reply(self, status: int, body: bytes, headers: "dict[str, str] | None" = None) -> None:
        """Write status, headers and body at once: in two parts they wait for each other."""
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        shown = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        lines += [f"{name}: {value}" for name, value in (shown | (headers or {})).items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)


def _error(body: bytes, kind: str) -> Message:
    """Return an error as a function reports it; of a body that is no object only the type."""
    try:
        found = json.loads(body)
    except ValueError:
        found = {}
    return {"errorMessage": "", "errorType": kind, **(found if isinstance(found, dict) else {})}


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def serve(server: ThreadingHTTPServer, fd: int) -> None:
    """Serve the Runtime API until the function or the host ends."""
    die_with_host()
    Handler.invocations = Invocations(Channel(fd))
    threading.Thread(target=Handler.invocations.receive, daemon=True).start()
    server.daemon_threads = True
    server.serve_forever()


def main() -> None:
    """Start the server, then become the function."""
    fd, memory_mb = int(sys.argv[1]), int(sys.argv[2])
    die_with_host()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    os.set_inheritable(fd, False)
    if os.fork() == 0:
        serve(server, fd)
        os._exit(0)
    limit_memory(memory_mb)
    address = f"127.0.0.1:{server.server_address[1]}"
    program = os.path.join(os.environ["LAMBDA_TASK_ROOT"], "bootstrap")  # noqa: PTH118 - text
    os.execve(program, [program], {**os.environ, "AWS_LAMBDA_RUNTIME_API": address})  # noqa: S606


if __name__ == "__main__":
    main()
