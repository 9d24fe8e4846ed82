"""A worker that dies, or does not go on, around the body of a task: the task is to blame."""

from importlib import import_module
from pathlib import Path

import pytest

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.engine.consumer.test_faults import BOTH, lines
from tests.engine.helpers import submit, wait_for
from tests.waiting import wait_until

TYPES = {
    "before": "native_hooked",
    "after": "native_hooked",
    "reading": "native_read",
    "the result": "native_text",
}


def enqueue(where: str, file: Path) -> str:
    """Submit the task that is struck there; return its id."""
    return str(getattr(import_module("native"), TYPES[where])(str(file)).id)


@BOTH
@pytest.mark.parametrize("where", TYPES)
def test_a_death_outside_the_body_counts_as_a_crash(
    start_consumer: StartConsumer, tmp_path: Path, where: str, worker_type: str
) -> None:
    start_consumer("default", worker_type=worker_type, NATIVE_HOOK=f"{where} dies")
    ledger = tmp_path / "ledger"
    record = wait_for(enqueue(where, ledger), "FAILURE", timeout_s=120)  # it starts three times
    assert (record.crashes, len(lines(ledger))) == (3, 3)
    wait_for(submit("echo", value=1), "SUCCESS")


@pytest.mark.parametrize("where", ["before", "after", "reading"])
def test_a_cancelled_task_that_hangs_outside_its_body_loses_its_worker(
    start_consumer: StartConsumer, tmp_path: Path, where: str
) -> None:
    start_consumer("default", NATIVE_HOOK=f"{where} hangs", CANCEL_GRACE_S="0.2")
    ledger = tmp_path / "ledger"
    task_id = enqueue(where, ledger)
    wait_until(lambda: lines(ledger), description="it hangs")
    tq.cancel(task_id)
    wait_until(lambda: tq.get_task(task_id).stop_confirmed, description="its worker is free")
    assert (tq.get_task(task_id).crashes, len(lines(ledger))) == (0, 1)
    wait_for(submit("echo", value=1), "SUCCESS")
