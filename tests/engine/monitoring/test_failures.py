"""Failed tasks grouped by their cause: which groups form, what a group says, when it is gone."""

import uuid
from typing import Any

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import Cause
from huey_tasks.queues import QUEUES
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, store, submit
from tests.engine.model import HOUR
from tests.engine.monitoring.failures import BY, CAUSE, OTHER, an_id, broker, fail, find, only_group
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until


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
    begun = clock_ms()
    wait_until(lambda: clock_ms() > begun, description="a millisecond has passed")
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
    hour = clock_ms() // HOUR
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
    broker.delete(keys.task(QUEUE, "first"))
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
