"""The client for Python against a real gunicorn, Redis and consumer."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import duckline_client as dc
import pytest
from duckline_client import Client, NewTask, RetryPolicy

from tests.clients.conftest import ONCE, QUICK, UNKNOWN, Stack, kill_what_serves
from tests.clients.cutting_proxy import CuttingProxy
from tests.ports import free_ports


def test_a_task_is_submitted_read_and_has_a_result(client: Client, tag: str) -> None:
    sent = client.submit("echo", {"value": {"a": [1, "ü"]}}, tags=[tag], queue_priority=5)
    assert (sent.priority, sent.duplicate_of, sent.accepted) == ("default", None, True)
    assert client.result(sent.task_id, 30) == {"a": [1, "ü"]}

    task = client.get(sent.task_id)
    assert task.finished and task.succeeded and task.finished_at is not None
    assert task.finished_at.utcoffset() == timedelta(0)
    assert (task.task_type, task.queue, task.tags) == ("echo", "default", [tag])
    assert (task.log, task.partial_results) == ([], [])


def test_a_task_that_fails_raises_its_error(client: Client) -> None:
    sent = client.submit("fail", {"message": "no ink"})
    with pytest.raises(dc.TaskFailed, match="FAILURE: ValueError") as raised:
        client.result(sent.task_id, timeout_s=30)
    assert raised.value.task.traceback
    again = client.retry(sent.task_id, "ink is there")
    assert again.task_id == client.retry(sent.task_id).task_id != sent.task_id
    assert again.priority == "default"  # its queue, as a submit tells it


def test_a_wait_ends_in_time_and_the_task_goes_on(client: Client) -> None:
    sent = client.submit("echo", delay_s=3600)
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="is still SCHEDULED"):
        client.wait(sent.task_id, 0.3)
    assert time.monotonic() - begun < 5
    client.cancel(sent.task_id)


def test_a_waiting_task_is_changed_and_cancelled(client: Client) -> None:
    start = datetime.now(UTC) + timedelta(hours=1)
    sent = client.submit("echo", {"value": 1}, run_at=start)
    changed = client.change(sent.task_id, payload={"value": 2}, tags=["x"], reason="typo")
    assert (changed.payload, changed.tags, changed.status) == ({"value": 2}, ["x"], "SCHEDULED")
    with pytest.raises(dc.Conflict) as raised:
        client.change(sent.task_id, payload={"value": 4}, if_updated_at=changed.submitted_at)
    assert raised.value.code == "changed_meanwhile"
    client.change(sent.task_id, tags=["y"], if_updated_at=changed.updated_at)
    client.cancel(sent.task_id, "no longer needed")
    client.cancel(sent.task_id)
    assert client.wait(sent.task_id).status == "REVOKED"
    with pytest.raises(dc.Conflict) as raised:
        client.change(sent.task_id, payload={"value": 3})
    assert raised.value.code == "task_finished"


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [({}, "/payload/seconds"), ({"seconds": "x"}, "/payload/seconds"), ({"a": 1}, "/payload/a")],
)
def test_a_wrong_payload_names_the_field(client: Client, payload: Any, pointer: str) -> None:
    with pytest.raises(dc.InvalidRequest) as raised:
        client.submit("work_for", payload)
    assert (raised.value.status, raised.value.code) == (422, "invalid_payload")
    assert pointer in [one.pointer for one in raised.value.errors]
    assert pointer in str(raised.value) and raised.value.request_id


def test_an_unknown_task_is_an_error_of_the_one_tree(client: Client) -> None:
    for call in (client.get, client.wait, client.cancel, client.retry):
        with pytest.raises(dc.NotFound) as raised:
            call(UNKNOWN)
        assert isinstance(raised.value, dc.DucklineError)
    with pytest.raises(dc.NotFound):
        client.get("../audit?")


def test_many_are_submitted_in_chunks_each_on_its_own(client: Client, tag: str) -> None:
    tasks = [NewTask("echo", {"value": n}, {"tags": [tag], "delay_s": 3600}) for n in range(25)]
    tasks[7] = NewTask("work_for", {})
    outcomes = client.submit_many(tasks, chunk_size=10, idempotency_key=f"many-{tag}")
    refused = outcomes[7]
    assert isinstance(refused, dc.Refused) and refused.errors[0].pointer == "/payload/seconds"
    assert sum(one.accepted for one in outcomes) == 24
    assert client.submit_many(tasks, chunk_size=10, idempotency_key=f"many-{tag}") == outcomes

    found = list(client.search(f"tag:{tag}", page_size=10))
    stored = [one.task_id for one in outcomes if isinstance(one, dc.Submitted)]
    assert sorted(task.task_id for task in found) == sorted(stored)
    assert not list(client.search(state="SUCCESS", tag=tag))
    assert client.stats().scheduled_tasks >= 24


def test_what_json_cannot_hold_is_refused_before_it_is_sent(client: Client) -> None:
    with pytest.raises(TypeError, match="JSON has no object"):
        client.submit("echo", {"value": object()})
    with pytest.raises(ValueError):
        client.submit("echo", {"value": float("nan")})
    with pytest.raises(ValueError, match="visible ASCII"):
        client.submit("echo", idempotency_key="a b")
    with pytest.raises(TypeError, match="delay"):
        client.submit("echo", delay=5)  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://a", "http://", "/api", "http://a?b=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="the address is like"):
        Client(url)


def test_settings_come_from_the_environment(stack: Stack, monkeypatch: Any) -> None:
    monkeypatch.setenv("DUCKLINE_URL", f"{stack.url}/")
    monkeypatch.setenv("DUCKLINE_API_KEY", "k")
    with Client(retry=ONCE) as made:
        assert made.stats().workers_online == 2
    assert "'k'" not in repr(made._at)


def test_the_first_answer_lost_with_its_process_means_one_task(stack: Stack, tag: str) -> None:
    proxy = CuttingProxy(stack.server, cuts=1, when_cut=lambda: kill_what_serves(stack))
    with Client(proxy.url, retry=QUICK) as client:
        sent = client.submit("echo", {"value": 1}, tags=[tag])
        assert proxy.left == 0
        assert client.result(sent.task_id, timeout_s=60) == 1
        assert [task.task_id for task in client.search(f"tag:{tag}")] == [sent.task_id]
    proxy.close()


def test_a_bulk_whose_answer_is_lost_is_stored_once(stack: Stack, tag: str) -> None:
    proxy = CuttingProxy(stack.server, cuts=1, when_cut=lambda: None)
    with Client(proxy.url, retry=QUICK) as client:
        many = client.submit_many([NewTask("echo", {"value": 1}, {"tags": [tag]})] * 20)
        assert proxy.left == 0
        found = [task.task_id for task in client.search(f"tag:{tag}")]
    proxy.close()
    assert sorted(found) == sorted(str(one.task_id) for one in many)


def test_callers_submit_once_while_processes_are_killed(stack: Stack, tag: str) -> None:
    ids: list[str] = []
    with Client(stack.url, retry=QUICK) as client:

        def call(key: str) -> None:
            sent = client.submit("echo", idempotency_key=f"{tag}-{key}", tags=[tag])
            ids.append(sent.task_id)

        callers = [threading.Thread(target=call, args=(str(n % 5),)) for n in range(50)]
        for number, caller in enumerate(callers):
            caller.start()
            if number == 25:
                kill_what_serves(stack)
        for caller in callers:
            caller.join()
        found = {task.task_id for task in client.search(f"tag:{tag}")}
    assert len(ids) == 50
    assert found == set(ids)
    assert len(found) == 5


def test_a_redis_that_is_away_for_three_seconds_delays_a_call(stack: Stack, tag: str) -> None:
    began = time.monotonic()
    away, was_missed = threading.Event(), threading.Event()

    def interrupt() -> None:
        stack.redis.stop()
        away.set()
        was_missed.wait(60)
        threading.Event().wait(3)
        stack.redis.start()

    outage = threading.Thread(target=interrupt)
    with Client(stack.url, retry=QUICK) as client:
        outage.start()
        away.wait()
        with Client(stack.url, retry=ONCE) as hasty, pytest.raises(dc.ServiceUnavailable) as seen:
            hasty.submit("echo")
        was_missed.set()
        assert seen.value.code == "queue_unavailable" and seen.value.retry_after_s is not None
        sent = client.submit("echo", {"value": 3}, tags=[tag])
        many = client.submit_many([NewTask("echo", {"value": 4}, {"tags": [tag]})] * 3)
        outage.join()
        assert time.monotonic() - began >= 3
        assert client.result(sent.task_id, timeout_s=30) == 3
        assert len(list(client.search(f"tag:{tag}"))) == 1 + len(many) == 4


def test_nobody_there_is_one_error_within_the_time_limit() -> None:
    policy = RetryPolicy(time_limit_s=0.5, first_pause_s=0.05)
    began = time.monotonic()
    client = Client(f"http://127.0.0.1:{free_ports(1)[0]}", retry=policy)
    with client, pytest.raises(dc.ConnectionFailed, match="GET /api/workers/stats"):
        client.stats()
    assert time.monotonic() - began < 5


def test_pauses_grow_and_never_undercut_what_is_asked() -> None:
    policy = RetryPolicy(first_pause_s=1, longest_pause_s=8)
    drawn = [[policy.pause_s(tries, None) for _ in range(50)] for tries in (1, 2, 3, 4, 99)]
    for most, pauses in zip((1, 2, 4, 8, 8), drawn, strict=True):
        assert most / 2 <= min(pauses) < max(pauses) <= most
    assert min(policy.pause_s(1, 5) for _ in range(50)) >= 5
