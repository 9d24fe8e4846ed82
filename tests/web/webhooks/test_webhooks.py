"""Webhooks over HTTP: every field, every error, and what a secret is shown in."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import webhook_keys
from huey_tasks.queues import BROKERS
from huey_tasks.webhooks import changes
from huey_tasks.webhooks.dispatch import Dispatch

URL = "https://example.com/hooks"


def made(client: FlaskClient, **body: Any) -> Any:
    answer = client.post("/api/webhooks", json={"url": URL, **body})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def problems(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.get_json()
    assert answer.content_type == "application/problem+json"
    return [(each["pointer"], each["code"]) for each in answer.get_json()["errors"]]


@pytest.mark.parametrize(
    ("word", "state"), [("failed", "FAILURE"), ("Cancelled", "REVOKED"), ("success", "SUCCESS")]
)
def test_a_state_as_the_pages_call_it_gets_the_right_one(
    client: FlaskClient, word: str, state: str
) -> None:
    refused = client.post("/api/webhooks", json={"url": URL, "states": [word]})
    assert refused.status_code == 422
    assert refused.get_json()["detail"].endswith(f"'{word}'; did you mean '{state}'?")


def test_a_webhook_is_created_read_changed_and_deleted(client: FlaskClient) -> None:
    answer = client.post(
        "/api/webhooks",
        json={
            "url": URL,
            "states": ["FAILURE", "FAILURE"],
            "task_types": ["send_email"],
            "tags": ["vip"],
            "description": "pages the team",
            "reason": "on call",
        },
        headers={"X-Operator": "ada"},
    )
    found = answer.get_json()
    address = f"/api/webhooks/{found['id']}"
    assert answer.headers["Location"] == address
    secret = found.pop("secret")
    assert secret.startswith("whsec_") and len(secret) == 50
    assert client.get(address).get_json() == found
    assert (found["states"], found["enabled"], found["has_secret"]) == (["FAILURE"], True, True)

    tasks, listed = client.get("/api/webhooks").get_json()["webhooks"]
    assert (tasks["id"], tasks["url"], tasks["has_secret"], listed) == ("tasks", None, False, found)

    changed = client.patch(address, json={"enabled": False, "states": []}).get_json()
    assert (changed["enabled"], changed["states"]) == (False, [])
    assert changed["disabled_reason"] == "an operator disabled it" and changed["disabled_at"]
    rotated = client.post(f"{address}/secret").get_json()
    assert rotated["secret"] not in (secret, None)

    assert client.delete(f"{address}?reason=done").status_code == 204
    assert client.get(address).get_json()["code"] == "webhook_not_found"
    actions = [entry.action for entry in tq.audit_trail().entries]
    assert actions == ["webhook_delete", "webhook_update", "webhook_update", "webhook_create"]
    assert secret not in str(client.get("/api/audit").get_json())


def test_what_a_newer_version_has_stored_of_a_webhook_stays(client: FlaskClient) -> None:
    """In a rolling deploy both versions read and change the same webhooks."""
    webhook_id = made(client)["id"]
    redis, key = BROKERS.first.redis, webhook_keys.webhooks()
    stored = json.loads(redis.hget(key, webhook_id) or b"")
    redis.hset(key, webhook_id, json.dumps({**stored, "colours": ["red"]}))

    listed = client.get("/api/webhooks").get_json()["webhooks"]
    changed = client.patch(f"/api/webhooks/{webhook_id}", json={"description": "new"})

    assert [each["id"] for each in listed] == ["tasks", webhook_id]
    assert (changed.status_code, changed.get_json()["description"]) == (200, "new")
    assert json.loads(redis.hget(key, webhook_id) or b"")["colours"] == ["red"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("/url", "missing")]),
        ({"url": 7}, [("/url", "string_type")]),
        ({"url": None}, [("/url", "string_type")]),
        ({"url": "http://localhost/x"}, [("/url", "url_host")]),
        ({"url": URL, "colour": 1}, [("/colour", "extra_forbidden")]),
        ({"url": URL, "states": ["DONE", "SUCCESS", "STARTED"]},
         [("/states/0", "state"), ("/states/2", "state")]),
        ({"url": URL, "states": "SUCCESS"}, [("/states", "list_type")]),
        ({"url": URL, "states": [None]}, [("/states/0", "string_type")]),
        ({"url": URL, "task_types": ["send_email", "sendemail"]},
         [("/task_types/1", "unknown_task_type")]),
        ({"url": URL, "task_types": ["send_email"] * 21}, [("/task_types", "too_many")]),
        ({"url": URL, "tags": ["a b"]}, [("/tags/0", "tag")]),
        ({"url": URL, "conditions": ["no_workers", "failing", "redis_away"]},
         [("/conditions/0", "condition"), ("/conditions/2", "condition")]),
        ({"url": URL, "conditions": ["failing"], "states": ["SUCCESS"]},
         [("/conditions", "conditions_alone")]),
        ({"url": URL, "task_types": ["duckline.flow"], "states": ["FAILURE", "EXPIRED"],
          "tags": ["vip"]}, [("/states/1", "conflict"), ("/tags", "conflict")]),
        ({"url": URL, "description": "x" * 201}, [("/description", "description")]),
        ({"url": URL, "description": "a\u202eb"}, [("/description", "description")]),
        ({"url": "https://a:b@c.test", "states": ["x"], "description": "\n"},
         [("/url", "url_credentials"), ("/description", "description"), ("/states/0", "state")]),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(
    client: FlaskClient, body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(client.post("/api/webhooks", json=body)) == expected
    if "url" in body:
        found = made(client)
        address = f"/api/webhooks/{found['id']}"
        assert problems(client.patch(address, json=body)) == expected
        assert "secret" not in client.get(address).get_json()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("no_workers", "did you mean 'no_consumer'?"),
        ("backlog", "did you mean 'waiting_long'?"),
        ("failling", "did you mean 'failing'?"),
        ("redis_away", "/health/ready"),
        ("no_writes", "/health/ready"),
        ("x", "there are no_consumer, data_lost, "),
    ],
)
def test_an_unknown_condition_names_the_nearest(client: FlaskClient, code: str, said: str) -> None:
    answer = client.post("/api/webhooks", json={"url": URL, "conditions": [code]})
    assert problems(answer) == [("/conditions/0", "condition")]
    assert said in answer.get_json()["errors"][0]["message"]


def test_a_webhook_hears_of_conditions_or_of_tasks(client: FlaskClient) -> None:
    found = made(client, conditions=["failing", "no_consumer", "failing"])
    assert found["conditions"] == ["failing", "no_consumer"]
    address = f"/api/webhooks/{found['id']}"
    answer = client.patch(address, json={"tags": ["vip"]})
    assert problems(answer) == [("/conditions", "conditions_alone")]
    changed = client.patch(address, json={"tags": ["vip"], "conditions": []}).get_json()
    assert (changed["tags"], changed["conditions"]) == (["vip"], [])

    address = f"/api/webhooks/{made(client, conditions=['failing'])['id']}"
    sent = client.post(f"{address}/test").get_json()
    assert (sent["event"], sent["condition"]) == ("condition.test", "failing")
    assert (sent["task_id"], sent["task_type"], sent["queue"]) == (None, None, None)


def test_a_patch_that_has_not_seen_the_last_one_is_a_409(client: FlaskClient) -> None:
    webhook = made(client)
    address = f"/api/webhooks/{webhook['id']}"
    body = {"description": "mine", "if_updated_at": "2026-11-30T06:00:00Z"}

    answer = client.patch(address, json=body)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "changed_meanwhile")
    assert client.get(address).get_json()["description"] == ""
    again = client.patch(address, json=body | {"if_updated_at": webhook["updated_at"]})
    assert again.get_json()["description"] == "mine"


def test_each_change_is_later_than_the_last_whatever_the_clock_says(client: FlaskClient) -> None:
    webhook = made(client)
    address = f"/api/webhooks/{webhook['id']}"
    ahead_ms = BROKERS.now_ms() + 60_000  # Redis' clock has gone back since
    changes.change(webhook["id"], lambda each: replace(each, updated_ms=ahead_ms))

    times = [client.get(address).get_json()["updated_at"]]
    for description in ("first", "second"):
        answer = client.patch(address, json={"description": description}).get_json()
        times.append(answer["updated_at"])
    times.append(client.post(f"{address}/secret").get_json()["updated_at"])
    changes.disable(webhook["id"], BROKERS.now_ms(), "its receiver answered 410 Gone")
    times.append(client.get(address).get_json()["updated_at"])

    assert times == sorted(set(times))


def test_a_task_takes_a_url_alone_in_bulk_and_from_python(client: FlaskClient) -> None:
    email = {"to": "ada@example.com", "subject": "Hello", "body": "Dear Ada"}
    body = {"task_type": "send_email", "payload": email, "webhook_url": URL}
    first = client.post("/api/tasks/submit", json=body).get_json()["task_id"]
    bulk = client.post("/api/tasks/bulk", json=[body, {**body, "webhook_url": "http://10.0.0.1"}])
    (stored, refused) = bulk.get_json()
    assert refused["errors"][0]["pointer"].endswith("/webhook_url"), refused
    third = tq.submit("send_email", email, webhook_url=URL).task_id
    for task_id in (first, stored["task_id"], third):
        tq.cancel(task_id)
    again = client.post(f"/api/tasks/{first}/retry").get_json()["task_id"]
    tq.cancel(again)
    Dispatch(BROKERS["high"]).run()

    page = client.get("/api/webhooks/tasks/deliveries?limit=3").get_json()
    rest = client.get(f"/api/webhooks/tasks/deliveries?cursor={page['next_cursor']}").get_json()
    shown = [*page["deliveries"], *rest["deliveries"]]
    assert {each["task_id"] for each in shown} == {first, stored["task_id"], third, again}
    assert {(each["status"], each["event"]) for each in shown} == {("pending", "task.revoked")}
    assert rest["next_cursor"] is None and len(shown) == 4
    forged = client.get("/api/webhooks/tasks/deliveries?cursor=2")
    assert problems(forged) == [("/cursor", "cursor")], (
        "it was an empty page, as if nothing followed"
    )

    wrong = client.post("/api/tasks/submit", json={**body, "webhook_url": "http://10.0.0.1"})
    assert problems(wrong) == [("/webhook_url", "url_host")]
    assert problems(client.post("/api/tasks/submit", json={**body, "webhook_url": 5})) == [
        ("/webhook_url", "string_type")
    ]


def test_a_delivery_is_read_of_a_task_whose_queue_is_no_more(client: FlaskClient) -> None:
    task_id = tq.submit("echo", {}, webhook_url=URL).task_id
    tq.cancel(task_id)
    Dispatch(BROKERS["default"]).run()
    (made_id,) = tq.default.broker.redis.zrange(webhook_keys.deliveries("tasks"), 0, -1)
    tq.default.broker.redis.hset(webhook_keys.delivery(made_id.decode()), "queue", "gpu")
    answer = client.get("/api/webhooks/tasks/deliveries")
    assert answer.status_code == 200, answer.get_json()
    assert [each["queue"] for each in answer.get_json()["deliveries"]] == ["gpu"]


def test_an_idempotency_key_is_of_one_webhook_url(client: FlaskClient) -> None:
    email = {"to": "ada@example.com", "subject": "Hello", "body": "Dear Ada"}
    body = {"task_type": "send_email", "payload": email, "webhook_url": URL}
    key = {"Idempotency-Key": "order-42"}
    assert client.post("/api/tasks/submit", json=body, headers=key).status_code == 202
    other = client.post("/api/tasks/submit", json={**body, "webhook_url": URL + "/x"}, headers=key)
    assert other.get_json()["code"] == "idempotency_key_reused"


def test_the_webhook_of_tasks_is_fixed(client: FlaskClient) -> None:
    assert problems(client.patch("/api/webhooks/tasks", json={"enabled": False})) == [
        ("/enabled", "fixed")
    ]
    assert problems(client.delete("/api/webhooks/tasks")) == [("", "fixed")]
    described = client.patch("/api/webhooks/tasks", json={"description": "ours"}).get_json()
    assert (described["description"], described["has_secret"]) == ("ours", True)
    assert client.post("/api/webhooks/tasks/secret").get_json()["secret"].startswith("whsec_")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "", "webhook_not_found"),
        ("PATCH", "", "webhook_not_found"),
        ("DELETE", "", "webhook_not_found"),
        ("POST", "/secret", "webhook_not_found"),
        ("GET", "/deliveries", "webhook_not_found"),
        ("POST", "/deliveries/x/replay", "webhook_not_found"),
        ("POST", "/test", "webhook_not_found"),
    ],
)
def test_an_unknown_webhook(client: FlaskClient, method: str, path: str, code: str) -> None:
    body = {"enabled": True} if method == "PATCH" else None
    answer = client.open(f"/api/webhooks/wh_none{path}", method=method, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (404, code)


def test_a_delivery_that_is_not_there_and_a_page_that_is_none(client: FlaskClient) -> None:
    address = f"/api/webhooks/{made(client)['id']}"
    answer = client.post(f"{address}/deliveries/nothing/replay")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "delivery_not_found")
    no_more = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"  # of one that is kept no longer
    assert client.get(f"{address}/deliveries?cursor={no_more}").get_json() == {
        "deliveries": [], "next_cursor": None,
    }  # fmt: skip
    assert problems(client.get(f"{address}/deliveries?limit=0"))[0][0] == "/limit"
    assert problems(client.get(f"{address}/deliveries?page=2"))[0][0] == "/page"


def test_a_test_is_a_delivery_of_the_webhook(client: FlaskClient) -> None:
    address = f"/api/webhooks/{made(client)['id']}"
    sent = client.post(f"{address}/test", json={"reason": "is it up?"})
    assert (sent.status_code, sent.get_json()["event"]) == (202, "task.test")
    assert client.get(f"{address}/deliveries").get_json()["deliveries"] == [sent.get_json()]
    assert client.get(address).get_json()["recent"] == {"deliveries": 1, "delivered": 0}
    assert problems(client.post("/api/webhooks/tasks/test")) == [("", "fixed")]
    client.patch(address, json={"enabled": False})
    assert client.post(f"{address}/test").status_code == 202, "to see if it may be enabled"
    assert client.get(address).get_json()["recent"] == {"deliveries": 1, "delivered": 0}


def test_there_is_a_limit(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST", 2)
    made(client)
    made(client)
    answer = client.post("/api/webhooks", json={"url": URL})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "too_many_webhooks")


def test_every_form_of_a_submit_is_documented_with_it(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    forms = [name for name in schemas if name.startswith("Submit_")]
    assert forms
    assert [name for name in forms if "webhook_url" not in schemas[name]["properties"]] == []
