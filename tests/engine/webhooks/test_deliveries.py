"""Webhooks as their receivers see them: real consumers, a real receiver."""

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys, webhook_keys
from huey_tasks.broker.protocol import DELIVERY_TYPE, NewTask
from huey_tasks.broker.scripts.tasks import Scripts
from huey_tasks.broker.webhook_store import WebhookStore
from huey_tasks.queues import BROKERS
from huey_tasks.records.ids import new_id
from huey_tasks.registry import types
from huey_tasks.webhooks.dispatch import Dispatch
from tests.conftest import StartConsumer
from tests.engine.dying import dies_at
from tests.engine.helpers import HandWorker, commit, recover, scripts, store, wait_for
from tests.receivers import Receiver, in_turn, receiver, status
from tests.redis_servers import RedisServer
from tests.waiting import wait_until

DAY_MS = 86_400_000

#: WEBHOOK_TIMEOUT_S where a receiver never answers; one that does may stand still for a second.
SHORT_S = "1.5"


@pytest.fixture
def hooks() -> Generator[Receiver]:
    """A receiver of this test."""
    with receiver() as found:
        yield found


def deliveries(webhook_id: str = "tasks") -> list[tq.DeliveryRecord]:
    return list(tq.list_deliveries(webhook_id).deliveries)


def delivered(webhook_id: str = "tasks", number: int = 1) -> list[tq.DeliveryRecord]:
    """Wait until that many deliveries have arrived."""

    def all_there() -> list[tq.DeliveryRecord]:
        found = deliveries(webhook_id)
        is_done = len(found) == number and all(each.status == "delivered" for each in found)
        return found if is_done else []

    return wait_until(all_there, description=f"{number} deliveries have arrived", timeout_s=20)


@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_the_end_of_a_task_is_posted_to_its_url_and_to_webhooks(
    start_consumer: StartConsumer, hooks: Receiver, worker_type: str
) -> None:
    standing, secret = tq.create_webhook(f"{hooks.url}/all", states=["SUCCESS"])
    (_, old_secret), (_, own_secret) = [tq.rotate_webhook_secret("tasks") for _ in range(2)]
    start_consumer("default", worker_type=worker_type)

    task_id = tq.submit(
        "echo", {"value": {"n": 1}}, tags=["blue"], webhook_url=f"{hooks.url}/own"
    ).task_id

    (own,) = delivered()
    (other,) = delivered(standing.id)
    (request,) = hooks.of("/own")
    event = request.verified(own_secret)
    assert old_secret != own_secret and request.verified(old_secret) == event
    assert (event["type"], request.id) == ("task.success", own.id)
    assert event["timestamp"] == event["data"]["finished_at"]
    shown = event["data"]
    assert (shown["task_id"], shown["status"], shown["queue"]) == (task_id, "SUCCESS", "default")
    assert (shown["result"], shown["tags"], shown["error"]) == ({"n": 1}, ["blue"], None)
    assert hooks.of("/all")[0].verified(secret)["data"] == shown
    assert own.id != other.id and own.task_id == other.task_id == task_id
    assert [(each.status, each.error) for each in own.attempts] == [(204, None)]
    assert tq.get_task(own.delivered_by).task_type == DELIVERY_TYPE
    assert len(hooks.got) == 2, "a delivery is no event itself"


def cancel(task_id: str) -> None:
    scripts().cancel("default", task_id, "no longer wanted")


def end_by_commit(task_id: str) -> None:
    hand = HandWorker()
    hand.step(commit(hand.claim(), "FAILURE", reason="no"), want=0)


def end_by_cancel(task_id: str) -> None:
    cancel(task_id)


def end_by_purge(task_id: str) -> None:
    tq.purge("default")


def end_late(task_id: str) -> None:
    HandWorker().step(want=1)


def end_by_crashes(task_id: str) -> None:
    hand = HandWorker()
    hand.claim()
    scripts().release("default", "hand", kind="crashes", blamed="*", limit=1)


def end_by_losses(task_id: str) -> None:
    HandWorker().claim(lease_ms=-1)
    recover(max_losses=1)


def end_unreadable(task_id: str) -> None:
    hand = HandWorker()
    hand.step(commit(hand.claim(), "DEAD", reason="cannot be read"), want=0)


@pytest.mark.parametrize(
    ("end", "expires_ms", "state"),
    [
        (end_by_commit, 0, "FAILURE"),
        (end_by_cancel, 0, "REVOKED"),
        (end_by_purge, 0, "REVOKED"),
        (end_late, -1, "EXPIRED"),
        (end_by_crashes, 0, "FAILURE"),
        (end_by_losses, 0, "FAILURE"),
        (end_unreadable, 0, "FAILURE"),
    ],
)
def test_every_way_to_end_is_posted_once_and_repeats_make_nothing(
    end: Callable[[str], None], expires_ms: int, state: str
) -> None:
    made, _ = tq.create_webhook("https://example.com/hook", task_types=["echo"])
    store("t", expires_ms=expires_ms)
    scripts().submit("default", [NewTask("u", b"{}", "noop", webhook_url="https://example.com/")])
    cancel("u")

    end("t")
    posted = BROKERS.first.redis.zrange(webhook_keys.outbox("default"), 0, -1)
    Dispatch(BROKERS["default"]).run()

    (found,) = deliveries(made.id)
    assert (found.task_id, found.event, found.status) == ("t", f"task.{state.lower()}", "pending")
    assert [each.task_id for each in deliveries()] == ["u"]
    # A consumer dies before it strikes the entries off, and another one reads them again.
    redis = BROKERS.first.redis
    redis.zadd(webhook_keys.outbox("default"), dict.fromkeys(posted, 1))
    Dispatch(BROKERS["default"]).run()
    assert deliveries(made.id) == [found]
    assert redis.zcard(keys.index("default", "PENDING")) == 2
    assert redis.zcard(webhook_keys.outbox("default")) == 0


@pytest.mark.parametrize(
    ("owner", "step"),
    [(WebhookStore, "add"), (Scripts, "submit"), (WebhookStore, "strike")],
)
def test_a_consumer_that_dies_between_two_steps_loses_and_repeats_nothing(
    monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    store("t")
    scripts().submit("default", [NewTask("u", b"{}", "noop", webhook_url="https://example.com/")])
    cancel("u")

    for before in (True, False):
        with dies_at(monkeypatch, owner, step, before=before):
            Dispatch(BROKERS["default"]).run()
        is_struck = step == "strike" and not before
        outbox = webhook_keys.outbox("default")
        assert BROKERS.first.redis.zcard(outbox) == int(not is_struck)
    Dispatch(BROKERS["default"]).run()

    assert [(each.task_id, each.status) for each in deliveries()] == [("u", "pending")]
    assert BROKERS.first.redis.zcard(keys.index("default", "PENDING")) == 2
    assert BROKERS.first.redis.zcard(webhook_keys.outbox("default")) == 0


def test_without_a_webhook_that_wants_it_nothing_is_posted() -> None:
    blue, _ = tq.create_webhook("https://example.com/a", tags=["blue"], states=["REVOKED"])
    failed, _ = tq.create_webhook("https://example.com/b", states=["FAILURE"], task_types=["echo"])
    off, _ = tq.create_webhook("https://example.com/c")
    tq.change_webhook(off.id, tq.WebhookChanges(enabled=False))
    for task_id, tags in (("a", ",red,"), ("b", ",red,blue,")):
        store(task_id, tags=tags)
        cancel(task_id)
    store("c", task_type="noop")
    end_by_commit("c")

    redis = BROKERS.first.redis
    assert redis.zcard(webhook_keys.outbox("default")) == 2, "the failure of a noop is not wanted"
    Dispatch(BROKERS["default"]).run()

    assert [each.task_id for each in deliveries(blue.id)] == ["b"]
    assert deliveries(failed.id) == deliveries(off.id) == []
    for webhook in (blue, failed):
        tq.delete_webhook(webhook.id)
    assert redis.exists(webhook_keys.wanted()) == 0


def hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(5)  # longer than SHORT_S


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(50):
        time.sleep(0.1)  # each byte comes in time, and the answer never
        handler.wfile.write(b"x")


def flood(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**12))
    handler.end_headers()
    block = b"x" * 2**20
    while True:
        handler.wfile.write(block)


def babble(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n" * 20)


FAULTS = {
    "/hang": (hang, f"no complete answer within {SHORT_S} s"),
    "/drip": (drip, f"no complete answer within {SHORT_S} s"),
    "/redirect": (
        status(302, Location="/elsewhere"),
        "the receiver answered 302, and redirects are not followed",
    ),
    "/error": (status(500), "the receiver answered 500"),
    "/babble": (babble, "the answer is not HTTP"),
}


def test_a_receiver_with_a_fault_gets_the_same_delivery_again(
    start_consumer: StartConsumer,
) -> None:
    redis = BROKERS.first.redis

    def all_there() -> list[tq.DeliveryRecord]:
        for key in redis.scan_iter(webhook_keys.hold("*"), count=1000):
            redis.delete(key)  # so that the next attempt is made
        found = deliveries()
        return found if all(each.status == "delivered" for each in found) else []

    with ExitStack() as stack:
        receivers = {path: stack.enter_context(receiver()) for path in [*FAULTS, "/flood"]}
        for path, (fault, _) in FAULTS.items():
            receivers[path].answers[path] = in_turn(fault, status(200))
        receivers["/flood"].answers["/flood"] = flood
        quick = {"WEBHOOK_TIMEOUT_S": SHORT_S, "WEBHOOK_RETRY_DELAYS": "0.3,0.3,0.3"}
        start_consumer("default", concurrency=2, **quick)
        for path, hooks in receivers.items():
            tq.submit("echo", {"value": path}, webhook_url=hooks.url + path)
        wait_until(lambda: len(deliveries()) == len(receivers), description="all are under way")
        found = wait_until(all_there, description="all have arrived", timeout_s=20)

    for delivery in found:
        path = f"/{delivery.url.rpartition('/')[2]}"
        requests = receivers[path].got
        assert {(each.path, each.id) for each in requests} == {(path, delivery.id)}
        assert len({each.body for each in requests}) == 1
        first, *others = delivery.attempts
        assert first.duration_ms < 4500, "those that hang and drip take five seconds"
        if path == "/flood":
            assert (first.answer, others) == ("x" * 500, [])
        else:
            assert first.error is not None and first.error.startswith(FAULTS[path][1])


def test_deliveries_wait_for_a_receiver_that_hangs_without_an_attempt(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    hooks.answers["/hook"] = in_turn(hang, status(204))
    healthy, _ = tq.create_webhook(f"{hooks.url}/other")
    start_consumer("default", WEBHOOK_TIMEOUT_S=SHORT_S, WEBHOOK_RETRY_DELAYS="60,60")
    for _ in range(3):
        tq.submit("echo", {"value": 1}, webhook_url=f"{hooks.url}/hook")

    arrived = delivered(healthy.id, 3)
    wait_until(
        lambda: [each.status for each in deliveries()].count("delivered") == 2,
        description="the others of the same receiver arrive when it is spared no more",
        timeout_s=20,
    )
    errors = [each.error for one in [*arrived, *deliveries()] for each in one.attempts]
    assert errors.count(None) == 5, "each was tried once, and only the first in vain"
    assert [error for error in errors if error] == [f"no complete answer within {SHORT_S} s"]
    assert tq.get_webhook(healthy.id).failing_since is None


def test_a_receiver_that_never_answers_does_not_keep_its_deliveries_for_ever(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    hooks.answers["/hang"] = hang
    start_consumer("default", WEBHOOK_TIMEOUT_S="0.5")
    for _ in range(5):
        tq.submit("echo", {"value": 1}, webhook_url=f"{hooks.url}/hang")

    def all_failed() -> bool:
        return [each.status for each in deliveries()] == ["failed"] * 5

    wait_until(all_failed, description="all attempts are over", timeout_s=30)
    assert len(hooks.got) < 10, "the others do not wait for the same silence"
    errors = {attempt.error for each in deliveries() for attempt in each.attempts}
    assert "not tried: the receiver did not answer a moment ago" in errors
    failure = tq.get_webhook("tasks").last_error
    assert failure == "no complete answer within 0.5 s", "what was not tried is no failure"


def test_another_url_has_not_failed_yet() -> None:
    made, _ = tq.create_webhook("https://example.com/old")
    WebhookStore(BROKERS.first).note_failure(made.id, 1, "the receiver answered 500")
    assert tq.get_webhook(made.id).failing_since is not None
    changed = tq.change_webhook(made.id, tq.WebhookChanges(url="https://example.com/new"))
    assert (changed.failing_since, changed.last_error) == (None, None)


def test_a_consumer_killed_in_the_middle_of_a_delivery_repeats_it(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    hooks.answers["/slow"] = in_turn(hang, status(200))
    first = start_consumer("default", WEBHOOK_TIMEOUT_S="30")
    ids = [
        tq.submit("echo", {"value": n}, webhook_url=f"{hooks.url}/slow").task_id for n in range(10)
    ]
    wait_until(lambda: hooks.got, description="a delivery is under way")
    first.kill()
    start_consumer("default", concurrency=2)

    found = delivered(number=10)
    assert {each.task_id for each in found} == set(ids)
    arrived = [json.loads(each.body)["data"]["task_id"] for each in hooks.got]
    assert set(arrived) == set(ids) and len(arrived) >= 11
    assert len({(each.id, each.body) for each in hooks.got}) == 10


def test_redis_killed_in_the_middle_of_a_delivery_does_not_lose_it(
    start_consumer: StartConsumer, hooks: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> None:
    answer_now = threading.Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        answer_now.wait(20)
        status(204)(handler)

    hooks.answers["/redis"] = wait
    server = RedisServer(tmp_path_factory.mktemp("r"))
    try:
        start_consumer(
            "default", look_at=server.consumers, WEBHOOK_TIMEOUT_S="20", **server.environment
        )
        new = types.get("echo").new_task(new_id(), "default", {"value": 1})
        broker = server.queue.broker
        broker.scripts.submit("default", [new._replace(webhook_url=f"{hooks.url}/redis")])
        wait_until(lambda: hooks.got, description="it is being delivered")
        with server.killed():
            answer_now.set()

        def arrived() -> bool:
            found = WebhookStore(broker).deliveries("tasks", None, 10)
            return [("delivered_ms" in each.fields) for each in found] == [True]

        wait_until(arrived, description="it has arrived")
        assert len({(each.id, each.body) for each in hooks.got}) == 1
    finally:
        server.close()


def test_a_replay_sends_the_same_again(start_consumer: StartConsumer, hooks: Receiver) -> None:
    start_consumer("default")
    tq.submit("echo", {"value": "x" * 20_000}, webhook_url=f"{hooks.url}/own")
    (first,) = delivered()
    data = json.loads(hooks.got[0].body)["data"]
    assert (data["result"], data["result_left_out"]) == (None, True)

    again = tq.replay_delivery("tasks", first.id, tq.Operator("ada", "they lost it"))
    (found,) = wait_until(
        lambda: [each for each in deliveries() if len(each.attempts) == 2],
        description="the replay has arrived",
    )

    assert (again.id, found.status) == (first.id, "delivered")
    assert again.delivered_by == found.delivered_by != first.delivered_by
    assert hooks.got[0].body == hooks.got[1].body and hooks.got[0].id == hooks.got[1].id
    (entry,) = tq.audit_trail().entries
    assert (entry.action, entry.target, entry.why) == ("webhook_replay", first.id, "they lost it")
    made, _ = tq.create_webhook(f"{hooks.url}/other")
    with pytest.raises(tq.DeliveryNotFound):
        tq.replay_delivery(made.id, first.id)
    tq.change_webhook(made.id, tq.WebhookChanges(enabled=False))
    with pytest.raises(tq.InvalidQuery) as refused:
        tq.replay_delivery(made.id, first.id)
    assert [problem.code for problem in refused.value.problems] == ["disabled"]


def test_a_replay_that_dies_before_its_task_is_there_leaves_it_delivered(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    start_consumer("default")
    tq.submit("echo", {"value": 1}, webhook_url=f"{hooks.url}/own")
    (first,) = delivered()
    WebhookStore(BROKERS.first).begin_again(first.id, new_id(), "default")
    (found,) = deliveries()
    assert found.status == "delivered" and found.delivered_at == first.attempts[-1].at


def test_a_delivery_of_a_queue_that_is_not_ours_any_more_is_pending_until_it_is_replayed(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    """WEBHOOK_QUEUE was another one: what waited there for its next attempt was `failed` here."""
    hooks.answers["/own"] = in_turn(status(500), status(204))
    before = {"QUEUES": "high,default,low,hooks:1", "WEBHOOK_QUEUE": "hooks"}
    before["WEBHOOK_RETRY_DELAYS"] = "3600"
    start_consumer("default", **before)

    def online() -> list[Any]:  # no consumer of a queue of ours
        return [SimpleNamespace(consumer=name) for name, _, _ in scripts().online("hooks")]

    sender = start_consumer("hooks", look_at=online, **before)
    tq.submit("echo", {"value": 1}, webhook_url=f"{hooks.url}/own")
    wait_until(
        lambda: [each for each in deliveries() if each.attempts],
        description="the first attempt has failed",
    )
    sender.stop()  # which commits the attempt
    (waits,) = deliveries()

    assert waits.status == "pending" and waits.next_attempt_at is not None
    tq.replay_delivery("tasks", waits.id)
    (found,) = delivered()
    assert len(found.attempts) == 2 and found.delivered_by != waits.delivered_by
    redis = BROKERS.first.redis  # what is checked behind each test knows no such queue
    redis.delete(*redis.keys(f"{keys.root('hooks')}:*"))


def test_a_sample_is_signed_listed_and_counted_like_every_delivery(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    made, secret = tq.create_webhook(f"{hooks.url}/all", task_types=["echo"], tags=["vip"])
    start_consumer("default")

    sent = tq.send_sample(made.id, tq.Operator("ada", "is it up?"))

    (arrived,) = delivered(made.id)
    (request,) = hooks.of("/all")
    event = request.verified(secret)
    assert (sent.id, sent.event, sent.status) == (arrived.id, "task.test", "pending")
    assert (event["type"], request.id) == ("task.test", sent.id)
    assert (event["data"]["task_type"], event["data"]["tags"]) == ("echo", ["vip"])
    assert event["data"]["task_id"] == sent.task_id
    assert (event["data"]["attempt"], event["data"]["result"], event["data"]["error"]) == (
        None,
    ) * 3
    with pytest.raises(tq.TaskNotFound):
        tq.get_task(str(sent.task_id))
    assert [tuple(each.recent) for each in tq.list_webhooks()] == [(0, 0), (1, 1)]
    (entry,) = tq.audit_trail().entries
    assert (entry.action, entry.target, entry.why) == ("webhook_test", made.id, "is it up?")


def test_what_cannot_be_tested_says_why() -> None:
    with pytest.raises(tq.InvalidQuery) as refused:
        tq.send_sample("tasks")
    assert [problem.code for problem in refused.value.problems] == ["fixed"]
    with pytest.raises(tq.WebhookNotFound):
        tq.send_sample("wh_none")


@pytest.mark.parametrize("condition", [None, "paused"])
def test_a_disabled_webhook_is_tested_and_nothing_else_comes_of_it(
    start_consumer: StartConsumer, hooks: Receiver, condition: str | None
) -> None:
    conditions = [condition] if condition else []
    made, secret = tq.create_webhook(f"{hooks.url}/off", conditions=conditions)
    before = tq.change_webhook(made.id, tq.WebhookChanges(enabled=False))
    start_consumer("default")

    sent = tq.send_sample(made.id)
    wait_for(tq.submit("echo", {"value": 1}).task_id, "SUCCESS")

    (arrived,) = delivered(made.id)
    (request,) = hooks.of("/off")
    assert arrived.id == sent.id == request.id, "no event is sent"
    assert request.verified(secret)["type"] == ("condition.test" if condition else "task.test")
    assert tq.get_webhook(made.id) == before, "it is as disabled, and as well, as it was"


@pytest.mark.parametrize(("code", "attempts"), [(500, 4), (410, 1)])
def test_a_test_that_fails_says_nothing_of_a_disabled_webhook(
    start_consumer: StartConsumer, hooks: Receiver, code: int, attempts: int
) -> None:
    hooks.answers["/off"] = status(code)
    made, _ = tq.create_webhook(f"{hooks.url}/off")
    before = tq.change_webhook(made.id, tq.WebhookChanges(enabled=False))
    start_consumer("default")
    tq.send_sample(made.id)
    wait_until(lambda: deliveries(made.id)[0].status == "failed", description="it is given up")
    assert len(deliveries(made.id)[0].attempts) == len(hooks.of("/off")) == attempts
    assert tq.get_webhook(made.id) == before


@pytest.mark.parametrize(
    ("code", "failed_for_ms", "reason"),
    [
        (500, DAY_MS - 600_000, None),
        (500, DAY_MS, "every attempt since"),
        (410, 0, "its receiver answered 410 Gone"),
    ],
)
def test_a_webhook_that_fails_for_a_day_is_disabled(
    start_consumer: StartConsumer,
    hooks: Receiver,
    code: int,
    failed_for_ms: int,
    reason: str | None,
) -> None:
    hooks.answers["/bad"] = status(code)
    made, _ = tq.create_webhook(f"{hooks.url}/bad")
    since_ms = BROKERS.now_ms() - failed_for_ms
    key = webhook_keys.health(made.id)
    BROKERS.first.redis.hset(key, "failing_since_ms", since_ms)
    BROKERS.first.redis.pexpire(key, DAY_MS)
    consumer = start_consumer("default")
    wait_for(tq.submit("echo", {"value": 1}).task_id, "SUCCESS")

    (found,) = wait_until(
        lambda: [each for each in deliveries(made.id) if each.status == "failed"],
        description="the delivery is given up",
    )
    webhook = tq.get_webhook(made.id)
    assert webhook.last_error == f"the receiver answered {code}"
    assert webhook.enabled is (reason is None) and len(found.attempts) == (1 if reason else 4)
    if reason is None:
        return
    assert webhook.disabled_reason is not None and webhook.disabled_reason.startswith(reason)
    assert webhook.disabled_at is not None
    with pytest.raises(tq.ChangedMeanwhile):  # who edits it has not seen that it is disabled
        tq.change_webhook(
            made.id, tq.WebhookChanges(description="mine"), if_updated_at=made.updated_at
        )
    wait_until(
        lambda: f"webhook disabled: {reason}" in consumer.text(), description="the log says so"
    )
    enabled = tq.change_webhook(made.id, tq.WebhookChanges(enabled=True))
    assert enabled.enabled and enabled.disabled_reason is None and enabled.failing_since is None


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_waits_for_a_deleted_or_disabled_webhook_is_not_sent_and_no_failure(
    start_consumer: StartConsumer, hooks: Receiver, is_deleted: bool
) -> None:
    made, _ = tq.create_webhook(f"{hooks.url}/own")
    tq.pause("default")
    store_ended()
    start_consumer("default")
    wait_until(lambda: any(one.queued for one in tq.queue_stats()), description="it is to be sent")
    (waiting,) = deliveries(made.id)
    if is_deleted:
        tq.delete_webhook(made.id)
    else:
        tq.change_webhook(made.id, tq.WebhookChanges(enabled=False))
    tq.resume("default")

    sender = wait_for(waiting.delivered_by, "SUCCESS")
    assert sender.result == {"delivered": False, "status": None}
    assert hooks.got == []
    assert {one.code for one in tq.conditions(tq.look_at_service())} == {"no_consumer"}
    assert is_deleted or deliveries(made.id)[0].status == "failed"


def test_a_delivery_that_is_not_tried_for_long_is_still_made(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    redis = BROKERS.first.redis
    tq.pause("default")
    task_id = store_ended(f"{hooks.url}/own")
    start_consumer("default")
    (waiting,) = wait_until(deliveries, description="there is a delivery, and its queue is paused")
    month_ms = 30 * DAY_MS
    assert month_ms - 60_000 < redis.pttl(webhook_keys.delivery(waiting.id)) <= month_ms
    redis.delete(webhook_keys.deliveries("tasks"), keys.task("default", task_id))
    redis.zrem(keys.submitted("default"), task_id)
    redis.zrem(keys.index("default", "REVOKED"), task_id)
    tq.resume("default")

    delivered()
    data = json.loads(hooks.got[0].body)["data"]
    assert (data["task_id"], data["result"], data["result_left_out"]) == (task_id, None, True)
    assert redis.pttl(webhook_keys.delivery(waiting.id)) <= 3 * DAY_MS


def store_ended(url: str | None = None) -> str:
    """Return a task of that URL that has ended, without a worker."""
    task_id = tq.submit("echo", {"value": 1}, webhook_url=url).task_id
    tq.cancel(task_id)
    return task_id


def test_a_delivery_is_kept_until_after_its_next_attempt(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    hooks.answers["/own"] = in_turn(status(500), status(204))
    store_ended(f"{hooks.url}/own")
    start_consumer("default", WEBHOOK_RETRY_DELAYS="604800")
    wait_until(lambda: deliveries() and deliveries()[0].attempts, description="it has failed once")
    (found,) = deliveries()
    for key in (webhook_keys.delivery(found.id), webhook_keys.attempts(found.id)):
        assert BROKERS.first.redis.pttl(key) > 10 * DAY_MS


def test_pages_and_shares_leave_out_what_is_kept_no_more(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    start_consumer("default")
    for _ in range(4):
        store_ended(f"{hooks.url}/own")
    all_there = delivered(number=4)
    BROKERS.first.redis.delete(webhook_keys.delivery(all_there[1].id))
    page = tq.list_deliveries("tasks", most=2)
    rest = tq.list_deliveries("tasks", page.next_cursor, most=2)
    assert [each.id for each in [*page.deliveries, *rest.deliveries]] == [
        all_there[at].id for at in (0, 2, 3)
    ]
    assert tuple(tq.get_webhook("tasks").recent) == (3, 3)
