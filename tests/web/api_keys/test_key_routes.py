"""`/api/keys`: keys are made, listed and revoked."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from huey_tasks.broker import access_keys
from huey_tasks.credentials import known_keys
from huey_tasks.queues import BROKERS
from tests.web.api_keys.conftest import Keyed, client_of
from tests.web.conftest import email_body

BILLING = {"name": "billing", "role": "submitter"}


def _at(now_ms: int) -> Callable[[object], int]:
    """A clock of Redis that stands still."""
    return lambda stored: now_ms


def test_a_new_key_is_shown_once_and_opens_the_api(app: Any, admin: FlaskClient) -> None:
    answer = admin.post("/api/keys", json={**BILLING, "queues": ["high"], "rate": 5})

    made = answer.get_json()
    assert answer.status_code == 201
    assert made["key"].startswith(f"dk_{made['id']}_")
    assert client_of(app, made["key"]).get("/api/queues").status_code == 200
    fixed, listed = admin.get("/api/keys").get_json()["keys"]
    assert (fixed["name"], fixed["role"], fixed["is_fixed"]) == ("root", "admin", True)
    assert listed == {name: made[name] for name in made if name != "key"} | {
        "last_used_at": listed["last_used_at"]
    }
    assert (listed["queues"], listed["rate"], listed["created_by"]) == (["high"], 5.0, "root")
    assert listed["last_used_at"] is not None
    assert fixed["last_used_at"] is not None


def test_redis_has_no_secret(admin: FlaskClient) -> None:
    key = admin.post("/api/keys", json=BILLING).get_json()["key"]
    redis = tq.QUEUES["high"].broker.redis
    (stored,) = redis.hvals(access_keys.api_keys())
    assert key.rpartition("_")[2] not in stored.decode()
    assert len(json.loads(stored)["digest"]) == 64


def test_a_revoked_key_opens_nothing(app: Any, admin: FlaskClient) -> None:
    made = admin.post("/api/keys", json=BILLING).get_json()
    client = client_of(app, made["key"])
    assert client.get("/api/queues").status_code == 200

    assert admin.delete(f"/api/keys/{made['id']}?reason=left").status_code == 204

    assert client.get("/api/queues").status_code == 401
    again = admin.delete(f"/api/keys/{made['id']}")
    assert (again.status_code, again.get_json()["code"]) == (404, "key_not_found")
    revoked, created = admin.get("/api/audit").get_json()["entries"]
    assert (created["action"], created["who"]) == ("key_create", "root")
    assert (revoked["action"], revoked["target"], revoked["why"]) == (
        "key_revoke",
        made["id"],
        "left",
    )


def test_another_process_sees_a_revoked_key_within_a_second(
    app: Any, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known_keys.PERIOD_S == 1.0
    monkeypatch.setattr(known_keys, "PERIOD_S", 60.0)  # it is not over before it is to be
    made = admin.post("/api/keys", json=BILLING).get_json()
    other = client_of(app, made["key"])
    assert other.get("/api/queues").status_code == 200
    tq.revoke_key(made["id"])  # as another process does it
    assert other.get("/api/queues").status_code == 200, "not asked again yet"

    monkeypatch.setattr(known_keys, "PERIOD_S", 0.0)

    assert other.get("/api/queues").status_code == 401


def test_a_key_that_has_expired_opens_nothing(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = keyed("viewer", expires_in=3600)
    assert client.get("/api/queues").status_code == 200
    later = tq.QUEUES["high"].broker.now_ms() + 3_600_001

    monkeypatch.setattr("huey_tasks.credentials.known_keys._redis_ms", _at(later))

    assert client.get("/api/queues").status_code == 401


def test_the_first_stored_key_locks_an_open_service() -> None:
    open_app = web.create_app()
    client = open_app.test_client()
    assert client.get("/api/queues").status_code == 200
    refused = client.post("/api/keys", json={"name": "me", "role": "viewer"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "last_admin")

    made = client.post("/api/keys", json={"name": "me", "role": "admin"}).get_json()

    assert client.get("/api/queues").status_code == 401
    mine = client_of(open_app, made["key"])
    assert mine.get("/api/queues").status_code == 200
    last = mine.delete(f"/api/keys/{made['id']}")
    assert (last.status_code, last.get_json()["code"]) == (409, "last_admin")
    tq.revoke_key(made["id"], even_last=True)


def test_an_admin_that_expires_is_no_reason_to_revoke_the_last_one() -> None:
    made, _ = tq.create_key("me", "admin")
    tq.create_key("guest", "admin", expires_in=60)
    with pytest.raises(tq.LastAdmin):
        tq.revoke_key(made.id)


def test_a_key_of_the_setting_is_not_revoked(admin: FlaskClient) -> None:
    fixed = admin.get("/api/keys").get_json()["keys"][0]
    answer = admin.delete(f"/api/keys/{fixed['id']}")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "key_fixed")


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"rate": 0}, "/rate"),
        ({"rate": -1}, "/rate"),
        ({"rate": "5"}, "/rate"),
        ({"rate": True}, "/rate"),
        ({"expires_in": 0}, "/expires_in"),
        ({"expires_in": 1e12}, "/expires_in"),
        ({"role": "owner"}, "/role"),
        ({"role": "admin", "queues": ["low"]}, "/role"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 33}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"queues": ["nowhere"]}, "/queues/0"),
        ({"task_types": [""]}, "/task_types/0"),
        ({"task_types": ["send_email", "nope"]}, "/task_types/1"),
        ({"task_types": ["t"] * 21}, "/task_types"),
        ({"secret": "mine"}, "/secret"),
    ],
    ids=str,
)
def test_a_wrong_field_is_a_422_that_names_it(
    admin: FlaskClient, more: dict[str, Any], pointer: str
) -> None:
    answer = admin.post("/api/keys", json={**BILLING, **more})
    assert answer.status_code == 422
    assert pointer in [each["pointer"] for each in answer.get_json()["errors"]]
    assert len(admin.get("/api/keys").get_json()["keys"]) == 1


@pytest.mark.parametrize(
    ("more", "meant"),
    [({"queues": ["hihg"]}, "high"), ({"role": "operater"}, "operator")],
    ids=str,
)
def test_a_misspelt_word_gets_the_nearest(
    admin: FlaskClient, more: dict[str, Any], meant: str
) -> None:
    answer = admin.post("/api/keys", json={**BILLING, **more})
    assert answer.get_json()["detail"].endswith(f"; did you mean '{meant}'?")


def test_all_that_is_wrong_is_named_at_once(admin: FlaskClient) -> None:
    wrong = {"queues": ["nowhere"], "task_types": ["send_email", "nope"]}
    answer = admin.post("/api/keys", json={**BILLING, **wrong})
    found = [each["pointer"] for each in answer.get_json()["errors"]]
    assert found == ["/queues/0", "/task_types/1"]


def test_there_are_at_most_200_keys(admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huey_tasks.credentials.service.MOST", 1)
    assert admin.post("/api/keys", json=BILLING).status_code == 201
    answer = admin.post("/api/keys", json={**BILLING, "name": "shop"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "too_many_keys")


@pytest.mark.parametrize("name", ["billing", "root"])
def test_two_keys_have_not_one_name(admin: FlaskClient, name: str) -> None:
    admin.post("/api/keys", json=BILLING)
    answer = admin.post("/api/keys", json={**BILLING, "name": name})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "key_name_taken")
    assert f"'{name}'" in answer.get_json()["detail"]


def test_the_name_of_a_revoked_or_expired_key_is_free(
    admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = admin.post("/api/keys", json=BILLING).get_json()["id"]
    admin.delete(f"/api/keys/{made}")
    past = _at(tq.QUEUES["high"].broker.now_ms() - 60_000)
    with monkeypatch.context() as a_minute_ago:
        a_minute_ago.setattr(type(BROKERS), "now_ms", past)
        short = admin.post("/api/keys", json={**BILLING, "expires_in": 30})
    assert short.status_code == 201
    assert admin.post("/api/keys", json=BILLING).status_code == 201


@pytest.mark.parametrize("wrong", ["{0:.79}", "{0:.79}g", "{0}0", "{0:.16}"])
def test_a_key_that_is_nearly_right_opens_nothing(app: Any, admin: FlaskClient, wrong: str) -> None:
    key = admin.post("/api/keys", json=BILLING).get_json()["key"]
    assert len(key) == 80
    assert client_of(app, wrong.format(key)).get("/api/queues").status_code == 401


def test_a_wrong_key_costs_no_round_trip(
    app: Any, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert admin.get("/api/keys").status_code == 200
    for period in ("PERIOD_S", "_UNKNOWN_S"):
        monkeypatch.setattr(f"huey_tasks.credentials.known_keys.{period}", 60.0)
    redis = tq.QUEUES["high"].broker.redis
    before = redis.info("commandstats").get("cmdstat_hgetall", {"calls": 0})["calls"]
    client = client_of(app, f"dk_{'0' * 12}_{'0' * 64}")
    for _ in range(10):
        answer = client.get("/api/queues", environ_overrides={"REMOTE_ADDR": "10.9.0.1"})
        assert answer.status_code == 401
    after = redis.info("commandstats").get("cmdstat_hgetall", {"calls": 0})["calls"]
    assert after == before


def test_a_task_tells_its_submitter_and_a_retry_keeps_it(keyed: Keyed, admin: FlaskClient) -> None:
    submitter = keyed("submitter", name="billing")
    task = submitter.post("/api/tasks/submit", json=email_body()).get_json()["task_id"]
    assert submitter.get(f"/api/tasks/{task}").get_json()["submitted_by"] == "billing"
    admin.delete(f"/api/tasks/{task}/cancel")
    again = admin.post(f"/api/tasks/{task}/retry").get_json()["task_id"]
    assert admin.get(f"/api/tasks/{again}").get_json()["submitted_by"] == "billing"


def test_each_way_to_submit_keeps_the_name(keyed: Keyed) -> None:
    client = keyed("submitter", name="billing")
    bulk = client.post("/api/tasks/bulk", json=[email_body()]).get_json()[0]["task_id"]
    nodes = [{"name": "a", **email_body()}]
    flow = client.post("/api/flows", json={"nodes": nodes}).get_json()["flow_id"]
    node = client.get(f"/api/flows/{flow}").get_json()["nodes"][0]["task_id"]
    for task in (bulk, node):
        assert client.get(f"/api/tasks/{task}").get_json()["submitted_by"] == "billing"


@pytest.mark.parametrize("field", ["queues", "task_types"])
def test_an_empty_reach_is_refused_for_it_would_be_everything(
    admin: FlaskClient, field: str
) -> None:
    answer = admin.post("/api/keys", json={"name": "x", "role": "viewer", field: []})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == f"/{field}"
