"""Runs a Python function inside of its environment. Started by path, with the socket's number.

Imports nothing of this project, so that a function sees only what is its own. Messages on the
socket are a length (4 bytes, big-endian) and JSON. The host sends one invocation after the other;
this process answers each, in pieces if the handler does, and first how the import went. The source
of the texts is AWS's Lambda runtime for Python.
"""

import importlib
import json
import logging
import os
import resource
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from typing import Any

# Beside this file, found because this file is the program; the name is one that no function uses.
from _duckline_context import Context  # pyright: ignore[reportMissingImports]  # isort: skip
from _duckline_errors import (  # pyright: ignore[reportMissingImports]  # isort: skip
    error_of,
    flush,
    log_error,
    text_of,
)
from _duckline_pieces import (  # pyright: ignore[reportMissingImports]  # isort: skip
    NoPiece,
    is_in_pieces,
    pieces,
)

_LENGTH = struct.Struct(">I")

Message = dict[str, Any]


class Channel:
    """The socket to the host. Each message says to which invocation it belongs."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)
        self._pid = os.getpid()
        self._request_id: str | None = None

    def receive(self) -> "Message | None":
        """Return the next invocation, None when the host has gone."""
        head = self._read(_LENGTH.size)
        body = head and self._read(_LENGTH.unpack(head)[0])
        call = json.loads(body) if body else None
        self._request_id = call and call["request_id"]
        return call

    def send(self, message: Message, body: bytes = b"") -> None:
        """Send a message, and the bytes that belong to it.

        A copy of this process, in which a function has returned that forked, ends instead: the
        answer is the original's, and so is the next invocation.
        """
        if os.getpid() != self._pid:
            os._exit(0)
        text = json.dumps({"request_id": self._request_id, **message}).encode()
        self._socket.sendall(_LENGTH.pack(len(text)) + text + _LENGTH.pack(len(body)) + body)

    def send_piece(self, piece: bytes) -> None:
        """Send a piece of an answer whose end is still to come."""
        self.send({"piece": True}, piece)

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._socket.recv(min(size, 1 << 20))
            if not part:
                return b""
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class LogFilter(logging.Filter):
    """Gives log records the id of the request."""

    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = LogFilter.request_id
        return True


def set_up_logging() -> None:
    """Install the handler that AWS's runtime has, before the function is imported."""
    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    formatter = logging.Formatter(form, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    handler.addFilter(LogFilter())
    logging.getLogger().addHandler(handler)


def die_with_host() -> None:
    """End this process with the host, however that ends (Linux; elsewhere the socket shows it)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
        if os.getppid() == 1:
            os._exit(1)


def limit_memory(megabytes: int) -> None:
    """Let an allocation fail with MemoryError a little above the limit."""
    limit = megabytes * 1024 * 1024 * 5 // 4
    with_swap = getattr(resource, "RLIMIT_DATA", None)
    if with_swap is not None:
        resource.setrlimit(with_swap, (limit, limit))


def find_handler(handler: str) -> Callable[[Any, Context], Any]:
    """Import the module and return the handler. Raises InitError with AWS's words."""
    module_name, _, name = handler.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        text = f"Unable to import module '{module_name}': {text_of(error)}"
        raise InitError(error_of(error, "", "Runtime.ImportModuleError", text)) from None
    except SyntaxError as error:
        lines = traceback.format_exception_only(type(error), error)
        what = f"{lines[-1].strip()} ({error.filename}, line {error.lineno})"
        text = f"Syntax error in module '{module_name}': {what}"
        found = error_of(error, "", "Runtime.UserCodeSyntaxError", text)
        raise InitError({**found, "stackTrace": lines[:-1]}) from None
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise InitError(error_of(error, "")) from None
    found = getattr(module, name, None)
    if found is None:
        text = f"Handler '{name}' missing on module '{module_name}'"
        raise InitError(error_of(AttributeError(text), "", "Runtime.HandlerNotFound"))
    return found


class FreshLoader(SourceFileLoader):
    """Imports a file of the function's own without Python's cache as long as it is new.

    The cache knows a file by its size and the second of its change, so it would give the old code
    of a file that was saved twice in one second.
    """

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        if time.time() - Path(path).stat().st_mtime > 2:
            return super().get_code(fullname)
        return self.source_to_code(self.get_data(path), path)


def import_fresh_from(root: str) -> None:
    """Let modules below `root` be loaded by FreshLoader."""
    make = FileFinder.path_hook(
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (FreshLoader, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )

    def hook(path: str) -> Any:
        if not Path(path).absolute().is_relative_to(root):
            raise ImportError(path)
        return make(path)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()  # Python has looked into the folders of PYTHONPATH already


class InitError(Exception):
    """The function cannot be imported; has the error as it is reported."""

    def __init__(self, error: Message) -> None:
        super().__init__(error["errorMessage"])
        self.error = error


def default(value: object) -> object:
    """Encode what JSON does not know and AWS's runtime does."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def encode(returned: object) -> bytes:
    """Return the answer as bytes; `bytes` pass as they are."""
    if isinstance(returned, bytes):
        return returned
    return json.dumps(returned, ensure_ascii=False, default=default, allow_nan=True).encode()


def run(
    handler: Callable[[Any, Context], Any], call: Message, send_piece: Callable[[bytes], None]
) -> "tuple[Message, bytes]":
    """Run the handler on one event; returns the answer and its body, or what is left of that."""
    request_id = call["request_id"]
    try:
        event = json.loads(call["event"])
    except ValueError as error:
        text = f"Unable to unmarshal input: {error}"
        return {"error": error_of(error, request_id, "Runtime.UnmarshalError", text)}, b""
    try:
        returned = handler(event, Context(call))
        if is_in_pieces(returned):
            for piece in pieces(returned, encode):
                send_piece(piece)
            return {}, b""
    except NoPiece as error:
        return _unsent(error, request_id), b""
    except Exception as error:
        found = error_of(error, request_id)
        log_error(found)
        return {"error": found}, b""
    try:
        return {}, encode(returned)
    except Exception as error:
        return _unsent(error, request_id), b""


def _unsent(error: Exception, request_id: str) -> Message:
    """Return, and log, the error of an answer that cannot be sent."""
    text = f"Unable to marshal response: {text_of(error)}"
    found = {**error_of(error, request_id, "Runtime.MarshalError", text), "stackTrace": []}
    log_error(found)
    return {"error": found}


def main() -> None:
    """Import the function, then answer invocations until the host ends."""
    fd, memory_mb = int(sys.argv[1]), int(sys.argv[2])
    die_with_host()
    limit_memory(memory_mb)
    os.set_inheritable(fd, False)
    channel = Channel(fd)
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    import_fresh_from(sys.path[0])
    set_up_logging()
    started = time.monotonic()
    try:
        handler = find_handler(os.environ["_HANDLER"])
    except InitError as problem:
        log_error(problem.error)
        flush()
        channel.send({"init_error": problem.error})
        return
    flush()
    channel.send({"init_ms": (time.monotonic() - started) * 1000})
    while (call := channel.receive()) is not None:
        LogFilter.request_id = call["request_id"]
        os.environ.update(call["variables"])
        before = cpu_ms()
        answer, body = run(handler, call, channel.send_piece)
        flush()
        channel.send({**answer, "cpu_ms": cpu_ms() - before}, body)


def cpu_ms() -> float:
    """Return what this process has computed so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1000


if __name__ == "__main__":
    main()
