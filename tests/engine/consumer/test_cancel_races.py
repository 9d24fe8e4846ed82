"""Cancels that come at the worst moments, on real consumers: whom they hit, and whom they do not.

A ledger outside Redis holds the begin and the end of every execution, so that what a task did is
known from the task itself. test_faults has the effects of a single cancel.
"""

import random
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psutil
import pytest

import huey_tasks as tq
from huey_tasks.consumer.interrupts import Interrupts
from huey_tasks.consumer.worker_processes import Child, freeze
from huey_tasks.execution.worker_table import Phase, StopReason, WorkerTable
from huey_tasks.queues import BROKERS
from huey_tasks.records import tasks
from tests.conftest import StartConsumer, runs
from tests.engine.helpers import QUEUE, submit, wait_for
from tests.waiting import wait_until

#: Seconds. A worker that is slow because the machine is must not be killed for it.
LONG_GRACE_S = "20"

#: How many tasks wait or run while cancels are asked for, so that every worker has a next one.
BACKLOG = 6


@dataclass(frozen=True)
class Line:
    """One line of the ledger."""

    what: str
    task_id: str
    pid: int
    at: float


class Ledger:
    """The effects of the tasks under test, read as they come."""

    def __init__(self, file: Path) -> None:
        file.touch()
        self.file = file
        self._read_to = 0
        self._lines: dict[str, list[Line]] = defaultdict(list)

    def read(self) -> list[Line]:
        """The lines that are new."""
        with self.file.open("rb") as source:
            source.seek(self._read_to)
            whole = source.read().rpartition(b"\n")
        self._read_to += len(whole[0] + whole[1])
        new: list[Line] = []
        for raw in whole[0].decode().splitlines():
            what, task_id, pid, at = raw.split()
            new.append(Line(what, task_id, int(pid), float(at)))
            self._lines[task_id].append(new[-1])
        return new

    def of(self, task_id: str) -> list[Line]:
        """What is known of one task."""
        return self._lines[task_id]

    def wait_for_begin(self, task_id: str) -> Line:
        """Wait until the task's own code runs."""
        wait_until(
            lambda: (self.read(), self.of(task_id))[1], description=f"task {task_id} has begun"
        )
        return self.of(task_id)[0]

    def is_one_execution(self, task_id: str) -> bool:
        """Whether the task ran once, from its begin to its end."""
        return [line.what for line in self.of(task_id)] == ["begin", "end"]


class Race:
    """Submits short tasks all the time, and cancels some of them just when they run."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._chance = random.Random(2026)
        self._places: dict[str, int] = {}
        self._begun = 0
        self.ids: list[str] = []
        #: The tasks that were cancelled, and whether a worker had claimed them.
        self.granted: dict[str, bool] = {}
        self.refused: set[str] = set()

    @property
    def bystanders(self) -> list[str]:
        """The tasks that nobody cancelled."""
        return [i for i in self.ids if i not in self.granted and i not in self.refused]

    def run(self, cancels: int) -> None:
        """Ask for a number of cancels."""
        while len(self.granted) + len(self.refused) < cancels:
            self._top_up()
            fresh = self._wait_for_the_next()
            ahead = self._chance.choice((None, 0, 0, 0, 1, 2))  # whom: nobody, it, or a next one
            if ahead is not None:
                self._cancel(self.ids[min(self._places[fresh] + ahead, len(self.ids) - 1)])

    def _top_up(self) -> None:
        never_begin = sum(not was_claimed for was_claimed in self.granted.values())
        while len(self.ids) < self._begun + never_begin + BACKLOG:
            self._submit()

    def _submit(self) -> None:
        task_id = submit("take_a_millisecond", file=str(self._ledger.file))
        self._places[task_id] = len(self.ids)
        self.ids.append(task_id)

    def _wait_for_the_next(self) -> str:
        """The task that has just begun; looked for far more often than a task is long."""
        pause = threading.Event()
        for _ in range(600):
            soon = time.monotonic() + 0.1
            while time.monotonic() < soon:
                begun = [line.task_id for line in self._ledger.read() if line.what == "begin"]
                self._begun += len(begun)
                if begun:
                    return begun[-1]
                pause.wait(0.0002)
            self._submit()  # some were cancelled between their claim and their begin
        raise AssertionError("no task begins")

    def _cancel(self, task_id: str) -> None:
        if task_id in self.granted or task_id in self.refused:
            return
        try:
            record = tq.cancel(task_id)
        except tq.TaskFinished:
            self.refused.add(task_id)
        else:
            self.granted[task_id] = record.stop_confirmed is not None


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "ledger")


@pytest.mark.parametrize(("worker_type", "cancels"), [("process", 1000), ("greenlet", 150)])
def test_cancels_that_race_short_tasks_hit_nothing_else(
    start_consumer: StartConsumer, ledger: Ledger, worker_type: str, cancels: int
) -> None:
    consumer = start_consumer(
        "default", concurrency=2, worker_type=worker_type, CANCEL_GRACE_S=LONG_GRACE_S
    )
    race = Race(ledger)
    race.run(cancels)
    records = _wait_for_ends(race.ids)
    ledger.read()
    for task_id in [*race.bystanders, *race.refused]:
        record = records[task_id]
        assert (record.status, record.attempt, record.deliveries) == ("SUCCESS", 1, 1)
        assert ledger.is_one_execution(task_id), ledger.of(task_id)
    for task_id, was_claimed in race.granted.items():
        record, lines = records[task_id], ledger.of(task_id)
        assert (record.status, record.result, record.crashes) == ("REVOKED", None, 0)
        assert record.stop_confirmed is (True if was_claimed else None)
        assert len(lines) <= (2 if was_claimed else 0), lines
        assert [line.what for line in lines] == ["begin", "end"][: len(lines)]
    assert "worker died" not in consumer.text()
    running = sum(race.granted.values())
    assert running > cancels / 50, f"{running} were hit after their claim: there was no race"


def _wait_for_ends(ids: Iterable[str]) -> dict[str, tq.TaskRecord]:
    def live() -> int:
        (stats,) = (one for one in tq.queue_stats() if one.queue == QUEUE)
        return stats.queued + stats.active + stats.retry + stats.scheduled

    def records() -> dict[str, tq.TaskRecord]:
        return {one.task_id: one for one in tasks.load(BROKERS, [(QUEUE, i) for i in ids])}

    def all_free() -> bool:
        return all(record.stop_confirmed is not False for record in records().values())

    wait_until(lambda: live() == 0, description="all tasks have ended")
    wait_until(all_free, description="every worker is free of what was cancelled")
    return records()


def test_the_end_of_the_grace_hits_nothing_else(
    start_consumer: StartConsumer, ledger: Ledger
) -> None:
    """Tasks that ignore their cancel end by themselves at about the time when they are killed.

    When that is, the machine tells: a task is longer than one that ended, shorter than one that
    was killed.
    """
    rounds = 16
    start_consumer("default", concurrency=2, CANCEL_GRACE_S="0.05")
    chance = random.Random(2026)
    stubborn: list[str] = []
    others: list[str] = []
    file, seconds = str(ledger.file), 0.1
    while len(stubborn) < rounds:
        task_id = submit("swallow_everything", seconds=seconds, file=file)
        ledger.wait_for_begin(task_id)
        others += [submit("take_a_millisecond", file=file) for _ in range(4)]
        try:
            tq.cancel(task_id)
        except tq.TaskFinished:  # this machine is slow now: it ended before it was cancelled
            seconds *= 1.7
            continue
        stubborn.append(task_id)
        for other in others[-4:]:
            ledger.wait_for_begin(other)
        wait_until(
            lambda: tq.get_task(stubborn[-1]).stop_confirmed, description="its worker is free"
        )
        ledger.read()
        has_ended = ledger.is_one_execution(task_id)
        seconds *= chance.uniform(1.1, 1.7) if has_ended else chance.uniform(0.6, 0.9)
    records = _wait_for_ends([*stubborn, *others])
    ledger.read()
    for task_id in others:
        assert (records[task_id].status, records[task_id].deliveries) == ("SUCCESS", 1)
        assert ledger.is_one_execution(task_id), ledger.of(task_id)
    for task_id in stubborn:
        assert (records[task_id].status, records[task_id].crashes) == ("REVOKED", 0)
        assert records[task_id].stop_confirmed
    killed = sum(len(ledger.of(task_id)) == 1 for task_id in stubborn)
    assert 0 < killed < rounds, "some were killed, some ended by themselves"


@pytest.mark.parametrize("limit_s", [0.2, 0.0], ids=["seen", "too late to be seen"])
def test_a_worker_that_goes_on_before_it_stands_still_is_let_go(
    monkeypatch: pytest.MonkeyPatch, limit_s: float
) -> None:
    """The moment between the last look and the kill, too short for the tests above to meet."""
    cell = WorkerTable.create(1).cells[0]
    deaf = partial(signal.signal, signal.SIGUSR1, signal.SIG_IGN)
    with subprocess.Popen(["sleep", "60"], preexec_fn=deaf) as process:

        def freeze_too_late(pid: int) -> None:
            cell.hold("next-task", "next-token", "echo", 1)
            cell.enter(Phase.BODY)
            freeze(pid, limit_s)

        monkeypatch.setattr("huey_tasks.consumer.interrupts.freeze", freeze_too_late)
        child = cast(Child, SimpleNamespace(pid=process.pid))
        cell.hold("task", "token", "echo", 1)
        cell.enter(Phase.INTERRUPTED)
        interrupts = Interrupts(grace_s=0.0)
        interrupts.stop(child, cell, "token", StopReason.CANCEL)
        try:
            interrupts.enforce([(child, cell)], may_kill=True)
            assert process.poll() is None
            status = psutil.Process(process.pid).status
            wait_until(lambda: status() == "sleeping", description="it goes on")
        finally:
            process.kill()


def test_what_a_task_has_started_dies_with_it_down_to_the_last(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default", CANCEL_GRACE_S="0.1")
    file = tmp_path / "pids"
    task_id = submit("start_a_family", file=str(file))
    wait_until(file.exists, description="both processes run")
    family = [psutil.Process(int(pid)) for pid in file.read_text().split()]
    tq.cancel(task_id)
    for process in family:
        wait_until(
            lambda process=process: not runs(process),
            description=f"process {process.pid} is gone",
        )
    wait_for(submit("echo", value=1), "SUCCESS")
    assert tq.get_task(task_id).status == "REVOKED"
    assert file.exists(), "the task itself was killed as well"
