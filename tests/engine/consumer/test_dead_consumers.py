"""What a consumer on this machine counts as dead: only what has ended for sure."""

import contextlib
import json
import resource
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.consumer.dead_consumers import identity, is_dead, release_tasks
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, scripts, store, submit, wait_for
from tests.waiting import wait_until

Program = subprocess.Popen[bytes]


@pytest.fixture
def neighbour() -> Iterator[Program]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


@contextlib.contextmanager
def blind() -> Generator[None]:
    """Without a descriptor for another file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def start_of(process: Program) -> str:
    """Its start as /proc tells it."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_one_that_cannot_be_looked_at_lives(neighbour: Program) -> None:
    born = start_of(neighbour)
    with blind():
        assert not is_dead(neighbour.pid, born)
        assert not is_dead(1, "0"), "another user's, or the first one"


def test_one_that_has_ended_is_dead_seen_or_not(neighbour: Program) -> None:
    born = start_of(neighbour)
    assert not is_dead(neighbour.pid, born)
    neighbour.kill()
    wait_until(lambda: is_dead(neighbour.pid, born), description="a zombie is dead")
    neighbour.wait()
    assert is_dead(neighbour.pid, born)
    with blind():
        assert is_dead(neighbour.pid, born)


def test_an_id_that_is_in_use_again_is_another_process(neighbour: Program) -> None:
    assert is_dead(neighbour.pid, "1")
    assert not is_dead(neighbour.pid, None)


def test_the_tasks_of_one_stay_its_own_until_it_has_ended(neighbour: Program) -> None:
    store("task")
    HandWorker("neighbour/1").claim()
    info = {**identity(), "pid": neighbour.pid, "birth": start_of(neighbour), "workers": []}
    scripts().heartbeat(QUEUE, "neighbour", json.dumps(info), 1)
    release_tasks(tq.default, 3, 30)
    assert row_of("task") == "STARTED"
    neighbour.kill()
    neighbour.wait()
    release_tasks(tq.default, 3, 30)
    assert row_of("task") == "PENDING"


def test_what_one_held_is_claimed_before_what_stood_behind_it(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    go_on, begun = tmp_path / "go on", tmp_path / "begun"
    killed = start_consumer(QUEUE)
    ids = [submit("work_until", go_on=str(go_on), file=str(begun))]
    wait_until(begun.exists, description="it runs")
    ids += [submit("echo", value=number) for number in range(5)]
    killed.kill()
    go_on.touch()

    start_consumer(QUEUE)

    starts = [at for task_id in ids if (at := wait_for(task_id, "SUCCESS").started_at)]
    assert len(starts) == 6 and starts == sorted(starts)


def row_of(task_id: str) -> str:
    """Its state, as lists have it."""
    return next(row.status for row in tq.list_tasks() if row.task_id == task_id)
