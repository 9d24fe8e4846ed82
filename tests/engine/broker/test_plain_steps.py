"""A step of plain tasks is answered by a short script, which does what the long one does."""

from collections.abc import Callable
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import event_keys, keys, webhook_keys
from huey_tasks.broker.protocol import About, Cause, Claim, Commit, NewTask
from huey_tasks.broker.step import Step
from huey_tasks.huey_adapter.task_queue import TaskQueue
from tests.waiting import wait_until

broker = tq.default.broker.redis
MESSAGE = b'{"$message":{"name":"echo","kwargs":{"value":"a"}}}'
RESULT = b'{"result":"a"}'
ABOUT = About("echo", 1, 0.0004, "")

#: What a worker knows of the types: several `echo` fit into a batch, `add` is worth all of one.
WORTH = '{"echo": 0.5, "add": 5.0}'


@pytest.fixture(autouse=True)
def in_one_minute() -> None:
    """The first step of a minute is not plain."""
    wait_until(lambda: broker.time()[0] % 60 < 56, description="the minute does not end soon")


class Worker:
    """A worker of one queue; the long script does all that it asks for if somebody watches.

    The other ways to get the long script change what it does: a watcher changes nothing else.
    """

    def __init__(self, queue: TaskQueue = tq.default) -> None:
        self.queue, self.sequence, self.was_plain = queue, 0, True

    def store(self, *names: str, **fields: Any) -> None:
        new = NewTask("", MESSAGE, "echo")._replace(**fields)
        stored = [new._replace(id=f"{name}-{self.queue.name}") for name in names]
        assert self.queue.broker.scripts.submit(self.queue.name, stored) == [True] * len(names)

    def silence(self) -> None:
        broker.delete(keys.bell(self.queue.name))

    def step(
        self,
        *commits: Commit,
        outcome: bytes = RESULT,
        want: int = 8,
        worth: str = WORTH,
        only: str = "",
    ) -> tuple[list[bool], list[Claim]]:
        self.sequence += 1
        step = Step(
            self.queue.name,
            "hand/1",
            self.sequence,
            list(commits),
            want=want,
            lease_ms=60_000,
            ttl_ms=60_000,
            databases=self.queue.broker.databases,
            outcomes=[outcome] * len(commits),
            worth=worth,
            only=only,
        )
        before = _times_asked()
        answer = self.queue.broker.scripts.step(step)
        self.was_plain = _times_asked() == before + 1
        return answer.accepted, [Claim.read(claim) for claim in answer.claims]


def _times_asked() -> int:
    """How often scripts asked for the time: each does once, so both of them together twice."""
    found: dict[str, dict[str, int]] = broker.info("commandstats")
    return found.get("cmdstat_time", {"calls": 0})["calls"]


def _field(task_id: str, name: str) -> str:
    return (broker.hget(keys.task("default", task_id), name) or b"").decode()


def success(claim: Claim, **fields: Any) -> Commit:
    return Commit(claim.id, claim.token, "SUCCESS", about=ABOUT, **fields)


def _one_by_one(worker: Worker) -> None:
    worker.store("a", "b")
    _, [first] = worker.step(worth='{"echo": 5.0}')
    _, [second] = worker.step(success(first), worth='{"echo": 5.0}')
    assert worker.step(success(second)) == ([True], [])


def _in_a_batch(worker: Worker) -> None:
    worker.store(*"abcdefghijkl")
    _, claims = worker.step()
    assert len(claims) == 8
    accepted, claims = worker.step(*map(success, claims))
    assert accepted == [True] * 8 and len(claims) == 4


def _a_batch_as_large_as_its_worth(worker: Worker) -> None:
    worker.store(*"abcd")
    _, claims = worker.step(worth='{"echo": 2.0}')
    assert len(claims) == 2


def _a_long_one_behind_short_ones(worker: Worker) -> None:
    worker.store("a", "b")
    worker.store("c", type="add")
    worker.store("d")
    _, claims = worker.step()
    assert [claim.id[0] for claim in claims] == ["a", "b"]


def _a_long_one_first(worker: Worker) -> None:
    worker.store("a", type="add")
    worker.store("b", max_attempts=3, retry_delay_s=0.5)
    _, [claim] = worker.step()
    assert claim.type == "add"
    worker.step(success(claim)._replace(about=About("add", 1, 0.7, "")))


def _an_empty_queue(worker: Worker) -> None:
    assert worker.step() == ([], [])


def _an_outcome_stored_elsewhere(worker: Worker) -> None:
    worker.store("a")
    _, [claim] = worker.step()
    assert worker.step(success(claim), outcome=b"")[0] == [True]


def _the_last_one(worker: Worker) -> None:
    worker.store("a")
    _, [claim] = worker.step()
    assert worker.step(success(claim)) == ([True], [])


def _more_behind_it(worker: Worker) -> None:
    worker.store(*"abc")
    worker.silence()
    _, [_] = worker.step(worth='{"echo": 5.0}')


def _none_behind_it(worker: Worker) -> None:
    worker.store("a")
    worker.silence()
    worker.step()


PLAIN = [
    _more_behind_it, _none_behind_it, _one_by_one, _in_a_batch,
    _a_batch_as_large_as_its_worth, _a_long_one_behind_short_ones,
    _a_long_one_first, _an_empty_queue, _an_outcome_stored_elsewhere, _the_last_one,
]  # fmt: skip


@pytest.mark.parametrize("work", PLAIN)
def test_both_scripts_do_the_same(work: Callable[[Worker], None]) -> None:
    short, long = Worker(tq.default), Worker(tq.high)
    for worker in (short, long):
        worker.store("first")  # begins the minute of the counts, and the key of the slot
        _, [claim] = worker.step()
        worker.step(success(claim))
    work(short)
    assert short.was_plain
    broker.xadd(event_keys.events(), {"kind": "any"})
    broker.pexpire(event_keys.events(), 60_000)
    work(long)
    assert not long.was_plain
    assert _kept(short.queue.name) == _kept(long.queue.name)


def _kept(queue: str) -> dict[str, Any]:
    """All that Redis keeps of a queue, without what differs by time."""
    found: dict[str, Any] = {}
    for key in broker.scan_iter(f"{keys.root(queue)}:*"):
        name = key.decode().replace(queue, "QUEUE")
        match broker.type(key):
            case b"hash":
                value: Any = _fields(broker.hgetall(key), queue)
            case b"zset":
                value = [
                    (_text(member, queue), name.endswith("STARTED") and score > _now_ms())
                    for member, score in broker.zrange(key, 0, -1, withscores=True)
                ]
            case b"list":
                value = broker.lrange(key, 0, -1)
            case kind:
                value = kind, broker.scard(key) if kind == b"set" else broker.get(key)
        found[name] = value, broker.ttl(key) > 0
    return found


def _now_ms() -> float:
    seconds, microseconds = broker.time()
    return seconds * 1000 + microseconds / 1000


def _fields(found: dict[bytes, bytes], queue: str) -> dict[str, Any]:
    """Without times; how long tasks have waited is told apart by nothing but its number."""
    fields: dict[str, Any] = {}
    for name, value in found.items():
        type_name, is_wait, _ = name.decode().partition("|wait.")
        if is_wait:
            waits = f"{type_name}|waits"
            fields[waits] = fields.get(waits, 0) + int(value)
        elif not name.endswith((b"_at", b"counted_from", b"minute")):
            fields[name.decode()] = _text(value, queue)
    return fields


def _text(value: bytes, queue: str) -> str:
    return value.decode().replace(queue, "QUEUE")


def _claim(worker: Worker, **fields: Any) -> Claim:
    worker.store("begun")
    worker.step(success(worker.step()[1][0]))
    worker.store("a", **fields)
    return worker.step()[1][0]


def _failed(worker: Worker) -> None:
    claim = _claim(worker)
    cause = Cause("f" * 16, "ValueError", "", "no")
    failure = Commit(claim.id, claim.token, "FAILURE", reason="no", cause=cause, about=ABOUT)
    assert worker.step(failure)[0] == [True]
    assert _field(claim.id, "state") == "FAILURE"


def _large(worker: Worker) -> None:
    claim = _claim(worker)
    outcome = b'{"result":"' + b"a" * 5000 + b'"}'
    assert worker.step(success(claim), outcome=outcome)[0] == [True]
    assert _field(claim.id, "state") == "SUCCESS" and _field(claim.id, "blob") == ""


def _without_a_duration(worker: Worker) -> None:
    claim = _claim(worker)
    assert worker.step(success(claim)._replace(about=None))[0] == [True]
    runs = [name for name in broker.hkeys(keys.noted("default")) if b"|run." in name]
    assert len(runs) == 1


def _of_a_worker_for_suspects(worker: Worker) -> None:
    claim = _claim(worker)
    worker.store("b")
    assert worker.step(success(claim), only="alone") == ([True], [])


def _with_a_missing_line(worker: Worker) -> None:
    claim = _claim(worker)
    assert worker.step(success(claim, gap='{"text":"a line is missing"}'))[0] == [True]
    assert "missing" in broker.lrange(keys.log("default", claim.id), 0, -1)[0].decode()


def _with_a_child(worker: Worker) -> None:
    claim = _claim(worker)
    child = NewTask("child-default", MESSAGE, "echo")
    accepted, [next_one] = worker.step(success(claim, children=(child,)))
    assert accepted == [True] and next_one.id == "child-default"


def _with_a_webhook_of_its_own(worker: Worker) -> None:
    claim = _claim(worker, webhook_url="https://example.org/")
    assert worker.step(success(claim))[0] == [True]
    assert broker.zcard(webhook_keys.outbox("default")) == 1


def _of_a_lost_lease(worker: Worker) -> None:
    claim = _claim(worker)
    broker.hset(keys.task("default", claim.id), "token", "another")
    assert worker.step(success(claim))[0] == [False]
    broker.hset(keys.task("default", claim.id), "token", claim.token)


def _twice_in_a_step(worker: Worker) -> None:
    claim = _claim(worker)
    assert worker.step(success(claim), success(claim))[0] == [True, False]


def _sent_again(worker: Worker) -> None:
    claim = _claim(worker)
    worker.store("b")
    done = worker.step(success(claim))
    assert worker.was_plain and len(done[1]) == 1
    worker.sequence -= 1
    assert worker.step(success(claim)) == done


def _of_one_that_was_claimed_before(worker: Worker) -> None:
    claim = _claim(worker)
    assert worker.step(Commit(claim.id, claim.token, "PENDING"), want=0)[0] == [True]
    _, [again] = worker.step()
    assert (again.id, again.deliveries) == (claim.id, 2)


def _of_one_that_expires(worker: Worker) -> None:
    worker.store("begun")
    worker.step(success(worker.step()[1][0]))
    worker.store("a", expires_ms=1)
    late = broker.time()
    wait_until(lambda: broker.time() > (late[0], late[1] + 2000), description="it is too late")
    assert worker.step() == ([], [])
    assert _field("a-default", "state") == "EXPIRED"


def _of_a_type_that_nobody_said_it_knows(worker: Worker) -> None:
    worker.store("begun")
    worker.step(success(worker.step()[1][0]))
    worker.store("a", type="new")
    broker.hset(keys.consumer("default", "hand"), "types", 1)
    assert worker.step() == ([], [])
    assert broker.smembers(keys.unknown("default")) == {b"type:new"}
    broker.delete(keys.consumer("default", "hand"))


def _of_a_paused_queue(worker: Worker) -> None:
    claim = _claim(worker)
    worker.store("b")
    tq.pause("default")
    assert worker.step(success(claim)) == ([True], [])


def _of_a_watched_service(worker: Worker) -> None:
    claim = _claim(worker)
    broker.xadd(event_keys.events(), {"kind": "any"})
    broker.pexpire(event_keys.events(), 60_000)
    worker.step(success(claim))
    assert broker.xlen(event_keys.events()) == 2


def _of_a_later_minute(worker: Worker) -> None:
    claim = _claim(worker)
    minute = int(broker.hget(keys.noted("default"), "minute") or 0)
    broker.hset(keys.noted("default"), "minute", minute - 1)
    worker.step(success(claim))
    assert int(broker.hget(keys.noted("default"), "minute") or 0) >= minute


def _that_claims_nothing(worker: Worker) -> None:
    claim = _claim(worker)
    worker.store("b")
    assert worker.step(success(claim), want=0) == ([True], [])


def _beside_a_webhook(worker: Worker) -> None:
    claim = _claim(worker)
    broker.sadd(webhook_keys.wanted(), "SUCCESS|echo")
    worker.step(success(claim))
    assert broker.zcard(webhook_keys.outbox("default")) == 1


def _beside_a_limit(worker: Worker) -> None:
    claim = _claim(worker)
    worker.store("b")
    tq.set_limits("echo", tq.TypeLimits(concurrency=1))
    worker.store("c")
    assert len(worker.step(success(claim))[1]) == 1


def _beside_a_revocation(worker: Worker) -> None:
    claim = _claim(worker)
    broker.hset(f"{keys.root('default')}:revocations:tasks", "any", "1")
    worker.step(success(claim))
    broker.delete(f"{keys.root('default')}:revocations:tasks")


def _beside_a_task_that_others_left(worker: Worker) -> None:
    claim = _claim(worker)
    worker.store("b", type="new")
    broker.hset(keys.consumer("default", "hand"), "types", 1)
    worker.step(success(claim))
    broker.hset(keys.consumer("default", "hand"), "knows.new", 1)
    assert [claim.id for claim in worker.step()[1]] == ["b-default"]
    broker.delete(keys.consumer("default", "hand"))


def _with_one_behind_that_others_left(worker: Worker) -> None:
    claim = _claim(worker)
    broker.hset(keys.consumer("default", "hand"), "types", 1)
    worker.store("b", type="new")
    worker.store("c", type="other")
    worker.step(success(claim))
    worker.silence()
    broker.hset(keys.consumer("default", "hand"), mapping={"knows.new": 1, "knows.other": 1})
    _, claims = worker.step(worth='{"new": 0.5}')
    assert [claim.id for claim in claims] == ["b-default"]
    assert broker.llen(keys.bell("default")) == 0
    broker.delete(keys.consumer("default", "hand"))


NOT_PLAIN = [
    _beside_a_webhook, _beside_a_limit, _beside_a_revocation, _beside_a_task_that_others_left,
    _with_one_behind_that_others_left,
    _failed, _large, _without_a_duration, _of_a_worker_for_suspects,
    _with_a_missing_line, _with_a_child,
    _with_a_webhook_of_its_own, _of_a_lost_lease, _twice_in_a_step, _sent_again,
    _of_one_that_was_claimed_before, _of_one_that_expires, _of_a_type_that_nobody_said_it_knows,
    _of_a_paused_queue, _of_a_watched_service, _of_a_later_minute, _that_claims_nothing,
]  # fmt: skip


@pytest.mark.parametrize("work", NOT_PLAIN)
def test_what_is_not_plain_takes_the_long_script(work: Callable[[Worker], None]) -> None:
    worker = Worker()
    work(worker)
    assert not worker.was_plain
