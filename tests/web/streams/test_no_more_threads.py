"""A system that starts no more threads, for a time: who comes later is told all the same."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.events.completions import Completions
from huey_tasks.events.journal import Journal
from huey_tasks.queues import BROKERS
from tests.waiting import wait_until
from web.streams.feed import Feed

Join = Callable[[], AbstractContextManager[Any]]


def _waits_for_an_end() -> tuple[Join, Callable[[], None], str]:
    ends = Completions(BROKERS)
    task_id = tq.submit("echo", {}).task_id
    return lambda: ends.listen("default", task_id), ends.stop, "duckline-ends"


def _follows_events() -> tuple[Join, Callable[[], None], str]:
    journal = Journal(BROKERS)
    return journal.follow, journal.stop, "duckline-events"


def _watches_the_stats() -> tuple[Join, Callable[[], None], str]:
    feed = Feed(lambda number, epoch: f"{epoch} {number}")
    return lambda: feed.listen(lambda: None), feed.stop, "duckline-feed"


def _threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def _refuse(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("make", [_waits_for_an_end, _follows_events, _watches_the_stats])
def test_a_thread_that_cannot_be_started_now_is_started_for_the_next(
    make: Callable[[], tuple[Join, Callable[[], None], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    join, stop, name = make()
    before = _threads(name)
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(threading.Thread, "start", _refuse)
        join().__enter__()
    assert _threads(name) == before
    with join():
        assert _threads(name) == before + 1
        stop()
    wait_until(lambda: _threads(name) == before, description="it ends")
