"""A stop reaches the process beside a consumer, whenever it comes."""

import logging
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker.protocol import ALONE
from huey_tasks.consumer.isolation import ConsumerBeside
from tests.conftest import StartConsumer
from tests.engine.consumer.test_suspects import make_suspects
from tests.engine.invocations.functions import Folder, folder
from tests.waiting import wait_until

__all__ = ["folder"]

BESIDE = logging.getLogger("huey_tasks.consumer.isolation")


def _wait_for_ever(only: str, parent: int) -> None:
    signal.pause()


@pytest.fixture
def beside() -> Iterator[ConsumerBeside]:
    """What starts the process for suspects; as in a consumer, a stop of this process stops it."""
    beside = ConsumerBeside(tq.default.broker, ALONE, _wait_for_ever)
    stops = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(signum, lambda number, frame: beside.stop()) for signum in stops]
    yield beside
    for pid in beside.processes():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not beside, description="its process is gone")
    for signum, handler in zip(stops, before, strict=True):
        signal.signal(signum, handler)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_that_comes_while_it_starts_ends_it(
    beside: ConsumerBeside, signum: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_suspects("suspect")

    def stop(*line: Any, **more: Any) -> None:  # it is going to be started, and is not yet
        os.kill(os.getpid(), signum)

    monkeypatch.setattr(BESIDE, "log", stop)
    beside.start()
    wait_until(lambda: not beside, description="it has ended")

    beside.start()
    assert not beside, "nothing is started after a stop"


def test_a_consumer_that_is_stopped_while_its_function_host_starts_ends(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    folder.add("f")
    consumer = folder.serve(start_consumer)
    invoked = tq.invoke_function("f", {}, tq.Kind.ASYNC)
    wait_until(lambda: "function host is started" in consumer.text(), description="it starts")

    assert consumer.stop() == 0
    assert tq.get_task(invoked.task_id).status in ("PENDING", "SUCCESS")
