"""Actions on many tasks, undo and the audit trail over HTTP: each answer, and each bad input."""

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from huey_tasks.broker import keys
from tests.conftest import StartConsumer
from tests.engine.helpers import wait_for
from tests.waiting import wait_until
from tests.web.conftest import OwnRedis, Server, StartServer, email_body

UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"
broker = tq.default.broker.redis


def submit(client: FlaskClient, **more: Any) -> str:
    answer = client.post("/api/tasks/submit", json=email_body(**{"priority": "default", **more}))
    return answer.get_json()["task_id"]


def act(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/tasks/actions", json=body)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def audit(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    return client.get(f"/api/audit{query}").get_json()["entries"]


def status(client: FlaskClient, task_id: str) -> str | int:
    answer = client.get(f"/api/tasks/{task_id}")
    return answer.get_json()["status"]


# ---- actions


def test_selected_tasks_are_cancelled_and_the_rest_is_counted(client: FlaskClient) -> None:
    ids = [submit(client) for _ in range(3)]
    client.delete(f"/api/tasks/{ids[0]}/cancel")
    reply = act(client, action="cancel", task_ids=[*ids, UNKNOWN], reason="a slip")
    assert reply == {
        "operation_id": reply["operation_id"],
        "action": "cancel",
        "done": 2,
        "skipped": 2,
        "skipped_because": {"not_found": 1, "wrong_state": 1, "redis_full": 0},
        "next_cursor": None,
        "undo_id": None,
        "undo_until": None,
    }
    assert {status(client, one) for one in ids} == {"REVOKED"}


def test_all_that_match_are_retried_piece_by_piece(client: FlaskClient) -> None:
    body = [email_body(priority="low", tags=["many"]) for _ in range(600)]
    assert len(client.post("/api/tasks/bulk", json=body).get_json()) == 600
    submit(client)
    client.post("/api/queues/low/purge")
    reply = act(client, action="retry", q="tag:many")
    done, requests = reply["done"], 1
    while reply["next_cursor"]:
        where = {"cursor": reply["next_cursor"], "operation_id": reply["operation_id"]}
        reply = act(client, action="retry", q="tag:many", **where)
        done, requests = done + reply["done"], requests + 1
    assert done == 600 and requests > 1
    assert tq.stats().queued("low") == 600
    entry = audit(client, "?action=retry")[0]
    assert (entry["count"], entry["target"], entry["queue"]) == (600, "tag:many", "low")


def test_a_deleted_task_is_a_404_until_it_is_undone(client: FlaskClient) -> None:
    task_id = submit(client)
    client.delete(f"/api/tasks/{task_id}/cancel")
    before = client.get(f"/api/tasks/{task_id}").get_json()
    reply = act(client, action="delete", task_ids=[task_id])
    assert reply["undo_id"] == reply["operation_id"]
    left = dt.datetime.fromisoformat(reply["undo_until"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=9) < left < dt.timedelta(minutes=11)
    gone = client.get(f"/api/tasks/{task_id}")
    assert (gone.status_code, gone.get_json()["code"]) == (404, "task_not_found")
    assert client.get("/api/tasks").get_json()["tasks"] == []

    undone = client.post(f"/api/undo/{reply['undo_id']}", json={"reason": "wrong one"})
    assert undone.get_json() == {"undo_id": reply["undo_id"], "restored": 1, "left": 0}
    assert client.get(f"/api/tasks/{task_id}").get_json() == before
    entry, deleted = audit(client)[:2]
    assert (entry["action"], entry["why"], entry["target"]) == (
        "undo", "wrong one", reply["undo_id"],
    )  # fmt: skip
    assert deleted["undone_at"] is not None


def test_a_requeued_task_runs_now(client: FlaskClient, start_consumer: StartConsumer) -> None:
    start_consumer("default")
    answer = client.post(
        "/api/tasks/submit",
        json={"task_type": "fail_until", "priority": "default", "payload": {"attempt": 2}},
    )
    task_id = answer.get_json()["task_id"]
    wait_until(
        lambda: (
            act(client, action="requeue", task_ids=[task_id])["done"]
            or tq.get_task(task_id).status.terminal
        ),
        description="it has failed once, and was sent on",
    )
    wait_for(task_id, "SUCCESS")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/action"),
        ({"action": "explode", "q": "tag:x"}, "/action"),
        ({"action": ["cancel"], "q": "tag:x"}, "/action"),
        ({"action": "cancel"}, ""),
        ({"action": "cancel", "q": "tag:x", "task_ids": [UNKNOWN]}, ""),
        ({"action": "cancel", "task_ids": []}, "/task_ids"),
        ({"action": "cancel", "task_ids": UNKNOWN}, "/task_ids"),
        ({"action": "cancel", "task_ids": [UNKNOWN] * 501}, "/task_ids"),
        ({"action": "cancel", "task_ids": [UNKNOWN, "x"]}, "/task_ids/1"),
        ({"action": "cancel", "task_ids": [UNKNOWN.upper()]}, "/task_ids/0"),
        ({"action": "cancel", "task_ids": [f"{UNKNOWN}\n"]}, "/task_ids/0"),
        ({"action": "cancel", "task_ids": [7]}, "/task_ids/0"),
        ({"action": "cancel", "task_ids": [UNKNOWN], "cursor": "x"}, ""),
        ({"action": "cancel", "task_ids": [UNKNOWN], "set_aside": True}, ""),
        ({"action": "cancel", "q": "statte:failure"}, "/q"),
        ({"action": "cancel", "q": " "}, "/q"),
        ({"action": "cancel", "q": "x" * 1001}, "/q"),
        ({"action": "cancel", "q": 5}, "/q"),
        ({"action": "cancel", "q": "tag:x", "cursor": "forged"}, "/cursor"),
        ({"action": "cancel", "q": "tag:x", "cursor": 5}, "/cursor"),
        ({"action": "cancel", "q": "tag:x", "operation_id": "x"}, "/operation_id"),
        ({"action": "cancel", "q": "tag:x", "operation_id": {}}, "/operation_id"),
        ({"action": "cancel", "q": "tag:x", "reason": "x" * 501}, "/reason"),
        ({"action": "cancel", "q": "tag:x", "reason": 5}, "/reason"),
        ({"action": "cancel", "q": "tag:x", "submitted_after": "yesterday"}, "/submitted_after"),
        ({"action": "cancel", "q": "tag:x", "submitted_before": "2026-01-01T00:00"},
         "/submitted_before"),
        ({"action": "cancel", "q": "tag:x", "set_aside": 1}, "/set_aside"),
        ({"action": "cancel", "q": "tag:x", "color": "red"}, "/color"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_422_that_says_where(
    client: FlaskClient, body: dict[str, Any], pointer: str
) -> None:
    task_id = submit(client)
    answer = client.post("/api/tasks/actions", json=body)
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request"), problem
    assert answer.content_type == "application/problem+json"
    assert problem["errors"][0]["pointer"] == pointer
    assert status(client, task_id) == "PENDING"
    assert audit(client) == []


@pytest.mark.parametrize(
    ("data", "content_type", "code"),
    [
        ("{", "application/json", (400, "invalid_json")),
        ("[]", "application/json", (422, "invalid_request")),
        ("", "application/json", (400, "invalid_json")),
        ("action=cancel", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        ('{"action": "cancel", "q": "' + "x" * 1_100_000 + '"}', "application/json",
         (413, "body_too_large")),
    ],
    ids=["no JSON", "no object", "nothing", "a form", "too large"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["tasks/actions", "queues/high/pause", "undo/x"])
def test_a_body_that_is_not_as_it_must_be_is_refused(
    client: FlaskClient, path: str, data: str, content_type: str, code: tuple[int, str]
) -> None:
    answer = client.post(f"/api/{path}", data=data, content_type=content_type)
    if not data and path != "tasks/actions":  # the reason need not be given
        assert answer.status_code in (200, 404)
        return
    assert (answer.status_code, answer.get_json()["code"]) == code


def test_an_operation_that_is_undone_is_over(client: FlaskClient) -> None:
    ids = [submit(client) for _ in range(2)]
    client.post("/api/queues/default/purge")
    undo_id = act(client, action="delete", task_ids=ids[:1])["undo_id"]
    client.post(f"/api/undo/{undo_id}")
    answer = client.post(
        "/api/tasks/actions",
        json={"action": "delete", "task_ids": ids[1:], "operation_id": undo_id},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (409, "operation_over")


def test_a_get_of_the_actions_is_no_unknown_task(client: FlaskClient) -> None:
    assert client.get("/api/tasks/actions").status_code == 405


@pytest.mark.parametrize("path", ["tasks/actions", "undo/x", "queues/high/purge"])
def test_another_site_changes_nothing(client: FlaskClient, path: str) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = client.post(f"/api/{path}", json={"action": "cancel", "q": "tag:x"}, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site")


# ---- purge and undo


def test_a_purge_says_how_it_is_undone(client: FlaskClient) -> None:
    ids = [submit(client) for _ in range(3)]
    purged = client.post("/api/queues/default/purge", json={"reason": "spring"}).get_json()
    assert purged["purged"] == 3 and purged["undo_until"]
    undone = client.post(f"/api/undo/{purged['undo_id']}").get_json()
    assert undone == {"undo_id": purged["undo_id"], "restored": 3, "left": 0}
    for task_id in ids:
        old = client.get(f"/api/tasks/{task_id}").get_json()
        assert old["status"] == "REVOKED"
        assert status(client, old["retried_as"]) == "PENDING"
    again = client.post(f"/api/undo/{purged['undo_id']}")
    assert (again.status_code, again.get_json()["code"]) == (404, "undo_not_found")


def test_a_purge_of_nothing_has_nothing_to_undo(client: FlaskClient) -> None:
    purged = client.post("/api/queues/default/purge").get_json()
    assert (purged["purged"], purged["undo_id"], purged["undo_until"]) == (0, None, None)
    assert audit(client) == []


def test_an_undo_that_comes_too_late_is_a_404(client: FlaskClient) -> None:
    submit(client)
    undo_id = client.post("/api/queues/default/purge").get_json()["undo_id"]
    broker.pexpire(keys.undo("default", undo_id), 1)
    wait_until(
        lambda: not broker.exists(keys.undo("default", undo_id)), description="it is too late"
    )
    answer = client.post(f"/api/undo/{undo_id}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "undo_not_found")
    assert answer.content_type == "application/problem+json"


def test_what_redis_has_no_room_for_is_a_503_and_can_be_undone_later(client: FlaskClient) -> None:
    submit(client)
    undo_id = client.post("/api/queues/default/purge").get_json()["undo_id"]
    broker.config_set("maxmemory", 1)
    try:
        answer = client.post(f"/api/undo/{undo_id}")
    finally:
        broker.config_set("maxmemory", 0)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "queue_unavailable")
    assert client.post(f"/api/undo/{undo_id}").get_json()["restored"] == 1


# ---- the trail


def test_every_action_of_the_api_leaves_its_entry(client: FlaskClient) -> None:
    first, second = submit(client), submit(client)
    client.delete(f"/api/tasks/{first}/cancel")
    client.post(f"/api/tasks/{first}/retry")
    for action in ("pause", "drain", "resume"):
        client.post(f"/api/queues/high/{action}", json={"reason": f"to {action}"})
    undo_id = client.post("/api/queues/default/purge").get_json()["undo_id"]
    client.post(f"/api/undo/{undo_id}")
    act(client, action="delete", task_ids=[second])
    entries = audit(client)
    assert [entry["action"] for entry in entries] == [
        "delete", "undo", "purge", "resume", "drain", "pause", "retry", "cancel",
    ]  # fmt: skip
    assert set(entries[0]) == {
        "id", "at", "action", "who", "why", "queue", "count", "target", "undo_id", "undo_until",
        "undone_at",
    }  # fmt: skip
    assert [entry["why"] for entry in entries[3:6]] == ["to resume", "to drain", "to pause"]
    assert {entry["who"] for entry in entries} == {"127.0.0.1"}
    assert audit(client, "?action=pause") == [entries[5]]


def test_one_task_is_cancelled_and_retried_for_a_reason(client: FlaskClient) -> None:
    task_id = submit(client)
    client.delete(f"/api/tasks/{task_id}/cancel?reason=wrong%20address%20%26%20zo%C3%AB")
    cancelled = client.get(f"/api/tasks/{task_id}").get_json()
    assert cancelled["error"] == "cancelled: wrong address & zoë"
    client.post(f"/api/tasks/{task_id}/retry", json={"reason": "  mended "})
    assert [(entry["action"], entry["why"]) for entry in audit(client)] == [
        ("retry", "mended"), ("cancel", "wrong address & zoë"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        (f"reason={'x' * 501}", "/reason"),
        ("reason=a&reason=b", "/reason"),
        ("reason=%00", "/reason"),
        ("why=x", "/why"),
    ],
)
def test_a_cancel_for_no_proper_reason_is_a_422_and_cancels_nothing(
    client: FlaskClient, query: str, pointer: str
) -> None:
    task_id = submit(client)
    answer = client.delete(f"/api/tasks/{task_id}/cancel?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")
    assert answer.get_json()["errors"][0]["pointer"] == pointer
    assert status(client, task_id) == "PENDING" and audit(client) == []


@pytest.mark.parametrize(
    "body", [{"reason": "x" * 501}, {"reason": 5}, {"reason": "\0"}, {"why": "x"}]
)
def test_a_retry_for_no_proper_reason_is_a_422_and_retries_nothing(
    client: FlaskClient, body: dict[str, Any]
) -> None:
    task_id = submit(client)
    client.delete(f"/api/tasks/{task_id}/cancel")
    answer = client.post(f"/api/tasks/{task_id}/retry", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")
    assert answer.get_json()["errors"][0]["pointer"] == f"/{next(iter(body))}"
    assert client.get(f"/api/tasks/{task_id}").get_json()["retried_as"] is None


def test_pages_of_the_trail_are_linked_by_cursors(client: FlaskClient) -> None:
    for _ in range(5):
        client.post("/api/queues/high/pause")
    first = client.get("/api/audit?limit=3").get_json()
    second = client.get(f"/api/audit?limit=3&cursor={first['next_cursor']}").get_json()
    ids = [entry["id"] for page in (first, second) for entry in page["entries"]]
    assert len(set(ids)) == 5 and second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=1.0", "/limit"),
        ("cursor=forged", "/cursor"),
        (f"cursor={'x' * 101}", "/cursor"),
        ("action=explode", "/action"),
        ("color=red", "/color"),
        ("limit=1&limit=2", "/limit"),
    ],
)
def test_a_trail_that_cannot_be_read_so_is_a_422(
    client: FlaskClient, query: str, pointer: str
) -> None:
    answer = client.get(f"/api/audit?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")
    assert answer.get_json()["errors"][0]["pointer"] == pointer


def _pause_as(client: FlaskClient, **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.post("/api/queues/high/pause", headers=named)
    assert answer.status_code == 200, answer.get_json()
    return audit(client)[0]["who"] if "Authorization" not in named else ""


def test_a_name_may_be_put_before_what_is_known_of_the_operator(client: FlaskClient) -> None:
    for sent, who in (
        ("ada", "ada (127.0.0.1)"),
        ("  ada lovelace ", "ada lovelace (127.0.0.1)"),
        ("", "127.0.0.1"),
        ("zoë".encode().decode("latin-1"), "zoë (127.0.0.1)"),
        ("zo\xeb", "zoë (127.0.0.1)"),
        ("x" * 64, f"{'x' * 64} (127.0.0.1)"),
    ):
        assert _pause_as(client, X_Operator=sent) == who


@pytest.mark.parametrize(
    "name", ["x" * 65, "a\tb", "\x1b[31m", "a\u202eb".encode().decode("latin-1")]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "queues/high/pause"),
        ("POST", "queues/high/purge"),
        ("DELETE", "tasks/{id}/cancel"),
        ("POST", "tasks/{id}/retry"),
        ("POST", "tasks/actions"),
        ("POST", "undo/x"),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused_before_anything_is_done(
    client: FlaskClient, name: str, method: str, path: str
) -> None:
    task_id = submit(client)
    body = {"action": "cancel", "q": "tag:x"} if path == "tasks/actions" else None
    answer = client.open(
        f"/api/{path}".format(id=task_id), method=method, json=body, headers={"X-Operator": name}
    )
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/X-Operator")
    assert status(client, task_id) == "PENDING" and audit(client) == []


def test_the_key_of_a_request_tells_who_it_was() -> None:
    app = web.create_app(dataclasses.replace(tq.CONFIG, api_keys=("ada=key-of-ada", "bare-key")))
    client = app.test_client(use_cookies=False)
    for key in ("key-of-ada", "bare-key"):
        headers = {"Authorization": f"Bearer {key}", "X-Operator": "bob"}
        assert client.post("/api/queues/high/pause", headers=headers).status_code == 200
    entries = client.get("/api/audit", headers={"Authorization": "Bearer bare-key"}).get_json()
    digits = hashlib.sha256(b"bare-key").hexdigest()[-4:]
    assert [entry["who"] for entry in entries["entries"]] == [
        f"bob (key …{digits})", "bob (ada)",
    ]  # fmt: skip
    assert "key-of-ada" not in json.dumps(entries)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "audit"),
        ("POST", "tasks/actions"),
        ("POST", "undo/x"),
        ("POST", "queues/high/purge"),
    ],
)
def test_nobody_without_a_key_reads_the_trail_or_acts(method: str, path: str) -> None:
    app = web.create_app(dataclasses.replace(tq.CONFIG, api_keys=("bare-key",)))
    answer = app.test_client().open(f"/api/{path}", method=method, json={})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")


def test_the_inspector_acts_and_reads_the_trail_too(
    client: FlaskClient, inspector: FlaskClient
) -> None:
    task_id = submit(client)
    assert act(inspector, action="cancel", task_ids=[task_id])["done"] == 1
    assert audit(inspector)[0]["target"] == task_id


# ---- a real server


def test_while_redis_is_away_every_route_is_a_503(
    own_redis: OwnRedis, start_server: StartServer
) -> None:
    server = start_server(**own_redis.environment)
    own_redis.stop()
    body, kind = (
        json.dumps({"action": "cancel", "q": "tag:x"}),
        {"Content-Type": "application/json"},
    )
    undo = "/api/undo/0643f9f2c5a000-0123456789abcdef"
    for method, path, sent in (
        ("POST", "/api/tasks/actions", body),
        ("POST", undo, None),
        ("POST", "/api/queues/high/purge", None),
        ("POST", "/api/queues/high/pause", None),
        ("GET", "/api/audit", None),
    ):
        answer = server.request(method, path, sent, kind if sent else None)
        assert (answer.status, answer.json["code"]) == (503, "queue_unavailable"), path
        assert answer.headers["Retry-After"]
    own_redis.start()


@pytest.mark.parametrize(
    ("chunks", "why"), [(b'10\r\n{"reason":"why"}\r\n', "why"), (b"", None)], ids=["one", "none"]
)
def test_a_body_in_chunks_gives_its_reason(
    server: Server, client: FlaskClient, chunks: bytes, why: str | None
) -> None:
    answer = server.raw(
        b"POST /api/queues/high/pause HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunks
        + b"0\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200")
    assert audit(client)[0]["why"] == why
