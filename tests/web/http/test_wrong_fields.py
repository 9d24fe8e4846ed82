"""A wrong field of a body or a query: the answer names it, and the one that was probably meant."""

from typing import Any

import pytest
from flask.testing import FlaskClient

SUBMIT = "/api/tasks/submit"
A_TASK = "/api/tasks/00000000-0000-4000-8000-000000000000"
STAYS = (
    "A waiting task stays in its queue: cancel it and submit it to the other one; its order within "
    "the queue is 'queue_priority', a number"
)
SECONDS = "a number of seconds, such as 60"
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


FLOW: dict[str, Any] = {"name": "one", "nodes": [{"name": "a", **ECHO, "queue": "high"}]}
THE_QUEUE = "There is no field 'queue'; the queue is 'priority'"


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer", "message"),
    [
        ("POST", SUBMIT, {**ECHO, "queue": "high"}, "/queue", THE_QUEUE),
        ("POST", "/api/flows", FLOW, "/nodes/0/queue", THE_QUEUE),
        (
            "PUT",
            "/api/schedules/nightly",
            {"task_type": "echo", "cron": "0 3 * * *", "queue": "high"},
            "/queue",
            THE_QUEUE,
        ),
        (
            "POST",
            SUBMIT,
            {**ECHO, "args": [1]},
            "/args",
            "There is no field 'args'; the arguments are the object 'payload'",
        ),
        (
            "POST",
            SUBMIT,
            {**ECHO, "priority": 9},
            "/priority",
            "'priority' is a queue: high, default, low; the order within it is "
            "'queue_priority', a number",
        ),
        (
            "POST",
            f"{SUBMIT}?wait=10",
            ECHO,
            "/wait",
            "There is no field 'wait'; the header 'Prefer: wait=10' of a submit waits for the end",
        ),
        ("POST", SUBMIT, {**ECHO, "delay": "1h"}, "/delay", "'delay' is " + SECONDS),
        ("PATCH", A_TASK, {"delay": "1h"}, "/delay", "'delay' is " + SECONDS),
        (
            "POST",
            SUBMIT,
            {**ECHO, "retries": 5},
            "/retries",
            "There is no field 'retries'; that is of the task type: @task(retries=3, timeout=60)",
        ),
        ("PATCH", A_TASK, {"priority": "high"}, "/priority", STAYS),
        ("PATCH", A_TASK, {"queue": "high"}, "/queue", STAYS),
    ],
    ids=[
        "queue",
        "of a node",
        "of a schedule",
        "args",
        "a number",
        "wait",
        "a time",
        "a time of a change",
        "retries",
        "of a change",
        "its queue",
    ],
)
def test_a_word_of_another_place_gets_the_field_that_is_meant(
    client: FlaskClient, method: str, path: str, body: object, pointer: str, message: str
) -> None:
    errors = refusal(client, method, path, body)["errors"]
    assert {each["pointer"]: each["message"] for each in errors}[pointer] == message


@pytest.mark.parametrize("word", ["task", "queue_name"])
def test_a_word_of_another_place_is_no_misspelling_where_its_meaning_is_no_field(
    client: FlaskClient, word: str
) -> None:
    task_id = client.post(SUBMIT, json={**ECHO, "delay": 60}).get_json()["task_id"]
    [error] = refusal(client, "PATCH", f"/api/tasks/{task_id}", {word: "echo"})["errors"]
    assert error["message"].startswith(f"There is no field '{word}'; the fields are 'payload', ")


def test_a_task_of_a_bulk_says_it_too(client: FlaskClient) -> None:
    answer = client.post("/api/tasks/bulk", json=[{**ECHO, "queue": "high"}])
    assert THE_QUEUE in answer.get_data(as_text=True)


def test_a_field_of_the_payload_keeps_its_own_words(client: FlaskClient) -> None:
    body = {"task_type": "echo", "payload": {"queue": 1, "value": 1}}
    [error] = refusal(client, "POST", SUBMIT, body)["errors"]
    assert error["message"] == "There is no field 'queue'; the fields are 'value'"


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


@pytest.mark.parametrize(
    ("method", "path", "body", "subject"),
    [
        ("POST", "/api/schedules", {"name": "a b", "task_type": "echo"}, "A name has 1 to 100 "),
        ("GET", f"/api/tasks?q={'a+' * 300}", None, "A search has at most "),
        (
            "POST",
            "/api/webhooks",
            {"url": "https://example.org/", "description": "x" * 1000},
            "A description has at most ",
        ),
    ],
    ids=["name", "search", "description"],
)
def test_a_rule_says_what_it_is_about(
    client: FlaskClient, method: str, path: str, body: object, subject: str
) -> None:
    assert refusal(client, method, path, body)["errors"][0]["message"].startswith(subject)


SUCH_AS = "is a number of seconds, such as 60"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (
            "/api/flows",
            {"nodes": [{"name": "a", "task_type": "ehco", "payload": {"value": 1}}]},
            "No task type 'ehco' is registered; did you mean 'echo'?",
        ),
        ("/api/schedules/preview", {"every_s": "1h"}, f"'every_s' {SUCH_AS}"),
        (
            "/api/keys",
            {"name": "a", "role": "viewer", "expires_in": "1d"},
            f"'expires_in' {SUCH_AS}",
        ),
        (
            "/api/tasks/actions",
            {"action": "cancel", "task_ids": ["4F925172"]},
            "Input should be an id, a UUID in lower case",
        ),
    ],
)
def test_an_error_says_what_to_write(
    client: FlaskClient, path: str, body: dict[str, Any], message: str
) -> None:
    """As that of a submit: these had no nearest type, only a type of numbers, and a pattern."""
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["message"] == message
