"""What goes over the line: compressed where that pays, and not again where the caller has it."""

import gzip
import json

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from tests.web.conftest import EMAIL, email_body

_GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def _large(client: FlaskClient) -> str:
    body = email_body(payload={**EMAIL, "body": "so much to say " * 400})
    return client.post("/api/tasks/submit", json=body).get_json()["task_id"]


@pytest.mark.parametrize("path", ["/api/task-types", "/api/tasks/{}", "/openapi.json"])
def test_large_json_is_compressed_for_who_reads_it(client: FlaskClient, path: str) -> None:
    path = path.format(_large(client))
    plain, packed = client.get(path), client.get(path, headers=_GZIP)

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert json.loads(gzip.decompress(packed.data)).keys() == plain.get_json().keys()


def test_small_answers_stay_as_they_are(client: FlaskClient) -> None:
    sent = client.post("/api/tasks/submit", json=email_body(), headers=_GZIP)

    assert sent.status_code == 202
    assert "Content-Encoding" not in sent.headers and "ETag" not in sent.headers
    assert "Vary" not in sent.headers
    read = client.get(f"/api/tasks/{sent.get_json()['task_id']}", headers=_GZIP)
    assert "Content-Encoding" not in read.headers


def test_problems_are_compressed_and_have_no_tag(client: FlaskClient) -> None:
    body = email_body(payload={f"field_{n}": n for n in range(40)})
    refused = client.post("/api/tasks/submit", json=body, headers=_GZIP)

    assert refused.status_code == 422
    assert refused.headers["Content-Encoding"] == "gzip"
    assert refused.mimetype == "application/problem+json"
    assert json.loads(gzip.decompress(refused.data))["code"] == "invalid_payload"
    assert "ETag" not in client.get("/api/tasks/nothing").headers


@pytest.mark.parametrize("form", ["{}", '"other", {}', "*", ' {} , "x"'])
def test_a_task_that_has_not_changed_is_not_sent_again(client: FlaskClient, form: str) -> None:
    path = f"/api/tasks/{_large(client)}"
    tag = client.get(path).headers["ETag"]

    again = client.get(path, headers={"If-None-Match": form.format(tag), **_GZIP})

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert "Content-Length" not in again.headers and "Content-Encoding" not in again.headers


def test_a_task_that_has_changed_is_sent(client: FlaskClient) -> None:
    task_id = _large(client)
    path = f"/api/tasks/{task_id}"
    tag = client.get(path).headers["ETag"]
    tq.cancel(task_id)

    again = client.get(path, headers={"If-None-Match": tag})

    assert (again.status_code, again.get_json()["status"]) == (200, "REVOKED")
    assert again.headers["ETag"] != tag


def test_a_tag_of_something_else_changes_nothing(client: FlaskClient) -> None:
    path = f"/api/tasks/{_large(client)}"
    for tag in ("", '"x"', 'W/""', "W/", "x" * 3000):
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200
