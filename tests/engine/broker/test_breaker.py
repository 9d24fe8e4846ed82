"""The circuit breaker of a task type: closed, open, half-open, by the clock of Redis."""

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys
from huey_tasks.broker.protocol import About, Claim
from huey_tasks.huey_adapter.task_queue import TaskQueue
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, submit, wait_for
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until

broker = tq.default.broker.redis
ABOUT = About("echo", 1, 0.001, "")
ADA = tq.Operator("ada", "the bank is down")
#: Half of four, or more, opens it; two try after a minute that no test waits for.
RULES: dict[str, Any] = {"failures": 0.5, "of": 4, "within_s": 60, "pause_s": 60, "tries": 2}
NAME = "echo"
NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def no_limits() -> Iterator[None]:
    yield
    for task_type in ("echo", "fail_first", "work_until"):
        tq.set_limits(task_type, None, ADA)


def breaker(by: str | None = None, task_type: str = "echo", **rules: Any) -> None:
    limits = tq.TypeLimits(by=by, breaker=tq.Breaker(**RULES | rules))
    tq.set_limits(task_type, limits, ADA)


def new_worker(queue: TaskQueue = tq.default) -> HandWorker:
    return HandWorker(f"w{next(NUMBERS)}", queue)


def end(state: str, **payload: Any) -> None:
    """Submit a task, claim it, and let it end so."""
    submit("echo", **payload)
    end_claim(new_worker().claim(), state)


def end_claim(claim: Claim, state: str) -> None:
    new_worker().step(commit(claim, state, about=ABOUT), want=0)


def is_open(name: str = NAME) -> bool:
    return bool(broker.exists(limit_keys.breaker(name)))


def claims() -> list[Claim]:
    return new_worker().step(want=10, worth='{"echo": 0.01, "add": 0.01}')[1]


def pause_is_over(name: str = NAME) -> None:
    """Let the pause of an open breaker have ended a moment ago."""
    seconds, microseconds = broker.time()
    broker.hset(limit_keys.breaker(name), "until", seconds * 1000 + microseconds // 1000 - 1)
    look_now(name)


def look_now(name: str = NAME) -> None:
    """Let it be time for consumers to look whether a breaker lets tasks try."""
    for queue in keys.queue_names():
        if broker.exists(keys.awaited(queue)):
            broker.zadd(keys.awaited(queue), {f"breaker:{name}": 0}, xx=True)
        tq.QUEUES[queue].broker.scripts.promote(queue)


def opened(waiting: int = 4) -> list[str]:
    """Open the breaker of echo; returns the tasks that wait for it."""
    for state in ("SUCCESS", "SUCCESS", "FAILURE", "FAILURE"):
        end(state)
    assert is_open()
    ids = [submit("echo", value=n) for n in range(waiting)]
    assert claims() == []
    return ids


@pytest.mark.parametrize(
    ("ends", "opens"),
    [
        ("SSSFF", True), ("FFSS", False), ("FFF", False), ("FFSSF", True), ("SSSFS", False),
        ("SSFR", True), ("DDSS", False), ("SSDD", True), ("FFSSSSFS", False),
    ],
)  # fmt: skip
def test_it_opens_when_the_share_of_the_last_attempts_failed(ends: str, opens: bool) -> None:
    """It looks when one fails: a success never opens it."""
    breaker()
    states = {"S": "SUCCESS", "F": "FAILURE", "R": "RETRY", "D": "DEAD"}
    for number, letter in enumerate(ends):
        assert not is_open(), number
        end(states[letter])
    assert is_open() == opens


def test_released_attempts_say_nothing() -> None:
    breaker(of=1)
    submit("echo")
    for _ in range(3):
        end_claim(new_worker().claim(), "RELEASED")
    assert not broker.exists(limit_keys.recent(NAME))


def test_failures_that_are_too_old_do_not_count() -> None:
    breaker(of=2, within_s=60)
    end("FAILURE")
    assert 0 < broker.pttl(limit_keys.recent(NAME)) <= 60_000, "and they are forgotten"
    seconds, _ = broker.time()
    broker.lset(limit_keys.recent(NAME), 0, f"F{(seconds - 61) * 1000}")
    end("FAILURE")
    assert not is_open()
    end("FAILURE")
    assert is_open()


def test_waiting_tasks_keep_places_and_attempts_and_others_go_on() -> None:
    breaker()
    ids = opened()
    other = submit("add", a=1, b=2)
    assert [claim.id for claim in claims()] == [other]
    waiting = tq.get_task(ids[0])
    assert (waiting.status, waiting.attempt) == ("PENDING", 0)
    reason = tq.explain_task(ids[0]).reasons[0]
    assert (reason.code, reason.name) == ("breaker_open", "echo")
    assert reason.due_at is not None, "explain says when a few may try"
    (stats,) = [one for one in tq.queue_stats() if one.queue == QUEUE]
    assert stats.open_breakers == ("echo",)


def test_a_few_try_and_it_closes_when_all_succeed() -> None:
    breaker()
    ids = opened()
    pause_is_over()
    new = [submit("echo", value="new") for _ in range(3)]
    trials = claims()
    assert [claim.id for claim in trials] == ids[:2], "tries, and no more"
    end_claim(trials[0], "SUCCESS")
    assert claims() == [], "one has succeeded, one tries: nothing else starts"
    end_claim(trials[1], "SUCCESS")
    assert not is_open()
    assert not broker.exists(limit_keys.breakers())
    assert [claim.id for claim in claims()] == ids[2:] + new


def test_one_that_fails_opens_it_again() -> None:
    breaker()
    ids = opened()
    pause_is_over()
    first, second = claims()
    end_claim(first, "FAILURE")
    until = broker.hget(limit_keys.breaker(NAME), "until")
    end_claim(second, "SUCCESS")
    assert broker.hget(limit_keys.breaker(NAME), "until") == until, "in its pause it hears nothing"
    assert claims() == []
    pause_is_over()
    assert [claim.id for claim in claims()] == ids[2:]


def test_attempts_that_began_before_are_no_trials() -> None:
    breaker()
    submit("echo", value="old")
    old, begun = new_worker().claim(), clock_ms()
    wait_until(lambda: clock_ms() > begun + 1, description="the pause ends after its start")
    ids = opened()
    pause_is_over()
    assert [claim.id for claim in claims()] == ids[:2]
    end_claim(old, "FAILURE")
    assert broker.hget(limit_keys.breaker(NAME), "succeeded") == b"0"
    seconds, _ = broker.time()
    assert int(broker.hget(limit_keys.breaker(NAME), "until")) <= (seconds + 1) * 1000


def test_another_attempt_takes_the_place_of_a_lost_trial() -> None:
    breaker(tries=1)
    ids = opened()
    pause_is_over()
    lost = HandWorker("dead/w").claim(lease_ms=1)
    assert lost.id == ids[0]
    assert claims() == [], "the only trial runs"
    found: list[Claim] = []

    def look() -> bool:
        recover()
        tq.default.broker.scripts.promote(QUEUE)
        found.extend(claims())
        return bool(found)

    wait_until(look, description="another trial starts when the lease has ended")
    assert found[0].id in ids and len(found) == 1
    end_claim(found[0], "SUCCESS")
    assert not is_open()


def test_a_cancelled_trial_tries_until_its_worker_is_free() -> None:
    breaker()
    ids = opened()
    pause_is_over()
    first, _ = claims()
    tq.cancel(first.id)
    look_now()
    assert claims() == [], "two still try"
    end_claim(first, "STOPPED")
    look_now()
    assert [claim.id for claim in claims()] == ids[2:3]


def test_each_value_of_a_field_has_a_breaker_of_its_own() -> None:
    breaker(by="value", of=1, failures=1)
    end("FAILURE", value="a b")
    assert (is_open('echo=["a b"]'), is_open('echo=["c"]')) == (True, False)
    held, free = submit("echo", value="a b"), submit("echo", value="c")
    assert [claim.id for claim in claims()] == [free]
    assert tq.explain_task(held).reasons[0].code == "breaker_open"


def test_setting_limits_closes_it() -> None:
    breaker()
    ids = opened()
    breaker(pause_s=1)
    assert not is_open()
    tq.default.broker.scripts.promote(QUEUE)
    assert [claim.id for claim in claims()] == ids


def test_tasks_of_all_queues_wait_for_it() -> None:
    breaker()
    opened()
    high = tq.submit("echo", {}, priority="high").task_id
    worker = new_worker(tq.high)
    assert worker.step()[1] == []
    pause_is_over()
    assert worker.claim().id == high


def test_a_consumer_logs_when_it_opens_and_closes(start_consumer: StartConsumer) -> None:
    """Also that a real consumer lets tasks go on by itself, and burns no attempt."""
    breaker(task_type="fail_first", of=2, failures=1, pause_s=0.5, tries=1)
    consumer = start_consumer("default")
    ids = [submit("fail_first", number=n) for n in range(4)]
    for task_id in ids[2:]:
        assert wait_for(task_id, "SUCCESS").attempt == 1
    wait_until(
        lambda: "breaker closed: tasks start again" in consumer.text(),
        description="the log says that it is closed",
    )
    opened = re.search(r"breaker opened: (.*) \[.*until=(\S+)", consumer.text())
    assert opened is not None and opened[1] == "2 of the last 2 attempts failed, the others wait"
    assert dt.datetime.fromisoformat(opened[2]).tzinfo is not None


def test_a_killed_consumer_leaves_no_trial_behind(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    breaker(task_type="work_until", tries=1)
    seconds, _ = broker.time()
    broker.hset(limit_keys.breaker("work_until"), mapping={"until": seconds * 1000, "succeeded": 0})
    broker.pexpire(limit_keys.breaker("work_until"), 60_000)
    go_on = tmp_path / "go on"
    trial, waiting = (submit("work_until", go_on=str(go_on)) for _ in range(2))
    consumer = start_consumer("default", concurrency=2)
    wait_for(trial, "STARTED")
    consumer.kill()
    assert tq.get_task(waiting).status == "PENDING"
    go_on.touch()
    start_consumer("default", concurrency=2)
    wait_for(trial, "SUCCESS")
    assert wait_for(waiting, "SUCCESS").attempt == 1
    assert not is_open("work_until")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"failures": 1.5}, "/breaker/failures"),
        ({"failures": 0}, "/breaker/failures"),
        ({"failures": float("nan")}, "/breaker/failures"),
        ({"of": 0}, "/breaker/of"),
        ({"of": 10**12}, "/breaker/of"),
        ({"within_s": 0}, "/breaker/within_s"),
        ({"pause_s": 1e9}, "/breaker/pause_s"),
        ({"tries": 0}, "/breaker/tries"),
    ],
)
def test_rules_that_cannot_be_are_refused(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(tq.InvalidQuery) as refused:
        breaker(**wrong)
    assert refused.value.problems[0].pointer == pointer
    assert tq.limits_of("echo") is None
