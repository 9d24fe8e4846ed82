"""Back-pressure: when a queue takes no more tasks from outside, the least urgent one first."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys, room
from huey_tasks.broker.connection import connect
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.scripts.submits import SubmitScripts
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError
from tests.engine.helpers import QUEUE, HandWorker, commit, recover, scripts, submit
from tests.waiting import wait_until

broker = tq.default.broker.redis
QUEUES = ("high", "default", "low")
GIGABYTE = 2**30


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the bounds of this process: bounds(waiting=10, own={"low": 3})."""

    def set_to(
        waiting: int | None = None,
        own: dict[str, int] | None = None,
        memory: float = 0,
        redis_bytes: int = 0,
    ) -> None:
        text = room.as_text(QUEUES, waiting, own or {}, memory, redis_bytes)
        for queue in tq.QUEUES.values():
            monkeypatch.setattr(queue.broker.scripts, "bounds", text)

    return set_to


def fill(queue: str, number: int) -> None:
    """Store tasks past the bounds, as those that follow from others are."""
    tasks = [NewTask(f"{queue}-{n}", b"{}", "echo") for n in range(number)]
    scripts().submit(queue, tasks)


def is_taken(queue: str) -> bool:
    try:
        tq.submit("echo", {}, priority=queue)
    except tq.QueueRefuses:
        return False
    return True


@contextmanager
def redis_uses(share: float) -> Generator[None]:
    """Let Redis use that share of its memory, as far as the scripts know; it has room for all."""
    broker.setrange("ballast", 32 * 2**20, "x")  # beside which the tasks of a test are nothing
    used = broker.info("memory")["used_memory"]
    broker.config_set("maxmemory", int(used / share))
    try:
        yield
    finally:
        broker.config_set("maxmemory", 0)
        broker.delete("ballast", limit_keys.memory())


@pytest.mark.parametrize(
    ("waiting", "taken"),
    [(7, QUEUES), (8, ("high", "default")), (9, ("high",)), (10, ()), (11, ())],
)
def test_the_least_urgent_queue_is_refused_first(
    bounds: Any, waiting: int, taken: tuple[str, ...]
) -> None:
    bounds(waiting=10)
    fill("default", waiting)
    found = []
    for queue in reversed(QUEUES):  # those that are taken count, so the least urgent is asked first
        broker.zremrangebyrank(keys.index(queue, "PENDING"), 100, -1)
        try:
            tq.QUEUES[queue].broker.scripts.room(queue)
            found.append(queue)
        except tq.QueueFull:
            pass
    assert tuple(reversed(found)) == taken


def test_one_queue_may_have_a_bound_of_its_own(bounds: Any) -> None:
    bounds(own={"low": 2})
    assert [is_taken("low") for _ in range(3)] == [True, True, False]
    assert is_taken("default")
    HandWorker("w", tq.low).claim()
    assert is_taken("low"), "what runs does not wait"


def test_the_refusal_says_how_many_wait_and_when_to_come_back(bounds: Any) -> None:
    bounds(own={QUEUE: 100})
    fill(QUEUE, 100)
    with pytest.raises(tq.QueueFull) as refused:
        submit("echo")
    assert refused.value.detail == (
        "100 tasks wait, and queue 'default' takes none from 100 on: try again in 60 s."
    )
    for number in range(60):  # some 60 starts a minute: 5 of them are in 5 to 10 seconds
        worker = HandWorker(f"w{number}")
        worker.claim()
    fill_again = [NewTask(f"more-{n}", b"{}", "echo") for n in range(60)]
    scripts().submit(QUEUE, fill_again)
    with pytest.raises(tq.QueueFull) as later:
        submit("echo")
    assert 5 <= later.value.retry_after_s <= 10
    tq.pause(QUEUE)
    with pytest.raises(tq.QueueFull, match="try again in 60 s"):
        submit("echo")


def test_what_follows_from_accepted_tasks_is_never_refused(bounds: Any) -> None:
    first, lost, failed = (submit("echo", value=n) for n in range(3))
    bounds(own={QUEUE: 1})
    worker, dead, other = HandWorker(), HandWorker("dead/w"), HandWorker("other")
    claim = worker.claim()
    assert (claim.id, dead.claim(lease_ms=1).id) == (first, lost)
    other.step(commit(other.claim(), "FAILURE"), want=0)
    fill(QUEUE, 1)
    assert not is_taken(QUEUE)
    worker.step(commit(claim, "SUCCESS", children=(NewTask("child", b"{}", "echo"),)), want=0)
    wait_until(recover, description="the lost task is recovered")
    tq.retry(failed)
    assert broker.zcard(keys.index(QUEUE, "PENDING")) == 4


def test_a_bulk_is_answered_item_by_item(bounds: Any) -> None:
    bounds(own={"low": 1})
    fill("low", 1)
    sent = [tq.Submission("echo", {}, queue) for queue in ("low", "default", "low")]
    assert [getattr(one, "code", "stored") for one in tq.submit_many(sent)] == [
        "queue_full", "stored", "queue_full",
    ]  # fmt: skip


def test_a_repeat_of_an_accepted_submit_is_answered_by_a_full_queue(bounds: Any) -> None:
    bounds(own={QUEUE: 1})
    first = tq.submit("echo", {}, idempotency_key="k")
    assert tq.submit("echo", {}, idempotency_key="k").task_id == first.task_id
    assert not is_taken(QUEUE)


@pytest.mark.parametrize(
    ("used", "taken"), [(0.70, QUEUES), (0.75, QUEUES[:2]), (0.85, QUEUES[:1]), (0.92, ())]
)
def test_little_memory_refuses_the_least_urgent_queue_first(
    bounds: Any, used: float, taken: tuple[str, ...]
) -> None:
    bounds(memory=0.9)
    with redis_uses(used):
        assert tuple(queue for queue in QUEUES if is_taken(queue)) == taken


def test_a_redis_without_a_limit_is_held_to_the_setting(bounds: Any) -> None:
    used = broker.info("memory")["used_memory"]
    bounds(memory=0.9, redis_bytes=int(used / 0.5))
    assert is_taken("low")
    bounds(memory=0.9, redis_bytes=int(used / 0.95))
    with pytest.raises(tq.MemoryLow, match=r"^Redis uses \d+ MB, and queue 'high' takes no tasks"):
        tq.submit("echo", {}, priority="high")
    bounds(memory=0.9)
    assert is_taken("low"), "nobody knows how much it may use"


def _calls_of_twenty_submits(command: str) -> tuple[int, float]:
    """How often they made Redis run `command`, and how many seconds they took."""
    broker.config_resetstat()
    begun = time.monotonic()
    for _ in range(20):
        submit("echo")
    seconds = time.monotonic() - begun
    return broker.info("commandstats")[f"cmdstat_{command}"]["calls"], seconds


def test_the_memory_is_asked_for_once_a_second(bounds: Any) -> None:
    bounds(memory=0.9, redis_bytes=GIGABYTE)
    calls, seconds = _calls_of_twenty_submits("info")
    assert 1 <= calls <= 2 + seconds
    # On a slow machine the second may be over, and what was known with it (-2).
    assert broker.pttl(limit_keys.memory()) in {-2, *range(1, 1001)}


def test_the_first_submit_of_a_second_looks_for_the_others(bounds: Any) -> None:
    bounds(memory=0.9, redis_bytes=GIGABYTE)
    calls, seconds = _calls_of_twenty_submits("get")
    assert 1 <= calls <= 2 + seconds


def test_a_bound_is_looked_at_by_each_submit(bounds: Any) -> None:
    submit("echo")
    bounds(own={QUEUE: 2})
    assert [is_taken(QUEUE) for _ in range(2)] == [True, False]
    bounds()
    assert is_taken(QUEUE)
    tq.drain(QUEUE)
    assert not is_taken(QUEUE), "it took one in the same second"


def test_a_full_redis_says_so_itself(bounds: Any) -> None:
    bounds(memory=0.9)
    broker.config_set("maxmemory", 1)
    try:
        with pytest.raises(tq.QueueUnavailable):
            submit("echo")
    finally:
        broker.config_set("maxmemory", 0)


def test_a_user_who_may_not_ask_for_the_memory_submits_all_the_same() -> None:
    user = {"enabled": True, "nopass": True, "keys": ["*"], "channels": ["*"]}
    broker.acl_setuser("asks-nothing", commands=["+@all", "-info"], **user)
    url = str(tq.CONFIG.broker_url).replace("unix://", "unix://asks-nothing:x@")
    try:
        with connect(url) as client:
            of_them = SubmitScripts(client, room.as_text(QUEUES, None, {}, 0.0001, 1))
            task = NewTask("task", b"{}", "echo")
            assert of_them.submit(QUEUE, [task], may_refuse=True) == [True]
    finally:
        broker.acl_deluser("asks-nothing")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("100000", "100000"), ("low=5", "low=5"), ("10, low=5,high=7", "10, low=5, high=7")],
)
def test_the_setting(text: str, shown: str) -> None:
    config = Config.from_env({"QUEUE_MAX_WAITING": text})
    assert ", ".join(map(str, config.queue_max_waiting)) == shown


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.5", "low", "low=", "=5", "low=0", "5,6", "low=1,low=2", "9" * 12, "٣"]
)
def test_wrong_settings_stop_the_start(text: str) -> None:
    with pytest.raises(ConfigError, match="QUEUE_MAX_WAITING="):
        Config.from_env({"QUEUE_MAX_WAITING": text})


def test_a_bound_for_no_queue_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"QUEUE_MAX_WAITING='lwo'.*high, default, low"):
        Config.from_env({"QUEUE_MAX_WAITING": "lwo=5"})
    for wrong in ("1.5", "-0.1", "nan"):
        with pytest.raises(ConfigError, match="QUEUE_MAX_MEMORY="):
            Config.from_env({"QUEUE_MAX_MEMORY": wrong})
