"""Alerts as their receivers see them: conditions that begin, flap and end; consumers that die."""

import json
from collections.abc import Generator
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import webhook_keys
from huey_tasks.broker.alert_store import AlertStore
from huey_tasks.broker.scripts.tasks import Scripts
from huey_tasks.broker.webhook_store import WebhookStore
from huey_tasks.queues import BROKERS
from huey_tasks.webhooks.alerts import Alerts, Post
from tests.conftest import StartConsumer
from tests.engine.dying import dies_at
from tests.engine.helpers import store
from tests.engine.monitoring.failures import CAUSE, OTHER, fail
from tests.receivers import Receiver, receiver
from tests.waiting import wait_until

#: Milliseconds that a condition must have held.
AFTER_MS = 30_000


@pytest.fixture
def hooks() -> Generator[Receiver]:
    """A receiver of this test."""
    with receiver() as found:
        yield found


def look(queue: str = "default") -> None:
    """Look as a consumer does, whoever looked before."""
    redis = BROKERS.first.redis
    redis.delete(webhook_keys.alert_turn())
    Alerts(BROKERS[queue], AFTER_MS / 1000).look()


def let_pass(ms: int) -> None:
    """Let the known conditions have begun, or be gone, for that much longer."""
    redis = BROKERS.first.redis
    for name, text in redis.hgetall(webhook_keys.alerts()).items():
        alert = json.loads(text)
        alert["gone" if "gone" in alert else "began"] -= ms
        redis.hset(webhook_keys.alerts(), name, json.dumps(alert))


def events(webhook_id: str) -> list[tuple[str, str | None, str | None]]:
    """What was posted to a webhook, the oldest first."""
    found = tq.list_deliveries(webhook_id).deliveries
    return [(each.event, each.condition, each.queue) for each in reversed(found)]


def bodies(webhook_id: str) -> list[Any]:
    found = WebhookStore(BROKERS.first).deliveries(webhook_id, None, 50)
    return [json.loads(each.fields["body"]) for each in reversed(found)]


def watching(*conditions: str) -> str:
    """Make a webhook of conditions; returns its id."""
    return tq.create_webhook("https://example.com/hook", conditions=conditions)[0].id


def test_one_post_when_a_condition_has_held_and_one_when_it_has_ended() -> None:
    hook = watching("paused")
    tq.pause("default", tq.Operator("ada", "new printer"))
    look()
    let_pass(AFTER_MS - 5000)
    look()
    assert events(hook) == [], "it has not held for long enough"

    let_pass(5000)
    look()
    look()
    assert events(hook) == [("condition.began", "paused", "default")]
    (body,) = bodies(hook)
    data = body["data"]
    assert (body["type"], data["title"]) == ("condition.began", "The default queue is paused")
    assert (data["severity"], data["queues"], data["link"]) == ("stopped", ["default"], "/queues")
    assert data["detail"] == "by ada: new printer" and data["ended_at"] is None
    assert data["began_at"] < body["timestamp"]

    tq.resume("default")
    look()
    let_pass(4 * AFTER_MS)
    look()
    look()
    assert [event for event, *_ in events(hook)] == ["condition.began", "condition.ended"]
    ended = bodies(hook)[1]["data"]
    assert (ended["code"], ended["began_at"]) == ("paused", data["began_at"])
    assert ended["ended_at"] is not None and ended["title"] == data["title"]
    assert BROKERS.first.redis.hlen(webhook_keys.alerts()) == 0


def test_a_condition_that_comes_and_goes_is_posted_once() -> None:
    hook = watching("paused")
    for _ in range(3):
        tq.pause("default")
        look()
        let_pass(AFTER_MS)
        look()
        tq.resume("default")
        look()
        let_pass(4 * AFTER_MS - 5000)
        look()
    assert events(hook) == [("condition.began", "paused", "default")]


def test_a_condition_that_does_not_hold_for_long_is_not_posted() -> None:
    hook = watching("paused")
    for _ in range(2):
        tq.pause("default")
        look()
        let_pass(AFTER_MS - 5000)
        tq.resume("default")
        look()
    assert events(hook) == []


def test_each_webhook_hears_of_its_own_conditions_and_of_each_queue() -> None:
    ends, _ = tq.create_webhook("https://example.com/ends")
    stopped, idle = watching("paused", "draining"), watching("no_consumer")
    off = watching("paused")
    tq.change_webhook(off, tq.WebhookChanges(enabled=False))
    tq.pause("default")
    look()
    let_pass(AFTER_MS)
    tq.pause("low")
    look()
    assert events(stopped) == [("condition.began", "paused", "default")]
    let_pass(AFTER_MS)
    look()
    assert events(stopped)[1:] == [("condition.began", "paused", "low")]
    assert sorted(queue or "" for _, _, queue in events(idle)) == ["default", "high", "low"]
    assert events(ends.id) == events(off) == []
    # One that comes later hears of what holds; one that wants it no more hears of no end.
    late = watching("paused")
    tq.change_webhook(stopped, tq.WebhookChanges(conditions=["draining"]))
    tq.resume("low")
    look()
    let_pass(4 * AFTER_MS)
    look()
    assert events(late) == [("condition.began", "paused", "default")]
    assert len(events(stopped)) == 2


def test_without_a_webhook_of_conditions_nobody_looks() -> None:
    hook = watching("paused")
    tq.pause("default")
    look()
    redis = BROKERS.first.redis
    assert redis.exists(webhook_keys.alerts(), webhook_keys.alert_turn()) == 2
    tq.delete_webhook(hook)
    look()
    kept = (webhook_keys.alerts(), webhook_keys.alert_turn(), webhook_keys.alert_wants())
    assert redis.exists(*kept) == 0


def test_one_consumer_of_all_looks_in_a_turn() -> None:
    watching("paused")
    looks = [AlertStore(broker).take_turn(9000) for broker in BROKERS.values()]
    assert looks == [True, False, False]


@pytest.mark.parametrize(
    ("owner", "step"),
    [(WebhookStore, "add"), (Scripts, "submit"), (AlertStore, "strike")],
)
def test_the_next_turn_goes_on_where_a_consumer_died(
    monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    hook = watching("paused")
    tq.pause("low")
    look()
    let_pass(AFTER_MS)
    for before in (True, False):
        with dies_at(monkeypatch, owner, step, before=before):
            look("high")
    look("low")

    assert events(hook) == [("condition.began", "paused", "low")]
    assert tq.queue_stats()[1].queued == 1, "one task sends it"
    assert BROKERS.first.redis.zcard(webhook_keys.alert_posts()) == 0


def test_a_queue_that_runs_sends_before_all_that_waits() -> None:
    hook = watching("paused")
    redis, now_ms = BROKERS.first.redis, BROKERS.now_ms()
    redis.zadd("duckline:{high}:consumers", {"high@test-1": now_ms + 60_000})
    tq.pause("default")
    store("first", task_type="echo")
    look()
    let_pass(AFTER_MS)
    look()
    (delivery,) = tq.list_deliveries(hook).deliveries
    assert tq.get_task(delivery.delivered_by).queue == "high"
    assert delivery.status == "pending"
    redis.delete("duckline:{high}:consumers")


def test_each_new_cause_is_posted_with_its_fingerprint() -> None:
    hook = watching("new_cause", "failing")
    for cause in (CAUSE, OTHER):
        fail(f"task-{cause.fingerprint}", cause)
        look()
        let_pass(AFTER_MS)
        look()
    posted = [body["data"] for body in bodies(hook) if body["data"]["code"] == "new_cause"]
    assert [data["cause"]["fingerprint"] for data in posted] == [
        CAUSE.fingerprint,
        OTHER.fingerprint,
    ]
    (failing,) = [body["data"] for body in bodies(hook) if body["data"]["code"] == "failing"]
    assert failing["cause"]["error_type"] == CAUSE.error_type


def test_the_id_of_a_post_is_that_of_its_repeat() -> None:
    post = Post("wh_1 paused low", "began", 5, 9, "low", "{}")
    assert post.delivery_id == post._replace(at_ms=10, queue="high").delivery_id
    assert post.delivery_id != post._replace(event="ended").delivery_id
    assert post.delivery_id != post._replace(began_ms=6).delivery_id


def test_a_consumer_killed_while_a_condition_holds_leaves_one_begin_and_one_end(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    made, secret = tq.create_webhook(f"{hooks.url}/alerts", conditions=["no_consumer", "paused"])
    quick = {"ALERT_AFTER_S": "0.6"}
    first = start_consumer("high", **quick)
    # The others of the stack have no consumer from the beginning: two begins.
    wait_until(lambda: len(hooks.got) == 2, description="the receiver hears of two queues")
    tq.pause("low")
    alerts = BROKERS.first.redis.hkeys
    wait_until(
        lambda: f"{made.id} paused low".encode() in alerts(webhook_keys.alerts()),
        description="the pause was seen",
    )
    first.kill()
    start_consumer("default", **quick)
    wait_until(lambda: len(hooks.got) >= 4, description="it hears of the pause and of high")
    tq.resume("low")

    def heard() -> list[tuple[str, str, str]]:
        found = [request.verified(secret) for request in hooks.got]
        return sorted(
            (event["data"]["code"], event["data"]["queues"][0], event["type"].split(".")[1])
            for event in found
        )

    expected = [
        ("no_consumer", "default", "began"), ("no_consumer", "default", "ended"),
        ("no_consumer", "high", "began"), ("no_consumer", "low", "began"),
        ("paused", "low", "began"), ("paused", "low", "ended"),
    ]  # fmt: skip
    wait_until(lambda: heard() == expected, description="each began and ended once")
    assert len({request.id for request in hooks.got}) == 6


def test_a_sample_of_a_condition_is_signed_and_listed(
    start_consumer: StartConsumer, hooks: Receiver
) -> None:
    made, secret = tq.create_webhook(f"{hooks.url}/alerts", conditions=["failing"])
    start_consumer("default")
    sent = tq.send_sample(made.id)
    wait_until(lambda: hooks.got, description="the sample has arrived")
    event = hooks.got[0].verified(secret)
    assert (event["type"], event["data"]["code"]) == ("condition.test", "failing")
    assert (sent.event, sent.condition, sent.task_id) == ("condition.test", "failing", None)
    wait_until(
        lambda: tq.list_deliveries(made.id).deliveries[0].status == "delivered",
        description="that is known",
    )
    again = tq.replay_delivery(made.id, sent.id)
    wait_until(lambda: len(hooks.got) == 2, description="it has arrived again")
    assert again.id == sent.id == hooks.got[1].id and hooks.got[0].body == hooks.got[1].body
