"""Children are submitted with a commit; a gate opens when its last member ends."""

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import Gate, NewTask
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, submit
from tests.invariants import counted_ever

broker = tq.default.broker.redis


def test_a_child_is_submitted_with_its_parents_commit() -> None:
    submit("echo")
    worker = HandWorker()
    done = commit(worker.claim(), "SUCCESS", children=(NewTask("child", b"{}", "echo"),))
    worker.step(done, want=0)
    worker.again(done, want=0)
    assert broker.zrange(keys.index(QUEUE, "PENDING"), 0, -1) == [b"child"]


def test_a_child_of_a_worker_that_lost_its_lease_is_not_submitted() -> None:
    task_id = submit("echo")
    worker = HandWorker()
    claim = worker.claim()
    tq.cancel(task_id)
    children = (NewTask("child", b"{}", "echo"),)
    other = commit(claim, "SUCCESS", children=children)
    assert worker.step(other, other, want=0)[0] == [False, False]
    assert broker.zcard(keys.index(QUEUE, "PENDING")) == 0


def _before_a_gate(size: int, *, passes_on: bool = False) -> list[NewTask]:
    """Submit members and the gate before their callback."""
    ids = [f"12345678-1234-4234-8234-12345678900{n}" for n in range(size)]
    members = [NewTask(i, b"{}", "echo", gate="callback", passes_on=passes_on) for i in ids]
    gate = Gate(size, NewTask("callback", b"{}", "echo"))
    assert scripts().submit(QUEUE, members, [gate]) == [True] * size
    return members


def _waiting() -> list[bytes]:
    return broker.zrange(keys.index(QUEUE, "PENDING"), 0, -1)


def test_a_gate_opens_when_its_last_member_ends() -> None:
    _before_a_gate(2)
    worker = HandWorker()
    done = commit(worker.claim(), "SUCCESS")
    worker.step(done, want=0)
    worker.again(done, want=0)
    worker.step(done, want=0)
    assert b"callback" not in _waiting()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert _waiting() == [b"callback"]
    assert not broker.exists(keys.gate("callback"))


@pytest.mark.parametrize("end", ["cancel", "purge", "DEAD", "FAILURE", "EXPIRED"])
def test_a_member_passes_its_gate_however_it_ends(end: str) -> None:
    (member,) = _before_a_gate(1)
    if end == "cancel":
        tq.cancel(member.id)
    elif end == "purge":
        tq.purge(QUEUE)
    else:
        worker = HandWorker()
        worker.step(commit(worker.claim(), end, reason="why"), want=0)
    assert _waiting() == [b"callback"]


def test_the_first_of_a_pipeline_leaves_its_gate_to_the_next() -> None:
    _before_a_gate(1, passes_on=True)
    worker = HandWorker()
    following = NewTask("next", b"{}", "echo", gate="callback")
    worker.step(commit(worker.claim(), "SUCCESS", children=(following,)), want=0)
    assert _waiting() == [b"next"]
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert _waiting() == [b"callback"]


def test_the_first_of_a_pipeline_passes_its_gate_when_there_will_be_no_next() -> None:
    _before_a_gate(1, passes_on=True)
    worker = HandWorker()
    worker.step(commit(worker.claim(), "FAILURE"), want=0)
    assert _waiting() == [b"callback"]


def test_a_gate_is_opened_once() -> None:
    _before_a_gate(2)
    gate = Gate(1, NewTask("callback", b"{}", "echo"))
    scripts().submit(QUEUE, [], [gate])
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert b"callback" not in _waiting()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    scripts().submit(QUEUE, [], [gate])
    assert not broker.exists(keys.gate("callback"))


def _waiting_in(queue: str) -> list[bytes]:
    return broker.zrange(keys.index(queue, "PENDING"), 0, -1)


@pytest.mark.parametrize("delay_ms", [0, 60_000])
def test_a_child_of_another_queue_is_stored_there_with_all_that_belongs_to_it(
    delay_ms: int,
) -> None:
    submit("echo")
    worker = HandWorker()
    child = NewTask("child", b"{}", "echo", priority=3, delay_ms=delay_ms, queue="low")
    done = commit(worker.claim(), "SUCCESS", children=(child,))
    worker.step(done, want=0)
    worker.again(done, want=0)
    assert _waiting() == [] and not broker.exists(keys.task(QUEUE, "child"))
    state = "SCHEDULED" if delay_ms else "PENDING"
    assert broker.zrange(keys.index("low", state), 0, -1) == [b"child"]
    assert broker.zscore(keys.submitted("low"), "child")
    assert broker.hget(keys.noted("low"), "echo|SUBMITTED") == b"1"
    assert broker.llen(keys.bell("low")) == (0 if delay_ms else 1)
    assert counted_ever(broker, QUEUE, "SUBMITTED") == 1


def test_members_in_two_queues_pass_one_gate_which_leads_to_a_third() -> None:
    gate = Gate(2, NewTask("callback", b"{}", "echo", queue="high"))
    first = NewTask("first", b"{}", "echo", gate="callback")
    second = first._replace(id="second", queue="low")
    assert scripts().submit(QUEUE, [first, second], [gate]) == [True, True]
    assert (_waiting(), _waiting_in("low")) == ([b"first"], [b"second"])
    scripts().cancel("low", "second", "cancelled")
    assert _waiting_in("high") == []
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    assert _waiting_in("high") == [b"callback"]
    assert not broker.exists(keys.gate("callback"))
    scripts().submit("low", [], [gate])
    assert not broker.exists(keys.gate("callback"))


def test_tasks_of_several_queues_are_refused_together_when_one_drains() -> None:
    tasks = [NewTask("a", b"{}", "echo"), NewTask("b", b"{}", "echo", queue="low")]
    tq.drain("low")
    with pytest.raises(tq.QueueDraining, match="'low'"):
        scripts().submit(QUEUE, tasks, may_refuse=True)
    assert _waiting() == []
    assert scripts().submit(QUEUE, tasks) == [True, True]
