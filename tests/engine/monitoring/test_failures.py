"""Failed tasks grouped by their cause: what a group tells, how it is retried, when it is gone."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.audit import trail
from huey_tasks.audit.operation import UNDO_MS
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import Cause
from huey_tasks.operations import failure_retry
from huey_tasks.queues import BROKERS, QUEUES
from huey_tasks.records import copies
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, release, scripts, store, submit
from tests.engine.model import HOUR
from tests.waiting import wait_until

broker = tq.default.broker.redis

CAUSE = Cause("a" * 16, "ValueError", "shop.py:pay", "no card #")
BY = tq.Operator("Ada", "the card service is back")
OTHER = Cause("b" * 16, "KeyError", "shop.py:find", "'…'")


def now_ms() -> int:
    seconds, microseconds = broker.time()
    return seconds * 1000 + microseconds // 1000


def fail(task_id: str, cause: Cause | None = CAUSE, **fields: Any) -> str:
    """A task that has failed for that reason."""
    store(task_id, **fields)
    worker = HandWorker(f"of-{task_id}")
    worker.step(
        commit(worker.claim(), "FAILURE", reason="ValueError('no card 7')", cause=cause), want=0
    )
    return task_id


def only_group() -> tq.FailureGroup:
    (group,) = tq.failure_groups().groups
    return group


def find(q: str) -> list[str]:
    return [task.task_id for task in tq.search_tasks(q, limit=200).tasks]


def an_id() -> str:
    return str(uuid.uuid4())


def message_of(where: str, n: int) -> str:
    """What a task says when it fails: each time with other numbers, ids and quotations."""
    return {
        "charge": f"card {n * 7919} of user '{uuid.uuid4()}' was declined after {n}.{n}s",
        "look up": f'no row {hex(n * 65537)} in "table {n}" at 10.0.{n % 250}.1:{5000 + n}',
        "here": f"disk sda{n % 9} is {n % 100}% full: {uuid.uuid4().hex}",
    }[where]


def test_a_thousand_failures_of_three_causes_are_three_groups_and_one_is_retried(
    start_consumer: StartConsumer,
) -> None:
    wheres = ["charge", "look up", "here"]
    ids: dict[str, list[str]] = {where: [] for where in wheres}
    for n in range(1000):
        where, priority = wheres[n % 3], list(QUEUES)[n % 2]
        payload = {"where": where, "message": message_of(where, n)}
        ids[where].append(tq.submit("fail_somewhere", payload, priority=priority).task_id)
    for queue in ("high", "default"):
        start_consumer(queue, concurrency=2)
    wait_until(
        lambda: tq.stats().total("failed") == 1000, description="all have failed", timeout_s=60
    )

    found = tq.failure_groups()
    assert found.ungrouped == 0
    assert {g.frame: (g.count, g.retryable, g.queues) for g in found.groups} == {
        "failing.py:_charge": (334, 334, ("high", "default")),
        "failing.py:_look_up": (333, 333, ("high", "default")),
        "failing.py:fail_somewhere": (333, 333, ("high", "default")),
    }
    declined = next(g for g in found.groups if g.frame == "failing.py:_charge")
    assert declined.error_type == "failing.Declined"
    assert declined.message == "card # of user '…' was declined after #"
    assert declined.task_types == ("fail_somewhere",)
    assert sum(declined.trend) == declined.trend[-1] + declined.trend[-2] == 334
    assert declined.sample_task_id in ids["charge"]
    assert declined.sample_traceback and "in _charge" in declined.sample_traceback

    for queue in ("high", "default"):
        tq.pause(queue)
    trial = tq.retry_failures(declined.fingerprint, BY, limit=5)
    assert (trial.retried, trial.left) == (5, 329)
    ended = [(tq.get_task(task_id).finished_at, task_id) for task_id in ids["charge"]]
    retried = {at for at, task_id in ended if at and tq.get_task(task_id).retried_as}
    assert max(retried) <= sorted(at for at, _ in ended if at)[4], "the oldest come first"
    while (done := tq.retry_failures(declined.fingerprint, BY)).left:
        assert done.retried
    assert tq.stats().total("queued") == 334
    after = {g.frame: (g.count, g.retryable) for g in tq.failure_groups().groups}
    assert after == {
        "failing.py:_charge": (334, 0),
        "failing.py:_look_up": (333, 333),
        "failing.py:fail_somewhere": (333, 333),
    }
    others = ids["look up"] + ids["here"]
    assert not any(tq.get_task(task_id).retried_as for task_id in others[::7])

    for queue in ("high", "default"):
        tq.resume(queue)
    wait_until(
        lambda: tq.failure_group(declined.fingerprint).count == 668,
        description="they have failed once more",
        timeout_s=60,
    )
    assert tq.failure_group(declined.fingerprint).retryable == 334


def test_a_hostile_message_is_text_and_short(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    task_id = submit("fail_with_hostile_text")
    wait_until(lambda: tq.get_task(task_id).status == "FAILURE", description="it has failed")
    group = only_group()
    assert group.message.startswith("<script>\\x00\\x1b[")
    assert "\\u202e\\ud800" in group.message
    assert group.message.isprintable() and len(group.message) == 300
    assert len(group.sample_error or "") == 2000
    assert tq.get_task(task_id).cause == group.fingerprint
    assert broker.memory_usage(keys.task(QUEUE, task_id)) < 16_000
    assert broker.memory_usage(keys.failure(QUEUE, group.fingerprint)) < 4_000


def test_a_group_tells_what_its_tasks_have_in_common() -> None:
    fail("first")
    begun = now_ms()
    wait_until(lambda: now_ms() > begun, description="a millisecond has passed")
    second = fail("second", task_type="fail")
    fail("other", OTHER)
    fail("without", None)
    found = tq.failure_groups()
    assert found.ungrouped == 1
    assert [group.fingerprint for group in found.groups] == [OTHER.fingerprint, CAUSE.fingerprint]
    group = tq.failure_group(CAUSE.fingerprint)
    assert group == found.groups[1]
    assert (group.error_type, group.frame, group.message) == (
        "ValueError", "shop.py:pay", "no card #",
    )  # fmt: skip
    assert (group.count, group.retryable, group.task_types) == (2, 2, ("echo", "fail"))
    assert group.first_seen < group.last_seen
    assert (group.sample_task_id, group.sample_error) == (second, "ValueError('no card 7')")
    assert sum(group.trend) == 2 and len(group.trend) == 24
    of_type = tq.failure_groups(task_type="fail").groups
    assert [group.fingerprint for group in of_type] == [CAUSE.fingerprint]
    assert tq.failure_groups(queue="high").groups == ()
    assert len(tq.failure_groups(limit=1).groups) == 1


def test_a_trend_has_a_day_and_older_hours_are_dropped() -> None:
    fail("first")
    key = keys.failure(QUEUE, CAUSE.fingerprint)
    hour = now_ms() // HOUR
    broker.hdel(key, f"hour.{hour}")
    broker.hset(key, mapping={f"hour.{hour - back}": back for back in (1, 2, 23, 24, 700)})
    fail("second")
    kept = {name.decode() for name in broker.hkeys(key) if name.startswith(b"hour.")}
    assert kept == {f"hour.{hour - back}" for back in (0, 1, 2, 23)}
    trend = only_group().trend
    assert (trend[0], trend[-3:], sum(trend)) == (23, (2, 1, 1), 27)


def test_a_group_names_no_more_than_twenty_task_types() -> None:
    for number in range(25):
        fail(f"task-{number}", task_type=f"type-{number:02}")
    assert only_group().task_types == tuple(f"type-{number:02}" for number in range(20))
    assert only_group().count == 25


def flood(prefix: str, number: int, **cause: Any) -> list[str]:
    """Fail tasks, each with a message of its own."""
    made = [str(uuid.uuid5(uuid.NAMESPACE_OID, f"{prefix}-{n}")) for n in range(number)]
    for n, task_id in enumerate(made):
        fingerprint = uuid.uuid5(uuid.NAMESPACE_URL, task_id).hex[:16]
        fail(task_id, CAUSE._replace(fingerprint=fingerprint, message=f"word {n}", **cause))
    return made


def test_a_flood_of_messages_is_a_few_groups_that_hold_all_of_them() -> None:
    fail("honest", OTHER)
    fail("other place", CAUSE._replace(fingerprint="c" * 16, frame="shop.py:ship"))
    made = flood("word", 60)
    found = tq.failure_groups()
    assert found.ungrouped == 0 and sum(group.count for group in found.groups) == 62
    mine = [group for group in found.groups if group.frame == CAUSE.frame and group.count > 1]
    (rest,) = mine
    assert len(found.groups) == 18 and (rest.message, rest.count) == ("other messages", 45)
    assert rest.error_type == CAUSE.error_type and rest.sample_task_id == made[59]
    assert tq.get_task(made[59]).cause == rest.fingerprint
    assert sorted(find(f"cause:{rest.fingerprint}")) == sorted(made[15:])
    assert tq.retry_failures(rest.fingerprint, BY).retried == 45
    assert {"c" * 16, OTHER.fingerprint} <= {group.fingerprint for group in found.groups}


def test_a_known_message_stays_in_its_group_while_others_flood() -> None:
    fail("first")
    flood("word", 40)
    fail("second")
    assert tq.failure_group(CAUSE.fingerprint).count == 2


def test_failures_that_no_code_raised_are_of_a_kind_of_their_task_type() -> None:
    flood("mail", 20, frame="")
    flood("other", 20, frame="")
    assert len(tq.failure_groups().groups) == 16
    store("elsewhere", task_type="ship")
    worker = HandWorker("of-elsewhere")
    cause = CAUSE._replace(frame="", fingerprint="d" * 16, message="mine")
    worker.step(commit(worker.claim(), "FAILURE", cause=cause), want=0)
    assert tq.failure_group("d" * 16).message == "mine"


def test_a_group_that_is_gone_makes_room_for_another_message() -> None:
    made = flood("word", 16)
    assert len(tq.failure_groups().groups) == 16
    acted = tq.act_on_tasks(tq.Action.DELETE, made[:1], BY)
    fail("new", CAUSE._replace(fingerprint="d" * 16, message="new"))
    assert tq.failure_group("d" * 16).count == 1
    tq.undo(acted.operation.id, BY)
    found = tq.failure_groups()
    assert (found.ungrouped, len(found.groups)) == (0, 17)
    assert len(broker.keys(keys.messages(QUEUE, "*"))) == 1
    for task_id in [*made, "new"]:
        broker.zadd(keys.index(QUEUE, "FAILURE"), {task_id: 1})
    scripts().prune(QUEUE, ttl_ms=HOUR, cap=1000)
    assert tq.failure_groups().groups == ()
    assert broker.keys(keys.messages(QUEUE, "*")) == []


def test_the_groups_that_were_seen_longest_ago_make_room() -> None:
    for number in range(502):
        fail(f"task-{number}", Cause(f"{number:016x}", f"E{number}", "", ""))
    seen = tq.failure_groups(limit=500)
    assert len(seen.groups) == 500
    assert seen.ungrouped == 2
    assert broker.zscore(keys.failures(QUEUE), f"{1:016x}") is None
    assert not broker.exists(keys.failure(QUEUE, f"{1:016x}"), keys.failed(QUEUE, f"{1:016x}"))


def test_a_group_goes_with_the_last_of_its_tasks() -> None:
    fail("first")
    fail("second")
    fail("other", OTHER)
    broker.delete(keys.task(QUEUE, "first"))  # as Redis does at the end of its life time
    broker.zadd(keys.index(QUEUE, "FAILURE"), {"first": 1})
    scripts().prune(QUEUE, ttl_ms=HOUR, cap=1000)
    assert tq.failure_group(CAUSE.fingerprint).count == 1
    broker.zadd(keys.index(QUEUE, "FAILURE"), {"second": 2})
    scripts().prune(QUEUE, ttl_ms=HOUR, cap=1)
    assert only_group().fingerprint == OTHER.fingerprint
    assert broker.hgetall(keys.causes(QUEUE)) == {b"other": OTHER.fingerprint.encode()}


def test_a_sample_that_is_forgotten_gives_way_to_another() -> None:
    fail("first")
    fail("second")
    broker.zadd(keys.index(QUEUE, "FAILURE"), {"second": 1})
    scripts().prune(QUEUE, ttl_ms=HOUR, cap=1000)
    assert only_group().sample_task_id == "first"


def test_groups_of_several_queues_are_one_and_their_oldest_are_retried_first() -> None:
    ids = [an_id() for _ in range(6)]
    for number, task_id in enumerate(ids):
        queue = list(QUEUES.values())[number % 3]
        made = [tq.submit("echo", {}, priority=queue.name).task_id]
        ids[number] = made[0]
        worker = HandWorker(f"of-{task_id}", queue)
        worker.step(commit(worker.claim(), "FAILURE", cause=CAUSE), want=0)
        broker.zadd(keys.failed(queue.name, CAUSE.fingerprint), {made[0]: 1000 + number})
    group = only_group()
    assert (group.count, group.queues) == (6, ("high", "default", "low"))
    assert tq.failure_groups(queue="low").groups[0].count == 2

    done = tq.retry_failures(CAUSE.fingerprint, BY, limit=4)
    assert (done.retried, done.left) == (4, 2)
    assert [bool(tq.get_task(task_id).retried_as) for task_id in ids] == [True] * 4 + [False] * 2
    again = tq.retry_failures(CAUSE.fingerprint, BY, operation_id=done.operation_id)
    assert (again.retried, again.left, again.operation_id) == (2, 0, done.operation_id)
    assert tq.retry_failures(CAUSE.fingerprint, BY).retried == 0
    assert (only_group().count, only_group().retryable) == (6, 0)


def test_a_task_that_somebody_has_retried_alone_is_not_retried_with_its_group() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "FAILURE", cause=CAUSE), want=0)
    tq.retry(task_id)
    assert (only_group().count, only_group().retryable) == (1, 0)
    assert tq.retry_failures(CAUSE.fingerprint, BY).retried == 0
    tq.retry(task_id)
    assert only_group().count == 1


def test_a_retry_of_many_ends_in_time_and_tells_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failure_retry, "CHUNK", 1)
    for number in range(3):
        fail(f"task-{number}")
    operation = trail.begin(BROKERS, tq.Action.RETRY_GROUP, BY)
    done = failure_retry.retry(BROKERS, CAUSE.fingerprint, operation, limit=None, budget_s=0)
    assert (done.retried, done.left) == (1, 2)


def test_more_are_retried_than_are_looked_at_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_retry, "CHUNK", 2)
    for number in range(5):
        fail(f"task-{number}")
    assert tq.retry_failures(CAUSE.fingerprint, BY).retried == 5


def test_a_record_that_is_gone_leaves_the_group_and_is_not_retried() -> None:
    fail("gone")
    fail("there")
    broker.delete(keys.task(QUEUE, "gone"))
    done = tq.retry_failures(CAUSE.fingerprint, BY)
    assert (done.retried, done.left) == (1, 0)
    assert only_group().count == 1


def test_an_unknown_group_is_not_found() -> None:
    with pytest.raises(tq.FailuresNotFound):
        tq.failure_group("c" * 16)
    with pytest.raises(tq.FailuresNotFound):
        tq.retry_failures("c" * 16, BY)


def test_the_retry_of_a_group_is_one_entry_of_the_audit_trail() -> None:
    for number in range(3):
        fail(f"task-{number}")
    trial = tq.retry_failures(CAUSE.fingerprint, BY, limit=1)
    tq.retry_failures(CAUSE.fingerprint, BY, operation_id=trial.operation_id)
    (entry,) = tq.audit_trail().entries
    assert (entry.action, entry.target, entry.count) == ("retry_group", CAUSE.fingerprint, 3)
    assert (entry.who, entry.why) == (BY.who, BY.why)


def test_a_deleted_task_leaves_its_group_and_comes_back_to_it_with_an_undo() -> None:
    first, second = (fail(str(uuid.uuid4())) for _ in range(2))
    whole = only_group()
    one = tq.act_on_tasks(tq.Action.DELETE, [first], BY)
    assert only_group().count == 1
    other = tq.act_on_tasks(tq.Action.DELETE, [second], BY)
    assert tq.failure_groups().groups == ()
    assert not broker.exists(keys.causes(QUEUE))
    assert 0 < broker.pttl(keys.failure(QUEUE, CAUSE.fingerprint)) <= UNDO_MS
    for acted in (one, other):
        tq.undo(acted.operation.id, BY)
    again = only_group()
    assert (again.count, again.retryable) == (2, 2)
    assert (again.error_type, again.frame, again.message) == (
        "ValueError",
        "shop.py:pay",
        "no card #",
    )
    assert (again.first_seen, again.trend) == (whole.first_seen, whole.trend)
    assert broker.pttl(keys.failure(QUEUE, CAUSE.fingerprint)) == -1
    assert broker.hkeys(keys.causes(QUEUE)) == [task_id.encode() for task_id in (first, second)]


def test_a_task_whose_group_made_room_for_others_can_be_deleted_and_brought_back() -> None:
    first, second = (fail(str(uuid.uuid4())) for _ in range(2))
    broker.zrem(keys.failures(QUEUE), CAUSE.fingerprint)
    broker.delete(keys.failure(QUEUE, CAUSE.fingerprint), keys.failed(QUEUE, CAUSE.fingerprint))
    acted = tq.act_on_tasks(tq.Action.DELETE, [first, second], BY)
    assert tq.undo(acted.operation.id, BY).restored == 2
    assert {tq.get_task(task_id).status for task_id in (first, second)} == {"FAILURE"}


def test_a_group_whose_tasks_were_deleted_stays_when_another_fails_for_its_reason() -> None:
    tq.act_on_tasks(tq.Action.DELETE, [fail(str(uuid.uuid4()))], BY)
    fail("another")
    assert broker.pttl(keys.failure(QUEUE, CAUSE.fingerprint)) == -1
    assert only_group().count == 1


def test_a_task_whose_group_made_room_meanwhile_comes_back_without_it() -> None:
    task_id = fail(str(uuid.uuid4()))
    acted = tq.act_on_tasks(tq.Action.DELETE, [task_id], BY)
    broker.delete(keys.failure(QUEUE, CAUSE.fingerprint))
    assert tq.undo(acted.operation.id, BY).restored == 1
    seen = tq.failure_groups()
    assert (seen.groups, seen.ungrouped) == ((), 1)


def test_what_fails_again_is_not_retried_by_the_same_operation() -> None:
    fail("first")
    fail("second")
    trial = tq.retry_failures(CAUSE.fingerprint, BY, limit=1)
    assert (trial.retried, trial.left) == (1, 1)
    fail("of the trial", priority=1)
    rest = tq.retry_failures(CAUSE.fingerprint, BY, operation_id=trial.operation_id)
    assert (rest.retried, rest.left) == (1, 0)
    assert only_group().retryable == 1


def test_tasks_are_found_by_their_cause() -> None:
    first, second, other = fail("first"), fail("second"), fail("other", OTHER)
    waits = submit("echo")
    tq.default.broker.scripts.retry(QUEUE, "first", _copy("first"))
    for q, wanted in {
        f"cause:{CAUSE.fingerprint}": {first, second},
        f"cause:{CAUSE.fingerprint} cause:{OTHER.fingerprint}": {first, second, other},
        f"state:failure -cause:{CAUSE.fingerprint}": {other},
        f"cause:{CAUSE.fingerprint} state:pending": set(),
        f"cause:{CAUSE.fingerprint} id:sec": {second},
        f"cause:{'c' * 16}": set(),
    }.items():
        assert set(find(q)) == wanted, q
    assert waits not in find(f"cause:{CAUSE.fingerprint}")
    broker.zrem(keys.failed(QUEUE, CAUSE.fingerprint), "second", "first")  # the group made room
    assert set(find(f"cause:{CAUSE.fingerprint}")) == {first, second}


def test_a_cause_whose_group_made_room_and_formed_anew_finds_the_older_tasks_too() -> None:
    fail("older")
    broker.zadd(keys.failures(QUEUE), {CAUSE.fingerprint: 1})
    for number in range(500):
        fail(f"task-{number}", Cause(f"{number:016x}", f"E{number}", "", ""))
    with pytest.raises(tq.FailuresNotFound):
        tq.failure_group(CAUSE.fingerprint)
    fail("newer")
    assert tq.failure_group(CAUSE.fingerprint).count == 1
    assert set(find(f"cause:{CAUSE.fingerprint}")) == {"newer", "older"}
    assert find(f"cause:{CAUSE.fingerprint} state:failure id:ol") == ["older"]


def _copy(task_id: str) -> Any:
    new = copies.copy_of(tq.default.broker, task_id, an_id())
    assert new is not None
    return new


def test_a_task_that_kills_its_workers_has_a_cause() -> None:
    store("killer")
    worker = HandWorker("hand")
    for _ in range(3):
        wait_until(lambda: scripts().promote(QUEUE) is None, description="its pause is over")
        release(worker.claim())
    store("lost")
    HandWorker("lost").claim(lease_ms=0)
    recover(max_losses=1)
    found = {group.error_type: group for group in tq.failure_groups().groups}
    assert set(found) == {"WorkerDied", "ConsumerLost"}
    assert found["WorkerDied"].sample_error == "its worker died 3 times while it ran"
    assert found["WorkerDied"].message == "its worker died while it ran"


def test_what_was_set_aside_stays_in_its_group_whatever_its_age() -> None:
    store("unreadable")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "DEAD", reason="why", cause=CAUSE), want=0)
    broker.zadd(keys.index(QUEUE, "FAILURE"), {"unreadable": 1})
    scripts().prune(QUEUE, ttl_ms=HOUR, cap=1000)
    assert only_group().count == 1
    scripts().retry(QUEUE, "unreadable", _copy("unreadable"))
    broker.zadd(keys.index(QUEUE, "FAILURE"), {"unreadable": 1})
    scripts().prune(QUEUE, ttl_ms=HOUR, cap=1000)
    assert tq.failure_groups().groups == ()


@pytest.mark.parametrize(
    ("task_type", "payload", "error_type"),
    [
        ("ignore_its_time_limit", {}, "TaskTimeout"),
        ("interrupt_itself", {}, "KeyboardInterrupt"),
        ("give_up", {}, "huey.exceptions.CancelExecution"),
        ("fail_in_json", {"text": "{"}, "json.decoder.JSONDecodeError"),
        ("exit_the_interpreter", {}, "SystemExit"),
    ],
)
def test_every_way_to_fail_has_a_cause(
    start_consumer: StartConsumer, task_type: str, payload: dict[str, Any], error_type: str
) -> None:
    start_consumer(QUEUE)
    task_id = submit(task_type, **payload)
    wait_until(lambda: tq.get_task(task_id).status == "FAILURE", description="it has failed")
    group = only_group()
    assert group.error_type in (error_type, error_type.rpartition(".")[2])
    assert group.frame.partition(":")[2] in (task_type, "")
    assert find(f"cause:{group.fingerprint}") == [task_id]


def test_an_unreadable_message_has_a_cause(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    store("unreadable", b"\xff")
    wait_until(lambda: tq.failure_groups().groups, description="it has failed")
    assert only_group().error_type == "UnreadableMessage"


def test_a_worker_of_an_older_version_tells_no_cause() -> None:
    fail("old", None)
    assert tq.failure_groups() == tq.Failures((), 1)
    assert not broker.hexists(keys.task(QUEUE, "old"), "cause")


def test_a_full_redis_takes_failures() -> None:
    store("task")
    worker = HandWorker()
    claim = worker.claim()
    broker.config_set("maxmemory", 1)
    try:
        assert worker.step(commit(claim, "FAILURE", cause=CAUSE), want=0)[0] == [True]
    finally:
        broker.config_set("maxmemory", 0)
    assert only_group().count == 1


# ---- attempts


def attempts(task_id: str) -> list[tuple[int, str, str | None]]:
    found = tq.get_task(task_id).attempts
    assert all(one.started_at and one.ended_at and one.worker for one in found[:-1])
    return [(one.attempt, one.state, one.error) for one in found]


def test_every_attempt_that_raised_is_kept_with_its_traceback(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer(QUEUE)
    go_on = tmp_path / "go-on"
    task_id = submit("fail_then_wait", message="at first", file=str(go_on))
    wait_until(lambda: len(tq.get_task(task_id).attempts) == 2, description="the second runs")
    first, second = tq.get_task(task_id).attempts
    assert (first.state, first.error) == ("RETRY", "Declined('at first')")
    assert first.traceback and "in fail_then_wait" in first.traceback
    assert (second.attempt, second.state, second.ended_at) == (2, "STARTED", None)
    go_on.touch()
    wait_until(lambda: tq.get_task(task_id).status == "SUCCESS", description="it has ended")
    states = [one.state for one in tq.get_task(task_id).attempts]
    assert states == ["RETRY", "SUCCESS"]
    assert tq.get_task(task_id).cause is None


def test_a_traceback_lives_as_long_as_a_result(start_consumer: StartConsumer) -> None:
    start_consumer(QUEUE)
    task_id = submit("fail", message="x" * 3000)
    wait_until(lambda: tq.get_task(task_id).status == "FAILURE", description="it has failed")
    found = tq.get_task(task_id).attempts
    assert [one.state for one in found] == ["RETRY", "RETRY", "FAILURE"]
    assert all(one.traceback and len(one.error or "") == 2000 for one in found)
    tq.default.broker.results.flushdb()
    found = tq.get_task(task_id).attempts
    assert all(one.traceback is None and 400 < len(one.error or "") <= 500 for one in found)


def test_what_was_lost_or_cancelled_is_kept_too() -> None:
    task_id = submit("echo")
    release(HandWorker("hand").claim())
    HandWorker("lost").claim(lease_ms=0)
    recover()
    HandWorker("last").claim()
    tq.cancel(task_id, "unwanted by Zoë")
    assert attempts(task_id) == [
        (1, "CRASHED", "its worker died while it ran"),
        (1, "LOST", "its consumer was lost while it ran"),
        (1, "REVOKED", "unwanted by Zoë"),
    ]


def test_what_never_ran_or_was_handed_back_is_no_attempt() -> None:
    waits, back = submit("echo"), submit("echo")
    tq.cancel(waits)
    worker = HandWorker()
    worker.step(commit(worker.claim(), "PENDING"), want=0)
    assert attempts(waits) == attempts(back) == []
    assert not broker.hexists(keys.task(QUEUE, back), "attempts")


def test_the_newest_fifty_attempts_are_kept_and_no_more_than_their_bytes() -> None:
    for error, most in (("why", 50), ("é\n\u2028\x00\x85" * 400, 40)):
        task_id = submit("echo")
        worker = HandWorker(f"of-{task_id}")
        for number in range(60):
            claim = worker.claim()
            worker.step(commit(claim, "RETRY", reason=f"{number} {error}"), want=0)
            scripts().promote(QUEUE)
        kept = broker.hget(keys.task(QUEUE, task_id), "attempts")
        lines = [json.loads(line) for line in kept.decode().split("\n")]
        assert 5 < len(lines) <= most and len(kept) <= 16384
        assert [line[0] for line in lines] == list(range(61 - len(lines), 61))
        found = tq.get_task(task_id).attempts
        assert len(found) == len(lines)
        assert (found[-1].error or "").startswith(f"59 {error[:20]}")
        assert "�" not in (found[-1].error or "")
        tq.cancel(task_id)


def test_a_success_costs_no_command_more() -> None:
    store("task")
    worker = HandWorker()
    claim = worker.claim()
    broker.config_resetstat()
    worker.step(commit(claim, "SUCCESS"), want=0)
    calls = {
        name.removeprefix("cmdstat_"): int(command["calls"])
        for name, command in broker.info("commandstats").items()
    }
    shared = {"evalsha", "time", "info", "config|resetstat", "exists", "hincrby", "pexpire"}
    assert {name: n for name, n in calls.items() if name not in shared} == {
        "hget": 2, "hmget": 2, "hset": 2, "zadd": 1, "zcount": 1, "zrem": 2,
    }  # fmt: skip
