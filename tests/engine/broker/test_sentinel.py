"""A master, its replica and three real Sentinels: the master dies, work goes on by itself."""

import contextlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

import huey_tasks as tq
from duckline.stack.embedded_redis import find_server
from huey_tasks import redis_urls
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.connection import ASK_SENTINELS_S, connect
from huey_tasks.broker.server_check import check
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.monitoring import verify
from huey_tasks.records import consumers, queues, tasks
from tests.conftest import Process
from tests.ports import free_ports
from tests.waiting import wait_until
from tests.web.conftest import Server
from web.http.redis_deadline import LIMIT_S

LOOPBACK = "127.0.0.1"

#: Seconds that the limit may be missed by on a machine with much else to do.
MARGIN_S = 5.0

#: A Sentinel that stood still for two seconds decides nothing for half a minute (TILT), and takes
#: afterwards no replica that lost its master more than ten times this before it saw that itself.
DOWN_AFTER_MS = 5000
FAILOVER_S = 90.0


class Deployment:
    """Two redis-servers and three Sentinels on loopback ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        names = ["a", "b", "s1", "s2", "s3"]
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._start_server("a")
        self._start_server("b", "--replicaof", LOOPBACK, str(self.ports["a"]))
        wait_until(self._is_in_step, description="the replica is in step")
        for name in ("s1", "s2", "s3"):
            self._start_sentinel(name)
        wait_until(self._is_watched, description="the Sentinels know each other and the replica")

    @property
    def url(self) -> str:
        hosts = ",".join(f"{LOOPBACK}:{self.ports[name]}" for name in ("s1", "s2", "s3"))
        return f"redis+sentinel://{hosts}/ducks/0"

    def client(self, name: str) -> Any:
        """A client of one of the processes, past Duckline."""
        return redis.Redis(port=self.ports[name], socket_timeout=30)

    def kill(self, name: str) -> None:
        """kill -9."""
        self._processes[name].kill()
        self._processes[name].wait()

    def freeze(self, name: str) -> None:
        """SIGSTOP: its connections stay open and say nothing any more."""
        self._processes[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        self._processes[name].send_signal(signal.SIGCONT)

    def master(self) -> str:
        """The name of the server that the Sentinels call the master."""
        port = self.client("s2").sentinel_master("ducks")["port"]
        return next(name for name, own in self.ports.items() if own == port)

    def wait_for_failover(self) -> None:
        """Wait until the Sentinels have made the replica the master."""
        wait_until(lambda: self.master() == "b", description="promoted", timeout_s=FAILOVER_S)

    def close(self) -> None:
        """Kill them all, and show what the Sentinels have done, for the report of a failure."""
        for name, process in self._processes.items():
            process.kill()
            process.wait()
            if name.startswith("s"):
                lines = (self._folder / name / "log").read_text().splitlines()
                print("\n".join(f"{name}: {line}" for line in lines if "master" in line))

    def _start_server(self, name: str, *options: str) -> None:
        self._start(
            name, "--port", str(self.ports[name]), "--bind", LOOPBACK, "--save", "",
            "--appendonly", "yes", "--appendfsync", "always",
            "--repl-diskless-sync-delay", "0", *options,
        )  # fmt: skip

    def _start_sentinel(self, name: str) -> None:
        file = self._folder / f"{name}.conf"
        file.write_text(
            f"port {self.ports[name]}\nbind {LOOPBACK}\n"
            f"sentinel monitor ducks {LOOPBACK} {self.ports['a']} 2\n"
            f"sentinel down-after-milliseconds ducks {DOWN_AFTER_MS}\n"
            "sentinel failover-timeout ducks 3000\n"
        )
        self._start(name, str(file), "--sentinel")

    def _start(self, name: str, *arguments: str) -> None:
        folder = self._folder / name
        folder.mkdir()
        with (folder / "log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [str(find_server()), *arguments], cwd=folder, stdout=log
            )
        wait_until(lambda: _answers(self.ports[name]), description=f"{name} answers")

    def _is_in_step(self) -> bool:
        return self.client("b").info("replication")["master_link_status"] == "up"

    def _is_watched(self) -> bool:
        states = [self.client(name).sentinel_master("ducks") for name in ("s1", "s2", "s3")]
        return all(s["num-other-sentinels"] == 2 and s["num-slaves"] == 1 for s in states)


def _answers(port: int) -> bool:
    with contextlib.suppress(redis.ConnectionError):
        return bool(redis.Redis(port=port).ping())
    return False


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    running = Deployment(tmp_path)
    yield running
    running.close()


@pytest.fixture
def queue(deployment: Deployment) -> TaskQueue:
    return TaskQueue(
        "default",
        broker_url=deployment.url,
        result_url=redis_urls.with_database(deployment.url, 1),
        result_ttl_s=60,
        lease_s=2,
    )


@pytest.fixture
def consumer(deployment: Deployment, queue: TaskQueue) -> Iterator[Process]:
    settings = {"REDIS_URL": deployment.url, "RESULT_REDIS_URL": "", "DEFAULT_CONCURRENCY": "2"}
    process = Process(["app.py", "consumer", "default"], settings)
    wait_until(lambda: consumers.consumers(queue.broker), description="the consumer is online")
    yield process
    process.stop()
    print(process.text())


class Load:
    """Somebody who submits over HTTP all the time, and remembers what was accepted."""

    def __init__(self, service: Server, ledger: Path) -> None:
        self.accepted: list[str] = []
        self.statuses: set[int] = set()
        self.longest_s = 0.0
        payload = {"seconds": 0.01, "file": str(ledger)}
        self._body = json.dumps({"task_type": "work_for", "payload": payload})
        self._service = service
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._submit_all_the_time)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_for_more(self) -> None:
        """Wait until some more tasks are accepted."""
        enough = len(self.accepted) + 20
        wait_until(lambda: len(self.accepted) > enough, description="tasks are accepted")

    def _submit_all_the_time(self) -> None:
        headers = {"Content-Type": "application/json"}
        while not self._over.is_set():
            begun = time.monotonic()
            answer = self._service.request("POST", "/api/tasks/submit", self._body, headers)
            self.longest_s = max(self.longest_s, time.monotonic() - begun)
            self.statuses.add(answer.status)
            if answer.status == 202:
                self.accepted.append(answer.json["task_id"])


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_a_master_that_fails_under_load_is_replaced_and_work_goes_on_by_itself(
    deployment: Deployment, queue: TaskQueue, consumer: Process, tmp_path: Path, fault: str
) -> None:
    service = Server(REDIS_URL=deployment.url, RESULT_REDIS_URL="")
    ends: dict[str, set[str]] = {}

    def note_ends() -> None:
        for record in tasks.load(
            Brokers([queue.broker]), [("default", id) for id in load.accepted]
        ):
            if record.status.terminal:
                ends.setdefault(record.task_id, set()).add(record.status)

    with Load(service, tmp_path / "ledger") as load:
        load.wait_for_more()
        note_ends()
        (deployment.kill if fault == "killed" else deployment.freeze)("a")
        accepted_by_a = len(load.accepted) + 1  # one may still be on its way into the list
        deployment.wait_for_failover()
        load.wait_for_more()
    deployment.thaw("a")
    service.process.stop()
    assert load.statuses == {202, 503}
    assert load.longest_s < LIMIT_S + MARGIN_S

    def all_have_ended() -> bool:
        numbers = queues.queue_stats(Brokers([queue.broker]))[0]
        return numbers.queued + numbers.active == 0

    wait_until(all_have_ended, description="all that is there has ended")
    note_ends()
    assert verify.verify(queue.broker).gaps == ()
    assert {state for states in ends.values() for state in states} == {"SUCCESS"}
    # Replication is asynchronous: the last writes of the old master may have gone with it.
    lost = {task_id for task_id in load.accepted if task_id not in ends}
    assert lost <= set(load.accepted[max(accepted_by_a - 100, 0) : accepted_by_a])
    wait_until(lambda: "consumer is back" in consumer.text(), description="the consumer is back")
    assert "Traceback" not in consumer.text() + service.process.text()


def test_the_web_service_starts_only_on_what_the_sentinels_name(deployment: Deployment) -> None:
    config = Config.from_env({"REDIS_URL": deployment.url})
    assert check(config) == []
    sentinel = f"redis://{LOOPBACK}:{deployment.ports['s1']}/0"
    with pytest.raises(ConfigError, match="it is a Sentinel; for what it watches, write"):
        check(Config.from_env({"REDIS_URL": sentinel}))
    with pytest.raises(tq.QueueUnavailable):
        check(Config.from_env({"REDIS_URL": deployment.url.replace("ducks", "geese")}))


@pytest.mark.parametrize("by", ["SET", "EVALSHA"])
def test_a_demoted_master_is_left_for_the_new_one(deployment: Deployment, by: str) -> None:
    client: Any = connect(deployment.url)
    client.set("name", "a")
    deployment.kill("s1")  # the first in the list: the others are asked
    deployment.client("s2").sentinel_failover("ducks")
    deployment.wait_for_failover()
    client.connection_pool._ask_at += 60  # so the connection shows it, and not the Sentinels
    # Sentinel does this within ten seconds; the connection stays open.
    deployment.client("a").replicaof(LOOPBACK, deployment.ports["b"])
    if by == "EVALSHA":
        text = "return redis.call('SET', KEYS[1], ARGV[1])"
        (digest,) = {deployment.client(name).script_load(text) for name in ("a", "b")}
        client.evalsha(digest, 1, "name", "b")
    else:
        client.set("name", "b")
    assert deployment.client("b").get("name") == b"b"


def test_a_master_that_comes_back_from_the_dead_gets_no_writes(deployment: Deployment) -> None:
    client: Any = connect(deployment.url)
    client.set("name", "a")
    deployment.freeze("a")
    deployment.wait_for_failover()
    deployment.thaw("a")
    assert deployment.client("a").info("replication")["role"] == "master"  # it does not know yet
    client.set("name", "b")  # its connection is still open
    assert deployment.client("b").get("name") == b"b"


def test_without_sentinels_work_goes_on(deployment: Deployment) -> None:
    client: Any = connect(deployment.url)
    client.set("name", "a")
    for name in ("s1", "s2", "s3"):
        deployment.kill(name)
    asked_again = time.monotonic() + 1.5 * ASK_SENTINELS_S

    def passes() -> bool:
        assert client.get("name") == b"a"
        return time.monotonic() > asked_again

    wait_until(passes, description="the Sentinels were asked again, in vain")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("redis://h:6379/0", "redis://h:6379/1", True),
        ("unix:///r.sock?db=0", "unix:///r.sock?db=3", True),
        ("redis+sentinel://s:26379/main/0", "redis+sentinel://s:26379/main/1", True),
        ("redis://h:6379/0", "redis://h:6380/0", False),
        ("redis://a:x@h:6379/0", "redis://b:y@h:6379/1", False),
        ("redis+sentinel://s/main/0", "redis+sentinel://s/other/0", False),
    ],
)
def test_a_step_reaches_outcomes_on_the_same_server_with_the_same_user(
    one: str, other: str, same: bool
) -> None:
    assert redis_urls.is_same_server(one, other) is same
