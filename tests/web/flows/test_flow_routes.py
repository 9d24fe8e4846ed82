"""Flows over HTTP: submitted as one, read as one, cancelled and retried."""

from typing import Any
from unittest.mock import ANY

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import flow_keys
from huey_tasks.broker.scripts.events import BEGINNING, EventScripts
from huey_tasks.flows import reading
from huey_tasks.records.events import TaskEvent
from tests.engine.helpers import HandWorker, commit
from web.streams.event_views import event_view

NODES: list[dict[str, Any]] = [
    {"name": "a", "task_type": "echo", "payload": {"value": 1}},
    {"name": "b", "task_type": "echo", "after": ["a"], "results": {"value": "a"}},
]


def test_a_flow_is_submitted_and_read_as_one(client: FlaskClient) -> None:
    body = {"name": "two", "nodes": NODES}
    sent = client.post("/api/flows", json=body, headers={"Idempotency-Key": "k"})
    assert sent.status_code == 202
    assert sent.headers["Location"] == f"/api/flows/{sent.get_json()['flow_id']}"
    again = client.post("/api/flows", json=body, headers={"Idempotency-Key": "k"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_json() == sent.get_json()
    found = client.get(sent.headers["Location"]).get_json()
    assert (found["status"], found["progress"], found["next_cursor"]) == ("running", 0, None)
    shown = [(n["name"], n["status"], n["task_status"], n["after"]) for n in found["nodes"]]
    assert shown == [("a", "submitted", "PENDING", []), ("b", "waiting", None, ["a"])]
    page = client.get(f"{sent.headers['Location']}?limit=1").get_json()
    rest = client.get(f"{sent.headers['Location']}?cursor={page['next_cursor']}").get_json()
    assert [node["name"] for node in rest["nodes"]] == ["b"]
    listed = client.get("/api/flows").get_json()
    assert [flow["name"] for flow in listed["flows"]] == ["two"]


def test_a_node_tells_how_its_task_goes_and_what_it_takes(client: FlaskClient) -> None:
    body = {"nodes": [*NODES, {"name": "c", "task_type": "echo", "payload": {"value": 2}}]}
    flow = client.post("/api/flows", json=body).headers["Location"]
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    worker.step(commit(worker.claim(), "FAILURE", reason="no disk"), want=0)
    shown = client.get(flow).get_json()["nodes"]
    assert [(node["task_status"], node["attempt"], node["error"]) for node in shown] == [
        ("SUCCESS", 1, None), ("PENDING", 0, None), ("FAILURE", 1, "no disk"),
    ]  # fmt: skip
    assert [node["results"] for node in shown] == [{}, {"value": "a"}, {}]
    task = client.get(f"/api/tasks/{shown[1]['task_id']}").get_json()
    assert task["payload"] == {"value": {"result_of": "a"}}
    assert flow.endswith(task["flow_id"])
    client.post("/api/tasks/submit", json={"task_type": "echo", "payload": {"value": 3}})
    found = client.get(f"/api/tasks?q=flow:{task['flow_id']} state:waiting").get_json()["tasks"]
    assert [each["task_id"] for each in found] == [task["task_id"]]
    assert client.get("/api/tasks?q=flow:monthly").status_code == 422


def test_a_flow_is_read_whose_node_is_of_a_queue_that_is_no_more(client: FlaskClient) -> None:
    flow = client.post("/api/flows", json={"nodes": NODES}).headers["Location"]
    broker, nodes = tq.default.broker.redis, flow_keys.nodes(flow.rpartition("/")[2])
    for number, text in broker.hgetall(nodes).items():
        broker.hset(nodes, number, text.replace(b'"default"', b'"gpu"'))
    answer = client.get(flow)
    assert answer.status_code == 200, answer.get_json()
    assert {node["queue"] for node in answer.get_json()["nodes"]} == {"gpu"}


def test_an_event_of_a_flow_tells_its_state_and_numbers(client: FlaskClient) -> None:
    scripts = EventScripts(tq.default.broker.scripts)
    scripts.events("default", BEGINNING, 10)
    client.post("/api/flows", json={"name": "two", "nodes": NODES})
    entries = scripts.events("default", BEGINNING, 10).entries
    views = [event_view(TaskEvent.of(entry)) for entry in entries if entry.is_of_task]
    flow, task = [view.model_dump() for view in views]
    assert (flow["name"], flow["status"], flow["size"]) == ("two", "running", 2)
    assert (flow["counts"]["waiting"], flow["counts"]["submitted"]) == (2, 0)
    assert (task["status"], task["flow_id"]) == ("PENDING", flow["flow_id"])


def test_a_flow_takes_a_url_for_its_end(client: FlaskClient) -> None:
    body = {"nodes": NODES, "webhook_url": "https://example.com/hooks"}
    assert client.post("/api/flows", json=body).status_code == 202
    refused = client.post("/api/flows", json={**body, "webhook_url": "http://10.0.0.1/"})
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["pointer"] == "/webhook_url"


def test_flows_are_listed_by_status(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = HandWorker()
    for number in range(5):
        client.post("/api/flows", json={"name": f"{number}", "nodes": NODES[:1]})
        if number % 2:
            worker.step(commit(worker.claim(), "SUCCESS"), want=0)

    def pages(query: str) -> list[list[str]]:
        found, cursor = list[list[str]](), ""
        while True:
            page = client.get(f"/api/flows?{query}{cursor}").get_json()
            found.append([flow["name"] for flow in page["flows"]])
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    assert pages("status=succeeded") == [["1", "0"]]
    assert pages("status=failed") == [[]]
    assert pages("status=running&limit=2") == [["4", "3"], ["2"]]
    assert pages("limit=2") == [["4", "3"], ["2", "1"], ["0"]]
    monkeypatch.setattr(reading, "PIECE", 2)
    monkeypatch.setattr(reading, "MOST_LOOKED_AT", 2)
    assert pages("status=succeeded") == [[], ["1"], ["0"]], "a page looks through so many"
    wrong = client.get("/api/flows?status=done")
    assert (wrong.status_code, wrong.get_json()["errors"][0]["pointer"]) == (422, "/status")


def test_a_flow_is_cancelled_and_retried_by_operators(client: FlaskClient) -> None:
    flow = f"/api/flows/{client.post('/api/flows', json={'nodes': NODES}).get_json()['flow_id']}"
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS"), want=0)
    early = client.post(f"{flow}/retry")
    assert (early.status_code, early.get_json()["code"]) == (409, "flow_not_retryable")
    ended = client.post(f"{flow}/cancel", json={"reason": "late"}, headers={"X-Operator": "ada"})
    assert (ended.status_code, ended.get_json()["status"]) == (200, "cancelled")
    assert client.post(f"{flow}/cancel").get_json()["code"] == "flow_finished"
    again = client.post(f"{flow}/retry", json={"node": "b"})
    assert (again.status_code, again.get_json()["counts"]["submitted"]) == (202, 1)
    entries = client.get("/api/audit").get_json()["entries"]
    assert [entry["action"] for entry in entries] == ["flow_retry", "flow_cancel"]
    assert entries[1]["why"] == "late" and entries[1]["who"].startswith("ada")


def test_a_wrong_flow_is_refused_with_pointers(client: FlaskClient) -> None:
    nodes = [{**NODES[0], "after": ["b"]}, NODES[1], {"name": "c", "task_type": "nothing_such"}]
    refused = client.post("/api/flows", json={"nodes": nodes})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "invalid_flow")
    pointers = [error["pointer"] for error in refused.get_json()["errors"]]
    assert pointers == ["/nodes/0/after", "/nodes/1/after", "/nodes/2/task_type"]
    assert refused.get_json()["detail"] == (
        "Node 'a': It is, or waits for, a node that waits for itself: a → b → a. And 2 more."
    )
    wrong = client.post("/api/flows", json={"nodes": [{**NODES[0], "nme": 1}]}).get_json()
    assert [error["pointer"] for error in wrong["errors"]] == ["/nodes/0/nme"]
    many = [{"name": f"n{number}", "task_type": "echo"} for number in range(10_001)]
    many += [{"no": "node"}]
    refused = client.post("/api/flows", json={"nodes": many})
    assert (refused.status_code, refused.get_json()["errors"]) == (
        422,
        [{"pointer": "/nodes", "code": "too_long", "message": ANY}],
    )
    assert tq.list_flows().flows == ()


def test_the_example_of_the_document_is_accepted(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    (example,) = schemas["FlowBody"]["examples"]
    assert client.post("/api/flows", json=example).status_code == 202


def test_an_unknown_flow_is_a_404_and_the_inspector_accepts_none(
    client: FlaskClient, inspector: FlaskClient
) -> None:
    for flow_id in ("x", "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"):
        for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry")):
            answer = client.open(f"/api/flows/{flow_id}{path}", method=method)
            assert (answer.status_code, answer.get_json()["code"]) == (404, "flow_not_found")
    assert inspector.get("/api/flows").status_code == 200
    assert inspector.post("/api/flows", json={"nodes": NODES}).status_code == 405


def test_a_cursor_that_no_page_has_given_is_refused(client: FlaskClient) -> None:
    answer = client.get("/api/flows?cursor=zzz")
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/cursor"
