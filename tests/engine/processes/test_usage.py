"""What processes use: looked at seldom, true enough, and unknown rather than wrong."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

import huey_tasks as tq
from huey_tasks.processes import usage
from huey_tasks.processes.usage import Meter, Usage
from tests.conftest import StartConsumer
from tests.waiting import wait_until

BURN = "while True: pass"


@pytest.fixture
def burning() -> Iterator[int]:
    """A process that takes all of the CPU that it gets."""
    process = subprocess.Popen([sys.executable, "-c", BURN])
    yield process.pid
    process.kill()
    process.wait()


def test_memory_is_that_of_the_process_and_cpu_since_the_look_before(burning: int) -> None:
    meter = Meter(look_every_s=0)
    me = os.getpid()
    first = meter.read({me, burning})
    assert first.keys() == {me, burning}
    resident = psutil.Process(me).memory_info().rss
    assert resident / 3 < (first[me].memory_bytes or 0) <= resident * 1.1
    assert (first[me].cpu_percent, first[burning].cpu_percent) == (None, None)
    wait_until(
        lambda: (meter.read({me, burning})[burning].cpu_percent or 0) > 10,
        description="it is seen to burn",
    )


def test_between_two_looks_the_last_one_is_told(burning: int) -> None:
    meter = Meter(look_every_s=3600)
    assert meter.read({burning}) == meter.read({burning})
    both = meter.read({burning, os.getpid()})
    assert both[os.getpid()].memory_bytes  # a new one is looked at at once
    assert both[burning].cpu_percent is None


def test_the_memory_of_an_idle_process_is_looked_at_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.getpid()
    looks = list[int]()

    def look(process: psutil.Process) -> int:
        looks.append(process.pid)
        return 1

    monkeypatch.setattr(usage, "_memory_bytes", look)
    monkeypatch.setattr(usage, "IDLE_PERCENT", 1e9)
    meter = Meter(look_every_s=0)
    found = [meter.read({me})[me].memory_bytes for _ in range(usage.IDLE_LOOKS + 2)]
    assert found == [1] * (usage.IDLE_LOOKS + 2)
    assert len(looks) == 2  # at first, and when the figure had become old


def test_a_process_that_is_gone_has_nothing_known() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    meter = Meter(look_every_s=0)
    for _ in range(2):
        assert meter.read({process.pid}) == {process.pid: Usage(None, None)}


@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_a_consumer_tells_what_it_and_its_workers_use(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    start_consumer("default", concurrency=2, worker_type=worker_type)

    def reported() -> tq.ConsumerRecord | None:
        (consumer,) = tq.consumers()
        return consumer if consumer.memory_bytes and consumer.workers else None

    consumer = wait_until(reported, description="its memory is known")
    assert consumer is not None
    assert 5e6 < (consumer.memory_bytes or 0) < 500e6
    memory = [worker.memory_bytes for worker in consumer.workers]
    if worker_type == "process":
        wait_until(
            lambda: all(worker.memory_bytes for worker in tq.consumers()[0].workers),
            description="that of its workers is known",
        )
    else:  # its greenlets share one process, which is counted with the consumer
        assert memory == [None, None]
        assert (consumer.memory_bytes or 0) > 15e6
