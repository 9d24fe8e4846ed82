"""What must be true of Redis after every test, whatever the test did."""

from typing import Any

from huey_tasks.broker import (
    access_keys,
    event_keys,
    flow_keys,
    function_keys,
    keys,
    limit_keys,
    once_keys,
    webhook_keys,
)
from huey_tasks.records.models import TaskState

#: Kinds of key, as the word after the queue's root, and whether each has a life time:
#: "always", "never", "open" (it goes with the last member before it), "any", or "pruned": never,
#: because `prune` removes it with its task.
_KINDS = {
    "task": "pruned",
    "log": "pruned",
    "partials": "pruned",
    "state": "never",
    "submitted": "never",
    "dead": "never",
    "failures": "never",
    "failure": "open",
    "failed": "open",
    "causes": "open",
    "counters": "never",
    "dataset": "never",
    "bell": "never",
    "slot": "always",
    "limit": "always",
    "history": "always",
    "noted": "never",
    "totals": "never",
    "lines": "always",
    "revocations": "any",
    "consumers": "never",
    "consumer": "always",
    "binned": "always",
    "binned-log": "always",
    "binned-partials": "always",
    "undo": "always",
    "call": "always",
    "blocked": "open",
    "unknown": "open",
    "awaited": "open",
    "expiring": "open",
    "crowded": "open",
    "concurrency": "never",
    "environments": "always",
    "imports": "always",
    "answer": "always",
    "answered": "always",
    "watchers": "always",
    "audit": "never",
    "messages": "never",
    "operation": "always",
    "outbox": "open",
    "schedules": "never",
    "schedule": "never",
    "fair-rounds": "always",
    "fair-turns": "always",
    "stopping": "open",
}


def check_invariants(broker: Any) -> None:
    """Raise AssertionError for a task that is in no index or in two, or a key nobody owns."""
    for queue in keys.queue_names():
        _check_indexes(broker, queue)
        _check_blocked(broker, queue)
        _check_stopping(broker, queue)
    for key in broker.scan_iter(match="*", count=1000):
        _check_key(broker, key.decode())


def _check_indexes(broker: Any, queue: str) -> None:
    where: dict[str, list[str]] = {}
    for state in TaskState:
        for task_id in broker.zrange(keys.index(queue, state), 0, -1):
            where.setdefault(task_id.decode(), []).append(state)
    prefix = f"{keys.root(queue)}:task:"
    for key in broker.scan_iter(match=_literal(prefix) + "*", count=1000):
        task_id = key.decode().removeprefix(prefix)
        state, token = broker.hmget(key, ["state", "token"])
        states = where.pop(task_id, [])
        assert states == [(state or b"").decode()], f"task {task_id} is {state} but in {states}"
        held, ended = state == b"STARTED", TaskState((state or b"").decode()).terminal
        assert ended or bool(token) == held, f"task {task_id} is {state} with token {token}"
    live = [task_id for task_id, states in where.items() if not TaskState(states[0]).terminal]
    assert not live, f"ids in an index without a task: {live}"
    named = {name.decode() for name in broker.zrange(keys.schedules(queue), 0, -1)}
    prefix = f"{keys.root(queue)}:schedule:"
    kept = {key.decode() for key in broker.scan_iter(match=_literal(prefix) + "*", count=1000)}
    assert {f"{prefix}{name}" for name in named} == kept, "schedules that are not listed, or gone"
    counted = counted_ever(broker, queue, "SUBMITTED")
    assert counted >= broker.zcard(keys.submitted(queue)), "more tasks are listed than submitted"


def counted_ever(broker: Any, queue: str, what: str) -> int:
    """Return how many tasks of a queue came, or ended in a state: what is folded, and the rest."""
    noted = broker.hgetall(keys.noted(queue)).items()
    present = sum(int(number) for name, number in noted if name.endswith(b"|" + what.encode()))
    return present + int(broker.hget(keys.counters(queue), what) or 0)


def _check_blocked(broker: Any, queue: str) -> None:
    """What is blocked stands behind all places, and among those that wait for the same."""
    index = keys.index(queue, "PENDING")
    blocked = broker.zrangebyscore(index, "(2e15", "+inf", withscores=True)
    waits: dict[str, dict[bytes, float]] = {}
    for task_id, score in blocked:
        on, place = broker.hmget(keys.task(queue, task_id.decode()), ["blocked_on", "place"])
        assert on is not None and score == 4e15 + float(place), f"{task_id} is blocked on {on}"
        waits.setdefault(on.decode(), {})[task_id] = float(place)
    prefix = keys.blocked(queue, "")
    found = {
        key.decode().removeprefix(prefix): dict(broker.zrange(key, 0, -1, withscores=True))
        for key in broker.scan_iter(match=_literal(prefix) + "*", count=1000)
    }
    assert found == waits
    assert {on.decode() for on in broker.smembers(keys.unknown(queue))} == {
        on for on in waits if on.startswith("type:")
    }
    assert {on.decode() for on in broker.smembers(function_keys.crowded(queue))} == {
        on for on in waits if on.startswith("concurrency:")
    }
    assert {on.decode() for on in broker.zrange(keys.awaited(queue), 0, -1)} == {
        on for on in waits if on.startswith(("lock:", "limit:", "busy:", "rate:", "breaker:"))
    }


def _check_stopping(broker: Any, queue: str) -> None:
    """Of what stops no worker has said that it is free."""
    for task_id in broker.zrange(limit_keys.stopping(queue), 0, -1):
        stopped_at = broker.hget(keys.task(queue, task_id.decode()), "stopped_at")
        assert stopped_at is None, f"the worker of task {task_id} is free since {stopped_at}"


def _check_key(broker: Any, key: str) -> None:
    flows = flow_keys.flows()
    # Of all queues: these live until somebody deletes them, or until they are open or used up.
    kept = (function_keys.settings(), limit_keys.limits(), limit_keys.breakers())
    kept += (limit_keys.clock(),)
    kept += (limit_keys.fair(), limit_keys.open_queues())
    kept += (webhook_keys.webhooks(), webhook_keys.wanted(), flows, flow_keys.moving())
    kept += (access_keys.api_keys(), access_keys.revoked())
    kept += (webhook_keys.alert_wants(), webhook_keys.alerts(), webhook_keys.alert_posts())
    ours = (keys.lock(""), keys.gate(""), function_keys.saved_events(""), function_keys.watched(""))
    ours += (once_keys.idempotency(""), once_keys.unique(""), limit_keys.tokens(""))
    # And these go away by themselves.
    passing = (f"{webhook_keys.webhooks()[:-1]}-", limit_keys.breaker(""), limit_keys.recent(""))
    passing += (limit_keys.memory(), event_keys.events(), access_keys.used())
    passing += (webhook_keys.alert_turn(), access_keys.session(""), access_keys.sessions(""))
    if key in kept or key.startswith(ours):
        return
    if key.startswith(passing):
        assert broker.pttl(key) != -1, f"key {key} would stay for ever"
    elif key.startswith(flows[:-1]):
        _check_flow(broker, key)
    else:
        _check_key_of_queue(broker, key)


def _check_key_of_queue(broker: Any, key: str) -> None:
    roots = [keys.root(queue) for queue in keys.queue_names()]
    root = next((root for root in roots if key.startswith(f"{root}:")), None)
    assert root is not None, f"key {key} belongs to no queue"
    kind, _, task_id = key.removeprefix(f"{root}:").partition(":")
    assert kind in _KINDS, f"key {key} is not in keys.py"
    left_ms = broker.pttl(key)
    expires, rule = left_ms >= 0, _KINDS[kind]
    if rule == "pruned":
        assert not expires, f"key {key} would go away before its task"
        listed = broker.zscore(f"{root}:submitted", task_id) is not None
        assert listed, f"key {key} never goes away, for its task is in no list"
    elif rule == "never":
        assert not expires, f"key {key} would go away"
    elif rule == "always":
        assert left_ms != -1, f"key {key} never goes away"  # it may have gone since the scan


def _check_flow(broker: Any, key: str) -> None:
    """What is kept of a flow goes away after its end, and not before."""
    flow_id = key.rpartition(":")[2]
    fields = broker.hgetall(flow_keys.flow(flow_id))
    expires, ended = broker.pttl(key) >= 0, b"finished_at" in fields
    assert expires == (ended or not fields), f"key {key} of a flow lives too long, or too short"
    if fields:
        counts = ("waiting", "submitted", "succeeded", "failed", "cancelled", "skipped")
        total = sum(int(fields[name.encode()]) for name in counts)
        assert total == int(fields[b"size"]), f"the nodes of flow {flow_id} are not all counted"


def _literal(pattern: str) -> str:
    return pattern.replace("{", "[{]").replace("}", "[}]")
