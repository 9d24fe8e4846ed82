"""A system that starts no more processes, for a time: what runs goes on, and workers come back."""

import os
import signal
from pathlib import Path

import pytest

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.engine.helpers import submit, wait_for
from tests.waiting import wait_until

#: The kernel's answer at a limit of processes (cgroup, ulimit), as long as a file is there.
FULL = """
import errno, os, pathlib, subprocess

def refusing(start):
    def refuse_or_start(*args, **options):
        if pathlib.Path({file!r}).exists():
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return start(*args, **options)
    return refuse_or_start

os.fork, subprocess.Popen.__init__ = refusing(os.fork), refusing(subprocess.Popen.__init__)
"""


def pids() -> set[int]:
    """The workers of the consumer, as its heartbeat names them."""
    return {worker.pid for consumer in tq.consumers() for worker in consumer.workers if worker.pid}


@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_a_worker_that_cannot_be_started_now_is_started_later(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    full, go_on = tmp_path / "full", tmp_path / "go on"
    (tmp_path / "sitecustomize.py").write_text(FULL.format(file=str(full)))
    settings = {"concurrency": 2, "worker_type": worker_type, "PYTHONPATH": str(tmp_path)}
    process = start_consumer("default", **settings)
    wait_until(lambda: len(pids()) == (2 if worker_type == "process" else 1), description="all run")
    runs = submit("work_until", go_on=str(go_on))
    holds = wait_for(runs, "STARTED").worker
    workers = [worker for consumer in tq.consumers() for worker in consumer.workers]
    idle = next(worker for worker in workers if worker.worker != holds)

    full.touch()
    os.kill(idle.pid, signal.SIGKILL)
    wait_until(lambda: "a worker could not be started" in process.text(), description="it tried")
    go_on.touch()
    if worker_type == "process":
        record = wait_for(runs, "SUCCESS")
        assert (record.deliveries, process.popen.poll()) == (1, None), "the other worker goes on"

    full.unlink()
    wait_until(lambda: idle.pid not in pids() and pids(), description="there is another one")
    wait_for(runs, "SUCCESS")
    wait_for(submit("echo", value=1), "SUCCESS")
    assert process.popen.poll() is None
