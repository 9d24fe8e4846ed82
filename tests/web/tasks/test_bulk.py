"""Many tasks in one request: each accepted or refused on its own, in order, in bounded memory."""

import json
import socket
from collections import Counter
from typing import Annotated, Any

import pytest
from flask.testing import FlaskClient
from pydantic import AfterValidator
from werkzeug.test import TestResponse

import huey_tasks as tq
import web.tasks.bulk_routes
from tests.web.conftest import EMAIL, Server, email_body
from tests.web.http.test_bad_input import GOOD, NOT_JSON, NOT_OURS, WRONG_PAYLOAD, Case
from web.tasks.bulk_body import MAX_BULK_TASKS
from web.tasks.bulk_routes import CHUNK, MAX_BULKS

PATH = "/api/tasks/bulk"
NDJSON = "application/x-ndjson"
NOTE: dict[str, Any] = {"task_type": "echo", "payload": {"value": 1}}


def send(client: FlaskClient, items: list[Any]) -> list[dict[str, Any]]:
    answer = client.post(PATH, json=items)
    assert (answer.status_code, answer.mimetype) == (207, "application/json")
    return answer.get_json()


def send_lines(client: FlaskClient, *lines: bytes) -> list[dict[str, Any]]:
    answer = client.post(PATH, data=b"\n".join(lines), content_type=NDJSON)
    assert (answer.status_code, answer.mimetype) == (207, NDJSON)
    return [json.loads(line) for line in answer.data.decode().splitlines()]


def refused(answer: TestResponse) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    assert tq.list_tasks() == []
    return answer.status_code, answer.get_json()["code"]


def test_an_array_is_answered_by_an_array_in_its_order(client: FlaskClient) -> None:
    items = send(client, [email_body(), {**email_body(), "x": 1}, email_body(priority="low")])

    tasks = {task.task_id: task.queue for task in tq.list_tasks()}
    assert [item["index"] for item in items] == [0, 1, 2]
    assert tasks == {items[0]["task_id"]: "high", items[2]["task_id"]: "low"}
    assert items[2] == {
        "index": 2, "task_id": items[2]["task_id"], "status": "PENDING", "priority": "low",
    }  # fmt: skip
    assert (items[1]["code"], items[1]["errors"][0]["pointer"]) == ("invalid_request", "/x")
    assert "task_id" not in items[1]


def test_lines_are_answered_by_lines_and_blank_ones_do_not_count(client: FlaskClient) -> None:
    line = json.dumps(NOTE).encode()
    items = send_lines(client, b"", line, b"  \t\r", line + b"\r", b"{", b" " + line, b"", b"")

    assert [(item["index"], item.get("code")) for item in items] == [
        (0, None), (1, None), (2, "invalid_json"), (3, None),
    ]  # fmt: skip
    assert len(tq.list_tasks()) == 3


BAD_TASKS = [*NOT_JSON, *NOT_OURS, *WRONG_PAYLOAD]


@pytest.mark.parametrize(
    "case",
    [case for case in BAD_TASKS if b"\n" not in case.body and case.name != "empty"],
    ids=lambda case: case.name,
)
def test_a_line_is_refused_for_what_a_submission_is_refused_for(
    client: FlaskClient, case: Case
) -> None:
    good = json.dumps(GOOD).encode()
    before, item, after = send_lines(client, good, case.body, good)

    assert item["code"] == case.code, item
    if case.pointer is not None:
        assert [error["pointer"] for error in item["errors"]] == [case.pointer]
    assert {task.task_id for task in tq.list_tasks()} == {before["task_id"], after["task_id"]}


@pytest.mark.parametrize("case", BAD_TASKS, ids=lambda case: case.name)
def test_an_item_is_refused_for_what_a_submission_is_refused_for(
    client: FlaskClient, case: Case
) -> None:
    good = json.dumps(GOOD).encode()
    answer = client.post(
        PATH, data=b"[" + b",".join((good, case.body, good)) + b"]", content_type="application/json"
    )
    if answer.status_code != 207:  # the array itself is no JSON
        assert refused(answer) == (400, "invalid_json")
        return
    items = answer.get_json()
    assert [item.get("code") for item in items] == [None, case.code, None]
    assert len(tq.list_tasks()) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"  ", 400, "invalid_json"),
        (b"[", 400, "invalid_json"),
        (b"]", 400, "invalid_json"),
        (b"[1,]", 400, "invalid_json"),
        (b"[,1]", 400, "invalid_json"),
        (b"[1 2]", 400, "invalid_json"),
        (b"[1]]", 400, "invalid_json"),
        (b"[]{}", 400, "invalid_json"),
        (b"[1", 400, "invalid_json"),
        (b"[1,", 400, "invalid_json"),
        (b'["a]', 400, "invalid_json"),
        (b"[NaN, tru]", 400, "invalid_json"),
        (b"\xef\xbb\xbf[]", 400, "invalid_json"),
        (b'["\xff"]', 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b"{}", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (b'"[]"', 422, "invalid_request"),
        (b"{", 400, "invalid_json"),
        (json.dumps(NOTE).encode() * 2, 400, "invalid_json"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_no_array_is_refused_whole(
    client: FlaskClient, body: bytes, status: int, code: str
) -> None:
    answer = client.post(PATH, data=body, content_type="application/json")
    assert refused(answer) == (status, code)


@pytest.mark.parametrize("between", [b"", b" ", b"\r"])
def test_lines_that_were_joined_are_explained(client: FlaskClient, between: bytes) -> None:
    joined = between.join([json.dumps(NOTE).encode()] * 3)
    (item,) = send_lines(client, joined)
    assert item["code"] == "invalid_json"
    assert "a line of its own" in item["detail"]
    assert "--data-binary @file" in item["detail"]
    assert tq.list_tasks() == []


def test_the_hint_about_joined_lines_is_only_for_them(client: FlaskClient) -> None:
    note = json.dumps(NOTE).encode()
    for line in (note[:-1], note + b"}", note + b",", note.replace(b'"echo"', b'echo "}{"')):
        assert "--data-binary" not in send_lines(client, line)[0]["detail"], line


def test_the_other_media_type_is_named(client: FlaskClient) -> None:
    note = json.dumps(NOTE).encode()
    (item,) = send_lines(client, b"[" + note + b"]")
    assert "application/json" in item["detail"]
    answer = client.post(PATH, data=note + b"\n" + note, content_type="application/json")
    assert NDJSON in answer.get_json()["detail"]


@pytest.mark.parametrize("body", [b"[]", b" [ \n ] "])
def test_no_tasks_are_no_mistake(client: FlaskClient, body: bytes) -> None:
    answer = client.post(PATH, data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()) == (207, [])


@pytest.mark.parametrize("body", [b"", b"\n\n", b" \r\n"])
def test_lines_without_a_task_are_a_mistake(client: FlaskClient, body: bytes) -> None:
    assert refused(client.post(PATH, data=body, content_type=NDJSON)) == (400, "invalid_json")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/ndjson"},
        {"Content-Type": "application/x-ndjson; charset=utf-16"},
        {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"},
    ],
    ids=str,
)
def test_another_media_type_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post(PATH, data=json.dumps([NOTE]), headers=headers)
    assert refused(answer) == (415, "unsupported_media_type")
    assert answer.headers["Accept"] == "application/json, application/x-ndjson"


def test_another_site_submits_nothing(client: FlaskClient) -> None:
    answer = client.post(PATH, json=[NOTE], headers={"Origin": "https://evil.example"})
    assert refused(answer) == (403, "cross_site")


def test_bulk_takes_post_only(client: FlaskClient) -> None:
    for answer in (client.get(PATH), client.delete(PATH)):
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_the_inspector_takes_no_tasks(inspector: FlaskClient) -> None:
    assert inspector.post(PATH, json=[NOTE]).status_code in (404, 405)


def test_ten_thousand_tasks_are_taken_and_one_more_is_not(client: FlaskClient) -> None:
    items = send(client, [NOTE] * MAX_BULK_TASKS)

    assert [item["index"] for item in items] == list(range(MAX_BULK_TASKS))
    assert len({item["task_id"] for item in items}) == MAX_BULK_TASKS
    assert tq.queue_stats()[1].queued == MAX_BULK_TASKS
    tq.default.broker.redis.flushall()
    assert refused(client.post(PATH, json=[NOTE] * (MAX_BULK_TASKS + 1))) == (413, "too_many_tasks")
    lines = b"1\n" * (MAX_BULK_TASKS + 1)
    answer = client.post(PATH, data=lines, content_type=NDJSON)
    assert refused(answer) == (413, "too_many_tasks")


def test_a_body_of_more_than_sixteen_mebibytes_is_too_large(client: FlaskClient) -> None:
    sixteen = 16 * 1024 * 1024
    answer = client.post(PATH, data=b" " * (sixteen + 1), content_type="application/json")
    assert refused(answer) == (413, "body_too_large")
    exact = b"[" + b" " * (sixteen - 2) + b"]"
    assert client.post(PATH, data=exact, content_type="application/json").status_code == 207


def test_a_task_of_more_than_a_mebibyte_is_refused_and_the_others_are_not(
    client: FlaskClient,
) -> None:
    large = {**NOTE, "payload": {"value": "x" * 1024 * 1024}}
    assert [item.get("code") for item in send(client, [NOTE, large, NOTE])] == [
        None, "task_too_large", None,
    ]  # fmt: skip


def test_what_is_no_json_is_found_by_the_line_of_the_body(client: FlaskClient) -> None:
    body = b'{"task_type": "echo", "payload": {"value": 1}}\n\n{oops}\r\n  [1,\n'
    answer = client.post(PATH, data=body, content_type=NDJSON)
    items = [json.loads(line) for line in answer.data.splitlines()]
    assert [item.get("detail", "").partition("(")[2] for item in items] == [
        "", "line 3, column 2).", "line 4, column 4).",
    ]  # fmt: skip


def test_empty_lines_without_end_cost_nothing(client: FlaskClient) -> None:
    answer = client.post(PATH, data=b"\n" * 16_000_000 + b"1", content_type=NDJSON)
    assert [json.loads(answer.data)["code"]] == ["invalid_request"]


def test_a_draining_queue_refuses_its_own_tasks_only(client: FlaskClient) -> None:
    tq.drain("low")
    items = send(client, [NOTE, {**NOTE, "priority": "low"}, NOTE])
    assert [item.get("code") for item in items] == [None, "queue_draining", None]


def test_tasks_stand_in_their_queue_in_the_order_of_the_request(client: FlaskClient) -> None:
    items = send(client, [NOTE] * (3 * CHUNK))
    waiting = tq.list_tasks(state=tq.TaskState.PENDING, limit=3 * CHUNK)
    place = {item["task_id"]: item["index"] for item in items}
    broker = tq.default.broker.redis
    ids = [one.decode() for one in broker.zrange("duckline:{default}:state:PENDING", 0, -1)]
    assert [place[one] for one in ids] == list(range(3 * CHUNK))
    assert len(waiting) == 3 * CHUNK


def test_a_check_that_fails_itself_stops_no_other_task(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def check(value: int) -> int:
        raise RuntimeError("secret")

    @tq.task(name="hard_to_check")
    def hard_to_check(value: Annotated[int, AfterValidator(check)]) -> None: ...

    items = send(client, [NOTE, {**NOTE, "task_type": hard_to_check.name}, NOTE])

    assert [item.get("code") for item in items] == [None, "internal_error", None]
    assert "secret" not in json.dumps(items)
    assert "secret" in caplog.text


def test_without_redis_the_whole_bulk_is_a_503(client: FlaskClient) -> None:
    broker = tq.default.broker.redis
    broker.config_set("maxmemory", 1)
    try:
        answer = client.post(PATH, json=[{**NOTE, "x": 1}, NOTE, {**NOTE, "priority": "low"}])
    finally:
        broker.config_set("maxmemory", 0)

    assert refused(answer) == (503, "queue_unavailable")
    assert answer.headers["Retry-After"]


def test_when_redis_goes_away_in_the_middle_every_task_is_told(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.tasks.bulk_routes, "LIMIT_S", 2.0)
    broker = tq.default.broker.redis
    answer = client.post(PATH, json=[NOTE] * 20 * CHUNK, buffered=False)
    pieces = answer.iter_encoded()
    begin = next(pieces)
    broker.client_pause(60_000, all=False)
    try:
        items = json.loads(begin + b"".join(pieces))
    finally:
        broker.client_unpause()

    kinds = [(item.get("code"), "task_id" in item) for item in items]
    accepted, unknown, unsent = (
        (None, True), ("queue_unavailable", True), ("queue_unavailable", False),
    )  # fmt: skip
    counted = Counter(kinds)
    assert counted[unknown] == CHUNK
    assert counted[accepted] % CHUNK == 0
    assert counted[accepted] >= CHUNK
    assert kinds == sorted(kinds, key=[accepted, unknown, unsent].index)
    assert [item["index"] for item in items] == list(range(20 * CHUNK))
    assert tq.queue_stats()[1].queued == counted[accepted]


def test_so_many_bulks_are_answered_at_once_and_no_more(client: FlaskClient) -> None:
    items = [NOTE] * 3 * CHUNK
    under_way = [client.post(PATH, json=items, buffered=False) for _ in range(MAX_BULKS)]

    answer = client.post(PATH, json=[NOTE])
    assert (answer.status_code, answer.get_json()["code"]) == (503, "too_many_bulks")
    assert answer.headers["Retry-After"]

    under_way.pop().close()
    assert client.post(PATH, json=[NOTE]).status_code == 207
    for one in under_way:
        one.close()
    for _ in range(MAX_BULKS + 1):  # a refused one has freed its place, too
        assert client.post(PATH, data=b"[", content_type="application/json").status_code == 400


def test_a_real_server_streams_the_answer(server: Server) -> None:
    body = json.dumps([{"task_type": "send_email", "payload": EMAIL}] * 1000).encode()
    answer = server.request("POST", PATH, body, {"Content-Type": "application/json"})

    assert answer.status == 207
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in answer.headers
    assert len(answer.json) == len(tq.list_tasks(limit=2000)) == 1000


def test_a_bulk_that_breaks_off_is_no_task(server: Server) -> None:
    line = json.dumps(NOTE).encode() + b"\n"
    head = b"POST /api/tasks/bulk HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as sender:
        sender.sendall(head + b"\r\nContent-Length: 10000\r\n\r\n" + line * 5)
        sender.shutdown(socket.SHUT_WR)
        answer = sender.recv(65536)
    assert answer == b"" or answer.split(b" ", 2)[1] == b"400"
    assert tq.list_tasks() == []


def test_the_document_shows_both_forms(client: FlaskClient) -> None:
    operation = client.get("/openapi.json").get_json()["paths"][PATH]["post"]

    assert set(operation["requestBody"]["content"]) == {"application/json", NDJSON}
    assert set(operation["responses"]["207"]["content"]) == {"application/json", NDJSON}
    example = operation["requestBody"]["content"][NDJSON]["example"]
    assert all("task_id" in item for item in send_lines(client, *example.encode().splitlines()))
