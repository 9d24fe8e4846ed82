"""Old and new code on one queue at the same time, as while a deploy rolls on.

Two folders of task modules represent the two versions; what ran, and in which version, is in a
ledger outside Redis. The tests submit what a web service of either version would have stored.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from huey.registry import Message

import huey_tasks as tq
from huey_tasks import serializer
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import Commit
from huey_tasks.huey_adapter import decoding
from tests.conftest import Process, StartConsumer
from tests.engine.helpers import HandWorker, store, submit, wait_for
from tests.waiting import wait_until

broker = tq.default.broker.redis

OLD = """
import os, time
from huey_tasks import current_task, task

def note(file: str, what: str) -> None:
    ledger = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(ledger, f"{what} {current_task.id}\\n".encode())
    os.close(ledger)

@task(queue="default")
def greet(file: str, name: str, seconds: float = 0.0) -> str:
    note(file, "old greet")
    time.sleep(seconds)
    return f"Hello {name}"
"""

NEW = (
    OLD.replace("old greet", "new greet")
    .replace("seconds: float = 0.0", 'seconds: float = 0.0, greeting: str = "Hello"')
    .replace('f"Hello {name}"', 'f"{greeting} {name}"')
    .replace("time.sleep(seconds)", "time.sleep(min(seconds, 0.1))")
    + """
@task(queue="default")
def wave(file: str) -> str:
    note(file, "new wave")
    return "waved"
"""
)


class Deploy:
    """Two versions of the task modules, and a ledger of what they did."""

    def __init__(self, folder: Path) -> None:
        self._ledger = folder / "ledger"
        self._ledger.touch()
        self.old, self.new = (folder / version for version in ("old", "new"))
        for version, code in ((self.old, OLD), (self.new, NEW)):
            version.mkdir()
            (version / "shop.py").write_text(code)

    def submit(self, task_type: str, **payload: Any) -> str:
        """Store a task as a web service with the code for it does; return its id."""
        return self.store(task_type, {"file": str(self._ledger), **payload})

    def store(self, task_type: str, payload: dict[str, Any], **unheard_of: Any) -> str:
        """Store a task, with more parts than there are in this version of Duckline."""
        task_id = str(uuid.uuid4())
        written = serializer.dumps(Message(task_id, task_type, kwargs=payload))
        changed = {**json.loads(written)["$message"], **unheard_of}
        store(task_id, json.dumps({"$message": changed}).encode(), task_type)
        return task_id

    def executions(self) -> Counter[tuple[str, str]]:
        """How often each task ran, by what was noted of it."""
        lines = self._ledger.read_text().splitlines()
        return Counter((what, task_id) for what, _, task_id in (s.rpartition(" ") for s in lines))


@pytest.fixture
def deploy(tmp_path: Path) -> Deploy:
    """A deploy that has not begun."""
    return Deploy(tmp_path)


def test_new_types_wait_for_new_code_while_old_ones_flow(
    start_consumer: StartConsumer, deploy: Deploy
) -> None:
    def submit_some() -> None:
        for number in range(10):
            greets.append(deploy.submit("greet", name=str(number)))
            if number % 2:
                waves.append(deploy.submit("wave"))
        for task_id in greets[-10:]:
            wait_for(task_id, "SUCCESS")

    greets: list[str] = []
    waves: list[str] = []
    settings = {"LEASE_S": "60"}  # one that stands still for two seconds has lost nothing
    before = start_consumer("default", concurrency=2, TASKS_PATH=str(deploy.old), **settings)
    submit_some()
    assert _states(waves) == {"PENDING"}, "no consumer knows them yet"
    assert {tq.get_task(task_id).deliveries for task_id in waves} == {0}, "nor has claimed them"
    wait_until(lambda: _warnings(before), description="the log says so")
    after = start_consumer("default", concurrency=2, TASKS_PATH=str(deploy.new), **settings)
    submit_some()
    submit_some()
    last = deploy.submit("greet", name="last", seconds=0.3)
    wait_until(lambda: any(id == last for _, id in deploy.executions()), description="it runs")
    assert before.stop() == 0
    submit_some()
    for task_id in [*greets, last, *waves]:
        record = wait_for(task_id, "SUCCESS")
        assert (record.attempt, record.crashes, record.losses) == (1, 0, 0)
    ran = deploy.executions()
    assert {task_id for what, task_id in ran if what == "new wave"} == set(waves)
    assert set(ran.values()) == {1}, "each ran once"
    assert len({what for what, _ in ran}) == 3, "both versions have greeted"
    assert len(_warnings(before)) == 1, "it is said once"
    assert not _warnings(after)


def test_many_tasks_of_an_unknown_type_do_not_hold_up_the_others(
    start_consumer: StartConsumer, deploy: Deploy
) -> None:
    for _ in range(200):
        deploy.submit("wave")
    consumer = start_consumer("default", TASKS_PATH=str(deploy.old))
    wait_for(deploy.submit("greet", name="first"), "SUCCESS")
    for number in range(20):
        wait_for(deploy.submit("greet", name=str(number)), "SUCCESS")
    wait_until(lambda: _warnings(consumer), description="the log says what is missing")
    assert len(_warnings(consumer)) == 1
    assert tq.queue_stats()[1].queued == 200


def test_a_task_waits_longer_each_time_and_at_last_fails() -> None:
    submit("echo")
    worker = HandWorker()
    claim = worker.claim()

    def wait(deliveries: int) -> Commit:
        found = claim._replace(deliveries=deliveries)
        return decoding.wait_for_newer_code("default", found, "a type")

    for deliveries, about_s in ((1, 1), (2, 2), (7, 7), (30, 30), (decoding.WAITS, 30)):
        put_off = wait(deliveries)
        assert put_off.state == "PENDING"
        assert put_off.delay_ms / 1000 == pytest.approx(about_s, rel=decoding.SPREAD)
    worker.step(wait(decoding.WAITS + 1), want=0)
    record = tq.get_task(claim.id)
    assert record.status == "FAILURE"
    assert record.error == "no consumer of queue default has the code for it: a type"


def test_a_task_with_a_parameter_from_newer_code_waits_for_that_code(
    start_consumer: StartConsumer, deploy: Deploy
) -> None:
    before = start_consumer("default", TASKS_PATH=str(deploy.old))
    task_id = deploy.submit("greet", name="Ann", greeting="Good morning")
    record = wait_for(task_id, "RETRY")
    assert (record.attempt, record.payload["greeting"]) == (0, "Good morning")
    assert record.error is not None and "greet has no parameter greeting" in record.error
    before.stop()
    start_consumer("default", TASKS_PATH=str(deploy.new))
    assert wait_for(task_id, "SUCCESS").result == "Good morning Ann"
    assert deploy.executions() == {("new greet", task_id): 1}


def test_a_task_without_a_parameter_of_newer_code_gets_its_default(
    start_consumer: StartConsumer, deploy: Deploy
) -> None:
    start_consumer("default", TASKS_PATH=str(deploy.new))
    task_id = deploy.submit("greet", name="Ann")
    assert wait_for(task_id, "SUCCESS").result == "Hello Ann"


def test_a_task_with_a_part_that_this_version_does_not_know_waits(
    start_consumer: StartConsumer, deploy: Deploy
) -> None:
    start_consumer("default", TASKS_PATH=str(deploy.new))
    task_id = deploy.store("wave", {"file": "/dev/null"}, not_before="tomorrow")
    record = wait_for(task_id, "RETRY")
    assert record.error is not None and "'not_before'" in record.error
    assert (record.attempt, record.payload) == (0, {})


def test_a_consumer_that_stops_hands_over_to_the_one_that_stays(
    start_consumer: StartConsumer, deploy: Deploy
) -> None:
    settings = {"LEASE_S": "60", "SHUTDOWN_GRACE_S": "0.1"}
    before = start_consumer("default", TASKS_PATH=str(deploy.old), **settings)
    task_id = deploy.submit("greet", name="long", seconds=60)
    wait_until(lambda: deploy.executions(), description="it runs")
    later = [deploy.submit("greet", name="later") for _ in range(5)]
    tq.pause("default")
    start_consumer("default", TASKS_PATH=str(deploy.new), **settings)
    assert before.stop() == 0
    record = tq.get_task(task_id)
    assert (record.status, record.attempt, record.crashes) == ("PENDING", 0, 0)
    tq.resume("default")
    for one in (task_id, *later):
        wait_for(one, "SUCCESS")
    ran = list(deploy.executions())
    assert ran[:2] == [("old greet", task_id), ("new greet", task_id)], "first of all, as before"
    assert {task_id for _, task_id in ran[2:]} == set(later)


def test_a_consumer_that_starts_late_gives_back_what_the_killed_one_held(
    start_consumer: StartConsumer, deploy: Deploy
) -> None:
    before = start_consumer("default", TASKS_PATH=str(deploy.old), LEASE_S="60")
    task_id = deploy.submit("greet", name="long", seconds=60)
    wait_until(lambda: deploy.executions(), description="it runs")
    before.popen.kill()
    before.popen.wait()
    for consumer, seen_ms in broker.zrange(keys.consumers("default"), 0, -1, withscores=True):
        broker.zadd(keys.consumers("default"), {consumer: seen_ms - 20_000})  # 20 s go by
    start_consumer("default", TASKS_PATH=str(deploy.new), LEASE_S="60")
    record = wait_for(task_id, "SUCCESS")
    assert (record.deliveries, record.losses) == (2, 1)


def _states(ids: Iterable[str]) -> set[str]:
    return {tq.get_task(task_id).status for task_id in ids}


def _warnings(consumer: Process) -> list[str]:
    return [line for line in consumer.text().splitlines() if "wait for newer code" in line]
