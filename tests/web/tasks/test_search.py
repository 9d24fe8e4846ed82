"""Finding tasks over HTTP."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import EMAIL, email_body


def submit(client: FlaskClient, **more: Any) -> str:
    return client.post("/api/tasks/submit", json=email_body(**more)).get_json()["task_id"]


def find(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/tasks", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def test_tags_go_in_with_the_task_and_find_it(client: FlaskClient) -> None:
    task_id = submit(client, tags=["vip", "eu"])
    submit(client)
    assert client.get(f"/api/tasks/{task_id}").get_json()["tags"] == ["vip", "eu"]
    for query in ({"q": "tag:vip"}, {"tag": "eu"}, {"q": "tag:eu", "tag": "vip", "limit": 1}):
        assert [task["task_id"] for task in find(client, **query)["tasks"]][:1] == [task_id]
    bulk = client.post("/api/tasks/bulk", json=[email_body(tags=["many"])])
    assert bulk.status_code == 207
    assert find(client, tag="many")["tasks"][0]["task_id"] == bulk.get_json()[0]["task_id"]


@pytest.mark.parametrize("state", ["PENDING", "pending", "waiting", "Waiting"])
def test_a_state_is_named_as_on_the_pages_too(client: FlaskClient, state: str) -> None:
    task_id = submit(client)
    assert [task["task_id"] for task in find(client, state=state)["tasks"]] == [task_id]
    assert find(client, state="failed")["tasks"] == []
    assert client.get("/api/tasks?state=lost").status_code == 422


@pytest.mark.parametrize(
    ("tags", "pointer"), [(["a b"], "/tags/0"), (["ok", ""], "/tags/1"), ("vip", "/tags")]
)
def test_a_wrong_tag_is_pointed_at(client: FlaskClient, tags: Any, pointer: str) -> None:
    answer = client.post("/api/tasks/submit", json=email_body(tags=tags))
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer
    assert find(client)["tasks"] == []


def test_a_row_is_a_task_without_what_may_be_large(client: FlaskClient) -> None:
    task_id = submit(client)
    (row,) = find(client)["tasks"]
    task = client.get(f"/api/tasks/{task_id}").get_json()
    of_record = ("result", "result_note", "traceback", "log", "attempts", "schedule")
    for name in (
        *of_record,
        "flow_id",
        "updated_at",
        "submitted_by",
        "invocation",
        "reported",
        "partial_results",
    ):
        del task[name]
    wait_s = row.pop("wait_s")
    assert wait_s >= 0
    assert row == {**task, "payload": EMAIL, "payload_truncated": False, "run_s": None}


def test_pages_are_linked_by_cursors(client: FlaskClient) -> None:
    ids = {submit(client) for _ in range(5)}
    first = find(client, limit=3)
    second = find(client, limit=3, cursor=first["next_cursor"])
    assert (first["complete"], second["complete"], second["next_cursor"]) == (True, True, None)
    assert second["scanned_back_to"] is None and first["scanned_back_to"] is not None
    assert {task["task_id"] for page in (first, second) for task in page["tasks"]} == ids


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("q=statte:failure", "/q"),
        ("q=age:1h", "/q"),
        ("cursor=forged", "/cursor"),
        ("sort=name", "/sort"),
        ("limit=0", "/limit"),
        ("submitted_after=yesterday", "/submitted_after"),
        ("submitted_after=2026-01-01T00:00:00", "/submitted_after"),
        (f"q={'x' * 1001}", "/q"),
        ("color=red", "/color"),
        ("type=send*", "/type"),
        ("tag=a,b&worker=x*", "/tag"),
    ],
)
def test_what_cannot_be_read_is_a_422_that_says_why(
    client: FlaskClient, query: str, pointer: str
) -> None:
    answer = client.get(f"/api/tasks?{query}")
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request")
    assert problem["errors"][0]["pointer"] == pointer


def test_a_wrong_word_is_answered_with_those_there_are(client: FlaskClient) -> None:
    problem = client.get("/api/tasks?q=usr:1").get_json()
    assert "payload.<field>" in problem["errors"][0]["message"]


def test_the_time_window_of_a_search_is_in_rfc_3339(client: FlaskClient) -> None:
    task_id = submit(client)
    at = client.get(f"/api/tasks/{task_id}").get_json()["submitted_at"]
    assert find(client, submitted_after=at)["tasks"]
    assert not find(client, submitted_before=at)["tasks"]


def test_the_inspector_finds_tasks_too(client: FlaskClient, inspector: FlaskClient) -> None:
    submit(client)
    assert json.loads(inspector.get("/api/tasks").data)["tasks"]
