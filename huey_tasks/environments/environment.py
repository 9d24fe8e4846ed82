"""One environment: a child process that holds an imported function and runs one event at a time.

Events and answers travel over a socket of their own, so that nothing that a function prints, or
does to its standard streams, can spoil an answer. Its time and memory limits are enforced from
outside, by SIGKILL to its process group.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from huey_tasks.environments import answers, process_stats
from huey_tasks.environments.answers import Answer, Usage
from huey_tasks.environments.output import Output
from huey_tasks.functions.function import CUSTOM_RUNTIME, Function
from huey_tasks.values.storable import storable

_LENGTH = struct.Struct(">I")
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_RUNTIME_API = Path(__file__).with_name("runtime_api.py")

#: Seconds for the import of a function (AWS's limit).
INIT_S = 10.0

#: Seconds between two looks at the memory, and at what has been printed.
LOOK_S = 0.1


class Call(NamedTuple):
    """One invocation: the event as JSON text, and what the handler's context says of it."""

    request_id: str
    event: str
    arn: str
    timeout_s: float
    client_context: Any = None
    variables: Mapping[str, str] = {}


class _Ended(Exception):
    """The process has closed its socket, or is gone."""


class _Late(Exception):
    """It did not answer in time."""


class _TooBig(Exception):
    """It used more memory than its function may."""


class Environment:
    """The process of one function version."""

    def __init__(self, function: Function, variables: Mapping[str, str], folder: Path) -> None:
        """Start the process; `folder` is its own, for TMPDIR, and goes with it."""
        self.function = function
        self.id = uuid.uuid4().hex
        self.invocations = 0
        self.started_at = time.time()
        self.used_at = time.monotonic()
        #: Milliseconds of the import; None as long as it is not over.
        self.init_ms: float | None = None
        self._folder = folder / self.id
        self._folder.mkdir(parents=True)
        ours, theirs = socket.socketpair()
        read_end, write_end = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-u",
                    str(_RUNTIME_API if function.runtime == CUSTOM_RUNTIME else _BOOTSTRAP),
                    str(theirs.fileno()),
                    str(function.memory_mb),
                ],
                env={**variables, "TMPDIR": str(self._folder)},
                cwd=function.root,
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            os.close(read_end)
            ours.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        finally:
            theirs.close()
            os.close(write_end)
        self._socket, self.output = ours, Output(read_end)
        self._pidfd = _pidfd_of(self.pid)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def version(self) -> str:
        """The version of the function that it holds."""
        return self.function.version

    @property
    def is_spent(self) -> bool:
        """Whether the process has gone, or has spoken, while nobody waited for it.

        Does not let others run.
        """
        self._socket.settimeout(0)
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:  # nothing, as it has to be; but a child may hold the socket open
            return self._pidfd is not None and _has_ended(self._pidfd)
        except OSError:
            pass
        return True

    def start(self, request_id: str, watch: Callable[[], None]) -> Answer | None:
        """Wait for the import; returns an answer only if that failed. `watch` is called often."""
        begun = time.monotonic()
        try:
            said, _ = self._receive(None, begun + INIT_S, watch)
        except (_Ended, _Late, _TooBig) as problem:
            return self._failed(problem, request_id, begun, INIT_S, None)
        took_ms = (time.monotonic() - begun) * 1000
        if (error := said.get("init_error")) is not None:
            usage = Usage(took_ms, None, process_stats.peak_mb(self.pid))
            return Answer(b"", error, usage, is_spent=True)
        self.init_ms = (time.time() - self.started_at) * 1000
        return None

    def invoke(
        self,
        call: Call,
        watch: Callable[[], None],
        on_piece: Callable[[bytes], None] = lambda piece: None,
    ) -> Answer:
        """Run the handler once. `watch` is called about ten times a second.

        `on_piece` gets each piece of an answer that comes in pieces; the answer has them all.
        """
        self.invocations += 1
        process_stats.forget_peak(self.pid)
        begun = time.monotonic()
        deadline = begun + call.timeout_s
        message = {**call._asdict(), "variables": dict(call.variables), "deadline": deadline}
        pieces = bytearray()
        try:
            self._send(json.dumps(message).encode(), deadline)
            said, body = self._receive(call.request_id, deadline, watch)
            while "piece" in said and len(pieces) + len(body) <= answers.MAX_ANSWER_BYTES:
                pieces += body
                on_piece(body)
                said, body = self._receive(call.request_id, deadline, watch)
        except (_Ended, _Late, _TooBig) as problem:
            peak = process_stats.peak_mb(self.pid)
            return self._failed(problem, call.request_id, begun, call.timeout_s, peak)
        duration_ms = (time.monotonic() - begun) * 1000
        self.output.read()
        usage = Usage(duration_ms, said.get("cpu_ms"), process_stats.peak_mb(self.pid))
        error = said.get("error")
        if len(pieces) + len(body) > answers.MAX_ANSWER_BYTES:
            error = answers.too_large()
        whole = bytes(pieces) + body if error is None else b""
        self.used_at = time.monotonic()
        # One that still writes has no end that could be waited for.
        return Answer(whole, error, usage, "piece" in said, bool(pieces))

    def end(self) -> None:
        """Kill the process and all of its group, and remove its folder."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()  # it may have left its group; collected, its number is another's
        try:
            self._process.wait()
        finally:  # a cancel may come meanwhile; what is killed is collected without us, too
            self._socket.close()
            with contextlib.suppress(OSError):
                os.close(self.output.fileno())
            if self._pidfd is not None:
                os.close(self._pidfd)
                self._pidfd = None
            shutil.rmtree(self._folder, ignore_errors=True)

    def _failed(
        self, problem: Exception, request_id: str, begun: float, limit_s: float, peak: int | None
    ) -> Answer:
        """Return the answer in place of one that did not come; the process is of no more use."""
        duration_ms = (time.monotonic() - begun) * 1000
        if isinstance(problem, _Late):
            error = answers.timed_out(request_id, limit_s)
            duration_ms = limit_s * 1000
        elif isinstance(problem, _TooBig):
            error = answers.exited(request_id, -signal.SIGKILL)
        else:
            error = answers.exited(request_id, self._exit_code())
        self.output.read()
        return Answer(b"", error, Usage(duration_ms, None, peak), is_spent=True)

    def _exit_code(self) -> int:
        """Return how the process ended; one that only closed its socket gets a moment for it."""
        try:
            return self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return 0

    # ---- the socket

    def _send(self, body: bytes, deadline: float) -> None:
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            self._socket.sendall(_LENGTH.pack(len(body)) + body)
        except TimeoutError:
            raise _Late from None
        except OSError:
            raise _Ended from None

    def _receive(
        self, request_id: str | None, deadline: float, watch: Callable[[], None]
    ) -> tuple[dict[str, Any], bytes]:
        """Return a message of that invocation (None: of the import), and the bytes behind it."""
        self._socket.settimeout(0)
        self._wait(deadline, watch)  # for each: of pieces without an end, too, one is the last
        parts: list[bytes] = []
        for _ in range(2):
            (size,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline, watch))
            parts.append(self._read(size, deadline, watch))
        try:
            said = json.loads(parts[0])
        except (ValueError, RecursionError):
            said = None
        if isinstance(said, dict) and "request_id" in said:
            told = cast(dict[str, Any], said)
            if told["request_id"] == request_id:
                return storable(told), parts[1]
        raise _Ended  # the function itself has written to this socket

    def _read(self, size: int, deadline: float, watch: Callable[[], None]) -> bytes:
        parts: list[bytes] = []
        while size:
            try:
                part = self._socket.recv(min(size, 1 << 20))
            except BlockingIOError:
                self._wait(deadline, watch)
                continue
            except OSError:
                raise _Ended from None
            if not part:
                raise _Ended
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _wait(self, deadline: float, watch: Callable[[], None]) -> None:
        """Return when the socket can be read. Reads meanwhile what the function prints."""
        poll = select.poll()  # select() ends at the descriptor 1023
        for source in (self._socket, self.output, self._pidfd):
            if source is not None:
                poll.register(source, select.POLLIN)
        while True:
            left_s = deadline - time.monotonic()
            ready = {fd for fd, _ in poll.poll(min(max(left_s, 0), LOOK_S) * 1000)}
            if self.output.fileno() in ready and not self.output.read():
                poll.unregister(self.output)  # it has closed its standard streams
            if self._socket.fileno() in ready:
                return
            if self._pidfd in ready:
                raise _Ended
            used = process_stats.used_mb(self.pid)
            if used is not None and used > self.function.memory_mb:
                raise _TooBig
            if left_s <= 0:
                raise _Late
            watch()


def _has_ended(pidfd: int) -> bool:
    """Return whether a child has ended; it stays to be collected."""
    try:
        return os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # collected already
        return True


def _pidfd_of(pid: int) -> int | None:
    """Return what tells the end of a process; None where its closed socket has to do.

    gevent collects a child as soon as it is dead, which one that was just started can be.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
