"""Tasks that wait for more than a worker: for code, for a lock, for a rate limit."""

import json
import time
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from tests.conftest import Process, StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, store, submit, wait_for
from tests.engine.model import HOUR
from tests.invariants import counted_ever
from tests.waiting import wait_until

broker = tq.default.broker.redis


def lines(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def here(consumer: str, *types: str) -> HandWorker:
    """A worker of a consumer that says that it knows these types."""
    info = {"host": "vm", "pid": 1, "worker_type": "process", "started_at": 0, "workers": []}
    scripts().heartbeat(QUEUE, consumer, json.dumps(info), 1)
    scripts().knows(QUEUE, consumer, types)
    return HandWorker(f"{consumer}/1/a")


def waits_for(task_id: str) -> str | None:
    found = broker.hget(keys.task(QUEUE, task_id), "blocked_on")
    return None if found is None else found.decode()


# ---- task types that a consumer does not know


def test_a_consumer_claims_no_type_that_it_does_not_know_and_the_others_at_once() -> None:
    for number in range(250):
        store(f"new-{number}", task_type="new")
    store("old", task_type="echo")
    worker = here("old", "echo")
    claims = next(found for _ in range(5) if (found := worker.step()[1]))
    assert [claim.id for claim in claims] == ["old"]
    assert tq.queue_stats()[1].queued == 250, "they wait in the queue as before"
    assert {waits_for(f"new-{n}") for n in range(250)} == {"type:new"}
    assert broker.hget(keys.task(QUEUE, "new-0"), "started_at") is None


def test_a_consumer_with_the_code_claims_them_in_their_old_order_among_the_others() -> None:
    for number in range(6):
        store(f"task-{number}", task_type="new" if number % 2 else "echo")
    old = here("old", "echo")
    done = [old.claim().id for _ in range(2)]
    assert done == ["task-0", "task-2"]
    new = here("new", "echo", "new")
    assert [new.claim().id for _ in range(4)] == ["task-1", "task-3", "task-4", "task-5"]
    assert new.step() == ([], [])


def test_a_consumer_whose_record_is_gone_claims_only_what_its_workers_have_run() -> None:
    """It has yet to say again what it knows; what others know as well must not wait for it."""
    worker = here("greenlets", "echo")
    worker.announces = True
    for task_id, task_type in [("run", "echo"), ("unknown", "sum_up_async"), ("other", "echo")]:
        store(task_id, task_type=task_type)
    broker.delete(keys.consumer(QUEUE, "greenlets"), keys.bell(QUEUE))
    assert [claim.id for claim in worker.step(want=3, worth='{"echo": 1}')[1]] == ["run"]
    assert worker.step(want=3, worth='{"echo": 1}') == ([], [])
    assert not broker.exists(keys.bell(QUEUE)), "who is woken finds the same"
    assert waits_for("unknown") is None
    assert here("greenlets", "echo") and worker.claim().id == "other"
    assert waits_for("unknown") == "type:sum_up_async"


@pytest.mark.parametrize("types", [("new",), ("echo",)])
def test_what_a_consumer_has_yet_to_know_wakes_those_that_have_said_what_they_know(
    types: tuple[str, ...],
) -> None:
    """It has taken the bell: without a call an idle worker sleeps beside a task that it knows."""
    here("other", *types)
    early, as_early = HandWorker("early/1/a"), "as-early"
    early.announces = True
    scripts().heartbeat(QUEUE, as_early, "{}", 1)
    store("task", task_type="new")
    store("next", task_type="echo")
    broker.delete(keys.bell(QUEUE))
    assert early.step() == ([], [])
    assert broker.llen(keys.call(QUEUE, "other")) == 1
    not_said = [keys.call(QUEUE, name) for name in ("early", as_early)]
    assert not broker.exists(keys.bell(QUEUE), *not_said), "who is woken finds the same"
    assert HandWorker("other/1/a").claim().type in types


def test_several_short_ones_are_claimed_at_a_time() -> None:
    for number in range(6):
        store(f"task-{number}", task_type="new")
    here("old", "echo").step()
    _, claims = here("new", "new").step(want=4, worth='{"new": 1}')
    assert [claim.id for claim in claims] == [f"task-{number}" for number in range(4)]


def test_behind_one_that_it_does_not_know_no_more_are_claimed_than_it_asked_for() -> None:
    for number in range(6):
        store(f"task-{number}", task_type="echo" if number else "new")
    _, claims = here("old", "echo").step(want=2, worth='{"echo": 0.1}')
    assert [claim.id for claim in claims] == ["task-1", "task-2"]


def test_a_worker_of_the_consumer_that_knows_the_type_is_called_and_no_other() -> None:
    here("new", "echo", "new")
    worker = here("old", "echo")
    store("task", task_type="new")
    broker.delete(keys.bell(QUEUE))
    worker.step()
    assert broker.llen(keys.call(QUEUE, "new")) == 1
    assert not broker.exists(keys.call(QUEUE, "old"), keys.bell(QUEUE)), "nobody looks in vain"


def test_a_call_that_was_not_heard_is_made_again() -> None:
    here("new", "new")
    store("task", task_type="new")
    here("old", "echo").step()
    for verb in (lambda: scripts().promote(QUEUE), lambda: scripts().mode(QUEUE, "flowing")):
        broker.delete(keys.call(QUEUE, "new"))
        verb()
        assert broker.llen(keys.call(QUEUE, "new")) == 1


@pytest.mark.parametrize("end", ["cancel", "purge", "expire"])
def test_what_waits_for_code_can_be_ended(end: str) -> None:
    store("task", task_type="new", expires_ms=HOUR)
    here("old", "echo").step()
    if end == "cancel":
        scripts().cancel(QUEUE, "task", "")
    elif end == "purge":
        scripts().purge(QUEUE, "")
    else:
        broker.hset(keys.task(QUEUE, "task"), "expires_at", 1)
        assert here("new", "new").step() == ([], [])
    state = "EXPIRED" if end == "expire" else "REVOKED"
    assert scripts().whereabouts(QUEUE, "task") == (state, [state])
    assert not broker.exists(keys.unknown(QUEUE), keys.blocked(QUEUE, "type:new"))


def test_an_erased_task_and_one_that_older_code_has_claimed_are_only_forgotten() -> None:
    for task_id in ("erased", "claimed"):
        store(task_id, task_type="new")
    here("old", "echo").step(want=2)
    broker.delete(keys.task(QUEUE, "erased"))
    broker.hset(keys.task(QUEUE, "claimed"), mapping={"state": "STARTED", "token": "t"})
    broker.zrem(keys.index(QUEUE, "PENDING"), "claimed")
    broker.zadd(keys.index(QUEUE, "STARTED"), {"claimed": HOUR * 1e6})
    worker = here("new", "new")
    assert worker.step(want=2) == worker.step(want=2) == ([], [])
    assert not broker.exists(keys.unknown(QUEUE), keys.blocked(QUEUE, "type:new"))
    scripts().cancel(QUEUE, "claimed", "")


def test_a_consumer_that_does_not_say_what_it_knows_claims_as_before() -> None:
    store("task", task_type="new")
    here("old", "echo").step()
    assert HandWorker("silent/1/a").claim().id == "task"


def test_what_a_consumer_knows_is_said_again_when_it_was_forgotten(
    start_consumer: StartConsumer,
) -> None:
    start_consumer(QUEUE)
    (consumer,) = wait_until(tq.consumers, description="it is there")
    key = keys.consumer(QUEUE, consumer.consumer)
    broker.delete(key)
    wait_until(lambda: bool(broker.hexists(key, "knows.echo")), description="it says it again")


def test_consumers_without_the_code_never_hold_up_those_with_it(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    (tmp_path / "none.py").write_text("")
    start_consumer(QUEUE, concurrency=2, TASKS_PATH=str(tmp_path), LEASE_S="60")
    start_consumer(QUEUE, concurrency=1, LEASE_S="60")
    wait_until(lambda: len(tq.consumers()) == 2, description="both are there")
    begun = time.monotonic()
    ids = [submit("echo", value=number) for number in range(200)]
    for task_id in ids:
        assert wait_for(task_id, "SUCCESS").deliveries == 1
    assert time.monotonic() - begun < 15
    assert broker.zcard(keys.index(QUEUE, "PENDING")) == 0


def test_a_type_of_hueys_own_way_is_known(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    own = tq.default._registry.string_to_task("huey_own_way")()
    tq.default.enqueue(own)
    assert wait_for(own.id, "SUCCESS").result == "done"


# ---- locks and rate limits


def test_a_lock_is_waited_for_without_a_failed_attempt(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    consumer = start_consumer(QUEUE, concurrency=3, LOG_FORMAT="json")
    ledger, go_on = tmp_path / "ledger", tmp_path / "go on"
    ids = [submit("share_the_scale", file=str(ledger), go_on=str(go_on)) for _ in range(3)]
    wait_until(
        lambda: bool(broker.zcard(keys.blocked(QUEUE, "lock:the scale")) == 2), description="wait"
    )
    waiting = next(task_id for task_id in ids if waits_for(task_id))
    assert tq.get_task(waiting).status == "PENDING"
    go_on.touch()
    for task_id in ids:
        record = wait_for(task_id, "SUCCESS")
        assert (record.attempt, record.attempts[:-1]) == (1, ())
    whats = [what for what, *_ in lines(ledger)]
    assert whats == ["begin", "end"] * 3
    assert counted_ever(broker, QUEUE, "RETRY") == 0
    assert not _warnings(consumer)
    assert tq.failure_groups().groups == ()


def test_a_lock_whose_holder_was_killed_is_found_free() -> None:
    for task_id in ("holder", "waits"):
        store(task_id)
    claim, waits = HandWorker("c/1").claim(), HandWorker("c/2").claim()
    scripts().lock(QUEUE, "press", (claim.id, claim.token), ttl_ms=0, lease_ms=HOUR)
    HandWorker("c/3").step(commit(waits, "PENDING", blocked_on="lock:press"), want=0)
    scripts().release(QUEUE, "c/1", kind="crashes", blamed="", limit=3)
    assert waits_for("waits") == "lock:press"
    wait_until(lambda: _promoted("waits"), description="it goes on")


def _promoted(task_id: str) -> bool:
    scripts().promote(QUEUE, lease_ms=HOUR)
    return waits_for(task_id) is None


def test_a_lock_that_was_given_back_before_the_commit_is_not_waited_for() -> None:
    store("task")
    claim = HandWorker("c/1").claim()
    HandWorker("c/2").step(commit(claim, "PENDING", blocked_on="lock:press"), want=0)
    assert waits_for("task") is None
    assert scripts().whereabouts(QUEUE, "task") == ("PENDING", ["PENDING"])


def test_a_lock_lets_those_that_wait_go_on_in_their_order() -> None:
    for number in range(4):
        store(f"task-{number}")
    worker = HandWorker("c/1")
    claims = [worker.claim() for _ in range(4)]
    scripts().lock(QUEUE, "press", (claims[0].id, claims[0].token), ttl_ms=0, lease_ms=HOUR)
    ends = [commit(claim, "PENDING", blocked_on="lock:press") for claim in claims[:0:-1]]
    worker.step(*ends, want=0)
    scripts().unlock(QUEUE, "press", claims[0].token)
    assert worker.claim().id == "task-1"
    assert worker.step() == ([], []), "one at a time"


def test_a_rate_limit_is_waited_for_until_its_window_ends(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    consumer = start_consumer(QUEUE, concurrency=2, LOG_FORMAT="json")
    ledger = tmp_path / "ledger"
    ids = [submit("take_from_the_well", file=str(ledger)) for _ in range(6)]
    for task_id in ids:
        record = wait_for(task_id, "SUCCESS")
        assert (record.attempt, record.attempts[:-1]) == (1, ())
    times = [float(at) for *_, at in lines(ledger)]
    assert len(times) == 6 and times[-1] - times[0] > 0.5
    assert counted_ever(broker, QUEUE, "RETRY") == 0
    assert not _warnings(consumer)


def test_a_limit_that_is_not_to_be_waited_for_is_an_error(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    wait_for(submit("give_up_on_the_limit"), "SUCCESS")
    assert "RateLimitExceeded" in (wait_for(submit("give_up_on_the_limit"), "FAILURE").error or "")


def _warnings(consumer: Process) -> list[str]:
    """What the log says of tasks that is no information only."""
    entries = [json.loads(line) for line in consumer.text().splitlines()]
    return [
        one for one in entries if one["logger"] == "huey_tasks.tasks" and one["level"] != "info"
    ]
