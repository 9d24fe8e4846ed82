"""A plain task, which has none of Huey's own, ends as it does when Huey runs it.

Each is submitted twice and run here: one as workers do, the other as Huey's own task.
"""

import datetime as dt
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import pytest
from huey import signals

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.huey_adapter.plain_task import PlainTask

QUEUE: Any = tq.default


def task_type(name: str) -> Any:
    """The task type of that name, as the service has it."""
    return next(found for found in tq.task_types() if found.name == name)


#: The task module with what is raised and returned.
ODD_ENDS: dict[str, Any] = task_type("end_oddly").function.__globals__

#: What differs between two tasks, or two runs, that are alike.
_OWN = {
    "task_id", "submitted_at", "updated_at", "started_at", "finished_at", "next_retry_at", "worker",
}  # fmt: skip

TASKS: list[tuple[str, dict[str, Any]]] = [
    *(("end_oddly", {"how": how}) for how in ODD_ENDS["RAISED"]),
    *(("return_oddly", {"how": how}) for how in ODD_ENDS["RETURNED"] if "closed" not in how),
    ("read_rows_late", {}),
    ("retry_only_os_errors", {"error": "FileNotFoundError"}),
    ("retry_only_os_errors", {"error": "KeyError"}),
    ("retry_all_but_some", {"error": "KeyError"}),
    ("raise_a_group", {"errors": ["OSError", "KeyError"]}),
    ("see_no_way", {"cause": True}),
    ("see_no_way_in_a_group", {}),
    ("ask_without_retries", {}),
    ("fail_somewhere", {"where": "charge", "message": "no 7"}),
    ("fail_with_hostile_text", {}),
    ("fail_in_a_model", {}),
    ("give_up", {}),
    ("return_nonsense", {}),
    ("raise_half_a_surrogate", {}),
    ("add", {"a": 1, "b": 2}),
    ("echo", {"value": [1, {"x": None}]}),
    ("echo", {}),
]


@pytest.fixture(autouse=True)
def own_slot(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A slot of the test's own, in which nothing waits; Huey logs nothing, as in a consumer."""
    with QUEUE.storage.own_slot("here"), caplog.at_level(logging.CRITICAL, "huey"):
        yield
        QUEUE.storage.slot.flush()


def begin() -> Any:
    """Claim a task as a worker does."""
    claim = QUEUE.storage.claim()
    return None if claim is None else QUEUE.begin(claim)


def run(name: str, payload: dict[str, Any], *, plainly: bool) -> dict[str, str]:
    """Submit a task, run one attempt of it; return its record, without what is its own."""
    task_id = tq.submit(name, payload).task_id
    task = begin() if plainly else QUEUE.dequeue()
    assert isinstance(task, PlainTask) is plainly and task.claim.id == task_id
    QUEUE.execute(task)
    QUEUE.storage.slot.flush()
    record = asdict(tq.get_task(task_id))
    QUEUE.broker.scripts.cancel("default", task_id, "done with")
    for attempt in record["attempts"]:
        attempt.update(started_at=None, ended_at=None, worker=None, traceback=None)
    for line in record["log"]:
        line.update(at=None)
    record["traceback"] = _of_users(record["traceback"])
    shown = {name: re.sub("0x[0-9a-f]+", "0x", repr(value)) for name, value in record.items()}
    return {name: text for name, text in shown.items() if name not in _OWN}


def _of_users(traceback: str | None) -> list[str]:
    """The lines of a traceback with the code of a task module, and the last."""
    lines = (traceback or "").splitlines()
    shown = [line for line in lines if "task_modules" in line]
    return [*shown, *lines[-1:]]


@pytest.mark.parametrize(("name", "payload"), TASKS, ids=str)
def test_it_ends_as_it_does_when_huey_runs_it(name: str, payload: dict[str, Any]) -> None:
    plain = run(name, payload, plainly=True)
    by_huey = run(name, payload, plainly=False)
    assert plain == by_huey


NOT_PLAIN: dict[str, Any] = {
    "a tag in its payload": lambda: tq.submit("echo", {"value": {"$x": 1}}),
    "a time in its payload": lambda: tq.submit("echo", {"value": dt.datetime.now(dt.UTC)}),
    "a task that follows": lambda: tq.chain(_echo().s(1), _echo().s()).submit(),
    "one that follows a failure": lambda: tq.chain(_echo().s(1).error(_echo().s())).submit(),
    "a date of expiry of its type": lambda: tq.submit("fail_once_and_expire", {}),
    "another time limit than its type's": lambda: QUEUE.enqueue(
        _echo().wrappers["default"].task_class((), {}, timeout=7)
    ),
    "other retries than its type's": lambda: QUEUE.enqueue(
        _echo().wrappers["default"].task_class((), {}, retries=7)
    ),
}  # fmt: skip


def _echo() -> Any:
    return task_type("echo")


@pytest.mark.parametrize("what", NOT_PLAIN)
def test_a_task_with_more_than_a_payload_is_huey_s(what: str) -> None:
    NOT_PLAIN[what]()
    task = begin()
    assert task is not None and not isinstance(task, PlainTask)
    QUEUE.execute(task)


def test_a_payload_that_does_not_fit_any_more_fails_as_it_does_by_huey() -> None:
    found = []
    for take in (begin, QUEUE.dequeue):
        task_id = tq.submit("add", {"a": 1, "b": 2}).task_id
        key = keys.task("default", task_id)
        message = QUEUE.broker.redis.hget(key, "message").replace(b'"b":2', b'"b":"x"')
        QUEUE.broker.redis.hset(key, "message", message)
        QUEUE.execute(take())
        QUEUE.storage.slot.flush()
        record = tq.get_task(task_id)
        found.append((record.status, record.error))
    assert found[0] == found[1] and found[0][0] == "FAILURE" and "x" in (found[0][1] or "")


def test_a_parameter_that_is_not_known_here_waits_for_newer_code() -> None:
    task_id = tq.submit("add", {"a": 1, "b": 2}).task_id
    key = keys.task("default", task_id)
    message = QUEUE.broker.redis.hget(key, "message").replace(b'"b":2', b'"b":2,"new":3')
    QUEUE.broker.redis.hset(key, "message", message)
    task = begin()
    assert isinstance(task, PlainTask)
    QUEUE.execute(task)
    QUEUE.storage.slot.flush()
    record = tq.get_task(task_id)
    assert (record.status, record.attempt) == ("RETRY", 0)
    assert "has no parameter new" in (record.error or "")


def _heard(*_: Any) -> None: ...


def _hear_before(queue: Any) -> Callable[[], object]:
    queue.pre_execute(name="heard")(_heard)
    return partial(queue.unregister_pre_execute, "heard")


def _hear_after(queue: Any) -> Callable[[], object]:
    queue.post_execute(name="heard")(_heard)
    return partial(queue.unregister_post_execute, "heard")


def _receive(queue: Any) -> Callable[[], object]:
    queue.signal(signals.SIGNAL_COMPLETE)(_heard)
    return partial(queue.disconnect_signal, _heard, signals.SIGNAL_COMPLETE)


@pytest.mark.parametrize("listen", [_hear_before, _hear_after, _receive])
def test_where_something_listens_huey_runs_every_task(
    listen: Callable[[Any], Callable[[], object]],
) -> None:
    stop = listen(QUEUE)
    try:
        tq.submit("echo", {})
        task = begin()
        assert task is not None and not isinstance(task, PlainTask)
        QUEUE.execute(task)
    finally:
        stop()
    tq.submit("echo", {})
    task = begin()
    assert isinstance(task, PlainTask)
    QUEUE.execute(task)


def test_a_type_revoked_in_hueys_way_does_not_run() -> None:
    wrapper = _echo().wrappers["default"]
    wrapper.revoke()
    try:
        task_id = tq.submit("echo", {}).task_id
        task = begin()
        assert task is not None and not isinstance(task, PlainTask)
        QUEUE.execute(task)
        QUEUE.storage.slot.flush()
        assert tq.get_task(task_id).status == "REVOKED"
    finally:
        wrapper.restore()


def test_a_task_that_is_revoked_in_hueys_way_while_it_runs_and_fails_has_failed() -> None:
    """The claims of a batch may say meanwhile that something is revoked."""
    wrapper = task_type("fail").wrappers["default"]
    task_id = tq.submit("fail", {}).task_id
    task = begin()
    assert isinstance(task, PlainTask)
    wrapper.revoke()
    QUEUE.storage.slot.revocations = True
    try:
        QUEUE.execute(task)
        QUEUE.storage.slot.flush()
        record = tq.get_task(task_id)
        assert record.status == "RETRY" and "on purpose" in str(record.attempts)
    finally:
        wrapper.restore()
        QUEUE.broker.scripts.cancel("default", task_id, "done with")


def test_a_type_that_another_has_replaced_is_not_run_by_its_template() -> None:
    """So it is with a demo type whose name a function of Huey's own decorator has."""
    wrapper = _echo().wrappers["default"]
    tq.submit("echo", {"value": 1})
    wrapper.unregister()

    @QUEUE.task(name="echo")
    def mine(value: int) -> int:
        return value

    try:
        task = begin()
        assert isinstance(task, mine.task_class)
        QUEUE.execute(task)
    finally:
        mine.unregister()
        QUEUE._registry.register(wrapper.task_class)


def test_a_failure_is_told_though_hueys_task_cannot_be_made() -> None:
    task_id = tq.submit("give_up", {}).task_id
    task = begin()
    spoilt = task.claim._replace(message=b"spoilt")
    QUEUE.execute(task._replace(claim=spoilt))
    QUEUE.storage.slot.flush()
    record = tq.get_task(task_id)
    assert record.status == "FAILURE" and "cannot be read" not in (record.error or "")
