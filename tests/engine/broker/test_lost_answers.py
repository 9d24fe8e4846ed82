"""The client sends a script again when its answer got lost: that changes nothing more."""

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

import huey_tasks as tq
from huey_tasks.broker import access_keys, connection, event_keys, keys, limit_keys, webhook_keys
from huey_tasks.broker.access_store import AccessStore
from huey_tasks.broker.alert_store import AlertStore
from huey_tasks.broker.deadline import InTime
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.room import as_text
from huey_tasks.broker.script_text import script_text
from huey_tasks.broker.scripts.tasks import Scripts
from huey_tasks.broker.webhook_store import StoredDelivery, WebhookStore
from tests.engine.helpers import QUEUE, HandWorker, scripts, store
from tests.engine.model import HOUR

broker = tq.default.broker.redis

#: Lets a script run whose answer gets lost the first time; returns both answers of Redis.
LoseAnswerOf = Callable[[str], list[object]]


@pytest.fixture
def lose_answer_of(monkeypatch: pytest.MonkeyPatch) -> LoseAnswerOf:
    """Redis answers, and the connection breaks before anybody has read it; once."""
    answer, found, here = InTime.answer, list[object](), threading.get_ident()

    def lose(self: InTime) -> object:
        if threading.get_ident() != here:  # an earlier test may have left a thread that listens
            return answer(self)
        found.append(answer(self))
        if len(found) == 1:
            self._fail(ConnectionResetError(104, "reset"), "reading from")
        return found[-1]

    def begin(script: str) -> list[object]:
        broker.script_flush()  # the text of another one is sent with its call, in another way
        broker.script_load(script_text(script).text)
        monkeypatch.setattr(InTime, "answer", lose)
        return found

    return begin


def _lock(name: str, holder: tuple[str, str] = ("", "")) -> bool:
    return scripts().lock(QUEUE, name, holder, ttl_ms=0, lease_ms=HOUR)


def test_who_takes_a_lock_outside_of_a_task_has_it(lose_answer_of: LoseAnswerOf) -> None:
    answers = lose_answer_of("lock")
    assert _lock("nightly")
    assert answers == [1, 1]
    assert not _lock("nightly"), "another"
    assert scripts().unlock(QUEUE, "nightly", "*") and _lock("nightly")


def test_the_task_that_takes_a_lock_has_it(lose_answer_of: LoseAnswerOf) -> None:
    store("task")
    claim = HandWorker().claim()
    answers = lose_answer_of("lock")
    assert _lock("nightly", (claim.id, claim.token))
    assert answers == [1, 1]
    assert not _lock("nightly", (claim.id, claim.token)), "another use of it, in the same attempt"


def test_who_frees_a_lock_leaves_it_to_the_next(lose_answer_of: LoseAnswerOf) -> None:
    _lock("nightly")
    answers = lose_answer_of("unlock")
    assert scripts().unlock(QUEUE, "nightly", "*")
    assert answers == [1, 1]


def test_a_release_that_is_sent_again_does_not_free_the_lock_of_the_next() -> None:
    _lock("nightly")
    release = {"name": "nightly", "token": "*", "others": "", "request": "r"}
    assert scripts().run("unlock", QUEUE, **release) == 1
    assert _lock("nightly"), "the next has it"
    assert scripts().run("unlock", QUEUE, **release) == 1
    assert broker.exists(keys.lock("nightly"))


def test_who_withdraws_a_task_hears_that_it_has_gone(lose_answer_of: LoseAnswerOf) -> None:
    store("task")
    answers = lose_answer_of("withdraw")
    assert scripts().withdraw(QUEUE, "task")
    assert answers == [b"PENDING", b"PENDING"]
    assert not scripts().withdraw(QUEUE, "task"), "another finds none"


def test_who_releases_tasks_hears_of_each(lose_answer_of: LoseAnswerOf) -> None:
    store("task")
    holder = HandWorker().claim().token.partition("/")[0]
    answers = lose_answer_of("release")
    released = scripts().release(QUEUE, holder, kind="crashes", blamed="*", limit=1)
    assert released == [("task", "FAILURE")], "its failure is logged by that"
    assert answers == [[[b"task", b"FAILURE"]]] * 2


# ---- submits and purges


def test_a_submit_that_fills_its_queue_is_not_refused_when_it_is_sent_again(
    lose_answer_of: LoseAnswerOf,
) -> None:
    answers = lose_answer_of("submit")
    full_after_one = Scripts(broker, as_text([QUEUE], None, {QUEUE: 1}, 0, 0))
    new = NewTask("task", b"{}", "echo")
    assert full_after_one.submit(QUEUE, [new], may_refuse=True) == [False], "it is there"
    assert answers == [[1], [0]]
    with pytest.raises(tq.QueueFull):
        full_after_one.submit(QUEUE, [new._replace(id="another")], may_refuse=True)


def test_a_purge_that_is_sent_again_takes_no_more_than_was_agreed_to(
    lose_answer_of: LoseAnswerOf,
) -> None:
    tasks = [tq.submit("echo", {}).task_id for _ in range(3)]
    answers = lose_answer_of("purge")
    done = tq.purge(QUEUE, by=tq.Operator("ada"), at_most=1)
    assert answers == [1, 1] and done.purged == 1
    assert [tq.get_task(task).status for task in tasks] == ["REVOKED", "PENDING", "PENDING"]
    (entry,) = tq.audit_trail().entries
    assert entry.count == 1


def test_who_brings_deleted_tasks_back_hears_how_many(lose_answer_of: LoseAnswerOf) -> None:
    task_id, ada = tq.submit("echo", {}).task_id, tq.Operator("ada")
    tq.cancel(task_id)
    deleted = tq.act_on_tasks(tq.Action.DELETE, [task_id], ada)
    answers = lose_answer_of("restore")
    assert tq.undo(deleted.operation.id, ada).restored == 1
    assert answers == [[1, 1, 0], [1, 1, 0]]


def test_a_use_of_a_rate_limit_is_counted_once(lose_answer_of: LoseAnswerOf) -> None:
    answers = lose_answer_of("limit")
    assert scripts().limit(QUEUE, "mail", per_ms=HOUR)[0] == 1
    assert [cast("list[int]", answer)[0] for answer in answers] == [1, 1]
    assert scripts().limit(QUEUE, "mail", per_ms=HOUR)[0] == 2


@pytest.mark.parametrize("by", [None, tq.Operator("ada")], ids=["a program", "an operator"])
def test_who_deletes_a_schedule_hears_that_it_has_gone(
    lose_answer_of: LoseAnswerOf, by: tq.Operator | None
) -> None:
    tq.create_schedule("nightly", "echo", {}, every_s=60)
    answers = lose_answer_of("schedule_delete")
    tq.delete_schedule("nightly", by=by)
    assert answers[-2:] == [1, 1]
    with pytest.raises(tq.ScheduleNotFound):
        tq.delete_schedule("nightly", by=by)


# ---- what several commands in one round trip keep


@pytest.fixture
def lose_answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Redis answers to several commands, and the connection breaks before that is read; once."""
    execute, are_lost = connection._Pipeline._execute_pipeline, False

    def lose(self: Any, over: InTime, *arguments: Any) -> Any:
        nonlocal are_lost
        answers = execute(self, over, *arguments)
        if not are_lost:
            are_lost = True
            over._fail(ConnectionResetError(104, "reset"), "reading from")
        return answers

    def begin() -> None:
        monkeypatch.setattr(connection._Pipeline, "_execute_pipeline", lose)

    return begin


def test_who_takes_a_turn_to_look_at_conditions_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, are_lost = connection._Client.parse_response, False

    def lose(self: Any, over: InTime, name: str, **options: Any) -> Any:
        nonlocal are_lost
        found = answer(self, over, name, **options)
        if name == "SET" and not are_lost:
            are_lost = True
            over._fail(ConnectionResetError(104, "reset"), "reading from")
        return found

    broker.sadd(webhook_keys.alert_wants(), "webhook paused")
    monkeypatch.setattr(connection._Client, "parse_response", lose)
    assert AlertStore(tq.default.broker).take_turn(HOUR)
    assert are_lost and not AlertStore(tq.default.broker).take_turn(HOUR), "another"


def test_an_attempt_of_a_delivery_is_listed_once(lose_answers: Callable[[], None]) -> None:
    kept = WebhookStore(tq.default.broker)
    found = StoredDelivery("delivery", {"webhook": "webhook", "created_ms": "1"}, [])
    lose_answers()
    kept.log_attempt(found, "first", None, 1000)
    kept.log_attempt(found, "second", 2, 1000)
    attempts = broker.lrange(webhook_keys.attempts("delivery"), 0, -1)
    assert attempts == [b"first", b"second"]


def test_a_session_ends_for_one_too_many(lose_answers: Callable[[], None]) -> None:
    kept = AccessStore(tq.default.broker)
    for digest in ("oldest", "older"):
        kept.keep_session(digest, "key", "proof", HOUR, 2)
    lose_answers()
    kept.keep_session("new", "key", "proof", HOUR, 2)
    assert [bool(kept.session(each)) for each in ("oldest", "older", "new")] == [False, True, True]
    assert broker.lrange(access_keys.sessions("key"), 0, -1) == [b"new", b"older"]


# ---- what a running task tells


@pytest.mark.parametrize("script", ["emit", "log"])
def test_what_a_task_tells_is_kept_once(lose_answer_of: LoseAnswerOf, script: str) -> None:
    task_id = tq.submit("echo", {}).task_id
    claim = HandWorker().claim()
    tell = {"emit": scripts().emit, "log": scripts().log}[script]
    key = {"emit": event_keys.partials, "log": keys.log}[script](QUEUE, task_id)
    answers = lose_answer_of(script)
    assert tell(QUEUE, task_id, claim.token, "1.5 s: half")
    assert answers == [1, 1]
    assert tell(QUEUE, task_id, claim.token, "2.5 s: half")
    assert broker.lrange(key, 0, -1) == [b"1.5 s: half", b"2.5 s: half"]


# ---- limits


@pytest.mark.parametrize("limits", [tq.TypeLimits(2), None], ids=["set", "removed"])
def test_who_sets_limits_has_set_them_once(
    lose_answer_of: LoseAnswerOf, limits: tq.TypeLimits | None
) -> None:
    tq.set_limits("echo", tq.TypeLimits(1))
    seen = tq.stored_limits("echo").updated_at
    answers = lose_answer_of("limits")
    tq.set_limits("echo", limits, tq.Operator("ada", "why"), if_updated_at=seen)
    assert answers[:2] == [b"done", b"done"]
    assert tq.limits_of("echo") == limits
    (entry,) = tq.audit_trail().entries
    assert entry.count == 1
    broker.delete(limit_keys.limits())


# ---- flows


def _flow(**more: str) -> tq.SubmittedFlow:
    return tq.submit_flow([tq.FlowNode("only", "echo", {})], **more)


def _task_of(flow_id: str) -> str:
    (node,) = tq.flow_nodes(tq.get_flow(flow_id)).nodes
    return node.task_id or ""


def test_who_begins_a_flow_hears_that_it_is_new(lose_answer_of: LoseAnswerOf) -> None:
    answers = lose_answer_of("flow_begin")
    flow = _flow(idempotency_key="k")
    assert [answer[0] for answer in cast("list[list[bytes]]", answers)] == [b"begun", b"found"]
    assert not flow.is_replay and _flow(idempotency_key="k").is_replay


def test_who_cancels_a_flow_hears_that_it_was_cancelled(lose_answer_of: LoseAnswerOf) -> None:
    flow_id = _flow().flow_id
    broker.delete(keys.task(QUEUE, _task_of(flow_id)))
    answers = lose_answer_of("flow_cancel")
    assert tq.cancel_flow(flow_id).status == "cancelled"
    assert answers == [b"running", b"running"]
    with pytest.raises(tq.FlowFinished):
        tq.cancel_flow(flow_id)
    scripts().purge(QUEUE, "")  # drops the erased task from its index


def test_who_retries_a_flow_hears_that_it_runs(lose_answer_of: LoseAnswerOf) -> None:
    flow_id = _flow().flow_id
    scripts().cancel(QUEUE, _task_of(flow_id), "")
    answers = lose_answer_of("flow_retry")
    assert tq.retry_flow(flow_id).status == "running"
    assert answers == [b"running", b"running"]
    with pytest.raises(tq.FlowNotRetryable):
        tq.retry_flow(flow_id)
