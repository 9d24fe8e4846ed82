"""The process of `up` that imports the engine once and forks the consumers.

Each of them is a child of the stack's supervisor and goes on as a program that was started for
itself. The module of the other side is duckline/stack/forks.py. Linux only.
"""

import ctypes
import gc
import os
import socket
import sys
from importlib import import_module
from pathlib import Path

from duckline.stack.parent_death import end_with

#: Where the address of a process's arguments is in /proc/self/stat, behind its name.
_ARG_START = 45


def preload() -> None:
    """Import what every consumer imports, and nothing of the user: a restart reads that again."""
    gc.disable()  # imports leave no garbage, and a tenth of their time would go into looking for it
    from huey_tasks.broker import script_runner
    from huey_tasks.registry import loading

    loading.hold_back()
    for name in ("logs", "api.public", "consumer.supervisor", "processes.ending"):
        import_module(f"huey_tasks.{name}")
    script_runner.read_ahead((*script_runner.OF_WORKERS, *script_runner.OF_CONSUMERS))
    gc.freeze()  # the collector would write to every object, and copy its page
    gc.enable()


def serve() -> str | None:
    """Fork a process for each request; in it, return the queue that it is to serve.

    Returns None when the supervisor ends the connection, which is standard input.
    """
    supervisor = os.getppid()
    connection = socket.socket(fileno=os.dup(0))
    connection.send(b"r")
    while True:
        request, fds, _, _ = socket.recv_fds(connection, 1024, 2)
        if not request:
            return None
        out, go = fds
        pid = _fork()
        if pid == 0:
            connection.close()
            _become_own(supervisor, out, go)
            return request.decode()
        os.close(out)
        os.close(go)
        connection.send(str(pid).encode())


def _fork() -> int:
    """Fork a process that is adopted by the stack; return its id, and 0 in it."""
    read, write = os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid == 0:
            os.close(read)
            os.close(write)
            return 0
        os.write(write, str(pid).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(between, 0)  # from now on the other one is adopted
    pid = int(os.read(read, 32))
    os.close(read)
    return pid


def _become_own(supervisor: int, out: int, go: int) -> None:
    """Have what a process has that `up` starts: a session, no input, its own output."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for fd, own in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(fd, own)
    known = os.read(go, 1)
    for fd in (nothing, out, go):
        os.close(fd)
    if not known:
        os._exit(1)  # the supervisor has given up, and has started another
    end_with(supervisor)


def show_as(arguments: list[str]) -> None:
    """Show these arguments in `ps` in place of those of the fork server, if they are no longer."""
    was, now = (b"\0".join(map(os.fsencode, a)) + b"\0" for a in (sys.orig_argv, arguments))
    stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    if len(now) <= len(was):
        ctypes.memmove(int(stat[_ARG_START]), now.ljust(len(was), b"\0"), len(was))
