"""Start the consumers from one process that has imported what they have in common: a fork server.

What it has imported is in memory once, and is not imported three times at once. It forks each of
them one time, and ends. Whatever goes wrong with it, a consumer is started as a program of its own,
as one is that has died. docs/adr/0125 says why; duckline/fork_server.py is the other side.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterable, Mapping, Sequence

from duckline.stack.parent_death import end_with

#: Seconds in which the server forks, which takes it some milliseconds.
FORK_LIMIT_S = 2.0


class Forked:
    """A process that the server has forked: the part of `subprocess.Popen` that the stack uses.

    It is a child of this process, which adopts orphans: the parent that forked it ends at once.
    """

    def __init__(self, pid: int, out: int) -> None:
        self.pid = pid
        self.stdout = os.fdopen(out, "rb", buffering=0)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit status, a signal as a negative number; None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkServer:
    """Forks one process for each of `names`, and ends."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], names: Iterable[str]
    ) -> None:
        self._command, self._env, self._left = command, env, set(names)
        self._starting: asyncio.Task[None] | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None

    async def ready(self) -> None:
        """Return once it has imported everything, or has failed; the first call starts it."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)

    async def _start(self) -> None:
        with contextlib.suppress(OSError):
            self._connection, theirs = socket.socketpair()
            with theirs:
                self._popen = self._execute(theirs.fileno(), os.getpid())
            self._connection.setblocking(False)
            await asyncio.get_running_loop().sock_recv(self._connection, 1)

    def _execute(self, stdin: int, parent: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            list(self._command),
            env={**os.environ, **self._env},
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # each consumer reports itself what keeps it from starting
            process_group=0,  # Ctrl-C goes to the stack; another session would be an orphan
            preexec_fn=lambda: end_with(parent),
        )

    def fork(self, name: str) -> Forked | None:
        """Have a process forked; None if it is not to do so, or does not.

        The process waits until its id is known here: until then it would be taken for an orphan.
        """
        if name not in self._left or self._connection is None:
            return None
        self._left.remove(name)
        out, their_out = os.pipe()
        their_go, go = os.pipe()
        try:
            self._connection.settimeout(FORK_LIMIT_S)
            socket.send_fds(self._connection, [name.encode()], [their_out, their_go])
            pid = int(self._connection.recv(32))
            os.write(go, b"g")
        except (OSError, ValueError):  # ValueError: it has ended, and answers nothing
            self._left.clear()
            os.close(out)
            return None
        finally:
            for fd in (their_out, their_go, go):
                os.close(fd)
            if not self._left:
                self.close()
        return Forked(pid, out)

    def close(self) -> None:
        """End it, if it has not ended."""
        self._left.clear()
        if self._starting is not None:
            self._starting.cancel()
        if self._connection is not None:
            self._connection.close()
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()
