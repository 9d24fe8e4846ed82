"""A submit without options is answered by a short script, which does what the long one does."""

from collections.abc import Callable, Sequence

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys
from huey_tasks.broker.protocol import NewTask
from huey_tasks.errors import QueueDraining
from huey_tasks.records.ids import new_id
from tests.engine.helpers import QUEUE, scripts
from tests.invariants import counted_ever

broker = tq.default.broker.redis
MESSAGE = b'{"$message":{"name":"echo","kwargs":{"value":"a"}}}'


def new(**fields: object) -> NewTask:
    return NewTask(new_id(), MESSAGE, "echo")._replace(**fields)


def is_plain(tasks: Sequence[NewTask]) -> bool:
    """Submit to a queue that is open; return whether the short script did it."""
    return submit_to_open_queue(tasks)[0]


def submit_to_open_queue(tasks: Sequence[NewTask]) -> tuple[bool, Sequence[NewTask]]:
    """Return whether the short script did it, and the tasks, which may have other ids by then."""
    while True:
        scripts().submit(QUEUE, [new()], may_refuse=True)  # it opens the queue for this second
        opened = broker.hget(limit_keys.open_queues(), keys.root(QUEUE))
        before = _calls_of_long_script()
        answers = scripts().submit(QUEUE, tasks, may_refuse=True)
        assert answers == [True] * len(tasks)
        if opened == broker.hget(limit_keys.open_queues(), keys.root(QUEUE)):
            return _calls_of_long_script() == before, tasks
        tasks = [task._replace(id=new_id()) for task in tasks]  # the second was over


def _calls_of_long_script() -> int:
    """The long one asks for watchers; the short one takes the word of the first of the second."""
    found: dict[str, dict[str, int]] = broker.info("commandstats")
    return found.get("cmdstat_exists", {"calls": 0})["calls"]


PLAIN = [
    {}, {"max_attempts": 4}, {"retry_delay_s": 2.5}, {"submitted_by": "ada"},
    {"max_attempts": 2, "retry_delay_s": 0.25, "submitted_by": "ada, of accounting"},
]  # fmt: skip


@pytest.mark.parametrize("fields", PLAIN)
def test_both_scripts_store_the_same(fields: dict[str, object]) -> None:
    long = new(**fields)
    was_plain, [short] = submit_to_open_queue([new(**fields)])
    assert was_plain
    assert scripts().submit(QUEUE, [long]) == [True]
    first, second = (broker.hgetall(keys.task(QUEUE, one.id)) for one in (short, long))
    for of_time in (b"place", b"queued_at", b"submitted_at"):
        assert int(first.pop(of_time)) <= int(second.pop(of_time))
    assert first == second
    pending = broker.zrange(keys.index(QUEUE, "PENDING"), 0, -1)
    assert pending.index(short.id.encode()) + 1 == pending.index(long.id.encode())
    assert counted_ever(broker, QUEUE, "SUBMITTED") == len(pending)
    assert broker.zcard(keys.submitted(QUEUE)) == len(pending)
    assert broker.llen(keys.bell(QUEUE)) == 1


def test_several_at_once_are_plain_if_all_of_them_are() -> None:
    was_plain, tasks = submit_to_open_queue([new(), new(max_attempts=3), new()])
    assert was_plain
    stored = broker.zrange(keys.index(QUEUE, "PENDING"), -3, -1)
    assert [each.decode() for each in stored] == [task.id for task in tasks]
    for again in ([*tasks, new()], [new()]):
        broker.delete(keys.bell(QUEUE))
        known = [False] * (len(again) - 1)
        assert scripts().submit(QUEUE, again, may_refuse=True) == [*known, True]
        assert broker.llen(keys.bell(QUEUE)) == 1
    assert not is_plain([new(), new(tags=",one,")])


def test_an_id_that_comes_twice_in_one_submit_is_one_task() -> None:
    scripts().submit(QUEUE, [new()], may_refuse=True)
    one, other = new(), new()
    answers = scripts().submit(QUEUE, [one, other, one], may_refuse=True)
    assert answers == [True, True, False]
    assert counted_ever(broker, QUEUE, "SUBMITTED") == 3 == broker.zcard(keys.submitted(QUEUE))
    places = [broker.hget(keys.task(QUEUE, each.id), "place") for each in (one, other)]
    assert places == sorted(places) and len(set(places)) == 2
    assert scripts().submit(QUEUE, [one, other], may_refuse=True) == [False, False]


def test_thousands_at_once_are_too_many_for_one_command() -> None:
    assert not is_plain([new() for _ in range(1001)])
    assert is_plain([new() for _ in range(1000)])
    pending = broker.zcard(keys.index(QUEUE, "PENDING"))
    assert counted_ever(broker, QUEUE, "SUBMITTED") == pending


OPTIONS = [
    {"priority": 1}, {"delay_ms": 60_000}, {"expires_ms": 60_000}, {"tags": ",one,"},
    {"webhook_url": "https://example.org/"}, {"queue": "low"},
]  # fmt: skip


@pytest.mark.parametrize("fields", OPTIONS)
def test_an_option_takes_the_long_script(fields: dict[str, object]) -> None:
    assert not is_plain([new(**fields)])


def _watch() -> None:
    assert tq.watch_task(tq.submit("echo", {"value": 0}).task_id)


def _take_turns() -> None:
    tq.set_limits("echo", tq.TypeLimits(fair_by="value"))


@pytest.mark.parametrize("change", [_watch, _take_turns])
def test_what_changes_a_submit_holds_from_the_next_one_on(change: Callable[[], None]) -> None:
    scripts().submit(QUEUE, [new()], may_refuse=True)
    change()
    before = _calls_of_long_script()
    scripts().submit(QUEUE, [new()], may_refuse=True)
    assert _calls_of_long_script() > before


def test_a_drain_holds_from_the_next_submit_on() -> None:
    scripts().submit(QUEUE, [new()], may_refuse=True)
    tq.drain(QUEUE)
    with pytest.raises(QueueDraining):
        scripts().submit(QUEUE, [new()], may_refuse=True)


def test_types_without_turns_stay_plain_beside_one_that_takes_them() -> None:
    tq.set_limits("fail", tq.TypeLimits(fair_by="message"))
    assert is_plain([new()])
    assert not is_plain([new(type="fail")])
