"""`GET /api/events`: a filter of all events; and what ends, refuses or fills streams."""

import dataclasses
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
from huey_tasks.broker import event_keys
from tests.engine.helpers import HandWorker, commit, submit
from tests.waiting import wait_until
from tests.web.conftest import Server
from tests.web.streams.sse_client import SseClient
from web.streams import sse

broker = tq.default.broker.redis


@pytest.fixture
def streams(server: Server) -> Iterator[list[SseClient]]:
    opened: list[SseClient] = []
    yield opened
    for client in opened:
        client.close()


def test_a_search_chooses_the_events(server: Server, streams: list[SseClient]) -> None:
    queries = {
        "": ["echo", "fail", "echo", "fail"],
        "type:fail": ["fail", "fail"],
        "-type:fail%20queue:default": ["echo", "echo"],
        "state:cancelled": ["echo", "fail"],
        "state:waiting%20state:cancelled%20type:echo": ["echo", "echo"],
        "tag:none": [],
    }
    clients = {q: SseClient(server.port, f"/api/events?q={q}") for q in queries}
    streams += clients.values()
    assert {client.next().event for client in clients.values()} == {"open"}
    for task_id in [submit("echo"), submit("fail")]:
        tq.cancel(task_id)
    last = submit("echo")
    tq.submit("echo", {}, tags=["none", "last"])
    for q, client in clients.items():
        found = [client.next() for _ in queries[q]]
        assert sorted(each.data["task_type"] for each in found) == sorted(queries[q]), q
        assert {each.event for each in found} <= {"state"}
    assert clients["tag:none"].next().data["tags"] == ["none", "last"]
    assert clients[""].next().data["task_id"] == last


def test_a_cut_stream_goes_on_where_it_was_or_says_that_it_cannot(
    server: Server, streams: list[SseClient]
) -> None:
    def follow(last_id: str = "") -> SseClient:
        streams.append(SseClient(server.port, "/api/events?q=type:echo", last_id))
        return streams[-1]

    first = follow()
    assert first.next().event == "open"
    ids = [submit("echo"), submit("echo"), submit("echo")]
    assert first.next().data["task_id"] == ids[0]
    first.close()
    second = follow(first.last_id)
    assert [second.next().data["task_id"] for _ in ids[1:]] == ids[1:]
    broker.delete(event_keys.events())
    assert second.next().event == "gap"
    assert follow(first.last_id).next().event == "gap"
    later = submit("echo")
    assert second.next().data["task_id"] == later


@pytest.mark.parametrize(
    ("q", "message"),
    [
        ("payload.user_id:1", "'payload.' cannot filter events"),
        ("error:x", "'error:' cannot filter events"),
        ("age:<1h", "'age:' cannot filter events"),
        ("timeout", "Text without a word before it cannot filter events"),
        ("state:lost", "'state:' takes"),
        ("colour:red", "'colour:' is no word"),
    ],
)
def test_a_search_that_events_cannot_answer_is_refused_in_words(
    client: FlaskClient, q: str, message: str
) -> None:
    answer = client.get("/api/events", query_string={"q": q})
    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert error["pointer"] == "/q" and error["message"].startswith(message)


def test_a_worker_is_named_as_in_a_search() -> None:
    task_id, worker = submit("echo"), HandWorker("default@host-1/w2/1")
    with tq.follow_events() as follower:
        follower.begin_now()
        worker.step(commit(worker.claim(), "SUCCESS"), want=0)
        (started,) = wait_until(
            lambda: [e for e in follower.take() if e.task.state == "STARTED"],
            description="the start is an event",
        )
    assert started.task_id == task_id
    names = ["default@host-1/w2", "default@host-1", "default@host", "default", "defau", "w2"]
    assert [tq.event_filter(f"worker:{name}")(started) for name in names] == [True] * 4 + [
        False
    ] * 2


def test_beyond_its_limit_a_process_refuses_streams(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "_places", threading.BoundedSemaphore(1))
    path = f"/api/tasks/{submit('echo')}/events"
    first = client.get(path, buffered=False)
    assert first.status_code == 200
    for refused in (client.get(path), client.get("/api/events")):
        assert (refused.status_code, refused.get_json()["code"]) == (503, "too_many_streams")
        assert refused.headers["Retry-After"] == "2"
    first.close()
    tq.cancel(path.split("/")[3])
    assert client.get(path, buffered=True).status_code == 200
    assert client.get("/api/tasks/no-id/events").status_code == 404
    assert client.head(path, buffered=True).status_code == 200
    assert client.get(path, buffered=True).status_code == 200


def test_a_client_that_goes_or_does_not_read_holds_up_nobody_and_is_dropped(
    server: Server, streams: list[SseClient]
) -> None:
    """It reads nothing, and the kernel takes 128 kB for it: the others get their events."""
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.connect(("127.0.0.1", server.port))
    stalled.sendall(b"GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
    reading = SseClient(server.port, "/api/events")
    streams.append(reading)
    assert reading.next().event == "open"
    for _ in range(10):
        tq.submit_many([tq.Submission("echo", {"value": "x"}) for _ in range(100)])
    assert [reading.next().event for _ in range(1000)] == ["state"] * 1000
    stalled.close()


@pytest.mark.parametrize(
    ("q", "reached"), [("tag:none", []), ("queue:high", []), ("", ["send_email"])]
)
def test_a_stream_beats_while_only_events_pass_that_it_does_not_send(
    q: str, reached: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it a client that has gone keeps its place for as long as others have work."""
    monkeypatch.setattr(sse, "HEARTBEAT_S", 0.3)
    _, key = tq.create_key("watcher", "viewer", setting=("admin-key",), task_types=reached)
    app = web.create_app(dataclasses.replace(tq.CONFIG, api_keys=("admin-key",)))
    answer = app.test_client().get(
        "/api/events", query_string={"q": q}, headers={"Authorization": f"Bearer {key}"}
    )
    enough = threading.Event()

    def submit_for_twenty_seconds() -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and not enough.wait(0.02):
            submit("echo")

    submits = threading.Thread(target=submit_for_twenty_seconds)
    submits.start()
    try:
        texts = answer.iter_encoded()
        assert b": heartbeat" in next(text for text in texts if text.startswith(b": "))
        assert submits.is_alive(), "it came while events passed"
    finally:
        enough.set()
        submits.join()
        answer.close()


def test_many_tasks_are_read_in_their_order(client: FlaskClient) -> None:
    ids = [submit("echo", value=number) for number in range(3)]
    unknown = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"
    wanted = [ids[2], unknown, ids[0], "no id", ids[0]]
    before = broker.info("commandstats").get("cmdstat_hgetall", {}).get("calls", 0)
    answer = client.post("/api/tasks/read", json={"task_ids": wanted})
    assert answer.status_code == 200
    found = [task and task["task_id"] for task in answer.get_json()["tasks"]]
    assert found == [ids[2], None, ids[0], None, ids[0]]
    calls = broker.info("commandstats")["cmdstat_hgetall"]["calls"] - before
    # Each id once, in each queue; and the API keys. A server that still has streams of the tests
    # before, which it has not noticed to be gone, reads the keys meanwhile, too.
    assert calls in (3 * 3 + 1, 3 * 3 + 2)


@pytest.mark.parametrize(
    "body", [{}, {"task_ids": []}, {"task_ids": ["x"] * 501}, {"task_ids": [1]}, {"task_ids": "x"}]
)
def test_a_list_of_ids_that_is_none_is_refused(client: FlaskClient, body: object) -> None:
    answer = client.post("/api/tasks/read", data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
