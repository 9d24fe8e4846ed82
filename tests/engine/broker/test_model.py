"""Any sequence of scripts does to Redis what it does to the plain model in `model.py`.

Time goes its own way in Redis, so no outcome here depends on it: leases and delays are over at once
or last for an hour, and what is over after a millisecond is waited for by the server's clock. After
every rule each field, score, number and life time is held against the model.

MODEL_RUN=long looks fifty times as long; MODEL_RUN=short is for `lua_lines.py`.
"""

import json
import os
from collections.abc import Mapping, Sequence
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
from huey_tasks.broker import event_keys, huey_keys, keys, webhook_keys
from huey_tasks.broker.protocol import About, Cause, Claim, Commit, Gate, NewTask, only_of
from huey_tasks.broker.step import Step
from huey_tasks.broker.task_hash import TaskHash
from huey_tasks.errors import QueueDraining
from huey_tasks.webhooks.records import End
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts
from tests.engine.model import (
    ENDED,
    HOUR,
    PAUSE,
    QUARTER,
    SHORT,
    SMALL_BYTES,
    STATES,
    WAITING,
    Model,
    ModelTask,
    Moment,
    Value,
)
from tests.engine.snapshot import SPANS, Snapshot, clock_ms, history, standing
from tests.engine.watcher import Watcher
from tests.invariants import check_invariants
from tests.waiting import wait_until

TTL_MS = 60_000

#: What an ended task may still receive.
AFTERWARDS = ("stopped_at", "retried_as")


class Run(NamedTuple):
    """How long to look: ten sequences from each start."""

    starts: int
    phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink)


RUN = {"": Run(4), "short": Run(3, (Phase.generate,)), "long": Run(300)}[
    os.environ.get("MODEL_RUN", "")
]

broker = tq.default.broker.redis

#: Their order as texts is not the order in which they are mostly submitted.
IDS = [f"{letter}-{n}" for n, letter in enumerate("kchneoabglpdfm")]

#: The tasks behind gates; the last of them is mostly a task like any other.
GATES = ["join", "after", IDS[-1]]

#: Two of one consumer and one of another, which begins with the name of a worker.
WORKERS = ["c/w", "c/w1", "c/w/x", "d/w", "d-alone/w"]

#: Their consumers, and what each may say that it knows.
CONSUMERS = ["c", "d", "d-alone"]
KNOWN = [["echo"], ["fail"], ["echo", "fail"], None]
HOLDERS = [*WORKERS, "c", "c/", "c/w1/", "c", "d", "d-alone"]

LOCKS = ["press", "scale"]
BLOCKERS = ["lock:press", "lock:scale", "limit:2:meter"]
MODES = ["paused", "draining", "flowing", "flowing"]
CONTENTS = [b"{}", b"other", '{"ä": "\\"/\\u0000\\n"}'.encode()]

#: What a worker may know of the types: nothing, that both are short, or one of them.
SHORT_TYPES = ["{}", '{"echo": 1, "fail": 2.5}', '{"echo": 1, "fail": 2.5}', '{"echo": 2}']

TASKS = st.sampled_from(IDS)
LEASES = st.sampled_from([HOUR, 0, QUARTER])
DELAYS = st.sampled_from([0, 0, SHORT, HOUR])
WANTS = st.integers(0, 4)
SOON = st.integers(1, 3)
NUMBERS = st.integers(0, 5)
PACES = st.sampled_from(SHORT_TYPES)
REQUESTS = st.sampled_from(["first", "second"])


#: Mostly none; a key with one body or another, a unique task, and both.
KEYS = [{"key": "k", "body": body} for body in ("one", "one", "other")]
UNIQUE = {"unique": "u", "unique_ms": HOUR}
ONCE = ["", "", "", *(json.dumps(one) for one in [*KEYS, UNIQUE, UNIQUE, KEYS[0] | UNIQUE])]


def _new_tasks(
    ids: st.SearchStrategy[str], *expires_ms: int, once: Sequence[str] = ("",)
) -> st.SearchStrategy[NewTask]:
    return st.builds(
        NewTask,
        id=ids,
        message=st.sampled_from(CONTENTS),
        type=st.sampled_from(["echo", "echo", "fail"]),
        priority=st.sampled_from([0, 0, 5, -1]),
        delay_ms=DELAYS,
        max_attempts=SOON,
        retry_delay_s=st.sampled_from([0.0, 2.5]),
        expires_ms=st.sampled_from(expires_ms),
        gate=st.sampled_from(["", "", *GATES[:2], *GATES]),
        passes_on=st.booleans(),
        tags=st.just(""),
        host=st.just(""),
        invocation=st.just(""),
        queue=st.just(""),  # the model is of one queue
        once=st.sampled_from(once),
        webhook_url=st.sampled_from(["", "", "https://example.com"]),
        flow=st.just(""),  # flows have tests of their own
        submitted_by=st.sampled_from(["", "", "billing"]),
    )


#: Tasks without options wait for nothing but a worker, and nothing waits for them.
_PLAIN_FIELDS = st.tuples(TASKS, st.sampled_from(CONTENTS), st.just("echo"), SOON)
PLAIN_TASKS = _PLAIN_FIELDS.map(lambda fields: NewTask(*fields))
NEW_TASKS = _new_tasks(TASKS, 0, 0, 0, SHORT, HOUR, once=ONCE) | PLAIN_TASKS

# What follows has no short time: it would not be over when the same step claims it.
FOLLOWING = _new_tasks(TASKS, 0, HOUR)
OPENED = st.builds(Gate, st.sampled_from([1, 1, 2, 3]), _new_tasks(st.sampled_from(GATES), 0, HOUR))

CAUSES = [Cause(name * 16, "ValueError", "m.py:f", f"why {name}") for name in "ab"]

#: The largest outcome that a task keeps itself, and a larger one.
SIZES = (SMALL_BYTES, SMALL_BYTES + 1)

#: How an attempt ended, without whose it was.
ENDS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(
            ["SUCCESS", "RETRY", "PENDING", "FAILURE", "EXPIRED", "DEAD", "STOPPED", "UNBEGUN"]
        ),
        "delay_ms": DELAYS,
        "retries_left": st.integers(0, 2),
        "retry_delay_s": st.sampled_from([0.0, 1.5]),
        "reason": st.sampled_from(["", "why"]),
        "blocked_on": st.sampled_from(["", "", *BLOCKERS]),
        "children": st.lists(FOLLOWING, max_size=3).map(tuple),
        "gates": st.lists(OPENED, max_size=1).map(tuple),
        "cause": st.sampled_from([None, *CAUSES]),
        "outcome": st.sampled_from([b"", b"{}", b"{}", *(b"x" * size for size in SIZES)]),
        "about": st.sampled_from([None, About("echo", 1, 0.0004, ""), About("fail", 1, 0.7, "")]),
    }
)

#: How most attempts end; a step of these is plain if what it claims is so too.
PLAIN_ENDS = st.fixed_dictionaries(
    {
        "state": st.just("SUCCESS"),
        "outcome": st.just(b"{}"),
        "about": st.sampled_from([About("echo", 1, 0.0004, ""), About("fail", 1, 0.7, "")]),
    }
)


class SentStep(NamedTuple):
    """A step as it was sent."""

    sequence: int
    commits: tuple[Commit, ...]
    want: int
    lease_ms: int
    worth: str
    outcomes: Sequence[bytes]
    announces: bool


class Worker(HandWorker):
    """A worker with what it believes it holds, every claim it ever had, and what it has sent."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.holds: list[Claim] = []
        self.had: list[Claim] = []
        self.given: dict[str, int] = {}  # by token, when
        self.sent: list[SentStep] = []


def some_were_given_out(machine: "ScriptsAndModel") -> bool:
    """Whether any task was ever claimed."""
    return any(worker.had for worker in machine.workers.values())


class ScriptsAndModel(RuleBasedStateMachine):
    """Does everything twice, to Redis and to the model, and compares."""

    is_watched = True

    def __init__(self) -> None:
        super().__init__()
        broker.flushall()
        self.model = Model()
        self.watcher = Watcher() if self.is_watched else None
        if self.is_watched:
            self.model.wanted = {"EXPIRED|", "FAILURE|fail"}
            broker.sadd(webhook_keys.wanted(), *self.model.wanted)
        self.workers = {name: Worker(name) for name in WORKERS}
        self.clocks = [clock_ms()]  # the server's, in ms: before the first rule, and after each
        self.ended: dict[str, dict[str, str]] = {}

    def _worker(self, number: int) -> Worker:
        """One of the workers, of those that hold something if there are any."""
        workers = list(self.workers.values())
        workers = [worker for worker in workers if worker.holds] or workers
        return workers[number % len(workers)]

    def _had(self, back: int) -> tuple[Worker, Claim]:
        """Return a claim that was made: the last one, or an earlier one."""
        had = [(worker, claim) for worker in self.workers.values() for claim in worker.had]
        had.sort(key=lambda pair: (pair[0].given[pair[1].token], pair[1].id))
        return had[-1 - back % len(had)]

    # ---- rules: submit, step

    @initialize(
        news=st.lists(NEW_TASKS, min_size=5, max_size=8),
        gates=st.lists(OPENED, min_size=1, max_size=2),
        want=st.integers(1, 2),
    )
    def begin(self, news: list[NewTask], gates: list[Gate], want: int) -> None:
        self.submit(news, gates, again=False, may_refuse=False)
        for worker in self.workers.values():
            self._step(worker, [], want, HOUR)

    @rule(
        news=st.lists(NEW_TASKS, min_size=1, max_size=2),
        gates=st.lists(OPENED, max_size=1),
        again=st.sampled_from([False, False, False, True]),
        may_refuse=st.booleans(),
    )
    def submit(self, news: list[NewTask], gates: list[Gate], again: bool, may_refuse: bool) -> None:
        free = [task_id for task_id in IDS if task_id not in self.model.tasks]
        if not again:
            news = [new._replace(id=i) for new, i in zip(news, free, strict=False)] or news
        try:
            expected = self.model.submit(news, gates, may_refuse)
        except QueueDraining:
            with pytest.raises(QueueDraining):
                scripts().submit(QUEUE, news, gates, may_refuse=may_refuse)
        else:
            assert scripts().submit(QUEUE, news, gates, may_refuse=may_refuse) == expected

    @rule(
        number=NUMBERS,
        ends=st.lists(ENDS | PLAIN_ENDS, min_size=1, max_size=2),
        want=WANTS,
        lease=LEASES,
        pace=PACES,
        announces=st.booleans(),
    )
    def step(
        self,
        number: int,
        ends: list[dict[str, Any]],
        want: int,
        lease: int,
        pace: str,
        announces: bool,
    ) -> None:
        worker = self._worker(number)
        outcomes = [end.pop("outcome") for end in ends[: len(worker.holds)]]
        commits = [commit(claim, **end) for claim, end in zip(worker.holds, ends, strict=False)]
        del worker.holds[: len(commits)]
        self._step(worker, commits, want, lease, pace, outcomes, announces=announces)

    @precondition(lambda self: self.model.ids("PENDING"))
    @rule(
        name=st.sampled_from(WORKERS), want=WANTS, lease=LEASES, pace=PACES, announces=st.booleans()
    )
    def claim(self, name: str, want: int, lease: int, pace: str, announces: bool) -> None:
        self._step(self.workers[name], [], want, lease, pace, announces=announces)

    @precondition(lambda self: any(worker.holds for worker in self.workers.values()))
    @rule(number=NUMBERS, news=st.lists(PLAIN_TASKS, min_size=1, max_size=3), want=WANTS)
    def all_goes_well(self, number: int, news: list[NewTask], want: int) -> None:
        worker = self._worker(number)
        self.submit(news, [], again=False, may_refuse=True)
        about = About("echo", 1, 0.0004, "")
        commits = [commit(claim, "SUCCESS", about=about) for claim in worker.holds]
        worker.holds.clear()
        self._step(worker, commits, want, HOUR, SHORT_TYPES[1], [b"{}"] * len(commits))

    @precondition(lambda self: any(worker.holds for worker in self.workers.values()))
    @rule(number=NUMBERS, on=st.sampled_from(BLOCKERS))
    def it_cannot_get_what_another_has(self, number: int, on: str) -> None:
        worker = self._worker(number)
        claim = worker.holds.pop(0)
        kind, _, name = on.partition(":")
        if kind == "lock":
            self._lock(name, ("", ""), 0, HOUR, f"at {self.model.rule}")
        self._step(worker, [commit(claim, "PENDING", blocked_on=on, delay_ms=HOUR)], 0, HOUR)

    @precondition(lambda self: self.model.ids("PENDING"))
    @rule(name=st.sampled_from(["c/w", "d/w"]), want=st.integers(1, 4), limit=st.integers(2, 4))
    def a_consumer_dies_twice_with_the_same(self, name: str, want: int, limit: int) -> None:
        consumer = name.partition("/")[0]
        for _ in range(2):
            self._step(self.workers[name], [], want, HOUR, SHORT_TYPES[1])
            self._release(consumer, "losses", "*", limit)
            self.redis_is_as_the_model_says()

    @precondition(some_were_given_out)
    @rule(back=NUMBERS, end=ENDS | PLAIN_ENDS)
    def commit_without_looking(self, back: int, end: dict[str, Any]) -> None:
        worker, claim = self._had(back)
        worker.holds = [held for held in worker.holds if held.token != claim.token]
        outcome = end.pop("outcome")
        self._step(worker, [commit(claim, **end)], 0, HOUR, outcomes=[outcome])

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

    def _step(
        self,
        worker: Worker,
        commits: list[Commit],
        want: int,
        lease_ms: int,
        pace: str = "{}",
        outcomes: Sequence[bytes] = (),
        *,
        announces: bool = False,
    ) -> None:
        worker.sequence += 1
        sent = outcomes if any(outcomes) else ()
        worker.sent.append(
            SentStep(worker.sequence, tuple(commits), want, lease_ms, pace, sent, announces)
        )
        self._send(worker, -1)

    def _send(self, worker: Worker, which: int) -> None:
        sequence, commits, want, lease_ms, pace, outcomes, announces = worker.sent[which]
        self._let_short_times_end()
        step = Step(
            QUEUE,
            worker.name,
            sequence,
            list(commits),
            want=want,
            lease_ms=lease_ms,
            ttl_ms=TTL_MS,
            databases=tq.default.broker.databases,
            outcomes=outcomes,
            worth=pace,
            only=only_of(worker.name),
            announces=announces,
        )
        accepted, texts, revocations = scripts().step(step)
        claims = [Claim.read(text) for text in texts]
        assert (accepted, claims, revocations) == self.model.step(
            worker.name, sequence, commits, want, lease_ms, json.loads(pace), outcomes, announces
        )
        new = [claim for claim in claims if claim not in worker.had]
        worker.given |= {claim.token: self.model.rule for claim in new}
        worker.had += new
        worker.holds += new

    # ---- rules: what supervisors do

    @precondition(some_were_given_out)
    @rule(backs=st.lists(NUMBERS, min_size=1, max_size=3), lease=LEASES, wrong=TASKS)
    def renew(self, backs: list[int], lease: int, wrong: str) -> None:
        held = [(claim.id, claim.token) for _, claim in map(self._had, backs)] + [(wrong, "?")]
        assert set(scripts().renew(QUEUE, held, lease_ms=lease)) == self.model.renew(held, lease)

    @precondition(some_were_given_out)
    @rule(back=NUMBERS, limit=SOON)
    def a_worker_dies(self, back: int, limit: int) -> None:
        worker, claim = self._had(back)
        self._release(worker.name, "crashes", claim.token, limit)

    @precondition(lambda self: self.model.ids("STARTED"))
    @rule(
        holder=st.sampled_from(HOLDERS),
        kind=st.sampled_from(["crashes", "losses"]),
        blamed=st.sampled_from(["*", "*", "", "c/w/1.1"]),
        limit=SOON,
    )
    def something_that_held_tasks_dies(
        self, holder: str, kind: str, blamed: str, limit: int
    ) -> None:
        self._release(holder, kind, blamed, limit)

    def _release(self, holder: str, kind: str, blamed: str, limit: int) -> None:
        order = standing("STARTED")
        released = scripts().release(QUEUE, holder, kind=kind, blamed=blamed, limit=limit)
        assert released == self.model.release(holder, kind, blamed, limit, order)

    @precondition(lambda self: self.model.ids("STARTED"))
    @rule(max_losses=SOON, gap=st.sampled_from([False, False, True]))
    def recover(self, max_losses: int, gap: bool) -> None:
        if gap:
            broker.hset(keys.counters(QUEUE), "recovered_at", self.clocks[-1] - HOUR)
        order = standing("STARTED")
        recovered = scripts().recover(QUEUE, max_losses=max_losses, lease_ms=HOUR)
        assert recovered == self.model.recover(max_losses, gap, order)

    @precondition(some_were_given_out)
    @rule(back=NUMBERS, token=st.sampled_from(["", "", "its own", "?"]))
    def a_cancelled_worker_is_free(self, back: int, token: str) -> None:
        _, claim = self._had(back)
        token = claim.token if token == "its own" else token
        scripts().stopped(QUEUE, claim.id, token)
        self.model.stopped(claim.id, token)

    @precondition(lambda self: self.model.ids(*WAITING) or self.model.awaited_things)
    @rule(looks=st.booleans())
    def promote(self, looks: bool) -> None:
        self._let_short_times_end()
        self._let_pauses_end()
        for on in self.model.awaited_things:
            at = 0 if looks else self.clocks[-1] + HOUR
            broker.zadd(keys.awaited(QUEUE), {on: at})
        order = [task_id for state in WAITING for task_id in standing(state)]
        next_s = scripts().promote(QUEUE, lease_ms=HOUR)
        expected = self.model.promote(order, looks)
        if next_s is None or expected is None:
            assert next_s == expected
        else:
            assert expected - 600 < next_s <= expected

    @precondition(lambda self: self.model.expiring)
    @rule()
    def expire(self) -> None:
        self._let_short_times_end()
        order = [task_id.decode() for task_id in broker.zrange(keys.expiring(QUEUE), 0, -1)]
        next_s, expected = scripts().expire(QUEUE), self.model.expire(order)
        if next_s is None or expected is None:
            assert next_s == expected
        else:
            assert expected - 600 < next_s <= expected

    @precondition(lambda self: self.model.ids(*ENDED))
    @rule(old=st.booleans(), cap=st.integers(0, 3))
    def prune(self, old: bool, cap: int) -> None:
        orders = [standing(state) for state in ENDED]
        pruned = scripts().prune(QUEUE, ttl_ms=0 if old else HOUR, cap=cap)
        assert pruned == (self.model.prune(orders, old, cap), False)
        self.ended = {i: kept for i, kept in self.ended.items() if i in self.model.tasks}

    # ---- rules: what people and tasks do

    @rule(task_id=TASKS, request=REQUESTS)
    def cancel(self, task_id: str, request: str) -> None:
        before = scripts().run(
            "cancel", QUEUE, id=task_id, reason="unwanted", request=request,
            operation="",
        )  # fmt: skip
        assert before.decode() == self.model.cancel(task_id, "unwanted", request)

    @precondition(lambda self: self.model.ids(*ENDED))
    @rule(back=NUMBERS, any_id=TASKS, new=NEW_TASKS)
    def retry(self, back: int, any_id: str, new: NewTask) -> None:
        failed = self.model.ids("FAILURE", "REVOKED", "EXPIRED")
        task_id = failed[-1 - back % len(failed)] if failed and back else any_id
        new = new._replace(id=f"again-{self.model.rule}")
        assert scripts().retry(QUEUE, task_id, new) == self.model.retry(task_id, new)

    @rule(task_id=TASKS)
    def wait_for_its_end(self, task_id: str) -> None:
        assert scripts().awaited(QUEUE, task_id) == self.model.awaited(task_id)

    @rule(mode=st.sampled_from(MODES))
    def change_the_mode(self, mode: str) -> None:
        scripts().mode(QUEUE, mode)
        self.model.mode(mode)

    @precondition(some_were_given_out)
    @rule(
        name=st.sampled_from(LOCKS),
        back=NUMBERS,
        in_task=st.sampled_from([True, True, True, False]),
        ttl_ms=st.sampled_from([0, HOUR]),
        lease=st.sampled_from([HOUR, HOUR, 0]),
        request=REQUESTS,
    )
    def lock(
        self, name: str, back: int, in_task: bool, ttl_ms: int, lease: int, request: str
    ) -> None:
        _, claim = self._had(back)
        self._lock(name, (claim.id, claim.token) if in_task else ("", ""), ttl_ms, lease, request)

    def _lock(
        self, name: str, holder: tuple[str, str], ttl_ms: int, lease_ms: int, request: str
    ) -> None:
        task_id, token = holder
        taken = scripts().run(
            "lock", QUEUE, name=name, id=task_id, token=token, home=keys.root(QUEUE),
            ttl_ms=ttl_ms, lease_ms=lease_ms, request=request,
        )  # fmt: skip
        assert bool(taken) == self.model.lock(name, *holder, ttl_ms, lease_ms, request)

    @precondition(lambda self: self.model.locks)
    @rule(
        name=st.sampled_from(LOCKS),
        back=NUMBERS,
        which=st.sampled_from(["", "*", "its own"]),
        request=REQUESTS,
    )
    def unlock(self, name: str, back: int, which: str, request: str) -> None:
        _, claim = self._had(back)
        token = claim.token if which == "its own" else which
        freed = scripts().run("unlock", QUEUE, name=name, token=token, others="", request=request)
        assert bool(freed) == self.model.unlock(name, token, request)

    @precondition(lambda self: len(self.model.ids("PENDING")) > 3)
    @rule()
    def purge(self) -> None:
        assert scripts().purge(QUEUE, "purged") == self.model.purge("purged")

    @precondition(some_were_given_out)
    @rule(back=NUMBERS, text=st.sampled_from(["half", "done"]))
    def tell(self, back: int, text: str) -> None:
        _, claim = self._had(back)
        held = scripts().progress(QUEUE, claim.id, claim.token, text)
        assert held == self.model.progress(claim.id, claim.token, text)
        held = scripts().log(QUEUE, claim.id, claim.token, text)
        assert held == self.model.write_log(claim.id, claim.token, text)
        assert held == scripts().emit(QUEUE, claim.id, claim.token, text)

    @rule(kind=st.sampled_from(["tasks", "types"]), any_left=st.booleans())
    def revoke_in_hueys_way(self, kind: str, any_left: bool) -> None:
        key = huey_keys.revocations(QUEUE, kind)
        broker.set(key, 1) if any_left else broker.delete(key)
        self.model.revocations = any(
            broker.exists(huey_keys.revocations(QUEUE, kind)) for kind in ("tasks", "types")
        )

    @rule(consumer=st.sampled_from(CONSUMERS), types=st.sampled_from(KNOWN))
    def a_consumer_says_what_it_knows_or_is_forgotten(
        self, consumer: str, types: list[str] | None
    ) -> None:
        if types is None:
            broker.delete(keys.consumer(QUEUE, consumer))
            self.model.knows.pop(consumer, None)
        else:
            scripts().knows(QUEUE, consumer, types)
            self.model.knows.setdefault(consumer, set()).update(types)

    @rule()
    def redis_forgets_the_scripts(self) -> None:
        broker.script_flush()

    @precondition(lambda self: self.model.ids(*ENDED))
    @rule(task_id=TASKS)
    def somebody_erases_the_record_of_an_ended_task(self, task_id: str) -> None:
        task = self.model.tasks.get(task_id)
        if task is not None and task.state in ENDED and task_id not in self.model.dead:
            broker.delete(keys.task(QUEUE, task_id), keys.log(QUEUE, task_id))
            broker.delete(event_keys.partials(QUEUE, task_id))
            task.gone = True
            self.ended.pop(task_id, None)

    # ---- after every rule

    def _let_short_times_end(self) -> None:
        """Wait until what takes a millisecond is over, by the server's clock."""
        moments = [v for task in self.model.tasks.values() for v in task.notes.values()]
        begun = [m.rule for m in moments if isinstance(m, Moment) and m.plus_ms == SHORT]
        if begun:
            after = self.clocks[max(begun) + 1 :]
            over_at = (after[0] if after else clock_ms()) + SHORT
            wait_until(lambda: clock_ms() > over_at, description="short times are over")

    def _let_pauses_end(self) -> None:
        """Wait until those that pause after a crash are due, by the server's clock."""
        scores = [self.model.tasks[task_id].score for task_id in self.model.ids("RETRY")]
        begun = [s.rule for s in scores if isinstance(s, Moment) and s.plus_ms == PAUSE]
        if begun:
            over_at = self.clocks[max(begun) + 1] + PAUSE
            wait_until(lambda: clock_ms() > over_at, description="pauses are over")

    def _holds_at(self, moment: Moment, value: float) -> bool:
        before, after = self.clocks[moment.rule : moment.rule + 2]
        return before <= value - moment.plus_ms <= after

    def _same(self, found: dict[str, str], expected: Mapping[str, Value], what: str) -> None:
        for name in found.keys() | expected.keys():
            value, wanted = found.get(name), expected.get(name)
            if isinstance(wanted, Moment):
                assert value is not None, f"{what} has no {name}"
                assert self._holds_at(wanted, float(value)), f"{name} of {what} at another time"
            else:
                assert value == wanted, f"{name} of {what}"

    @invariant()
    def redis_is_as_the_model_says(self) -> None:
        snapshot = Snapshot(self.model, WORKERS, GATES, LOCKS)
        self.clocks.append(snapshot.now_ms)
        self._check_tasks(snapshot)
        self._check_indexes(snapshot)
        self._check_slots(snapshot)
        self._check_outcomes()
        self._check_gates_and_locks(snapshot)
        self._check_numbers(snapshot)
        self._check_failures()
        if self.watcher is not None:
            self.watcher.check(self.model)
        self._check_outbox()
        self.model.rule += 1

    def _check_tasks(self, snapshot: Snapshot) -> None:
        for task_id, task in self.model.tasks.items():
            found, life_ms = snapshot.tasks[task_id]
            log, log_life_ms = snapshot.logs.get(task_id, ([], -2))
            if task.gone:
                assert not found and not log
                continue
            self._check_attempts(found.pop("attempts", ""), task)
            self._same(found, task.fields(), f"task {task_id}")
            assert log == task.log
            assert {life_ms, log_life_ms} <= {-1, -2}, "prune removes it, not its age"
            if task.state in ENDED:
                kept = {name: value for name, value in found.items() if name not in AFTERWARDS}
                assert self.ended.setdefault(task_id, kept) == kept, "it changed after its end"

    def _check_attempts(self, stored: str, task: ModelTask) -> None:
        lines = TaskHash({"attempts": stored}).attempts
        assert len(lines) == len(task.attempts)
        for line, wanted in zip(lines, task.attempts, strict=True):
            assert isinstance(wanted.started, Moment)
            assert self._holds_at(wanted.started, line.started_ms)
            assert self._holds_at(wanted.ended, line.ended_ms)
            same = {"started_ms": line.started_ms, "ended_ms": line.ended_ms}
            told_of = (wanted.attempt, wanted.state, wanted.token, wanted.error)
            assert (line.attempt, line.state, line.token, line.error) == told_of, same

    def _check_outbox(self) -> None:
        posted = broker.zrange(webhook_keys.outbox(QUEUE), 0, -1)
        ends = [End.read(entry) for entry in posted]
        assert {(e.task_id, e.state, e.task_type, e.url) for e in ends} == self.model.posted

    def _check_failures(self) -> None:
        model = self.model
        found = {i.decode(): c.decode() for i, c in broker.hgetall(keys.causes(QUEUE)).items()}
        assert found == model.causes
        seen = dict(broker.zrange(keys.failures(QUEUE), 0, -1, withscores=True))
        assert {name.decode() for name in seen} == model.groups.keys()
        kinds: dict[str, set[str]] = {}
        for name, group in model.groups.items():
            assert self._holds_at(group.last_seen, seen[name.encode()])
            scores = dict(broker.zrange(keys.failed(QUEUE, name), 0, -1, withscores=True))
            assert {i.decode() for i in scores} == group.failed.keys()
            for task_id, failed_at in group.failed.items():
                score = scores[task_id.encode()]
                assert (score < 0) == (task_id in group.retried)
                assert self._holds_at(failed_at, abs(score))
            about = {
                k.decode(): v.decode() for k, v in broker.hgetall(keys.failure(QUEUE, name)).items()
            }
            kinds.setdefault(about.pop("kind"), set()).add(name)
            hours = [int(about.pop(field)) for field in list(about) if field.startswith("hour.")]
            assert sum(hours) == group.seen
            cause = dict(zip(("type", "frame", "message"), group.cause, strict=True))
            types = {f"task.{task_type}": str(n) for task_type, n in group.types.items()}
            times = {"first_seen": group.first_seen, "last_seen": group.last_seen}
            self._same(about, {**cause, **types, **times, "sample": group.sample}, f"group {name}")
        for kind, names in kinds.items():
            assert {n.decode() for n in broker.smembers(keys.messages(QUEUE, kind))} == names
        assert len(broker.keys(keys.messages(QUEUE, "*"))) == len(kinds)

    def _check_indexes(self, snapshot: Snapshot) -> None:
        tasks = self.model.tasks
        for state in STATES:
            assert snapshot.indexes[state].keys() == set(self.model.ids(state)), state
            for task_id, score in snapshot.indexes[state].items():
                wanted = tasks[task_id].score
                exact = not isinstance(wanted, Moment)
                assert score == wanted if exact else self._holds_at(wanted, score), task_id
        assert list(snapshot.indexes["PENDING"]) == self.model.ids("PENDING")
        assert snapshot.indexes["submitted"].keys() == tasks.keys()
        assert snapshot.indexes["dead"].keys() == self.model.dead.keys()
        for task_id, score in snapshot.indexes["dead"].items():
            assert self._holds_at(self.model.dead[task_id], score)
        assert snapshot.indexes["expiring"].keys() == self.model.expiring.keys()
        for task_id, score in snapshot.indexes["expiring"].items():
            assert self._holds_at(self.model.expiring[task_id], score)
        assert snapshot.indexes["stopping"].keys() == self.model.stopping.keys()
        for task_id, score in snapshot.indexes["stopping"].items():
            assert self._holds_at(self.model.stopping[task_id], score)
        for task_id, score in snapshot.indexes["submitted"].items():
            submitted_at = tasks[task_id].notes["submitted_at"]
            assert isinstance(submitted_at, Moment) and self._holds_at(submitted_at, score)

    def _check_slots(self, snapshot: Snapshot) -> None:
        for name, (found, life_ms) in snapshot.slots.items():
            answered = self.model.slots.get(name)
            assert bool(found) == (answered is not None)
            if answered is not None:
                assert int(found["sequence"]) == answered.sequence
                assert [digit == "1" for digit in found["accepted"]] == answered.accepted
                assert list(json.loads(found["claimed"])) == answered.claimed
                assert 0 < life_ms <= 600_000

    def _check_outcomes(self) -> None:
        results = tq.default.broker.results
        expected = {keys.outcome(*attempt): blob for attempt, blob in self.model.outcomes.items()}
        found = sorted(results.keys(keys.outcome("*", "*")))
        assert [key.decode() for key in found] == sorted(expected)
        for key in found:
            assert results.get(key) == expected[key.decode()]
            assert 0 < results.pttl(key) <= TTL_MS

    def _check_gates_and_locks(self, snapshot: Snapshot) -> None:
        for name, (found, life_ms) in snapshot.gates.items():
            gate = self.model.gates.get(name)
            assert bool(found) == (gate is not None), f"gate {name}"
            if gate is not None:
                assert int(found["before"]) == gate.before
                assert json.loads(found["callback"]) == gate.callback.as_json()
                assert life_ms == -1
        for name, (found, life_ms) in snapshot.locks.items():
            lock = self.model.locks.get(name)
            home = keys.root(QUEUE)
            expected: dict[str, Any] = {}
            if lock is not None:
                expected = {"id": lock.id, "token": lock.token, "home": home, "at": lock.at}
                expected["request"] = lock.request
            self._same(found, expected, f"lock {name}")
            if lock is not None:
                assert 0 < life_ms <= lock.ttl_ms if lock.ttl_ms else life_ms == -1

    def _check_numbers(self, snapshot: Snapshot) -> None:
        model, stats = self.model, scripts().stats([QUEUE])[0]
        for state in STATES:
            total = model.totals[state] if state in ENDED else len(model.ids(state))
            assert stats[state] == total, state
        assert stats["SUBMITTED"] == model.totals["SUBMITTED"] == sum(stats[s] for s in STATES)
        assert (stats["consumers"], stats["workers"]) == (0, 0)
        for mode in ("paused", "draining"):
            assert stats[mode] == int(model.queue_mode == mode)
        assert stats["dead"] == len(model.dead)
        assert (stats["oldest_waiting_ms"] == -1) == (not model.ids("PENDING"))
        expected: dict[str, Value] = {name: str(n) for name, n in model.totals.items() if n}
        if model.recovered_at is not None:
            expected["recovered_at"] = model.recovered_at
        if model.queue_mode is not None:
            expected["mode"] = model.queue_mode
        for what in ("SUBMITTED", *ENDED):  # the counters lack the current minute
            if number := model.totals[what] - snapshot.noted[what]:
                expected[what] = str(number)
            else:
                expected.pop(what, None)
        of_people = {"counted_from", "mode_by", "mode_why", "mode_at"}
        counted = {k: v for k, v in snapshot.counters.items() if k not in of_people}
        self._same(counted, expected, "the counters")
        assert snapshot.bell == int(model.bell)

    def teardown(self) -> None:
        for span, (span_ms, life_ms) in SPANS.items():
            found, times = history(span)
            assert found == +self.model.history, span
            for begun, lives in times:
                assert self.clocks[0] - span_ms < begun <= self.clocks[-1]
                assert 0 < lives <= span_ms + life_ms
        check_invariants(broker)


class UnwatchedScriptsAndModel(ScriptsAndModel):
    """Without events and webhooks, as most services are: the short scripts do what is plain."""

    is_watched = False


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
    machine = UnwatchedScriptsAndModel if start % 2 else ScriptsAndModel
    run_state_machine_as_test(seed(start)(machine), settings=run)
