"""One task or many: made in the form of their type, each accepted or refused on its own."""

import datetime as dt
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from huey import signals

import huey_tasks as tq
from huey_tasks import serializer
from huey_tasks.records import ids
from huey_tasks.registry import types
from huey_tasks.submission.batch import BATCH, Submission, submit_many
from tests.engine.helpers import HandWorker

PAYLOADS: list[dict[str, Any]] = [
    {"value": None},
    {"value": 'text with \u00e4 \u202e \U0001f469 " \\ \n'},
    {"value": {"these": "arguments"}},
    {"value": "00000000-0000-4000-8000-000000000000"},
    {"value": {"$date": {"$a": [1, {"$b": 2}]}, "price": "$5"}},
    {"value": [1.5, -0.0, 1e300, 2**70, True, [], {}]},
    {"value": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
    {"value": {"data": b"\x00\xff", "takes": dt.timedelta(seconds=1), "tags": (1, 2)}},
    {},
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
@pytest.mark.parametrize("queue", ["high", "default", "low"])
def test_a_task_is_cast_as_huey_would_write_it(queue: str, payload: dict[str, Any]) -> None:
    found, task_id = types.get("echo"), ids.new_id()
    by_huey = found.wrappers[queue].task_class((), dict(payload), id=task_id)

    cast = found.templates[queue].cast(task_id, payload, serializer.dumps(payload))

    assert cast == tq.QUEUES[queue].serialize_task(by_huey).task


@pytest.mark.parametrize("task_type", [one.name for one in tq.task_types()])
def test_the_tasks_of_every_type_are_cast_as_huey_would_write_them(task_type: str) -> None:
    found, task_id, payload = types.get(task_type), ids.new_id(), {"a": 1}
    by_huey = found.wrappers["low"].task_class((), dict(payload), id=task_id)
    if by_huey.expires:
        return  # Huey writes a date into each of them, and is asked for each
    cast = found.templates["low"].cast(task_id, payload, serializer.dumps(payload))
    assert cast == tq.low.serialize_task(by_huey).task


def test_a_task_that_expires_has_its_own_date() -> None:
    found = types.get("fail_once_and_expire")
    first, second = (found.new_task(ids.new_id(), "default", {}) for _ in range(2))

    assert first.id != second.id
    assert 0 < first.expires_ms <= 5000
    written = serializer.loads(second.message)
    assert (written.id, written.expires) == (None, 5), "the claim has the id"
    assert written.expires_resolved > dt.datetime(2026, 1, 1)


def test_who_listens_to_huey_hears_of_every_task() -> None:
    heard: list[tuple[str, Any]] = []

    def listen(signal: str, task: Any) -> None:
        heard.append((task.id, task.kwargs))

    tq.low.signal(signals.SIGNAL_ENQUEUED)(listen)
    try:
        receipt = tq.submit("echo", {"value": 1}, priority="low")
    finally:
        tq.low.disconnect_signal(listen)
    assert heard == [(receipt.task_id, {"value": 1})]
    assert tq.submit("echo", {"value": 2}, priority="low")
    assert len(heard) == 1


def test_ids_are_random_uuids_in_one_form() -> None:
    many = ids.new_ids(1000)

    assert len(set(many)) == 1000
    form = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(form, one) for one in many)
    assert {one[19] for one in many} == set("89ab")
    assert min(Counter(one[0] for one in many).values()) > 20


def test_a_process_that_forks_gives_no_id_out_twice() -> None:
    read, write = os.pipe()
    ids.new_id()
    if (pid := os.fork()) == 0:
        os.write(write, ids.new_id().encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 36).decode() != ids.new_id()


def test_of_many_tasks_each_is_accepted_or_refused_on_its_own() -> None:
    good = {"to": "ada@example.com", "subject": "s", "body": "b"}
    outcomes = submit_many(
        [
            Submission("send_email", good),
            Submission("send_email", {**good, "to": "nobody"}),
            Submission("send_email", good, "low"),
            Submission("no_such_type", {}),
            Submission("echo", {}, "urgent"),
            Submission("echo", {}),
        ]
    )

    accepted = {place: one for place, one in enumerate(outcomes) if isinstance(one, tuple)}
    assert {place: one.queue for place, one in accepted.items()} == {  # pyright: ignore
        0: "high", 2: "low", 5: "default",
    }  # fmt: skip
    assert [type(outcomes[place]) for place in (1, 3, 4)] == [
        tq.InvalidPayload, tq.UnknownTaskType, tq.UnknownQueue,
    ]  # fmt: skip
    assert {task.task_id for task in tq.list_tasks()} == {one.task_id for one in accepted.values()}


def test_many_tasks_keep_their_order_and_one_refused_queue_holds_up_no_other() -> None:
    tq.drain("low")
    outcomes = submit_many(
        Submission("echo", {"value": number}, "low" if number % 3 == 0 else "default")
        for number in range(2 * BATCH + 7)
    )

    refused = [place for place, one in enumerate(outcomes) if isinstance(one, tq.QueueDraining)]
    assert refused == list(range(0, 2 * BATCH + 7, 3))
    expected = [place for place in range(2 * BATCH + 7) if place % 3]
    worker = HandWorker()
    _, claims = worker.step(want=1000, worth='{"echo": 0.001}')
    assert [serializer.loads(claim.message).kwargs["value"] for claim in claims] == expected


def test_what_redis_refused_and_what_came_after_it_is_not_accepted() -> None:
    broker = tq.default.broker.redis

    def filling_up() -> Iterator[Submission]:
        for number in range(3 * BATCH):
            if number == BATCH:  # the first batch is in
                broker.config_set("maxmemory", 1)
            yield Submission("echo", {"value": number})

    try:
        outcomes = submit_many(filling_up())
    finally:
        broker.config_set("maxmemory", 0)

    assert all(isinstance(one, tq.SubmittedTask) for one in outcomes[:BATCH])
    details = Counter(one.detail for one in outcomes[BATCH:])  # pyright: ignore
    assert details == {
        "Redis cannot take it now.": BATCH,
        "Redis stopped answering before this task was sent.": BATCH,
    }
    assert tq.queue_stats()[1].queued == BATCH


def test_a_task_whose_answer_is_lost_can_be_looked_for() -> None:
    broker = tq.default.broker.redis

    def falling_silent() -> Iterator[Submission]:
        for number in range(2 * BATCH):
            if number == BATCH:
                broker.client_pause(60_000, all=False)
            yield Submission("echo", {"value": number})

    try:
        with tq.time_limit(2.0):
            outcomes = submit_many(falling_silent())
    finally:
        broker.client_unpause()

    unanswered = [one for one in outcomes if isinstance(one, tq.Unanswered)]
    assert len(unanswered) == BATCH
    with pytest.raises(tq.TaskNotFound):  # this Redis has forgotten what it was asked
        tq.get_task(unanswered[-1].task_id)
    assert tq.queue_stats()[1].queued == BATCH
