"""Many callers and few connections, against a real Redis."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

import huey_tasks as tq
from huey_tasks.broker.connection import connect, redis_errors
from huey_tasks.broker.deadline import packed, time_limit
from huey_tasks.errors import QueueUnavailable, ServiceBusy
from tests.conftest import StartConsumer
from tests.waiting import wait_until


@pytest.fixture
def client() -> Iterator[Any]:
    with connect(tq.CONFIG.broker_url) as client:
        cast(Any, client).connection_pool.size = 3
        yield client


def hold(client: Any, seconds: float) -> threading.Thread:
    """Keep one connection busy for so long."""
    holder = threading.Thread(target=lambda: client.blpop(["nothing"], timeout=seconds))
    holder.start()
    return holder


def test_callers_beyond_the_connections_wait_for_their_turn(client: Any) -> None:
    with ThreadPoolExecutor(50) as callers:
        answers = list(callers.map(client.incr, ["count"] * 500))
    assert sorted(answers) == list(range(1, 501))
    client.delete("count")
    assert len(client.connection_pool._available_connections) <= 3


def test_who_waits_too_long_hears_that_the_service_is_busy(client: Any) -> None:
    holders = [hold(client, 60) for _ in range(3)]
    wait_until(
        lambda: len(client.connection_pool._in_use_connections) == 3, description="all are in use"
    )
    begun = time.monotonic()
    with pytest.raises(ServiceBusy) as caught, redis_errors(), time_limit(0.3):
        client.ping()
    assert 0.2 < time.monotonic() - begun < 20
    assert caught.value.code == "service_busy"
    assert caught.value.answered, "nothing was sent"
    tq.high.broker.redis.lpush("nothing", 1, 2, 3)
    for holder in holders:
        holder.join()
    assert client.ping()


def test_who_leaves_the_line_keeps_no_place_in_it(client: Any) -> None:
    for _ in range(20):
        holders = [hold(client, 0.05) for _ in range(3)]
        waiting = ThreadPoolExecutor(20)
        tries = [waiting.submit(_ping_within, client, 0.05) for _ in range(20)]
        for one in tries:
            one.result()
        for holder in holders:
            holder.join()
        waiting.shutdown()
    pool = client.connection_pool
    assert (len(pool._waiting), len(pool._woken), len(pool._in_use_connections)) == (0, 0, 0)


def _ping_within(client: Any, seconds: float) -> None:
    try:
        with redis_errors(), time_limit(seconds):
            client.ping()
    except QueueUnavailable:
        return


def test_300_greenlets_share_the_connections(start_consumer: StartConsumer) -> None:
    consumer = start_consumer("high", concurrency=300, worker_type="greenlet")
    ids = [tq.submit("echo", {"value": n}, priority="high").task_id for n in range(2000)]
    wait_until(
        lambda: (
            all(tq.get_task(task_id).status == "SUCCESS" for task_id in ids[-300:])
            and tq.queue_stats()[0].queued == 0
        ),
        description="they are all done",
        timeout_s=120,
    )
    assert "waits for Redis" not in consumer.text()


def test_an_answer_that_nobody_has_read_is_no_answer_for_the_next(client: Any) -> None:
    left = client.connection_pool.get_connection()
    left.send_command("ECHO", "left")
    wait_until(left.can_read, description="its answer is there")
    client.connection_pool.release(left)
    assert client.echo("next") == b"next"


def test_a_connection_that_redis_has_closed_is_made_anew(client: Any) -> None:
    used = client.connection_pool.get_connection()
    client.client_kill_filter(laddr=None, _id=_id_of(used), skipme=False)
    client.connection_pool.release(used)
    assert client.echo("next") == b"next"
    assert (len(client.connection_pool._in_use_connections)) == 0


def test_a_connection_that_ends_just_after_an_answer_is_made_anew_too(client: Any) -> None:
    for _ in range(3):
        used = client.connection_pool.get_connection()
        client.client_kill_filter(laddr=None, _id=used.ask("CLIENT", "ID"), skipme=False)
        client.connection_pool.release(used)
        assert client.ask("ECHO", "next") == b"next"


@pytest.mark.parametrize(
    ("way", "command"),
    [("post", (packed("ECHO", "left"),)), ("send_command", ("ECHO", "left"))],
    ids=["post", "send_command"],
)
def test_an_answer_left_behind_just_after_another_is_not_taken_for_the_next(
    client: Any, way: str, command: Any
) -> None:
    client.ask("ECHO", "before")
    left = client.connection_pool.get_connection()
    getattr(left, way)(*command)
    wait_until(left.can_read, description="its answer is there")
    client.connection_pool.release(left)
    assert client.ask("ECHO", "next") == b"next"


def test_a_fork_does_not_use_the_connections_of_its_parent(client: Any) -> None:
    before = client.client_id()
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, str(client.client_id()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 20)) != before == client.client_id()


def _id_of(connection: Any) -> int:
    connection.send_command("CLIENT ID")
    return connection.read_response()
