"""Huey's periodic tasks whose schedule, or whose receiver, is code that does not behave."""

import textwrap
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import Process, StartConsumer
from tests.engine.consumer.test_faults import lines
from tests.waiting import wait_until

#: A schedule that does something, and behind it one that is due each minute.
MODULE = """
    import os, sys, time
    from huey import crontab, signals
    from huey_tasks import low

    def when(_):
        with open({ledger!r}, "a") as ledger:
            print(os.getpid(), file=ledger)
        {what}

    @low.periodic_task(when)
    def asked_first():
        pass

    @low.periodic_task(lambda _: True)
    def due_by_a_function():
        pass

    @low.periodic_task(crontab())
    def due_by_crontab():
        pass

    if {hears}:
        low.signal(signals.SIGNAL_ENQUEUED)(lambda *_: when(None))
"""

WHAT = {
    "hangs": "time.sleep(60)",
    "raises": "raise LookupError('no calendar')",
    "exits": "sys.exit(1)",
    "dies": "os.kill(os.getpid(), 9)",
}


def start(
    start_consumer: StartConsumer, folder: Path, what: str, *, hears: bool = False
) -> Process:
    """Start a consumer whose module has this schedule."""
    text = MODULE.format(ledger=str(folder / "ledger"), what=WHAT[what], hears=hears)
    (folder / "nightly.py").write_text(textwrap.dedent(text))
    return start_consumer("low", TASKS_PATH=str(folder))


def types_made() -> set[str]:
    """The types of which tasks are there."""
    return {record.task_type for record in tq.list_tasks()}


@pytest.mark.parametrize("what", WHAT)
def test_a_schedule_of_the_users_holds_up_nothing(
    start_consumer: StartConsumer, tmp_path: Path, what: str
) -> None:
    consumer = start(start_consumer, tmp_path, what)
    wait_until(
        lambda: {"due_by_a_function", "due_by_crontab"} <= types_made(),
        description="the schedules behind it apply",
    )
    wait_until(lambda: lines(tmp_path / "ledger"), description="it is asked")
    assert str(consumer.pid) not in lines(tmp_path / "ledger")
    assert "asked_first" not in types_made()
    asked = len(lines(tmp_path / "ledger"))
    assert asked <= 2, "once a minute, and the minute may have changed"
    assert consumer.stop() == 0


def test_a_receiver_of_a_signal_that_hangs_holds_up_no_heartbeat(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    consumer = start(start_consumer, tmp_path, "hangs", hears=True)
    wait_until(lambda: len(lines(tmp_path / "ledger")) >= 3, description="all of it hangs")
    assert str(consumer.pid) not in lines(tmp_path / "ledger")
    tq.low.broker.redis.delete(keys.consumers("low"))
    wait_until(tq.consumers, description="it says that it lives")
