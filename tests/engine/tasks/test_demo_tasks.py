"""The four demo types through a real consumer: results, progress, retries and their waits."""

import datetime as dt
import json
from contextlib import nullcontext
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.errors import InvalidPayload
from huey_tasks.registry import types
from tests.conftest import StartConsumer
from tests.engine.helpers import wait_for
from tests.waiting import wait_until

EXAMPLES = {
    name: types.get(name).example
    for name in ("send_email", "process_payment", "generate_report", "data_pipeline")
}


@pytest.mark.parametrize(
    ("task_type", "queue", "retries", "fields"),
    [
        ("send_email", "high", 5, {"status": "sent", "to": "user@example.com"}),
        ("process_payment", "high", 3, {"status": "charged", "amount": "99.99"}),
        ("generate_report", "low", 2, {"status": "generated", "date_range": "last_30_days"}),
        ("data_pipeline", "low", 2, {"status": "completed", "records": 1000}),
    ],
)
def test_a_demo_task_succeeds_on_its_own_queue(
    start_consumer: StartConsumer, task_type: str, queue: str, retries: int, fields: dict[str, Any]
) -> None:
    start_consumer(queue)
    submitted = tq.submit(task_type, EXAMPLES[task_type])
    record = wait_for(submitted.task_id, "SUCCESS")
    assert (record.queue, record.max_attempts) == (queue, retries + 1)
    assert record.result.items() >= fields.items()


@pytest.mark.parametrize(
    ("user", "fits"),
    [
        ("usr_1", True),
        ("Zoë@例え", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        ("a b", False),
    ],
)
def test_a_payment_takes_words_of_64_characters_for_a_user(user: str, fits: bool) -> None:
    payload = {**EXAMPLES["process_payment"], "user_id": user}
    with nullcontext() if fits else pytest.raises(InvalidPayload):
        tq.submit("process_payment", payload)


@pytest.mark.parametrize("task_type", ["generate_report", "data_pipeline"])
def test_a_long_demo_task_reports_progress(start_consumer: StartConsumer, task_type: str) -> None:
    start_consumer("low", DEMO_SPEED="4")  # no step is over in half a second
    task_id = tq.submit(task_type, EXAMPLES[task_type]).task_id
    seen: set[float] = set()

    def ended() -> bool:
        record = tq.get_task(task_id)
        if record.progress is not None:
            seen.add(record.progress.fraction)
        return record.status.terminal

    wait_until(ended, description="the task has ended")
    assert len(seen) >= 3 and max(seen) == 1.0


def test_the_waits_between_attempts_double_from_two_seconds(start_consumer: StartConsumer) -> None:
    consumer = start_consumer("high", DEMO_FAILURE_RATE="1", LOG_FORMAT="json")
    tq.submit("process_payment", EXAMPLES["process_payment"])

    def retries() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in consumer.text().splitlines()]
        return [line for line in lines if line["event"].startswith("attempt failed")]

    wait_until(lambda: len(retries()) == 2, description="two attempts have failed")
    assert [line["in_s"] for line in retries()] == [2.0, 4.0]
    assert retries()[0]["error"] == "SimulatedFailure('the payment provider timed out')"


def test_every_demo_type_waits_as_its_table_says() -> None:
    for name, retries in (
        ("send_email", 5), ("process_payment", 3), ("generate_report", 2), ("data_pipeline", 2),
    ):  # fmt: skip
        found = types.get(name)
        assert found.retry_delay_s is not None and found.retry_backoff is not None
        waits = [found.retry_delay_s * found.retry_backoff**n for n in range(found.retries)]
        assert waits == [2 ** (n + 1) for n in range(retries)]


def test_a_retry_starts_when_it_is_due_and_not_before(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    due: list[dt.datetime] = []
    task_id = tq.submit("fail_until", {"attempt": 2}).task_id

    def ended() -> bool:
        record = tq.get_task(task_id)
        if record.next_retry_at is not None:
            due.append(record.next_retry_at)
        return record.status.terminal

    wait_until(ended, description="the task has ended")
    record = tq.get_task(task_id)
    if due:  # the wait of 50 ms was seen
        assert record.started_at is not None and record.started_at >= due[0]
    assert record.attempt == 2
