"""What each role may do, and what a reach leaves of it: held for every route there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from huey_tasks.broker import keys
from tests.conftest import StartConsumer
from tests.waiting import wait_until
from tests.web.api_keys.conftest import Keyed
from tests.web.conftest import email_body
from web.aws_services import app as aws_services
from web.http.roles import AWS_SERVICES, LAMBDA, OPEN_TO_ALL, SERVICE, WHOLE, Needs
from web.lambda_api import app as lambda_api

PROTECTED = re.compile(r"/(?:api|ws)/|/metrics\Z")
#: What is open to everybody: pages without data, checks of load balancers, the document of the API.
PUBLIC = {"pages", "assets", "static", "docs", "health"}
_MISSING = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"
_VALUES = {"queue": "low", "task_id": _MISSING, "undo_id": "1", "task_type": "send_email"}


def _rules(app: Flask) -> Iterator[Any]:
    return (rule for rule in app.url_map.iter_rules() if rule.endpoint != "static")


@pytest.mark.parametrize(
    ("app", "needs"),
    [
        (web.create_app(), SERVICE),
        (web.create_inspector(), SERVICE),
        (lambda_api.create(tq.CONFIG), LAMBDA),
        (aws_services.create(tq.CONFIG), AWS_SERVICES),
    ],
    ids=["service", "inspector", "lambda", "aws"],
)
def test_every_route_says_which_role_it_needs(app: Flask, needs: Needs) -> None:
    ours = needs is SERVICE
    guarded = {r.endpoint for r in _rules(app) if not ours or PROTECTED.match(r.rule)}
    assert guarded - needs.endpoints - OPEN_TO_ALL == set()
    others = {rule.endpoint.partition(".")[0] for rule in _rules(app)} if ours else set()
    assert others - {endpoint.partition(".")[0] for endpoint in guarded} <= PUBLIC


def test_no_route_is_listed_that_is_not_there() -> None:
    there = {rule.endpoint for rule in _rules(web.create_app())}
    assert SERVICE.endpoints - there == set()


def test_a_route_that_is_not_listed_is_for_admins() -> None:
    with pytest.raises(tq.Forbidden, match="role admin"):
        SERVICE.check(tq.Holder("id", "me", tq.Role.OPERATOR), "new.route")
    SERVICE.check(tq.Holder("id", "me", tq.Role.ADMIN), "new.route")


def _requests(app: Flask) -> Iterator[tuple[str, str, str]]:
    """The method, path and endpoint of each guarded route."""
    for rule in _rules(app):
        if not PROTECTED.match(rule.rule) or rule.websocket or rule.endpoint in OPEN_TO_ALL:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: _VALUES.get(found[1], "x"), rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, path, rule.endpoint


@pytest.mark.parametrize("role", list(tq.Role))
def test_a_role_is_refused_by_exactly_the_routes_above_it(
    app: Flask, keyed: Keyed, role: tq.Role
) -> None:
    client = keyed(role)
    for method, path, endpoint in _requests(app):
        needed, _ = SERVICE.of(endpoint)
        if role.includes(needed) and endpoint == "event_streams.follow_all":
            continue  # it is let in, and has no end
        answer = client.open(path, method=method)
        is_refused = answer.status_code == 403
        assert is_refused == (not role.includes(needed)), f"{role} {method} {path} {answer.text}"
        if is_refused:
            assert answer.get_json()["code"] == "forbidden"
            assert f"role {needed}" in answer.get_json()["detail"]


def test_what_shows_or_changes_all_needs_a_key_that_reaches_all(app: Flask, keyed: Keyed) -> None:
    client = keyed("operator", queues=["low"])
    for method, path, endpoint in _requests(app):
        needed, reaching = SERVICE.of(endpoint)
        if reaching is WHOLE and tq.Role.OPERATOR.includes(needed):
            assert client.open(path, method=method).status_code == 403, f"{method} {path}"


def _outside(task: str, flow: str) -> list[tuple[str, str, Any]]:
    """A request to each route that compares a reach, about what is out of it."""
    email = {"name": "s", "every_s": 3600, **email_body()}
    return [
        ("POST", "/api/tasks/submit", email_body()),
        ("POST", "/api/tasks/submit", email_body(priority="high")),
        ("POST", "/api/tasks/submit?dry_run=1", email_body()),
        ("POST", "/api/flows", {"nodes": [{"name": "a", **email_body()}]}),
        ("GET", f"/api/flows/{flow}", None),
        ("POST", f"/api/flows/{flow}/cancel", None),
        ("POST", f"/api/flows/{flow}/retry", None),
        ("GET", f"/api/tasks/{task}", None),
        ("GET", f"/api/tasks/{task}?wait=1", None),
        ("GET", f"/api/tasks/{task}/events", None),
        ("GET", f"/api/tasks/{task}/explain", None),
        ("POST", "/api/tasks/read", {"task_ids": [task]}),
        ("PATCH", f"/api/tasks/{task}", {"tags": ["x"]}),
        ("DELETE", f"/api/tasks/{task}/cancel", None),
        ("POST", f"/api/tasks/{task}/retry", None),
        ("POST", "/api/tasks/actions", {"action": "cancel", "task_ids": [task]}),
        ("POST", "/api/tasks/actions", {"action": "cancel", "q": "type:send_email"}),
        ("GET", "/api/tasks?type=send_email", None),
        ("GET", "/api/tasks?q=type:send_email", None),
        ("POST", "/api/schedules", email),
        ("PUT", "/api/schedules/s", {k: email[k] for k in email if k != "name"}),
        ("GET", "/api/schedules/theirs", None),
        ("PATCH", "/api/schedules/theirs", {"paused": True}),
        ("DELETE", "/api/schedules/theirs", None),
        ("POST", "/api/schedules/theirs/run", None),
        ("GET", "/api/task-types/send_email/limits", None),
        ("PUT", "/api/task-types/send_email/limits", {"concurrency": 1}),
        ("DELETE", "/api/task-types/send_email/limits", None),
        ("POST", "/api/queues/low/pause", None),
        ("POST", "/api/queues/high/pause", None),
        ("POST", "/api/queues/high/drain", None),
        ("POST", "/api/queues/high/resume", None),
        ("POST", "/api/queues/high/purge", None),
    ]


def _example(task_type: str) -> dict[str, Any]:
    return next(each.example for each in tq.task_types() if each.name == task_type) or {}


def test_what_is_out_of_reach_is_a_403_that_says_what(admin: FlaskClient, keyed: Keyed) -> None:
    task = tq.submit("send_email", email_body()["payload"]).task_id
    tq.create_schedule("theirs", "send_email", email_body()["payload"], every_s=3600)
    mixed = [
        tq.FlowNode("mine", "generate_report", _example("generate_report")),
        tq.FlowNode("theirs", "send_email", email_body()["payload"], after=["mine"]),
    ]
    flow = tq.submit_flow(mixed).flow_id
    client = keyed("operator", task_types=["generate_report"], queues=["low"])
    for method, path, body in _outside(task, flow):
        answer = client.open(path, method=method, json=body)
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.get_json()["code"] == "forbidden"
    (item,) = client.post("/api/tasks/bulk", json=[email_body()]).get_json()
    assert item["code"] == "forbidden"
    assert tq.get_task(task).status == "PENDING"
    tq.delete_schedule("theirs")


def test_a_key_with_a_reach_works_within_it_and_finds_nothing_else(
    admin: FlaskClient, keyed: Keyed
) -> None:
    client = keyed("operator", task_types=["send_email"])
    report = _example("generate_report")
    tq.submit("generate_report", report)
    tq.create_schedule("theirs", "generate_report", report, every_s=3600)

    task = client.post("/api/tasks/submit", json=email_body()).get_json()["task_id"]

    found = client.get("/api/tasks").get_json()["tasks"]
    assert [each["task_id"] for each in found] == [task]
    assert client.get("/api/tasks?set_aside=true").get_json()["tasks"] == []
    assert client.get("/api/schedules").get_json()["schedules"] == []
    acted = client.post("/api/tasks/actions", json={"action": "cancel", "q": "age:<1h"}).get_json()
    assert acted["done"] == 1
    assert client.get("/api/workers/stats").get_json()["queued_low"] == 1, "counts are of all"
    tq.delete_schedule("theirs")


def test_a_flow_is_within_a_reach_when_all_its_nodes_are(admin: FlaskClient, keyed: Keyed) -> None:
    submitter = keyed("submitter", task_types=["send_email", "generate_report"])
    theirs = [{"name": "a", "task_type": "echo", "payload": {"value": 1}}]
    admin.post("/api/flows", json={"nodes": theirs})
    nodes = [
        {"name": "a", **email_body()},
        {"name": "b", "task_type": "generate_report", "payload": _example("generate_report")},
    ]
    flow = submitter.post("/api/flows", json={"nodes": nodes}).get_json()["flow_id"]

    listed = submitter.get("/api/flows?limit=1").get_json()
    assert [each["flow_id"] for each in listed["flows"]] == [flow]
    assert len(submitter.get(f"/api/flows/{flow}").get_json()["nodes"]) == 2
    found = submitter.get(f"/api/tasks?q=flow:{flow}").get_json()["tasks"]
    assert sorted(each["task_type"] for each in found) == ["generate_report", "send_email"]
    half = keyed("operator", name="half", task_types=["send_email"])
    assert half.get("/api/flows").get_json()["flows"] == []
    assert half.post(f"/api/flows/{flow}/cancel").status_code == 403
    whole = keyed("operator", name="both", queues=["high", "low"])
    assert whole.post(f"/api/flows/{flow}/cancel").get_json()["status"] == "cancelled"
    assert whole.post(f"/api/flows/{flow}/retry").status_code == 202


def test_with_a_reach_workers_and_verdict_tell_nothing_of_other_tasks(
    admin: FlaskClient, keyed: Keyed, start_consumer: StartConsumer
) -> None:
    start_consumer("default")
    failed = tq.submit("fail", {"message": "there is no room"}).task_id
    tq.wait_for_end(failed, 30)
    running = tq.submit("work_for", {"seconds": 60}).task_id
    client = keyed("viewer", task_types=["send_email"])

    def workers(of: FlaskClient) -> str:
        return of.get("/api/workers").text

    wait_until(lambda: running in workers(admin), description="it is listed as running")
    assert running not in workers(client)
    assert "no room" in admin.get("/api/verdict").text
    assert "no room" not in client.get("/api/verdict").text
    tq.cancel(running)


def test_with_a_reach_an_explanation_names_no_task_outside(
    admin: FlaskClient, keyed: Keyed, start_consumer: StartConsumer, tmp_path: Path
) -> None:
    """The holder of the lock is the busy worker; what waits may wait for either."""
    start_consumer("default", concurrency=1)
    theirs = tq.submit("hold_the_press", {"file": str(tmp_path / "go-on")}).task_id
    wait_until(lambda: tq.get_task(theirs).status == "STARTED", description="it runs")
    wait_until(lambda: theirs in admin.get("/api/workers").text, description="it is told")
    client = keyed("operator", task_types=["echo"])
    mine = tq.submit("echo", {"value": 1}).task_id

    def reasons(of: FlaskClient) -> Any:
        return of.get(f"/api/tasks/{mine}/explain").get_json()["reasons"]

    (worker,) = reasons(admin)[0]["workers"]
    assert (worker["task_id"], worker["task_type"]) == (theirs, "hold_the_press")
    (worker,) = reasons(client)[0]["workers"]
    assert (worker["task_id"], worker["task_type"]) == (None, None)

    redis = tq.default.broker.redis
    redis.hset(keys.task("default", mine), "blocked_on", "lock:the press")
    assert reasons(admin)[0]["task_id"] == theirs
    shown = client.get(f"/api/tasks/{mine}/explain")
    assert theirs not in shown.text
    assert shown.get_json()["summary"] == "It waits for the lock 'the press', which a task holds."
    dry = client.post("/api/tasks/submit?dry_run=1", json={"task_type": "echo", "payload": {}})
    assert theirs not in dry.text
    redis.hdel(keys.task("default", mine), "blocked_on")
    tq.cancel(theirs)


def _ended(client: FlaskClient) -> str:
    task = client.post("/api/tasks/submit", json=email_body(priority="high")).get_json()["task_id"]
    client.delete(f"/api/tasks/{task}/cancel")
    return task


@pytest.mark.parametrize("reach", [{"task_types": ["send_email"]}, {"queues": ["high"]}])
@pytest.mark.parametrize("by", ["ids", "search", "purge"])
def test_a_key_with_a_reach_takes_back_what_it_has_done_and_nothing_else(
    admin: FlaskClient, keyed: Keyed, reach: dict[str, list[str]], by: str
) -> None:
    mine, twin, viewer = (keyed(role, **reach) for role in ("operator", "operator", "viewer"))

    def do(client: FlaskClient) -> str:
        task = _ended(client)
        if by == "purge":
            client.post("/api/tasks/submit", json=email_body(priority="high"))
            return client.post("/api/queues/high/purge").get_json()["undo_id"]
        what = {"task_ids": [task]} if by == "ids" else {"q": "age:<1h"}
        body = {"action": "delete", **what}
        return client.post("/api/tasks/actions", json=body).get_json()["undo_id"]

    if by == "purge" and "task_types" in reach:
        assert mine.post("/api/queues/high/purge").status_code == 403
        return
    done = do(mine)
    for other in (twin, viewer):
        refused = other.post(f"/api/undo/{done}", headers={"X-Operator": "operator 1"})
        assert (refused.status_code, refused.get_json()["code"]) == (403, "forbidden")
    assert mine.post(f"/api/undo/{done}").get_json()["restored"] == 1
    assert mine.post(f"/api/undo/{done}").status_code == 404
    assert mine.post("/api/undo/1").status_code == 404
    theirs = do(admin)
    assert mine.post(f"/api/undo/{theirs}").status_code == 403
    assert twin.post(f"/api/undo/{do(twin)}").status_code == 200
    assert admin.post(f"/api/undo/{do(mine)}").status_code == 200, "with everything any"


def test_an_unknown_task_is_no_task_for_everybody(keyed: Keyed) -> None:
    client = keyed("viewer", queues=["low"])
    assert client.get(f"/api/tasks/{_MISSING}").status_code == 404


def test_the_nearest_name_is_not_told_if_it_may_be_out_of_reach(
    admin: FlaskClient, keyed: Keyed
) -> None:
    nightly = {**email_body(), "name": "nightly", "cron": "0 3 * * *"}
    assert admin.post("/api/schedules", json=nightly).status_code == 201
    of_low = keyed("operator", queues=["low"])

    def told(client: FlaskClient, method: str, more: str = "") -> str:
        answer = client.open(f"/api/schedules/nightyl{more}", method=method)
        assert answer.status_code == 404
        return answer.get_json()["detail"]

    assert told(admin, "GET").endswith("did you mean 'nightly'?")
    for method, more in (("GET", ""), ("DELETE", ""), ("POST", "/run")):
        assert told(of_low, method, more) == "No schedule has the name 'nightyl'."
