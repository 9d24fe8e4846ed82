"""Any sequence of scripts does to Redis what it does to the plain model in `model.py`.

Time goes its own way in Redis, so no outcome here depends on it: leases and delays are over at once
or last for an hour, and what is over after a millisecond is waited for by the server's clock. After
every rule each field, score, number and life time is held against the model.

MODEL_RUN=long looks fifty times as long; MODEL_RUN=short is for `lua_lines.py`.
"""

import json
import os
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import huey_tasks as tq
from huey_tasks import keys
from huey_tasks.scripts import Child, Claim, Commit, NewTask
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts
from tests.engine.model import ENDED, HOUR, QUARTER, SHORT, STATES, WAITING, Model, Moment, Value
from tests.invariants import check_invariants
from tests.waiting import wait_until

TTL_MS = 60_000


class Run(NamedTuple):
    """How long to look: ten sequences from each start."""

    starts: int
    phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink)


RUN = {"": Run(4), "short": Run(3, (Phase.generate,)), "long": Run(300)}[
    os.environ.get("MODEL_RUN", "")
]

broker = tq.default.storage.broker

#: Their order as texts is not the order in which they are mostly submitted.
IDS = [f"{letter}-{n}" for n, letter in enumerate("kchneoabglpdfm")]
WORKERS = ["w0", "w1", "w2"]

TASKS = st.sampled_from(IDS)
LEASES = st.sampled_from([HOUR, 0, QUARTER])
DELAYS = st.sampled_from([0, 0, SHORT, HOUR])
WANTS = st.integers(0, 3)
SOON = st.integers(1, 3)
NUMBERS = st.integers(0, 5)


def _new_tasks(*expires_ms: int) -> st.SearchStrategy[NewTask]:
    return st.builds(
        NewTask,
        id=TASKS,
        message=st.sampled_from([b"{}", b"other"]),
        type=st.just("echo"),
        priority=st.sampled_from([0, 0, 5, -1]),
        delay_ms=DELAYS,
        max_attempts=SOON,
        retry_delay_s=st.sampled_from([0.0, 2.5]),
        expires_ms=st.sampled_from(expires_ms),
    )


NEW_TASKS = _new_tasks(0, 0, 0, SHORT, HOUR)
FOLLOWING = _new_tasks(0, HOUR)  # a short time would not be over when the same step claims it

CHILDREN = st.one_of(
    st.builds(Child, FOLLOWING),
    st.builds(Child, FOLLOWING, st.just("pair"), st.integers(0, 1), st.just(2)),
    st.builds(Child, FOLLOWING, st.just("trio"), st.integers(0, 2), st.just(3)),
)

#: How an attempt ended, without whose it was.
ENDS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["SUCCESS", "RETRY", "PENDING", "FAILURE", "EXPIRED"]),
        "delay_ms": DELAYS,
        "retries_left": st.integers(0, 2),
        "retry_delay_s": st.sampled_from([0.0, 1.5]),
        "reason": st.sampled_from(["", "why"]),
        "children": st.lists(CHILDREN, max_size=3).map(tuple),
    }
)


class Worker(HandWorker):
    """A worker with what it believes it holds, every claim it ever had, and what it has sent."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.holds: list[Claim] = []
        self.had: list[Claim] = []
        self.given: dict[str, int] = {}  # by token, when
        self.sent: list[tuple[int, tuple[Commit, ...], int, int]] = []


def some_were_given_out(machine: "ScriptsAndModel") -> bool:
    """Whether any claim was ever given out."""
    return any(worker.had for worker in machine.workers.values())


class ScriptsAndModel(RuleBasedStateMachine):
    """Does everything twice, to Redis and to the model, and compares."""

    def __init__(self) -> None:
        super().__init__()
        broker.flushall()
        self.model = Model()
        self.workers = {name: Worker(name) for name in WORKERS}
        self.clocks = [_now()]  # the server's, in ms: before the first rule, and after each
        self.ended: dict[str, dict[str, str]] = {}

    def _worker(self, number: int) -> Worker:
        """One of the workers, of those that hold something if there are any."""
        workers = list(self.workers.values())
        workers = [worker for worker in workers if worker.holds] or workers
        return workers[number % len(workers)]

    def _had(self, back: int) -> tuple[Worker, Claim]:
        """A claim that was given out: the last one, or one further back."""
        had = [(worker, claim) for worker in self.workers.values() for claim in worker.had]
        had.sort(key=lambda pair: (pair[0].given[pair[1].token], pair[1].id))
        return had[-1 - back % len(had)]

    def _commit(self, claim: Claim, end: dict[str, Any]) -> Commit:
        children = tuple(child for child in end["children"] if not self._is_gone(child.task.id))
        return replace(commit(claim, **end), children=children)

    def _is_gone(self, task_id: str) -> bool:
        """Such an id must not be used again yet, see test_script_lines.py."""
        return task_id in self.model.tasks and self.model.tasks[task_id].gone

    # ---- rules: submit, step

    @initialize(news=st.lists(NEW_TASKS, min_size=5, max_size=8), want=st.integers(1, 2))
    def begin(self, news: list[NewTask], want: int) -> None:
        for new in news:
            self.submit(new, again=False)
        for worker in self.workers.values():
            self._step(worker, [], want, HOUR)

    @rule(new=NEW_TASKS, again=st.sampled_from([False, False, False, True]))
    def submit(self, new: NewTask, again: bool) -> None:
        free = [task_id for task_id in IDS if task_id not in self.model.tasks]
        if free and (not again or self._is_gone(new.id)):
            new = replace(new, id=free[0])
        if self._is_gone(new.id):
            return
        assert scripts().submit(QUEUE, new) == self.model.submit(new)

    @rule(number=NUMBERS, ends=st.lists(ENDS, min_size=1, max_size=2), want=WANTS, lease=LEASES)
    def step(self, number: int, ends: list[dict[str, Any]], want: int, lease: int) -> None:
        worker = self._worker(number)
        commits = list(map(self._commit, worker.holds, ends))
        del worker.holds[: len(commits)]
        self._step(worker, commits, want, lease)

    @precondition(lambda self: self.model.ids("PENDING"))
    @rule(name=st.sampled_from(WORKERS), want=WANTS, lease=LEASES)
    def claim(self, name: str, want: int, lease: int) -> None:
        self._step(self.workers[name], [], want, lease)

    @precondition(some_were_given_out)
    @rule(back=NUMBERS, end=ENDS)
    def commit_without_looking(self, back: int, end: dict[str, Any]) -> None:
        worker, claim = self._had(back)
        worker.holds = [held for held in worker.holds if held.token != claim.token]
        self._step(worker, [self._commit(claim, end)], 0, HOUR)

    @rule(name=st.sampled_from(WORKERS), back=st.sampled_from([0, 0, 0, 1, 2]))
    def a_step_arrives_again(self, name: str, back: int) -> None:
        worker = self.workers[name]
        self._send(worker, -1 - back % len(worker.sent))

    @precondition(lambda self: self.model.bell)
    @rule(name=st.sampled_from(WORKERS))
    def wait_for_the_bell(self, name: str) -> None:
        rung = broker.lpop(keys.bell(QUEUE)) is not None
        assert rung == self.model.bell
        self.model.bell = False
        if rung:
            self._step(self.workers[name], [], 1, HOUR)

    def _step(self, worker: Worker, commits: list[Commit], want: int, lease_ms: int) -> None:
        worker.sequence += 1
        worker.sent.append((worker.sequence, tuple(commits), want, lease_ms))
        self._send(worker, -1)

    def _send(self, worker: Worker, which: int) -> None:
        sequence, commits, want, lease_ms = worker.sent[which]
        self._let_short_times_end()
        answer = scripts().step(
            QUEUE, worker.name, sequence, list(commits), want=want, lease_ms=lease_ms, ttl_ms=TTL_MS
        )
        assert answer == self.model.step(worker.name, sequence, commits, want, lease_ms)
        new = [claim for claim in answer[1] if claim not in worker.had]
        worker.given |= {claim.token: self.model.rule for claim in new}
        worker.had += new
        worker.holds += new

    # ---- rules: what supervisors do

    @precondition(some_were_given_out)
    @rule(backs=st.lists(NUMBERS, min_size=1, max_size=3), lease=LEASES, wrong=TASKS)
    def renew(self, backs: list[int], lease: int, wrong: str) -> None:
        held = [(claim.id, claim.token) for _, claim in map(self._had, backs)] + [(wrong, "?")]
        assert scripts().renew(QUEUE, held, lease_ms=lease) == self.model.renew(held, lease)

    @precondition(some_were_given_out)
    @rule(back=NUMBERS, crashed=st.booleans(), max_crashes=SOON)
    def release(self, back: int, crashed: bool, max_crashes: int) -> None:
        _, claim = self._had(back)
        self._release(claim.id, claim.token, crashed, max_crashes)

    @rule(task_id=TASKS, token=st.sampled_from(["?", "w0/1", "w1/1"]), crashed=st.booleans())
    def release_with_a_token(self, task_id: str, token: str, crashed: bool) -> None:
        self._release(task_id, token, crashed, 1)

    def _release(self, task_id: str, token: str, crashed: bool, max_crashes: int) -> None:
        state = scripts().release(
            QUEUE, task_id, token, crashed=crashed, max_crashes=max_crashes, ttl_ms=TTL_MS
        )
        assert state == self.model.release(task_id, token, crashed, max_crashes)

    @precondition(lambda self: self.model.ids("STARTED"))
    @rule(max_losses=SOON, gap=st.sampled_from([False, False, True]))
    def recover(self, max_losses: int, gap: bool) -> None:
        if gap:
            broker.hset(keys.counters(QUEUE), "recovered_at", self.clocks[-1] - HOUR)
        recovered = scripts().recover(QUEUE, max_losses=max_losses, ttl_ms=TTL_MS, lease_ms=HOUR)
        assert set(recovered) == self.model.recover(max_losses, gap)

    @precondition(lambda self: self.model.ids(*WAITING))
    @rule()
    def promote(self) -> None:
        self._let_short_times_end()
        order = [task_id for state in WAITING for task_id in _standing(state)]
        next_s, expected = scripts().promote(QUEUE), self.model.promote(order)
        if next_s is None or expected is None:
            assert next_s == expected
        else:
            assert expected - 600 < next_s <= expected

    @precondition(lambda self: self.model.ids(*ENDED))
    @rule(old=st.booleans(), cap=st.integers(0, 3))
    def prune(self, old: bool, cap: int) -> None:
        orders = [_standing(state) for state in ENDED]
        pruned = scripts().prune(QUEUE, ttl_ms=0 if old else HOUR, cap=cap)
        assert pruned == self.model.prune(orders, 0 if old else cap)
        self.ended = {i: fields for i, fields in self.ended.items() if i in self.model.tasks}

    # ---- rules: what people and tasks do

    @rule(task_id=TASKS, request=st.sampled_from(["first", "second"]))
    def cancel(self, task_id: str, request: str) -> None:
        before = scripts()._run(
            "cancel", QUEUE, id=task_id, reason="unwanted", ttl_ms=TTL_MS, request=request
        )
        assert before.decode() == self.model.cancel(task_id, "unwanted", request)

    @rule(paused=st.sampled_from([False, False, True]))
    def pause_or_resume(self, paused: bool) -> None:
        scripts().pause(QUEUE, paused=paused)
        self.model.pause(paused)

    @precondition(lambda self: len(self.model.ids("PENDING")) > 3)
    @rule()
    def purge(self) -> None:
        assert scripts().purge(QUEUE, "purged", ttl_ms=TTL_MS) == self.model.purge("purged")

    @precondition(some_were_given_out)
    @rule(back=NUMBERS, text=st.sampled_from(["half", "done"]))
    def tell(self, back: int, text: str) -> None:
        _, claim = self._had(back)
        held = scripts().progress(QUEUE, claim.id, claim.token, text)
        assert held == self.model.progress(claim.id, claim.token, text)
        held = scripts().log(QUEUE, claim.id, claim.token, text)
        assert held == self.model.write_log(claim.id, claim.token, text)

    @rule()
    def redis_forgets_the_scripts(self) -> None:
        broker.script_flush()

    @precondition(lambda self: self.model.ids(*ENDED))
    @rule(task_id=TASKS)
    def the_record_of_an_ended_task_expires(self, task_id: str) -> None:
        task = self.model.tasks.get(task_id)
        if task is not None and task.state in ENDED:
            broker.delete(keys.task(QUEUE, task_id), keys.log(QUEUE, task_id))
            task.gone = True
            self.ended.pop(task_id, None)

    # ---- after every rule

    def _let_short_times_end(self) -> None:
        """Wait until what takes a millisecond is over, by the server's clock."""
        moments = [v for task in self.model.tasks.values() for v in task.notes.values()]
        begun = [m.rule for m in moments if isinstance(m, Moment) and m.plus_ms == SHORT]
        if begun:
            after = self.clocks[max(begun) + 1 :]
            over_at = (after[0] if after else _now()) + SHORT
            wait_until(lambda: _now() > over_at, description="short times are over")

    def _holds_at(self, moment: Moment, value: float) -> bool:
        before, after = self.clocks[moment.rule : moment.rule + 2]
        return before <= value - moment.plus_ms <= after

    def _same(self, found: dict[str, str], expected: dict[str, Value], what: str) -> None:
        for name in found.keys() | expected.keys():
            value, wanted = found.get(name), expected.get(name)
            if isinstance(wanted, Moment):
                assert value is not None, f"{what} has no {name}"
                assert self._holds_at(wanted, float(value)), f"{name} of {what} at another time"
            else:
                assert value == wanted, f"{name} of {what}"

    @invariant()
    def redis_is_as_the_model_says(self) -> None:
        look = Look(self.model)
        self.clocks.append(look.now_ms)
        self._check_tasks(look)
        self._check_indexes(look)
        self._check_slots_and_gates(look)
        self._check_numbers(look)
        self.model.rule += 1

    def _check_tasks(self, look: "Look") -> None:
        for task_id, task in self.model.tasks.items():
            found, life_ms = look.tasks[task_id]
            log, log_life_ms = look.logs.get(task_id, ([], -2))
            if task.gone:
                assert not found and not log
                continue
            self._same(found, task.fields(), f"task {task_id}")
            assert log == task.log
            ended = task.state in ENDED
            for life in [life_ms, log_life_ms] if log else [life_ms]:
                assert 0 < life <= TTL_MS if ended else life == -1
            if ended:
                assert self.ended.setdefault(task_id, found) == found, "it changed after its end"

    def _check_indexes(self, look: "Look") -> None:
        tasks = self.model.tasks
        for state in STATES:
            assert look.indexes[state].keys() == set(self.model.ids(state)), state
            for task_id, score in look.indexes[state].items():
                wanted = tasks[task_id].score
                exact = not isinstance(wanted, Moment)
                assert score == wanted if exact else self._holds_at(wanted, score), task_id
        assert list(look.indexes["PENDING"]) == self.model.ids("PENDING")
        assert look.indexes["submitted"].keys() == tasks.keys()
        assert look.indexes["dead"].keys() == self.model.dead.keys()
        for task_id, score in look.indexes["dead"].items():
            assert self._holds_at(self.model.dead[task_id], score)
        for task_id, score in look.indexes["submitted"].items():
            submitted_at = tasks[task_id].notes["submitted_at"]
            assert isinstance(submitted_at, Moment) and self._holds_at(submitted_at, score)

    def _check_slots_and_gates(self, look: "Look") -> None:
        for name, (found, life_ms) in look.slots.items():
            answered = self.model.slots.get(name)
            assert bool(found) == (answered is not None)
            if answered is not None:
                assert int(found["sequence"]) == answered.sequence
                assert list(json.loads(found["accepted"])) == [int(ok) for ok in answered.accepted]
                assert list(json.loads(found["claimed"])) == answered.claimed
                assert 0 < life_ms <= 600_000
        for name, (members, life_ms) in look.gates.items():
            assert members == self.model.gates.get(name, set())
            assert life_ms == -2 if not members else 0 < life_ms <= TTL_MS

    def _check_numbers(self, look: "Look") -> None:
        model, stats = self.model, scripts().stats([QUEUE])[0]
        for state in STATES:
            total = model.totals[state] if state in ENDED else len(model.ids(state))
            assert stats[state] == total, state
        assert stats["SUBMITTED"] == model.totals["SUBMITTED"] == sum(stats[s] for s in STATES)
        assert (stats["consumers"], stats["workers"]) == (0, 0)
        assert stats["paused"] == int(bool(model.paused))
        assert (stats["oldest_waiting_ms"] == -1) == (not model.ids("PENDING"))
        expected: dict[str, Value] = {name: str(n) for name, n in model.totals.items() if n}
        if model.recovered_at is not None:
            expected["recovered_at"] = model.recovered_at
        if model.paused is not None:
            expected["paused"] = str(int(model.paused))
        self._same(look.counters, expected, "the counters")
        assert look.bell == int(model.bell)

    def teardown(self) -> None:
        check_invariants(broker)


class Look:
    """All that Redis keeps of a queue, in one round trip."""

    def __init__(self, model: Model) -> None:
        tasks, gates = model.tasks, ["pair", "trio"]
        told = [task_id for task_id, task in tasks.items() if task.log]
        with broker.pipeline(transaction=False) as pipe:
            pipe.time().llen(keys.bell(QUEUE)).hgetall(keys.counters(QUEUE))
            for key in _indexes().values():
                pipe.zrange(key, 0, -1, withscores=True)
            for name in WORKERS:
                pipe.hgetall(keys.slot(QUEUE, name)).pttl(keys.slot(QUEUE, name))
            for name in gates:
                pipe.smembers(keys.gate(QUEUE, name)).pttl(keys.gate(QUEUE, name))
            for task_id in tasks:
                pipe.hgetall(keys.task(QUEUE, task_id)).pttl(keys.task(QUEUE, task_id))
            for task_id in told:
                pipe.lrange(keys.log(QUEUE, task_id), 0, -1).pttl(keys.log(QUEUE, task_id))
            replies = iter(pipe.execute())
        self.now_ms = _ms(next(replies))
        self.bell: int = next(replies)
        self.counters = _text(next(replies))
        self.indexes = {name: {i.decode(): s for i, s in next(replies)} for name in _indexes()}
        self.slots = {name: (_text(next(replies)), next(replies)) for name in WORKERS}
        self.gates = {name: ({int(m) for m in next(replies)}, next(replies)) for name in gates}
        self.tasks = {task_id: (_text(next(replies)), next(replies)) for task_id in tasks}
        self.logs = {task_id: (_lines(next(replies)), next(replies)) for task_id in told}


def _indexes() -> dict[str, str]:
    states = {state: keys.index(QUEUE, state) for state in STATES}
    return states | {"submitted": keys.submitted(QUEUE), "dead": keys.dead(QUEUE)}


def _standing(state: str) -> list[str]:
    """The ids in one index, by their scores."""
    return [task_id.decode() for task_id in broker.zrange(keys.index(QUEUE, state), 0, -1)]


def _text(fields: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}


def _lines(lines: list[bytes]) -> list[str]:
    return [line.decode() for line in lines]


def _ms(clock: tuple[int, int]) -> int:
    return clock[0] * 1000 + clock[1] // 1000


def _now() -> int:
    """The server's clock."""
    return _ms(broker.time())


@pytest.mark.timeout(0)  # a failing sequence takes a minute to shrink
@pytest.mark.parametrize("start", range(RUN.starts))
def test_the_scripts_do_what_the_plain_model_does(start: int) -> None:
    # Hypothesis varies its first ten sequences freely, and repeats parts of them after that.
    run = settings(
        max_examples=10,
        stateful_step_count=40,
        phases=RUN.phases,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(seed(start)(ScriptsAndModel), settings=run)
