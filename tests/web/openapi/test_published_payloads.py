"""The four published payloads, byte for byte: accepted as they stand, and each type's example."""

import json

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq

PUBLISHED = {
    "send_email": '{"to": "user@example.com", "subject": "Welcome aboard!", '
    '"body": "Thanks for signing up."}',
    "process_payment": '{"user_id": "usr_12345", "amount": 99.99, "currency": "USD"}',
    "generate_report": '{"report_type": "monthly_summary", "user_id": "usr_12345", '
    '"date_range": "last_30_days"}',
    "data_pipeline": '{"source": "s3://bucket/input", "destination": "s3://bucket/output", '
    '"record_count": 1000}',
}


@pytest.mark.parametrize("task_type", PUBLISHED)
def test_a_published_payload_is_accepted_as_it_stands(client: FlaskClient, task_type: str) -> None:
    body = f'{{"task_type": "{task_type}", "payload": {PUBLISHED[task_type]}}}'
    answer = client.post("/api/tasks/submit", data=body, content_type="application/json")
    assert answer.status_code == 202, answer.text
    record = tq.get_task(answer.get_json()["task_id"])
    assert record.payload == json.loads(PUBLISHED[task_type])


def test_the_published_payload_is_the_example_of_its_type(client: FlaskClient) -> None:
    listed = {
        one["task_type"]: one for one in client.get("/api/task-types").get_json()["task_types"]
    }
    examples = {name: listed[name]["example"] for name in PUBLISHED}
    assert examples == {name: json.loads(text) for name, text in PUBLISHED.items()}


@pytest.mark.parametrize(
    ("field", "value", "accepted"),
    [
        ("report_type", "a", True),
        ("report_type", "Z-9_" * 16, True),
        ("report_type", "Z-9_" * 16 + "a", False),
        ("report_type", "", False),
        ("report_type", "two words", False),
        ("report_type", "a\n", False),
        ("report_type", "größe", False),
        ("report_type", 7, False),
        ("date_range", "this-quarter", True),
        ("date_range", "last 30 days", False),
        ("date_range", "", False),
        ("date_range", ["2026-01-01", "2026-02-01"], False),
        ("date_range", {"start": "2026-01-01", "end": "2026-03-31"}, True),
        ("date_range", {"start": "2026-01-02", "end": "2026-01-01"}, False),
        ("date_range", {"start": "2026-01-02"}, False),
    ],
)
def test_words_of_a_report(client: FlaskClient, field: str, value: object, accepted: bool) -> None:
    payload = {**json.loads(PUBLISHED["generate_report"]), field: value}
    body = {"task_type": "generate_report", "payload": payload}
    answer = client.post("/api/tasks/submit", json=body)
    assert answer.status_code == (202 if accepted else 422)
    if not accepted:
        pointers = [error["pointer"] for error in answer.get_json()["errors"]]
        assert all(pointer.startswith(f"/payload/{field}") for pointer in pointers)
