"""Events: kept only while somebody watches, bounded, and followed without a gap."""

import json
import threading
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import event_keys
from huey_tasks.broker.scripts.events import BEGINNING, Entry, EventScripts
from huey_tasks.events.recent import Recent
from huey_tasks.execution.partials import MOST_BYTES, partial_result
from huey_tasks.records.events import Position, TaskEvent
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, submit, wait_for
from tests.waiting import wait_until

broker = tq.default.broker.redis


def event(number: int, task_id: str = "a") -> TaskEvent:
    fields = {b"kind": b"state", b"queue": b"q", b"id": task_id.encode(), b"task": b"[]"}
    return TaskEvent.of(Entry(f"5-{number}", fields | {b"detail": b"null"}))


def is_read() -> bool:
    return any(thread.name == "duckline-events" for thread in threading.enumerate())


def numbers(found: Any) -> list[int] | None:
    return None if found is None else [each.position.number for each in found]


def test_what_is_recent_is_found_behind_a_position_and_by_task() -> None:
    recent = Recent(Position(5, 0), most=4)
    recent.add(event(number, "ab"[number % 2]) for number in range(1, 5))
    assert numbers(recent.behind(Position(5, 0))) == [1, 2, 3, 4]
    assert numbers(recent.behind(Position(5, 2))) == [3, 4]
    assert numbers(recent.behind(Position(5, 0), "a")) == [2, 4]
    assert numbers(recent.behind(Position(5, 0), "c")) == []
    assert numbers(recent.behind(Position(4, 9))) is None
    recent.add([event(5), event(6)])
    assert numbers(recent.behind(Position(5, 1))) is None
    assert numbers(recent.behind(Position(5, 2), "b")) == [3]
    assert numbers(recent.behind(Position(5, 9))) == []


def test_without_anyone_who_watches_nothing_is_kept() -> None:
    wait_until(lambda: not is_read(), description="no reader is left of other tests")
    broker.delete(event_keys.events())
    submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert not broker.exists(event_keys.events())


def test_events_are_bounded_and_end_when_nobody_watches_any_more() -> None:
    first = EventScripts(scripts()).events(QUEUE, BEGINNING, 10)
    assert (first.first, len(first.entries)) == (first.last, 1)
    task_id = submit("echo")
    claim = HandWorker().claim()
    with broker.pipeline(transaction=False) as pipe:
        for _ in range(210):
            pipe.eval(
                "for n = 1, 100 do redis.call('XADD', KEYS[1], '*', 'kind', 'x', 'queue', '', 'id',"
                " 'i', 'task', '[]', 'detail', 'null') end",
                1,
                event_keys.events(),
            )
        pipe.execute()
    scripts().log(QUEUE, task_id, claim.token, '{"at": "", "level": "", "text": ""}')
    assert 20_000 <= broker.xlen(event_keys.events()) < 20_200
    assert 110_000 < broker.pttl(event_keys.events()) <= 120_000


@pytest.mark.parametrize("wrong", ["another type", "no room for another id"])
def test_a_stream_that_cannot_be_written_stops_no_task(wrong: str) -> None:
    if wrong == "another type":
        broker.set(event_keys.events(), "x", px=60_000)
    else:
        broker.xadd(event_keys.events(), {"a": 1}, id=f"{2**64 - 1}-{2**64 - 1}")
        broker.pexpire(event_keys.events(), 60_000)
    task_id, worker = submit("echo"), HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert tq.get_task(task_id).status == "SUCCESS"
    broker.delete(event_keys.events())


def test_a_change_of_a_waiting_task_is_one_event() -> None:
    task_id = submit("echo")
    with tq.follow_events(task_id) as follower:
        follower.begin(tq.watch_task(task_id).position)
        changed: list[dict[str, Any]] = [
            {"tags": ["x"]}, {"delay": 3600}, {"delay": 0}, {"queue_priority": 5},
        ]  # fmt: skip
        for changes in changed:
            tq.change_task(task_id, **changes)
        found: list[TaskEvent] = []

        def taken() -> bool:
            found.extend(follower.take())
            return len(found) >= 4

        wait_until(taken, description="the events of the changes")
    said = [(each.task.state, each.task.tags) for each in found]
    expected = ["PENDING", "SCHEDULED", "PENDING", "PENDING"]
    assert said == [(state, ("x",)) for state in expected]
    assert found[1].task.due_at is not None and found[2].task.due_at is None


def test_the_last_500_partial_results_are_kept() -> None:
    task_id = submit("echo")
    claim = HandWorker().claim()
    for number in range(502):
        assert scripts().emit(QUEUE, task_id, claim.token, partial_result(1, number))
    assert not scripts().emit(QUEUE, task_id, "another/token", "{}")
    kept = tq.get_task(task_id).partial_results
    assert [partial.value for partial in kept] == list(range(2, 502))
    assert {partial.attempt for partial in kept} == {1}


def test_what_json_cannot_carry_or_is_too_large_has_a_note() -> None:
    for value in (None, 5, "ä", [1, {"a": "b"}], "x" * (MOST_BYTES - 2)):
        fields = json.loads(partial_result(3, value))
        assert (fields["value"], fields["attempt"], "note" in fields) == (value, 3, False)
    odd = json.loads(partial_result(1, {"object": object(), "rate": float("nan")}))
    assert odd["value"]["rate"] is None and odd["value"]["object"].startswith("<object")
    assert "NaN" in odd["note"]
    large = json.loads(partial_result(1, "x" * (MOST_BYTES - 1)))
    assert (large["value"], large["note"]) == (None, "too large: 4097 bytes, of at most 4096")


def test_partial_results_go_and_come_back_with_their_task(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    task_id = submit("emit_odd")
    record = wait_for(task_id, "SUCCESS")
    assert [partial.note is None for partial in record.partial_results] == [False, False]
    key = event_keys.partials(QUEUE, task_id)
    ada = tq.Operator("ada", "test")
    acted = tq.act_on_tasks(tq.Action.DELETE, [task_id], ada)
    assert not broker.exists(key)
    assert broker.pttl(event_keys.binned_partials(QUEUE, task_id)) > 0
    assert tq.undo(acted.operation.id, ada).restored == 1
    assert tq.get_task(task_id).partial_results == record.partial_results
