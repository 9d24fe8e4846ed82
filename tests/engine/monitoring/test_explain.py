"""Why a task does not run: every reason, its place, and when it may start."""

import datetime as dt
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import NewTask
from huey_tasks.monitoring import explain
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, submit, wait_for
from tests.engine.model import HOUR
from tests.waiting import wait_until

broker = tq.default.broker.redis


def now_ms() -> int:
    seconds, microseconds = broker.time()
    return seconds * 1000 + microseconds // 1000


def consumer_with(*tasks: str | None) -> None:
    """A consumer that says that its workers run these tasks."""
    workers = [
        {"worker": f"{QUEUE}@vm/{n}", "pid": n, "task_id": task_id, "task_type": "work_for",
         "attempt": 1, "started_at": now_ms() / 1000 - 30}
        if task_id else {"worker": f"{QUEUE}@vm/{n}", "pid": n}
        for n, task_id in enumerate(tasks, 1)
    ]  # fmt: skip
    info = {"host": "vm", "pid": 1, "worker_type": "process", "started_at": 0, "workers": workers}
    scripts().heartbeat(QUEUE, f"{QUEUE}@vm", json.dumps(info), len(tasks))


def starts(number: int, minutes_ago: int = 0) -> None:
    """Count this number of tasks as started in that minute."""
    minute = now_ms() // 60_000
    if not minutes_ago:
        broker.hset(keys.noted(QUEUE), "minute", minute)
        broker.hincrby(keys.noted(QUEUE), "echo|wait.4", number)
        return
    key = keys.history(QUEUE, "minute", minute - minutes_ago)
    broker.hset(key, "", json.dumps({"wait.4": number, "run.4": 1000}))
    broker.expire(key, 600)


def _is_locked() -> bool:
    return bool(broker.exists(keys.lock("the press")))


def codes(task_id: str) -> list[str]:
    return [reason.code for reason in tq.explain_task(task_id).reasons]


def reason(task_id: str, code: str) -> explain.Reason:
    return next(one for one in tq.explain_task(task_id).reasons if one.code == code)


def test_a_queue_without_a_consumer_says_so() -> None:
    task_id = submit("echo")
    found = tq.explain_task(task_id)
    assert (found.status, found.position) == ("PENDING", 1)
    assert [one.code for one in found.reasons] == ["no_consumer", "next"]
    assert found.summary == "No consumer of queue default is running."
    assert found.estimated_start_at is None
    assert found.estimate == "No estimate: its queue has no consumer."


@pytest.mark.parametrize(
    ("stop", "code"), [(tq.pause, "queue_paused"), (tq.drain, "queue_draining")]
)
def test_it_says_who_stopped_the_queue_and_why(stop: Any, code: str) -> None:
    consumer_with(None)
    task_id = submit("echo")
    stop(QUEUE, by=tq.Operator("ada", "new printer"))
    found = reason(task_id, code)
    assert "by ada" in found.text and "new printer" in found.text
    assert found.by == "ada" and found.since is not None
    queue = next(one for one in tq.queue_stats() if one.queue == QUEUE)
    assert (queue.stopped_by, queue.stopped_why) == ("ada", "new printer")
    assert queue.stopped_at == found.since
    tq.resume(QUEUE, by=tq.Operator("bob", ""))
    queue = next(one for one in tq.queue_stats() if one.queue == QUEUE)
    assert (queue.stopped_by, queue.stopped_why, queue.stopped_at) == (None, None, None)


def test_no_text_names_a_time_of_day_since_it_would_be_in_another_zone_than_the_page() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "RETRY", delay_ms=HOUR, reason="ValueError('x')"), want=0)
    found = tq.explain_task(task_id)
    assert found.reasons[0].due_at is not None
    assert not re.search(r"\d:\d\d|UTC", " ".join(one.text for one in found.reasons))


def test_a_paused_queue_says_so_and_gives_no_estimate() -> None:
    consumer_with(None)
    starts(100)
    task_id = submit("echo")
    tq.pause(QUEUE)
    found = tq.explain_task(task_id)
    assert [one.code for one in found.reasons] == ["queue_paused", "next"]
    assert found.estimated_start_at is None and "paused" in found.estimate


def test_a_draining_queue_runs_what_it_has() -> None:
    consumer_with(None)
    task_id = submit("echo")
    tq.drain(QUEUE)
    found = tq.explain_task(task_id)
    assert [one.code for one in found.reasons] == ["next", "queue_draining"]
    assert found.estimated_start_at is not None
    consumer_with(str(uuid.uuid4()))
    assert codes(task_id) == ["workers_busy", "next", "queue_draining"], "it is not why it waits"


def test_a_pause_goes_before_all_that_it_waits_for_besides() -> None:
    """The summary said that one consumer knows its type, while nothing at all started."""
    consumer_with(None)
    scripts().knows(QUEUE, f"{QUEUE}@vm", ["echo"])
    task_id = str(uuid.uuid4())
    scripts().submit(QUEUE, [NewTask(task_id, b'{"$message":{}}', "of_tomorrow")])
    HandWorker(f"{QUEUE}@vm/1/a").step()
    tq.pause(QUEUE, by=tq.Operator("ada", ""))
    assert codes(task_id) == ["queue_paused", "unknown_type"]
    assert tq.explain_task(task_id).summary.startswith(f"Queue {QUEUE} is paused by ada")
    tq.drain(QUEUE, by=tq.Operator("ada", ""))
    assert codes(task_id) == ["unknown_type", "queue_draining"]
    assert f"Queue {QUEUE} is being drained by ada" in reason(task_id, "queue_draining").text


def test_a_retry_says_already_that_nobody_knows_its_type() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "RETRY", delay_ms=HOUR, reason="ValueError('x')"), want=0)
    consumer_with(None)
    scripts().knows(QUEUE, f"{QUEUE}@vm", ["of_yesterday"])
    assert codes(task_id) == ["retry_due", "unknown_type"]


def test_a_task_for_which_a_worker_is_free_starts_now() -> None:
    consumer_with(str(uuid.uuid4()), None, None)
    first, second, third = submit("echo"), submit("echo"), submit("echo")
    for task_id in (first, second):
        found = tq.explain_task(task_id)
        assert found.estimated_start_at is not None
        assert abs(found.estimated_start_at.timestamp() - now_ms() / 1000) < 5
        assert found.estimate == "A worker is free for it."
    assert codes(first) == ["next"]
    assert codes(third) == ["behind_others"]
    assert reason(third, "behind_others").ahead == 2
    assert tq.explain_task(third).position == 3
    assert tq.explain_task(third).estimated_start_at is None, "nothing has started lately"


def test_busy_workers_are_named_with_what_they_do_since_when() -> None:
    other = str(uuid.uuid4())
    consumer_with(other, other)
    task_id = submit("echo")
    assert codes(task_id) == ["workers_busy", "next"]
    busy = reason(task_id, "workers_busy")
    assert busy.text.startswith("All 2 workers are busy, as of ")
    assert [(one.worker, one.task_id, one.task_type) for one in busy.workers] == [
        (f"{QUEUE}@vm/{n}", other, "work_for") for n in (1, 2)
    ]
    started_at = busy.workers[0].started_at
    assert started_at is not None and 25 < now_ms() / 1000 - started_at.timestamp() < 40


@pytest.mark.usefixtures("within_a_minute")
def test_the_start_is_reckoned_from_what_the_queue_has_started_lately() -> None:
    consumer_with(str(uuid.uuid4()))
    ids = [submit("echo") for _ in range(10)]
    found = tq.explain_task(ids[9])
    assert (found.position, found.estimated_start_at) == (10, None)
    assert found.estimate == ("No estimate: no task of its queue has started in the last 5 min.")
    starts(10, minutes_ago=7)
    assert tq.explain_task(ids[9]).estimated_start_at is None, "too long ago"
    starts(60, minutes_ago=2)
    found = tq.explain_task(ids[9])
    over_s = 120 + now_ms() % 60_000 / 1000
    assert found.estimated_start_at is not None
    wait_s = found.estimated_start_at.timestamp() - now_ms() / 1000
    assert abs(wait_s - 10 / 60 * over_s) < 3
    assert "60 tasks of its queue have started in the last" in found.estimate
    assert "9 tasks are ahead of it" in found.estimate
    starts(40)
    assert tq.explain_task(ids[9]).estimate.startswith("100 tasks of its queue"), (
        "and in this minute"
    )


def test_a_scheduled_task_is_due_at_a_time() -> None:
    consumer_with(None)
    task_id = str(uuid.uuid4())
    scripts().submit(QUEUE, [NewTask(task_id, b"{}", "echo", delay_ms=HOUR)])
    found = tq.explain_task(task_id)
    assert (found.status, found.position) == ("SCHEDULED", None)
    assert [one.code for one in found.reasons] == ["scheduled"]
    due_at = found.reasons[0].due_at
    assert due_at is not None and abs(due_at.timestamp() - now_ms() / 1000 - 3600) < 5
    assert found.estimated_start_at == due_at
    tq.pause(QUEUE)
    assert codes(task_id) == ["scheduled", "queue_paused"]
    assert tq.explain_task(task_id).estimated_start_at is None


@pytest.mark.usefixtures("within_a_minute")
def test_a_due_time_is_later_than_what_waits_or_the_other_way_round() -> None:
    consumer_with(str(uuid.uuid4()))
    soon, late = str(uuid.uuid4()), str(uuid.uuid4())
    scripts().submit(QUEUE, [NewTask(soon, b"{}", "echo", delay_ms=50_000)])
    scripts().submit(QUEUE, [NewTask(late, b"{}", "echo", delay_ms=100 * HOUR)])
    for _ in range(200):
        submit("echo")
    assert tq.explain_task(late).estimated_start_at is None
    starts(1, minutes_ago=1)
    found = tq.explain_task(soon)
    assert found.estimated_start_at is not None and found.reasons[0].due_at is not None
    assert found.estimated_start_at > found.reasons[0].due_at + dt.timedelta(minutes=60)
    found = tq.explain_task(late)
    assert found.estimated_start_at == found.reasons[0].due_at
    assert "after those have started" in found.estimate


def test_a_retry_is_due_at_a_time(start_consumer: StartConsumer) -> None:
    task_id = submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "RETRY", delay_ms=HOUR, reason="ValueError('x')"), want=0)
    found = tq.explain_task(task_id)
    assert [one.code for one in found.reasons] == ["retry_due", "no_consumer"]
    assert found.summary.startswith("Attempt 1 failed")
    assert found.reasons[0].due_at == tq.get_task(task_id).next_retry_at


def block(on: str, delay_ms: int = HOUR) -> str:
    """A task whose attempt could not get this."""
    task_id = submit("echo")
    worker = HandWorker(f"of-{task_id}")
    claim = worker.claim()
    assert claim.id == task_id
    worker.step(commit(claim, "PENDING", blocked_on=on, delay_ms=delay_ms), want=0)
    return task_id


def test_a_lock_names_its_holder(start_consumer: StartConsumer, tmp_path: Path) -> None:
    start_consumer(QUEUE, concurrency=2)
    go_on = tmp_path / "go-on"
    holder = submit("hold_the_press", file=str(go_on))
    wait_until(_is_locked, description="it is locked")
    waits = submit("hold_the_press", file=str(go_on))
    wait_until(lambda: codes(waits) == ["lock_held"], description="it waits for the lock")
    held = reason(waits, "lock_held")
    assert (held.name, held.task_id, held.ahead) == ("the press", holder, 0)
    assert held.worker == tq.get_task(holder).worker
    assert f"task {holder} holds" in held.text
    record = tq.get_task(waits)
    assert (record.status, record.attempt, record.attempts, record.error) == (
        "PENDING",
        0,
        (),
        None,
    )
    go_on.touch()
    wait_for(holder, "SUCCESS")
    wait_for(waits, "SUCCESS")


def test_a_lock_outside_of_any_task_says_so() -> None:
    with tq.default.lock_task("the press"):
        task_id = block("lock:the press")
        assert "outside of any task" in reason(task_id, "lock_held").text
        found = tq.explain_task(task_id)
        assert (found.position, found.estimated_start_at) == (None, None)


def test_a_lock_whose_holder_is_lost_is_free() -> None:
    with tq.default.lock_task("the press"):
        task_id = block("lock:the press")
    tq.cancel(task_id)
    scripts().lock(QUEUE, "the press", ("", ""), ttl_ms=0, lease_ms=HOUR)
    task_id = block("lock:the press")
    broker.hset(
        keys.lock("the press"), mapping={"id": "gone", "token": "token", "home": keys.root(QUEUE)}
    )
    assert "which is free now" in reason(task_id, "lock_held").text


def test_a_cancelled_holder_keeps_its_lock_until_its_worker_is_free() -> None:
    holder = submit("echo")
    claim = HandWorker("holder").claim()
    scripts().lock(QUEUE, "the press", (claim.id, claim.token), ttl_ms=0, lease_ms=HOUR)
    waits = block("lock:the press")
    tq.cancel(holder)
    assert reason(waits, "lock_held").task_id == holder
    scripts().stopped(QUEUE, holder, claim.token)
    assert "which is free now" in reason(waits, "lock_held").text


def test_a_rate_limit_says_when_its_window_ends(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    first, second = submit("use_the_limit"), submit("use_the_limit")
    wait_for(first, "SUCCESS")
    wait_until(lambda: codes(second) == ["rate_limited"], description="it waits for the limit")
    limited = reason(second, "rate_limited")
    assert limited.name == 'the "meter"'
    assert "2 tasks have used its current window" in limited.text
    assert limited.due_at is not None
    assert 0 < limited.due_at.timestamp() - now_ms() / 1000 <= 86_400
    broker.delete(keys.limit(QUEUE, 'the "meter"'))
    assert "next window has begun" in reason(second, "rate_limited").text
    tq.cancel(second)


def test_a_type_that_no_consumer_knows_is_named() -> None:
    task_id = str(uuid.uuid4())
    scripts().submit(QUEUE, [NewTask(task_id, b'{"$message":{}}', "of_tomorrow")])
    assert codes(task_id) == ["no_consumer", "next"]
    consumer_with(None)
    assert codes(task_id) == ["next"], "a consumer of an older version does not say what it knows"
    scripts().knows(QUEUE, f"{QUEUE}@vm", ["echo"])
    assert codes(task_id)[0] == "unknown_type"
    found = tq.explain_task(task_id)
    assert found.reasons[0].name == "of_tomorrow"
    assert found.summary == (
        "No running consumer of queue default knows its type, 'of_tomorrow'. It waits until one "
        "starts that does."
    )
    assert found.estimated_start_at is None
    HandWorker(f"{QUEUE}@vm/1/a").step()
    assert codes(task_id) == ["unknown_type"]
    assert tq.explain_task(task_id).position is None


def test_a_type_that_some_consumers_know_names_those() -> None:
    consumer_with(None)
    scripts().knows(QUEUE, f"{QUEUE}@vm", ["echo"])
    info = {"host": "vm", "pid": 2, "worker_type": "process", "started_at": 0, "workers": []}
    scripts().heartbeat(QUEUE, f"{QUEUE}@new", json.dumps(info), 1)
    scripts().knows(QUEUE, f"{QUEUE}@new", ["echo", "of_tomorrow"])
    task_id = str(uuid.uuid4())
    scripts().submit(QUEUE, [NewTask(task_id, b'{"$message":{}}', "of_tomorrow")])
    first, second = submit("echo"), submit("echo")
    for _ in range(2):
        assert codes(task_id) == ["known_to_some", "next"]
        assert f"known to {QUEUE}@new, and" in reason(task_id, "known_to_some").text
        HandWorker(f"{QUEUE}@vm/1/a").step(want=0)
    worker = HandWorker(f"{QUEUE}@vm/1/a")
    assert worker.claim().id == first
    assert codes(task_id) == ["known_to_some", "next"], "it keeps its place"
    assert codes(second) == ["next"]


def test_a_parameter_that_nobody_knows_is_named() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    why = "no consumer of queue default has the code for it: echo has no parameter new"
    worker.step(commit(worker.claim(), "PENDING", delay_ms=HOUR, reason=why), want=0)
    found = tq.explain_task(task_id)
    assert [one.code for one in found.reasons] == ["unknown_type", "no_consumer"]
    assert why in found.summary and found.reasons[0].due_at is not None


def test_a_task_that_was_lost_twice_says_that_it_runs_alone() -> None:
    task_id = submit("echo")
    for number in range(2):
        HandWorker(f"c/{number}").claim()
        scripts().release(QUEUE, "c", kind="losses", blamed="*", limit=30)
    assert codes(task_id) == ["runs_alone", "no_consumer"]
    assert "2 times" in reason(task_id, "runs_alone").text


def test_what_runs_or_has_ended_is_said_to() -> None:
    task_id = submit("echo")
    worker = HandWorker("default@vm/1/aa")
    claim = worker.claim()
    found = tq.explain_task(task_id)
    assert [one.code for one in found.reasons] == ["running"]
    assert (found.position, found.estimated_start_at) == (None, None)
    assert found.reasons[0].worker == tq.get_task(task_id).worker
    worker.step(commit(claim, "SUCCESS"), want=0)
    found = tq.explain_task(task_id)
    assert [one.code for one in found.reasons] == ["ended"]
    assert (found.summary, found.estimate) == ("It has ended as SUCCESS.", "It has ended.")


@pytest.mark.parametrize("task_id", ["x", "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"])
def test_an_unknown_task_is_not_found(task_id: Any) -> None:
    with pytest.raises(tq.TaskNotFound):
        tq.explain_task(task_id)


def test_an_estimate_does_not_promise_too_much(
    start_consumer: StartConsumer,
) -> None:
    start_consumer(QUEUE)
    ids = [submit("work_for", seconds=0.1) for _ in range(120)]
    wait_for(ids[19], "SUCCESS")
    last = ids[-1]
    asked_at = dt.datetime.now(dt.UTC)
    found = tq.explain_task(last)
    assert found.estimated_start_at is not None and found.position is not None
    started_at = wait_for(last, "SUCCESS", timeout_s=60).started_at
    assert started_at is not None
    late_s = (started_at - found.estimated_start_at).total_seconds()
    took_s = (started_at - asked_at).total_seconds()
    assert late_s < max(5, 0.7 * took_s), "it was promised sooner than it could be"
