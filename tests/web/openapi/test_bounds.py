"""The bounds of the document are those of the service: the last value is taken, the next is not."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import email_body

Send = Callable[[FlaskClient, dict[str, Any]], int]


def submit(client: FlaskClient, fields: dict[str, Any]) -> int:
    return client.post("/api/tasks/submit?dry_run=1", json={**email_body(), **fields}).status_code


def change(client: FlaskClient, fields: dict[str, Any]) -> int:
    waiting = client.post("/api/tasks/submit", json={**email_body(), "delay": 60}).get_json()
    return client.patch(f"/api/tasks/{waiting['task_id']}", json=fields).status_code


def limit(client: FlaskClient, fields: dict[str, Any]) -> int:
    whole = {"rate": 1, **fields}
    return client.put("/api/task-types/send_email/limits", json=whole).status_code


def schedule(client: FlaskClient, fields: dict[str, Any]) -> int:
    body = {"task_type": "echo", "payload": {"value": 1}, "every_s": 60, **fields}
    return client.put("/api/schedules/bounds", json=body).status_code


def subscribe(client: FlaskClient, fields: dict[str, Any]) -> int:
    return client.post("/api/webhooks", json={"url": "https://127.0.0.1/", **fields}).status_code


SENT: dict[str, tuple[Send, tuple[str, ...]]] = {
    "Submit_send_email": (
        submit,
        ("delay", "expires_in", "queue_priority", "unique_for", "tags"),
    ),
    "ChangeBody": (change, ("delay", "queue_priority", "tags")),
    "TypeLimitsBody": (limit, ("concurrency", "rate", "per")),
    "SchedulePutBody": (schedule, ("tags",)),
    "WebhookBody": (subscribe, ("tags", "states")),
}


def ends(rules: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return what is just within the rules of a field, and what is just without."""
    step = 1 if rules["type"] == "integer" else 0.0005
    match rules:
        case {"minimum": least, "maximum": most}:
            return [least, most], [least - step, most + step]
        case {"minLength": least, "maxLength": most}:
            return ["x" * least, "x" * most], ["x" * (least - 1), "x" * (most + 1)]
        case {"maxItems": most}:
            whole = [f"tag-{number}" for number in range(most)]
            return [whole, ["x" * 64]], [[*whole, "more"], ["x" * 65], [""], ["a b"], ['"']]
        case {"items": {"enum": names}}:
            return [names], [[*names, "PENDING"], ["success"]]
        case _:
            raise AssertionError(f"no bounds: {rules}")


@pytest.mark.parametrize(
    ("body", "field"), [(body, field) for body, (_, fields) in SENT.items() for field in fields]
)
def test_a_bound_is_where_the_document_says(client: FlaskClient, body: str, field: str) -> None:
    properties = client.get("/openapi.json").get_json()["components"]["schemas"][body]["properties"]
    described = properties[field]
    rules = next((one for one in described.get("anyOf", ()) if one["type"] != "null"), {})
    within, without = ends({**rules, **described})
    send, _ = SENT[body]
    assert [send(client, {field: value}) // 100 for value in within] == [2] * len(within)
    assert [send(client, {field: value}) for value in without] == [422] * len(without)
