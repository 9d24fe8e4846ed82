"""Huey's API on our queue where Huey's own tests do not look: repeats, sharing, several workers."""

import threading
from typing import Any

import pytest
from huey import signals
from huey.exceptions import RateLimitExceeded, TaskException
from huey.utils import Error

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.engine.huey_suite import QueueUnderTest
from tests.waiting import wait_until

#: Seconds. No test sees such a window end.
TEN_YEARS = 3650 * 86400


@pytest.fixture
def queue() -> Any:
    """Queue `default`, with task types of the test's own."""
    return QueueUnderTest()


def run_next(queue: Any) -> Any:
    """Claim, run and commit a task, which must be there."""
    task = queue.dequeue()
    assert task is not None
    return queue.execute(task)


def run_all(queue: Any) -> int:
    """Run tasks until none waits; returns how many."""
    ran = 0
    while (task := queue.dequeue()) is not None:
        queue.execute(task)
        ran += 1
    return ran


def test_tasks_that_share_an_error_handler_call_it_once_each(queue: Any) -> None:
    errors: list[str] = []

    @queue.task()
    def fail(message: str) -> None:
        raise ValueError(message)

    @queue.task()
    def handle(error: TaskException) -> None:
        errors.append(str(error))

    shared = handle.s()
    for message in ("one", "two"):
        queue.enqueue(fail.s(message).error(shared))
    run_all(queue)
    assert errors == ["ValueError: one", "ValueError: two"]


def test_an_error_handler_is_submitted_once_though_the_attempt_is_repeated(
    queue: Any,
) -> None:
    @queue.task()
    def fail() -> None:
        raise ValueError

    @queue.task()
    def handle(error: TaskException) -> None:
        pass

    queue.enqueue(fail.s().error(handle))
    first = queue.dequeue()
    assert first is not None
    worker = first.claim.token.rpartition("/")[0]
    queue.broker.scripts.release(queue.name, worker, kind="crashes", blamed="*", limit=3)
    queue.execute(first)  # its worker was only thought dead; what it commits is refused
    assert run_all(queue) == 2


def test_what_a_hook_submits_to_another_queue_goes_there(queue: Any) -> None:
    low: Any = QueueUnderTest("low")

    @low.task()
    def tidy_up() -> str:
        return "done"

    @queue.task()
    def work() -> None:
        pass

    @queue.post_execute()
    def afterwards(task: Any, value: Any, error: Any) -> None:
        tidy_up()

    work()
    run_next(queue)
    assert (len(queue), len(low)) == (0, 1)
    assert run_next(low) == "done"


def test_what_a_hook_submits_can_be_asked_for_its_result(queue: Any) -> None:
    handles: list[Any] = []

    @queue.task()
    def double(n: int) -> int:
        return 2 * n

    @queue.task()
    def work() -> None:
        pass

    @queue.signal(signals.SIGNAL_COMPLETE)
    def afterwards(signal: str, task: Any) -> None:
        if task.name == "work":
            handles.append(double(4))
            handles.append(queue.enqueue(double.s(5).then(double)))

    work()
    run_all(queue)
    alone, pipeline = handles
    assert alone.get() == 8
    assert pipeline.get() == [10, 20]


def test_a_task_whose_id_is_no_uuid_may_submit_others(queue: Any) -> None:
    @queue.task()
    def work() -> str:
        return "done"

    @queue.task()
    def submit_work() -> str:
        return str(work().id)

    submit_work(id="nightly")
    other_id = run_next(queue)
    run_next(queue)
    assert queue.result(other_id) == "done"


def test_a_failure_without_an_outcome_is_an_error_for_who_waits_for_it(
    queue: Any,
) -> None:
    @queue.task()
    def work() -> None:
        pass

    handle = work()
    queue.broker.redis.hset(keys.task(queue.name, handle.id), "message", b"spoilt")
    assert queue.dequeue() is None
    queue.storage.slot.flush()
    with pytest.raises(TaskException, match="cannot be read"):
        handle.get(blocking=True, timeout=30)


def test_the_error_of_a_pipeline_gives_way_when_it_is_run_again(queue: Any) -> None:
    lucky = False

    @queue.task()
    def work() -> None:
        if not lucky:
            raise ValueError

    @queue.task()
    def go_on(value: Any = None) -> str:
        return "done"

    pipeline = work.s().then(go_on)
    head, tail = queue.enqueue(pipeline)
    run_next(queue)
    assert isinstance(tail.get_raw_result(), Error)
    lucky = True
    tq.retry(head.id)
    run_all(queue)
    tail.reset()
    assert tail.get() == "done"


def test_an_error_tells_whose_it_is_and_that_nothing_is_left_to_try(queue: Any) -> None:
    @queue.task()
    def fail() -> None:
        raise ValueError

    handle = fail()
    run_next(queue)
    with pytest.raises(TaskException) as caught:
        handle.get()
    metadata = caught.value.metadata
    assert (metadata["task_id"], metadata["retries"]) == (handle.id, 0)
    assert "raise ValueError" in metadata["traceback"]


def test_scheduled_tasks_are_listed_soonest_first_retries_among_them(
    queue: Any,
) -> None:
    @queue.task()
    def work(n: int) -> None:
        if n == 2:
            raise ValueError

    work(2, retries=1, retry_delay=200)
    run_next(queue)
    work.schedule((3,), delay=300)
    work.schedule((1,), delay=100)
    assert [task.args for task in queue.scheduled()] == [(1,), (2,), (3,)]
    assert [task.args for task in queue.scheduled(limit=2)] == [(1,), (2,)]


# ---- rate limits


def admitted(limit: Any) -> bool:
    """Use a rate limit once; returns whether that was within it."""
    try:
        limit.acquire()
    except RateLimitExceeded:
        return False
    return True


def test_workers_that_open_a_window_together_stay_within_the_limit(queue: Any) -> None:
    start = threading.Barrier(16)
    answers: list[bool] = []

    def use(limit: Any) -> None:
        start.wait()
        answers.append(admitted(limit))

    for turn in range(5):
        answers.clear()
        limits = [queue.rate_limit(f"mail-{turn}", limit=3, per=TEN_YEARS) for _ in range(16)]
        threads = [threading.Thread(target=use, args=(limit,)) for limit in limits]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers.count(True) == 3


def test_a_used_up_rate_limit_opens_again_with_the_next_window(queue: Any) -> None:
    limit = queue.rate_limit("mail", limit=1, per=0.2)
    wait_until(lambda: not admitted(limit), description="the limit is used up")
    wait_until(lambda: admitted(limit), description="the next window has begun")


def test_a_rate_limit_says_how_long_to_wait_and_how_much_is_used(queue: Any) -> None:
    limit = queue.rate_limit("mail", limit=1, per=TEN_YEARS)
    limit.acquire()
    with pytest.raises(RateLimitExceeded) as refused:
        limit.acquire()
    assert 0 < refused.value.delay <= TEN_YEARS
    assert limit.current_usage() == 2
    limit.reset()
    assert limit.current_usage() == 0


def test_a_rate_limit_leaves_nothing_behind_its_window(queue: Any) -> None:
    limit = queue.rate_limit("mail", limit=1, per=100)
    limit.acquire()
    left_s = tq.default.broker.redis.ttl(keys.limit("default", "mail"))
    assert 0 < left_s <= 100


def test_redis_keeps_the_id_of_a_task_once_and_huey_reads_it(queue: Any) -> None:
    @queue.task(retries=1)
    def echo(value: int) -> int:
        return value

    task = echo.s(1)
    queue.enqueue(task)
    stored = queue.broker.redis.hget(keys.task("default", task.id), "message")
    assert task.id.encode() not in stored
    assert [(one.id, one.retries, one.args) for one in queue.pending()] == [(task.id, 1, (1,))]


def test_the_copy_of_a_task_is_listed_and_revoked_by_its_own_id(queue: Any) -> None:
    @queue.task()
    def fail() -> None:
        raise ValueError

    handle = fail()
    run_next(queue)
    copy = tq.retry(handle.id).task_id
    assert [one.id for one in queue.pending()] == [copy]
    queue.revoke_by_id(copy)
    run_all(queue)
    assert tq.get_task(copy).status == "REVOKED"
