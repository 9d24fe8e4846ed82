"""What a heartbeat tells a consumer to do: a message of the control channel may be lost."""

import huey_tasks as tq
from huey_tasks.broker import flow_keys, keys, webhook_keys
from huey_tasks.consumer.dead_consumers import LOOK_S, Neighbours
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, scripts, store

broker = tq.default.broker.redis


def words() -> set[str]:
    return set(scripts().heartbeat(QUEUE, "here", "{}", 1).words)


def test_there_is_nothing_to_do_in_an_empty_queue() -> None:
    assert words() == set()


def test_a_task_that_waits_is_due() -> None:
    store("task")
    assert words() == {"due"}
    HandWorker().claim()
    assert words() == set()


def test_a_task_is_due_some_time_before_its_time() -> None:
    store("later", delay_ms=60_000)
    assert words() == set()
    store("soon", delay_ms=1_000)
    assert words() == {"due"}


def test_a_task_is_told_of_some_time_before_it_is_too_late() -> None:
    store("later", expires_ms=60_000)
    assert words() == {"due"}
    store("soon", expires_ms=1_000)
    assert words() == {"due", "late"}


def test_a_retry_is_due() -> None:
    store("task", max_attempts=2)
    worker = HandWorker()
    worker.step(commit(worker.claim(), "RETRY", delay_ms=100, retries_left=1), want=0)
    assert words() == {"due"}


def test_a_lease_is_told_of_when_it_has_ended() -> None:
    store("held")
    HandWorker("a").claim()
    store("lost")
    HandWorker("b").claim(lease_ms=-1)
    assert words() == {"leases"}
    recover()
    assert "leases" not in words()


def test_an_outbox_flows_and_a_function_that_waits_are_told_of() -> None:
    waiting = keys.blocked(QUEUE, "nested")
    broker.zadd(webhook_keys.outbox(QUEUE), {"end": 1})
    broker.sadd(flow_keys.moving(), "flow")
    broker.zadd(waiting, {"task": 1})
    said = words()
    broker.delete(webhook_keys.outbox(QUEUE), flow_keys.moving(), waiting)
    assert said == {"outbox", "flows", "functions"}


def test_a_consumer_that_is_alone_looks_for_no_dead_ones() -> None:
    assert scripts().heartbeat(QUEUE, "here", "{}", 1).consumers == 1
    assert scripts().heartbeat(QUEUE, "there", "{}", 1).consumers == 2
    neighbours = Neighbours(tq.default, max_crashes=3)
    assert neighbours.release_tasks() is None
    neighbours.number = 1
    broker.delete(keys.consumer(QUEUE, "here"), keys.consumer(QUEUE, "there"))
    assert neighbours.release_tasks() == LOOK_S
