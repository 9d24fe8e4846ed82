"""Redis in every kind of trouble under consumers that work: they wait, resume by themselves, and
lose nothing that was accepted."""

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker.broker import Brokers
from huey_tasks.broker.deadline import time_limit
from huey_tasks.broker.subscription import ANSWER_S, QUIET_S, Subscription
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.monitoring import verify
from huey_tasks.records import consumers, queues, tasks
from tests.conftest import Process, consumer_of
from tests.redis_servers import TROUBLES, RedisServer
from tests.slow_proxy import SlowProxy
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("r"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def consumer(redis: RedisServer) -> Iterator[Process]:
    """One consumer with two workers that goes through all of it."""
    with consumer_of(redis, DEFAULT_CONCURRENCY="2") as process:
        yield process


@pytest.fixture(autouse=True)
def nothing_is_missing(redis: RedisServer) -> Iterator[None]:
    yield
    assert verify.verify(redis.queue.broker).gaps == ()


@contextlib.contextmanager
def again_and_again(action: Callable[[], object]) -> Generator[None]:
    """Do it as fast as it goes, in a thread."""
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            action()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("name", [name for name in TROUBLES if name != "full"])
def test_a_consumer_waits_out_the_trouble_and_resumes_by_itself(
    redis: RedisServer, consumer: Process, name: str, tmp_path: Path
) -> None:
    redis.wait_for(redis.submit("echo", value=1), "SUCCESS")
    begun = tmp_path / "begun"
    waiting = redis.submit("work_for", seconds=0.5, file=str(begun))
    wait_until(begun.exists, description="it has begun")
    start = len(consumer.text())
    with TROUBLES[name](redis):
        wait_until(
            lambda: "consumer waits for Redis" in consumer.text()[start:],
            description="the consumer notices",
        )
    redis.wait_for(waiting, "SUCCESS")
    redis.wait_for(redis.submit("echo", value=2), "SUCCESS")
    wait_until(
        lambda: "consumer is back" in consumer.text()[start:], description="the consumer is back"
    )
    assert "Traceback" not in consumer.text()[start:]


def test_idle_workers_that_stop_while_redis_is_away_say_nothing_about_it(
    redis: RedisServer,
) -> None:
    own = Process(["app.py", "consumer", "low"], {**redis.environment, "LOW_CONCURRENCY": "2"})
    wait_until(lambda: "consumer started" in own.text(), description="it has started")
    with TROUBLES["killed"](redis):
        wait_until(lambda: "consumer waits for Redis" in own.text(), description="it notices")
        assert own.stop() == 0
    warnings = [line for line in own.text().splitlines() if "[warning]" in line]
    assert ["waits for Redis" in line for line in warnings] == [True, False]
    assert "stopped without saying goodbye" in warnings[1]


@pytest.mark.usefixtures("consumer")
def test_what_runs_longer_than_its_lease_in_a_frozen_redis_runs_once(redis: RedisServer) -> None:
    task_id = redis.submit("work_for", seconds=3)
    lease_ends_ms = wait_until(
        lambda: redis.admin.zscore("duckline:{default}:state:STARTED", task_id),
        description="it runs",
    )
    with redis.frozen():
        wait_until(lambda: time.time() * 1000 > lease_ends_ms, description="the lease has ended")
    record = redis.wait_for(task_id, "SUCCESS")
    assert (record.attempt, record.deliveries) == (1, 1)


@pytest.mark.usefixtures("consumer")
def test_a_full_redis_refuses_submits_while_claims_and_commits_go_on(redis: RedisServer) -> None:
    waiting = [redis.submit("work_for", seconds=0.2) for _ in range(4)]
    with redis.full():
        with pytest.raises(tq.QueueUnavailable) as refused:
            redis.submit("echo", value=1)
        assert "memory" in refused.value.cause
        for task_id in waiting:
            redis.wait_for(task_id, "SUCCESS")


def test_a_redis_killed_under_load_again_and_again_loses_nothing_it_had_accepted(
    redis: RedisServer, consumer: Process
) -> None:
    accepted: list[str] = []

    def submit_one() -> None:
        with contextlib.suppress(tq.QueueUnavailable):
            accepted.append(redis.submit("echo", value=len(accepted)))

    with again_and_again(submit_one):
        for _ in range(3):
            enough = len(accepted) + 30
            wait_until(lambda: len(accepted) > enough, description="tasks are accepted")  # noqa: B023
            with redis.killed():
                pass
    for task_id in accepted:
        redis.wait_for(task_id, "SUCCESS")


def test_scripts_that_are_flushed_all_the_time_cost_no_error(
    redis: RedisServer, consumer: Process
) -> None:
    start = len(consumer.text())
    with again_and_again(redis.admin.script_flush):
        ids = [redis.submit("echo", value=number) for number in range(50)]
        for task_id in ids:
            redis.wait_for(task_id, "SUCCESS")
        queues.queue_stats(Brokers([redis.queue.broker]))
    # Other outages: the kills of another test, a second later, or a machine that stands still.
    assert "No matching script" not in consumer.text()[start:]
    assert {redis.task(task_id).deliveries for task_id in ids} == {1}


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[tuple[RedisServer, Process]]:
    """A server and a consumer whose leases do not end: what the end of one would mend shows."""
    server = RedisServer(tmp_path, lease_s=600)
    with contextlib.closing(server), consumer_of(server) as process:
        yield server, process


def test_connections_that_are_killed_all_the_time_lose_and_repeat_nothing(
    patient: tuple[RedisServer, Process], tmp_path: Path
) -> None:
    (redis, consumer), ids, ledger = patient, list[str](), tmp_path / "ledger"

    def submit() -> bool:
        with contextlib.suppress(tq.QueueUnavailable):
            ids.append(redis.submit("work_for", seconds=0, file=str(ledger)))
        return len(ids) >= 50

    with again_and_again(redis.cut_connections):
        wait_until(submit, description="fifty tasks are accepted")
    for task_id in ids:
        redis.wait_for(task_id, "SUCCESS")
    ran = [line.split()[0] for line in ledger.read_text().splitlines()]
    assert sorted(ran) == sorted(set(ran)) and set(ran) >= set(ids)
    assert verify.verify(redis.queue.broker).gaps == ()
    assert "Traceback" not in consumer.text()


def test_a_consumer_stops_in_time_though_redis_says_nothing(redis: RedisServer) -> None:
    grace = {"SHUTDOWN_GRACE_S": "0.3", "CANCEL_GRACE_S": "0.3", "LOW_CONCURRENCY": "1"}
    process = Process(["app.py", "consumer", "low"], {**redis.environment, **grace})
    wait_until(lambda: "consumer started" in process.text(), description="the consumer is online")
    with redis.frozen():
        wait_until(lambda: "waits for Redis" in process.text(), description="it has noticed")
        begun = time.monotonic()
        assert process.stop() == 0
    assert time.monotonic() - begun < 20


# ---- the ways to Redis


@pytest.fixture
def proxy(redis: RedisServer, tmp_path: Path) -> Iterator[SlowProxy]:
    """A proxy before the server that can be slow, or go dead without a word."""
    with SlowProxy(tmp_path / "w.sock", redis.socket) as opened:
        yield opened


def queue_over(proxy: SlowProxy) -> TaskQueue:
    broker_url, result_url = (f"unix://{proxy.socket}?db={number}" for number in (0, 1))
    return TaskQueue(
        "default", broker_url=broker_url, result_url=result_url, result_ttl_s=60, lease_s=2
    )


def test_a_call_ends_in_time_though_redis_says_nothing(redis: RedisServer) -> None:
    queues.queue_stats(Brokers([redis.queue.broker]))
    begun = time.monotonic()
    with redis.frozen(), time_limit(0.4), pytest.raises(tq.QueueUnavailable):
        queues.queue_stats(Brokers([redis.queue.broker]))
    assert 0.3 < time.monotonic() - begun < 10


def test_many_calls_together_end_in_time_though_each_is_answered(proxy: SlowProxy) -> None:
    queue = queue_over(proxy)
    queues.queue_stats(Brokers([queue.broker]))
    proxy.delay_s = 0.15
    begun, calls = time.monotonic(), 0
    with time_limit(2.0), pytest.raises(tq.QueueUnavailable):
        for calls in range(100):  # noqa: B007
            queues.queue_stats(Brokers([queue.broker]))
    assert calls >= 1
    assert time.monotonic() - begun < 10  # all hundred take fifteen seconds


def test_a_connection_that_has_gone_dead_is_given_up_for_a_new_one_in_time(
    proxy: SlowProxy,
) -> None:
    queue = queue_over(proxy)
    queues.queue_stats(Brokers([queue.broker]))
    proxy.silence()
    with time_limit(4.0):  # half of it goes by on the dead one
        queues.queue_stats(Brokers([queue.broker]))


def test_the_time_runs_from_the_first_call_and_only_while_redis_is_asked(
    redis: RedisServer,
) -> None:
    with time_limit(1.0):
        for what in ("a body has come in slowly", "a large value was decoded"):
            begun = time.monotonic()
            wait_until(lambda: time.monotonic() - begun > 1.1, description=what)  # noqa: B023
            queues.queue_stats(Brokers([redis.queue.broker]))


def test_a_consumer_works_over_a_slow_proxy(redis: RedisServer, proxy: SlowProxy) -> None:
    proxy.delay_s = 0.05
    settings = {**redis.environment, "LOW_CONCURRENCY": "1", "REDIS_URL": f"unix://{proxy.socket}"}
    process = Process(["app.py", "consumer", "low"], settings)
    low = TaskQueue("low", broker_url=redis.url(0), result_url=redis.url(1),
                    result_ttl_s=60, lease_s=2)  # fmt: skip
    try:
        wait_until(lambda: consumers.consumers(low.broker), description="the consumer is online")
        wrapper = {t.name: t for t in tq.task_types()}["work_for"].wrappers["low"]
        task = wrapper.task_class((), {"seconds": 2.5})
        low.storage.enqueue(tq.low.serialize_task(task))

        def deliveries() -> int:
            record = tasks.find(Brokers([low.broker]), task.id)
            assert record is not None
            return record.deliveries if record.status == "SUCCESS" else 0

        assert wait_until(deliveries, description="the task has ended") == 1
    finally:
        process.stop()
        print(process.text())


def test_the_control_channel_hears_again_after_its_connection_has_gone_dead(
    redis: RedisServer, proxy: SlowProxy, caplog: pytest.LogCaptureFixture
) -> None:
    channel = "duckline:{default}:control"
    control = Subscription(queue_over(proxy).broker.redis, channel)
    said: list[str] = []

    def heard() -> bool:
        word = secrets.token_hex(4)
        control.sources()
        redis.admin.publish(channel, word)
        said.append(word)
        return any(line[0] in said for line in control.read())

    wait_until(heard, description="it hears")
    proxy.silence()
    said.clear()
    wait_until(heard, description="it hears again", timeout_s=2 * (QUIET_S + ANSWER_S) + 5)
    assert "was dead without an error" in caplog.text


def test_the_control_channel_holds_nobody_up_though_each_connection_ends_at_once(
    redis: RedisServer, proxy: SlowProxy
) -> None:
    channel = "duckline:{default}:control"
    control = Subscription(queue_over(proxy).broker.redis, channel)

    def heard() -> bool:
        control.sources()
        redis.admin.publish(channel, "due")
        return control.read() != []

    wait_until(heard, description="it hears")
    proxy.cuts = True
    redis.cut_connections()
    control.read()

    def was_cut() -> bool:
        control.sources()
        return control.read() == [] and proxy.cut >= 2

    wait_until(was_cut, description="it has tried twice", timeout_s=20)
    proxy.cuts = False
    wait_until(heard, description="it hears again")


def test_the_control_channel_does_not_tell_what_the_consumer_tells_already(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "huey_tasks.broker.subscription")
    control = Subscription(redis.queue.broker.redis, "duckline:{default}:control")

    def is_there() -> bool:
        with time_limit(0.5):
            control.read()
            return bool(control.sources())

    wait_until(is_there, description="it is subscribed")
    with redis.frozen():
        wait_until(
            lambda: not is_there() and "channels not reached" in caplog.text,
            description="it is silent, and Redis too",
            timeout_s=QUIET_S + ANSWER_S + 5,
        )
    wait_until(is_there, description="it is subscribed again")
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
