"""Schedules over HTTP: what they answer, what they refuse, and whom."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import ANY

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import StartConsumer
from tests.waiting import wait_until
from tests.web.conftest import EMAIL, OwnRedis, StartServer

GOOD = {"name": "nightly", "task_type": "send_email", "payload": EMAIL, "cron": "0 3 * * *"}
PATH = "/api/schedules"


def create(client: FlaskClient, **more: Any) -> TestResponse:
    """Create a schedule that differs in some fields; None takes one away."""
    return client.post(PATH, json={k: v for k, v in {**GOOD, **more}.items() if v is not None})


def pointers(answer: TestResponse) -> list[tuple[str, str]]:
    """What a 422 says: where, and which rule."""
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    return [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]]


def test_a_new_schedule_is_there_and_says_when_it_runs(client: FlaskClient) -> None:
    answer = create(client, timezone="Europe/Berlin", tags=["mail"])

    made = answer.get_json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"{PATH}/nightly")
    assert (made["words"], made["queue"], made["tags"]) == ("At 03:00 every day", "high", ["mail"])
    assert len(made["next_runs"]) == 5 and made["next_runs"][0] == made["next_run_at"]
    assert made["next_run_at"][10:] in ("T02:00:00Z", "T01:00:00Z")
    assert client.get(f"{PATH}/nightly").get_json() == made
    assert client.get(PATH).get_json() == {"schedules": [made]}


def test_every_field_of_the_answer_is_documented(client: FlaskClient) -> None:
    made = create(client).get_json()

    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    assert set(made) == set(schemas["ScheduleView"]["properties"])
    assert set(schemas["ScheduleChangeBody"]["properties"]) == {
        "payload", "tags", "cron", "every_s", "timezone", "run_at", "overlap", "paused",
        "if_updated_at", "reason",
    }  # fmt: skip


def test_the_inspector_serves_them_too(client: FlaskClient, inspector: FlaskClient) -> None:
    create(inspector)

    assert client.get(f"{PATH}/nightly").status_code == 200


def test_a_name_that_is_taken_is_a_409_whichever_queue_has_it(client: FlaskClient) -> None:
    create(client)

    answer = create(client, priority="low")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "schedule_exists")


def test_a_schedule_runs_and_its_tasks_are_found_by_its_name(
    client: FlaskClient, start_consumer: StartConsumer
) -> None:
    start_consumer("high")
    create(client, cron=None, every_s=1)

    def last() -> Any:
        now = client.get(f"{PATH}/nightly").get_json()
        return now if now["last_status"] == "SUCCESS" else None

    ran = wait_until(last, description="it has run")
    page = client.get("/api/tasks?q=tag:schedule:nightly").get_json()
    assert ran["last_task_id"] in [task["task_id"] for task in page["tasks"]]
    assert client.get("/api/tasks?tag=schedule:nightly").get_json()["tasks"]
    assert client.get(f"/api/tasks/{ran['last_task_id']}").get_json()["schedule"] == "nightly"


def test_the_longest_name_is_found_too(client: FlaskClient) -> None:
    name = "n" * 100
    create(client, name=name)
    made = client.post(f"{PATH}/{name}/run").get_json()["task_id"]

    page = client.get(f"/api/tasks?tag=schedule:{name}").get_json()
    assert [task["task_id"] for task in page["tasks"]] == [made]


def test_run_answers_as_submit_does_and_leaves_the_plan(client: FlaskClient) -> None:
    before = create(client, paused=True).get_json()

    answer = client.post(f"{PATH}/nightly/run", json={"reason": "now"})

    made = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/tasks/{made['task_id']}"
    assert (made["status"], made["priority"]) == ("PENDING", "high")
    after = client.get(f"{PATH}/nightly").get_json()
    assert (after["runs"], after["last_task_id"]) == (1, made["task_id"])
    assert after["next_runs"] == before["next_runs"] == []


def test_runs_that_must_not_overlap_are_a_409(client: FlaskClient) -> None:
    create(client, overlap=False)
    client.post(f"{PATH}/nightly/run")

    answer = client.post(f"{PATH}/nightly/run")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "schedule_running")


def test_a_draining_queue_takes_no_run_and_says_when_to_come_back(client: FlaskClient) -> None:
    create(client)
    client.post("/api/queues/high/drain")

    answer = client.post(f"{PATH}/nightly/run")

    assert (answer.status_code, answer.get_json()["code"]) == (503, "queue_draining")
    assert answer.headers["Retry-After"]


def test_a_change_leaves_what_it_does_not_name(client: FlaskClient) -> None:
    before = create(client, timezone="Europe/Berlin").get_json()

    paused = client.patch(f"{PATH}/nightly", json={"paused": True}).get_json()
    assert (paused["paused"], paused["next_run_at"], paused["next_runs"]) == (True, None, [])
    resumed = client.patch(f"{PATH}/nightly", json={"paused": False}).get_json()
    assert {**resumed, "updated_at": None} == {**before, "updated_at": None}
    every = client.patch(f"{PATH}/nightly", json={"cron": None, "every_s": 60}).get_json()
    assert (every["cron"], every["every_s"], every["timezone"]) == (None, 60, "UTC")
    assert client.patch(f"{PATH}/nightly", json={}).get_json() == every
    other = {**EMAIL, "subject": "Other"}
    changed = client.patch(f"{PATH}/nightly", json={"payload": other, "tags": []}).get_json()
    assert (changed["payload"], changed["next_runs"]) == (other, every["next_runs"])


def test_what_is_deleted_is_gone(client: FlaskClient) -> None:
    create(client)

    answer = client.delete(f"{PATH}/nightly?reason=over")

    assert (answer.status_code, answer.data) == (204, b"")
    assert client.get(PATH).get_json() == {"schedules": []}
    assert create(client).status_code == 201


def test_a_patch_that_has_not_seen_the_last_one_is_a_409(client: FlaskClient) -> None:
    path = create(client).headers["Location"]
    seen = client.get(path).get_json()["updated_at"]
    theirs = client.patch(path, json={"tags": ["theirs"], "if_updated_at": seen}).get_json()

    answer = client.patch(path, json={"overlap": False, "if_updated_at": seen})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "changed_meanwhile")
    assert client.get(path).get_json() == theirs
    client.post(f"{path}/run")  # a run is no change
    again = {"overlap": False, "if_updated_at": theirs["updated_at"]}
    assert client.patch(path, json=again).get_json()["overlap"] is False


def test_of_patches_that_have_seen_the_same_one_is_made(client: FlaskClient) -> None:
    path = create(client).headers["Location"]
    app = client.application

    def patch(tag: str) -> int:
        body = {"tags": [tag], "if_updated_at": seen}
        return app.test_client().patch(path, json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        for turn in range(20):
            seen = client.get(path).get_json()["updated_at"]
            tags = [f"{turn}-{number}" for number in range(6)]
            assert sorted(pool.map(patch, tags)) == [200, *[409] * 5]


@pytest.mark.parametrize("name", ["nightly", "..", "no such", "é", "x" * 200, "%2e%2e"])
@pytest.mark.parametrize(
    ("method", "more"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/run")]
)
def test_an_unknown_name_is_a_404(client: FlaskClient, method: str, more: str, name: str) -> None:
    body = {} if method == "PATCH" else None

    answer = client.open(f"{PATH}/{name}{more}", method=method, json=body)

    assert (answer.status_code, answer.get_json()["code"]) == (404, "schedule_not_found")


def test_every_change_is_in_the_audit_trail(client: FlaskClient) -> None:
    by = {"X-Operator": "ada"}
    client.post(PATH, json={**GOOD, "reason": "1"}, headers=by)
    client.patch(f"{PATH}/nightly", json={"paused": True, "reason": "2"}, headers=by)
    client.post(f"{PATH}/nightly/run", json={"reason": "3"}, headers=by)
    client.delete(f"{PATH}/nightly?reason=4", headers=by)

    entries = client.get("/api/audit").get_json()["entries"]
    assert [(e["action"], e["why"]) for e in reversed(entries)] == [
        ("schedule_create", "1"), ("schedule_update", "2"), ("schedule_run", "3"),
        ("schedule_delete", "4"),
    ]  # fmt: skip
    assert {(e["who"], e["target"]) for e in entries} == {("ada (127.0.0.1)", "nightly")}
    only = client.get("/api/audit?action=schedule_run").get_json()["entries"]
    assert [entry["why"] for entry in only] == ["3"]


# ---- preview


def test_a_preview_says_what_a_plan_means_and_creates_nothing(client: FlaskClient) -> None:
    seen = client.post(f"{PATH}/preview", json={"every_s": 300}).get_json()

    assert seen["words"] == "Every 5 minutes" and len(seen["next_runs"]) == 5
    assert client.get(PATH).get_json() == {"schedules": []}
    assert client.get("/api/audit").get_json()["entries"] == []


def test_a_schedule_may_be_called_preview(client: FlaskClient) -> None:
    assert create(client, name="preview").status_code == 201
    assert client.get(f"{PATH}/preview").get_json()["name"] == "preview"
    assert client.post(f"{PATH}/preview/run").status_code == 202
    assert client.delete(f"{PATH}/preview").status_code == 204


def test_a_schedule_may_be_due_once(client: FlaskClient) -> None:
    at = "2099-01-01T08:00:00Z"
    made = create(client, cron=None, run_at="2099-01-01T09:00:00+01:00").get_json()
    assert (made["run_at"], made["next_runs"], made["words"]) == (
        at, [at], "Once, at 2099-01-01 08:00:00 UTC",
    )  # fmt: skip
    assert client.post(f"{PATH}/preview", json={"run_at": at}).get_json()["next_runs"] == [at]
    changed = client.patch(f"{PATH}/nightly", json={"every_s": 60}).get_json()
    assert (changed["run_at"], changed["every_s"]) == (None, 60)
    assert client.patch(f"{PATH}/nightly", json={"run_at": at}).get_json() == {
        **made, "updated_at": ANY,
    }  # fmt: skip


def test_the_last_time_that_it_may_be_due_is_shown(client: FlaskClient) -> None:
    assert create(client, cron=None, run_at="9998-12-31T23:59:59Z").status_code == 201
    (listed,) = client.get(PATH).get_json()["schedules"]
    assert listed["next_runs"] == [listed["run_at"]] == ["9998-12-31T23:59:59Z"]


# ---- what is refused


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"cron": "0 3 * *"}, ("/cron", "cron")),
        ({"cron": "99 * * * *"}, ("/cron", "cron")),
        ({"cron": "0 0 31 2 *"}, ("/cron", "cron")),
        ({"cron": "x" * 101}, ("/cron", "string_too_long")),
        ({"cron": 5}, ("/cron", "string_type")),
        ({"cron": "* * * * *", "every_s": 5}, ("/cron", "cron_or_every_s")),
        ({"cron": None}, ("/cron", "cron_or_every_s")),
        ({"cron": None, "every_s": 0}, ("/every_s", "greater_than_equal")),
        ({"cron": None, "every_s": 31_536_001}, ("/every_s", "less_than_equal")),
        ({"cron": None, "every_s": "60"}, ("/every_s", "float_type")),
        ({"cron": None, "every_s": True}, ("/every_s", "float_type")),
        ({"cron": None, "every_s": 60, "timezone": "Asia/Tokyo"}, ("/timezone", "cron_only")),
        ({"run_at": "2099-01-01T08:00:00Z"}, ("/run_at", "run_at_alone")),
        ({"cron": None, "run_at": "9999-12-31T23:59:59-14:00"}, ("/run_at", "never")),
        ({"cron": None, "run_at": "0001-01-01T00:00:00+14:00"}, ("/run_at", "never")),
        ({"cron": None, "run_at": "9999-01-01T00:00:00Z"}, ("/run_at", "never")),
        ({"cron": None, "run_at": "2020-01-01T00:00:00Z"}, ("/run_at", "never")),
        ({"timezone": "Mars/Olympus"}, ("/timezone", "timezone")),
        ({"timezone": "x" * 65}, ("/timezone", "string_too_long")),
    ],
)
def test_a_wrong_plan_names_its_field(
    client: FlaskClient, wrong: dict[str, Any], expected: tuple[str, str]
) -> None:
    plan = {k: v for k, v in {"cron": "0 3 * * *", **wrong}.items() if v is not None}

    assert pointers(create(client, **wrong)) == [expected]
    assert pointers(client.post(f"{PATH}/preview", json=plan)) == [expected]
    create(client)
    if plan != {}:
        body = {k: v for k, v in {**GOOD, **wrong}.items() if v is not None and k != "name"}
        assert pointers(client.put(f"{PATH}/nightly", json=body)) == [expected]
        assert pointers(client.patch(f"{PATH}/nightly", json={**wrong, **plan})) == [expected]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"name": None}, ("/name", "missing")),
        ({"name": ""}, ("/name", "name")),
        ({"name": ".."}, ("/name", "name")),
        ({"name": "a b"}, ("/name", "name")),
        ({"name": "a/b"}, ("/name", "name")),
        ({"name": "é"}, ("/name", "name")),
        ({"name": "a\n"}, ("/name", "name")),
        ({"name": "n" * 101}, ("/name", "name")),
        ({"name": 5}, ("/name", "string_type")),
        ({"task_type": None}, ("/task_type", "missing")),
        ({"task_type": "nothing"}, ("/task_type", "unknown_task_type")),
        ({"priority": "urgent"}, ("/priority", "unknown_queue")),
        ({"payload": {"to": "ada@example.com"}}, ("/payload/subject", "missing")),
        ({"payload": []}, ("/payload", "dict_type")),
        ({"payload": {**EMAIL, "body": "b" * 16_400}}, ("/payload", "too_large")),
        ({"tags": ["two words"]}, ("/tags/0", "tag")),
        ({"tags": "mail"}, ("/tags", "list_type")),
        ({"overlap": 1}, ("/overlap", "bool_type")),
        ({"paused": "no"}, ("/paused", "bool_type")),
        ({"reason": "r" * 501}, ("/reason", "string_too_long")),
        ({"next_run_at": "2026-01-01T00:00:00Z"}, ("/next_run_at", "extra_forbidden")),
    ],
)
def test_a_wrong_schedule_names_its_field(
    client: FlaskClient, wrong: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in pointers(create(client, **wrong))
    assert client.get(PATH).get_json() == {"schedules": []}


@pytest.mark.parametrize("field", ["name", "task_type", "task", "priority", "queue"])
def test_what_cannot_change_says_what_to_do(client: FlaskClient, field: str) -> None:
    create(client)

    answer = client.patch(f"{PATH}/nightly", json={field: None})

    assert pointers(answer) == [(f"/{field}", "fixed")]
    assert "PUT the whole schedule" in answer.get_json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"payload": {"nothing": 1}}, "/payload/nothing"),
        ({"tags": [""]}, "/tags/0"),
        ({"overlap": "yes"}, "/overlap"),
        ({"words": "never"}, "/words"),
    ],
)
def test_a_wrong_change_names_its_field_and_changes_nothing(
    client: FlaskClient, wrong: dict[str, Any], expected: str
) -> None:
    before = create(client).get_json()

    answer = client.patch(f"{PATH}/nightly", json={"paused": True, **wrong})

    assert expected in [pointer for pointer, _ in pointers(answer)]
    assert client.get(f"{PATH}/nightly").get_json() == before


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 422), (b"\xff", 400), (b'{"cron":1,"cron":1}', 400)]
)
@pytest.mark.parametrize(("method", "more"), [("POST", ""), ("POST", "/preview"), ("PATCH", "/a")])
def test_what_is_no_request_is_refused(
    client: FlaskClient, method: str, more: str, body: bytes, status: int
) -> None:
    options: dict[str, Any] = {"data": body, "content_type": "application/json"}

    assert client.open(PATH + more, method=method, **options).status_code == status


@pytest.mark.parametrize(
    ("method", "more"), [("POST", ""), ("PATCH", "/nightly"), ("DELETE", "/nightly")]
)
def test_another_site_changes_nothing(client: FlaskClient, method: str, more: str) -> None:
    create(client)
    foreign = {"Origin": "https://evil.example"}

    answer = client.open(PATH + more, method=method, json=GOOD, headers=foreign)

    assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site")


def test_other_methods_are_a_405(client: FlaskClient) -> None:
    answer = client.post(f"{PATH}/nightly", json=GOOD)

    assert answer.status_code == 405
    assert {"GET", "PUT", "PATCH", "DELETE"} <= set(answer.headers["Allow"].split(", "))


def test_with_keys_nobody_comes_in_without_one(start_server: StartServer) -> None:
    server = start_server(API_KEYS="ada=secret-key-of-ada")

    assert server.request("GET", PATH).status == 401
    answer = server.request(
        "POST", PATH, json.dumps(GOOD),
        {"Content-Type": "application/json", "Authorization": "Bearer secret-key-of-ada"},
    )  # fmt: skip
    assert answer.status == 201


def test_while_redis_is_away_each_is_a_503(own_redis: OwnRedis, start_server: StartServer) -> None:
    server = start_server(**own_redis.environment)
    headers = {"Content-Type": "application/json"}
    assert server.request("POST", PATH, json.dumps(GOOD), headers).status == 201
    own_redis.stop()

    for method, more, body in (
        ("GET", "", None), ("GET", "/nightly", None), ("POST", "", GOOD),
        ("POST", "/preview", {"cron": "0 3 * * *"}), ("PATCH", "/nightly", {"paused": True}),
        ("POST", "/nightly/run", None), ("DELETE", "/nightly", None),
    ):  # fmt: skip
        sent = None if body is None else json.dumps(body)
        answer = server.request(method, PATH + more, sent, headers if sent else {})
        assert (answer.status, answer.json["code"]) == (503, "queue_unavailable"), (method, more)
        assert answer.headers["Retry-After"]
    own_redis.start()


def test_put_creates_with_201_and_then_changes_with_200(client: FlaskClient) -> None:
    body = {"task_type": "echo", "payload": {"value": 1}, "cron": "0 3 * * *"}
    new = client.put("/api/schedules/nightly", json=body)
    assert (new.status_code, new.get_json()["declared"]) == (201, False)
    same = client.put("/api/schedules/nightly", json=body)
    assert (same.status_code, same.get_json()) == (200, new.get_json())
    changed = client.put("/api/schedules/nightly", json={**body, "cron": "0 4 * * *"})
    assert changed.get_json()["cron"] == "0 4 * * *"
    wrong = client.put("/api/schedules/nightly", json={**body, "cron": "0 25 * * *"})
    assert (wrong.status_code, wrong.get_json()["errors"][0]["pointer"]) == (422, "/cron")
    assert client.put("/api/schedules/a%20b", json=body).status_code == 422
