"""Submits of several threads in one call: each has its own answer, and none waits for nothing."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.submits import SubmitScripts
from huey_tasks.submission import shared_call
from huey_tasks.submission.once import once_of
from huey_tasks.submission.options import NO_OPTIONS, SubmitOptions
from tests.waiting import wait_until


class Calls:
    """The calls of the submit script; the first waits until it is let go."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.may_go = threading.Event()
        self.fails: BaseException | None = None

    def submit(self, send: Any, tasks: Sequence[NewTask]) -> Any:
        self.sizes.append(len(tasks))
        if len(self.sizes) == 1:
            assert self.may_go.wait(30)
            if self.fails is not None:
                raise self.fails
        return send()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """Count the calls, which go on to Redis."""
    seen, real = Calls(), SubmitScripts.submit

    def submit(self: SubmitScripts, queue: str, tasks: Sequence[NewTask], **options: Any) -> Any:
        return seen.submit(lambda: real(self, queue, tasks, **options), tasks)

    monkeypatch.setattr(SubmitScripts, "submit", submit)
    monkeypatch.setattr(shared_call, "LONGEST_WAIT_S", 30.0)
    shared_call._of_queue.clear()
    yield seen
    seen.may_go.set()
    shared_call._of_queue.clear()


def _submit(value: object, options: SubmitOptions = NO_OPTIONS) -> tq.SubmittedTask:
    return tq.submit_with(options, "echo", {"value": value}, "high", shared=True)


def _behind_a_call(threads: ThreadPoolExecutor, number: int) -> list["Future[tq.SubmittedTask]"]:
    """Submit one task, whose call waits, and `number` further ones, which wait for it."""
    first = threads.submit(_submit, 0)
    wait_until(lambda: "high" in shared_call._of_queue, description="the first is sent")
    line = shared_call._of_queue["high"]
    wait_until(lambda: line._call.locked() and not line._waiting, description="it is under way")
    others = [threads.submit(_submit, n) for n in range(1, number + 1)]
    wait_until(lambda: len(line._waiting) == number, description="the others wait")
    return [first, *others]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(60) as pool:
        yield pool


def test_who_comes_during_a_call_shares_the_next(calls: Calls, threads: ThreadPoolExecutor) -> None:
    sent = _behind_a_call(threads, 50)
    calls.may_go.set()
    tasks = [one.result(30) for one in sent]
    assert calls.sizes == [1, shared_call.MOST, 50 - shared_call.MOST]
    stored = [tq.get_task(task.task_id) for task in tasks]
    assert [record.payload for record in stored] == [{"value": n} for n in range(51)]


def test_a_lone_submit_is_sent_at_once(calls: Calls) -> None:
    calls.may_go.set()
    assert [_submit(n).status for n in range(3)] == ["PENDING"] * 3
    assert calls.sizes == [1, 1, 1]


def test_keys_and_large_tasks_go_alone(calls: Calls, threads: ThreadPoolExecutor) -> None:
    sent = _behind_a_call(threads, 2)
    unique = SubmitOptions(once=once_of(None, 60, "one"))
    first, second = (_submit("unique", unique) for _ in range(2))
    large = _submit("x" * shared_call.LARGEST)
    assert second.duplicate_of == first.task_id
    assert (len(calls.sizes), large.status) == (4, "PENDING")
    calls.may_go.set()
    assert len({one.result(30).task_id for one in sent}) == 3


def test_each_is_refused_while_the_queue_is_drained(
    calls: Calls, threads: ThreadPoolExecutor
) -> None:
    sent = _behind_a_call(threads, 5)
    tq.drain("high")
    calls.may_go.set()
    errors = [one.exception(30) for one in sent]
    assert [type(error) for error in errors] == [tq.QueueDraining] * 6
    assert len({id(error) for error in errors}) == 6
    assert calls.sizes == [1, 5]


def test_a_lost_answer_names_the_task_of_each(calls: Calls, threads: ThreadPoolExecutor) -> None:
    calls.fails = tq.QueueUnavailable("Redis does not answer.", answered=False)
    sent = _behind_a_call(threads, 3)
    line = shared_call._of_queue["high"]
    expected = {member.new.id for member in line._waiting}
    calls.may_go.set()
    lost: Any = sent[0].exception(30)
    assert lost.task_id is not None
    assert {one.result(30).task_id for one in sent[1:]} == expected  # their call was answered


def test_a_caller_that_is_killed_in_its_call_takes_nobody_along(
    calls: Calls, threads: ThreadPoolExecutor
) -> None:
    class Killed(BaseException): ...

    members = [shared_call._Member(NewTask(f"{n}", b"", "echo")) for n in range(3)]
    asked: list[int] = []

    def store(tasks: Sequence[NewTask]) -> Sequence[bool]:
        asked.append(len(tasks))
        if len(tasks) > 1:
            raise Killed
        return [True]

    line = shared_call.SharedCalls(store)
    line._waiting.extend(members[1:])
    with pytest.raises(Killed):
        line.submit(members[0].new)
    assert [member.is_over for member in members[1:]] == [True, True]
    assert (asked, line._call.locked()) == ([3], False)
    assert line.submit(members[1].new) is True  # what each of the others does next


def test_who_waits_too_long_is_sent_alone(
    calls: Calls, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = _behind_a_call(threads, 0)
    monkeypatch.setattr(shared_call, "LONGEST_WAIT_S", 0.01)
    assert _submit("alone").status == "PENDING"
    assert not sent[0].done()
    assert not shared_call._of_queue["high"]._waiting
    calls.may_go.set()
    assert sent[0].result(30).status == "PENDING"
