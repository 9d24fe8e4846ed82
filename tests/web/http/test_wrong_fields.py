"""A wrong field of a body or a query: the answer names it, and the one that was probably meant."""

from typing import Any

import pytest
from flask.testing import FlaskClient

SUBMIT = "/api/tasks/submit"
ECHO: dict[str, Any] = {"task_type": "echo", "payload": {"value": 1}}


def refusal(client: FlaskClient, method: str, path: str, body: object = None) -> dict[str, Any]:
    answer = client.open(path, method=method, json=body)
    assert answer.status_code == 422
    return answer.get_json()


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer", "meant"),
    [
        ("POST", SUBMIT, {**ECHO, "priorty": "low"}, "/priorty", "priority"),
        ("POST", SUBMIT, {"task_type": "echo", "payload": {"valu": 1}}, "/payload/valu", "value"),
        ("POST", "/api/tasks/actions", {"action": "retry", "task_id": []}, "/task_id", "task_ids"),
        ("POST", "/api/schedules/preview", {"corn": "* * * * *"}, "/corn", "cron"),
        ("POST", "/api/queues/low/pause", {"raeson": "x"}, "/raeson", "reason"),
        ("GET", "/api/tasks?limt=5", None, "/limt", "limit"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("/") else "",
)
def test_a_misspelt_field_gets_the_nearest_name(
    client: FlaskClient, method: str, path: str, body: object, pointer: str, meant: str
) -> None:
    errors = {
        each["pointer"]: each["message"] for each in refusal(client, method, path, body)["errors"]
    }
    assert errors[pointer].endswith(f"did you mean '{meant}'?")


def test_the_detail_names_the_first_field(client: FlaskClient) -> None:
    one = refusal(client, "POST", SUBMIT, {**ECHO, "payload": []})
    assert one["detail"] == "1 field is invalid, /payload: Input should be an object."
    two = refusal(client, "POST", SUBMIT, {"task_type": "echo", "payloads": {}})
    assert two["detail"] == ("2 fields are invalid, the first is /payload: Field required.")
    unknown = refusal(client, "POST", SUBMIT, {**ECHO, "tagz": []})
    assert unknown["detail"].endswith("/tagz: There is no field 'tagz'; did you mean 'tags'?")


def test_the_detail_is_short_whatever_was_sent(client: FlaskClient) -> None:
    refused = refusal(client, "POST", SUBMIT, {**ECHO, "z\n" * 5000: 1})
    assert len(refused["detail"]) < 300
    assert "\n" not in refused["detail"]
