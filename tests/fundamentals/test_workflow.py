"""Pipelines and chords: tasks that follow other tasks, by Huey's own API."""

from huey.api import chord

import huey_tasks as tq
from tests.conftest import Process
from tests.fundamentals.steps import huey_task


def test_a_pipeline_passes_each_result_on(consumer: Process) -> None:
    add = huey_task("add")
    results = tq.default.enqueue(add.s(1, 2).then(add, 10).then(add, 100))
    assert results.get(blocking=True, timeout=30) == [3, 13, 113]


def test_a_chord_calls_back_with_all_results(consumer: Process) -> None:
    add, echo = huey_task("add"), huey_task("echo")
    handle = tq.default.enqueue(chord([add.s(n, n) for n in range(3)], echo.s()))
    assert handle.callback.get(blocking=True, timeout=30) == [0, 2, 4]
