"""`GET /api/tasks/<id>/events`: a real gunicorn, real consumers, and connections that are cut."""

import signal
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker import event_keys
from tests.conftest import StartConsumer
from tests.engine.helpers import QUEUE, HandWorker, commit, scripts, submit
from tests.ports import free_ports
from tests.waiting import wait_until
from tests.web.conftest import Server, StartServer
from tests.web.streams.sse_client import Received, SseClient

UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"
broker = tq.default.broker.redis


def path_of(task_id: str) -> str:
    return f"/api/tasks/{task_id}/events"


@pytest.fixture
def follow(server: Server) -> Iterator["Follow"]:
    clients = Follow(server)
    yield clients
    clients.close()


class Follow:
    """Opens streams at one server, and closes them."""

    def __init__(self, server: Server) -> None:
        self.port = server.port
        self._clients: list[SseClient] = []

    def __call__(self, task_id: str, last_id: str = "") -> SseClient:
        self._clients.append(SseClient(self.port, path_of(task_id), last_id))
        return self._clients[-1]

    def close(self) -> None:
        for client in self._clients:
            client.close()


def test_a_task_is_followed_from_its_queue_to_its_end(
    follow: Follow, start_consumer: StartConsumer
) -> None:
    task_id = submit("narrate", count=3)
    client = follow(task_id)
    first = client.next()
    assert (first.event, first.data["status"], first.data["log"]) == ("task", "PENDING", [])

    start_consumer("default")
    received = client.until("end")

    expected = ["state", *["log", "partial", "progress"] * 3, "state", "end"]
    assert [each.event for each in received] == expected
    started, ended, end = received[0].data, received[-2].data, received[-1].data
    assert (started["status"], started["attempt"]) == ("STARTED", 1)
    assert started["worker"].startswith("default@")
    assert details(received, "partial", "value") == [{"number": n} for n in range(3)]
    assert details(received, "log", "text") == [f"line {n}" for n in range(3)]
    assert details(received, "progress", "text") == [f"number {n}" for n in range(3)]
    assert ended["status"] == end["status"] == "SUCCESS"
    assert (end["result"], len(end["log"]), len(end["partial_results"])) == (3, 3, 3)
    assert list(client.events()) == []


def details(received: list[Received], event: str, name: str) -> list[object]:
    return [each.data["detail"][name] for each in received if each.event == event]


def test_what_failed_before_it_is_followed_comes_first(follow: Follow) -> None:
    task_id, worker = submit("echo"), HandWorker()
    claim = worker.claim()
    scripts().emit(QUEUE, task_id, claim.token, '{"attempt": 1, "at": "2026-01-01", "value": 5}')
    worker.step(commit(claim, "RETRY", retries_left=1, reason="why", delay_ms=3_600_000), want=0)

    client = follow(task_id)

    first = client.next().data
    assert (first["status"], first["attempts"][0]["error"]) == ("RETRY", "why")
    assert [partial["value"] for partial in first["partial_results"]] == [5]
    tq.cancel(task_id)
    assert [each.event for each in client.until("end")] == ["state", "end"]


def test_a_failed_attempt_and_the_next_one_are_events(follow: Follow) -> None:
    task_id, worker = submit("echo"), HandWorker()
    client = follow(task_id)
    assert client.next().event == "task"
    worker.step(commit(worker.claim(), "RETRY", retries_left=1, reason="why"), want=0)
    scripts().promote(QUEUE)
    worker.step(commit(worker.claim(), "FAILURE", reason="again"), want=0)
    received = client.until("end")
    said = [
        (each.event, each.data["status"], (each.data["detail"] or {}).get("error"))
        for each in received[:-1]
    ]
    assert said == [
        ("state", "STARTED", None),
        ("attempt", "STARTED", "why"),
        ("state", "RETRY", None),
        ("state", "PENDING", None),
        ("state", "STARTED", None),
        ("attempt", "STARTED", "again"),
        ("state", "FAILURE", None),
    ]
    assert received[-2].data["error"] == received[-1].data["error"] == "again"


def test_the_stream_of_an_ended_task_is_its_end_and_nothing_follows_that(follow: Follow) -> None:
    task_id = submit("echo")
    tq.cancel(task_id)
    client = follow(task_id)
    end = client.next()
    assert (end.event, end.data["status"], list(client.events())) == ("end", "REVOKED", [])
    assert follow(task_id, end.id).status == 204


def test_between_the_last_state_and_the_end_a_cut_loses_nothing(follow: Follow) -> None:
    task_id = submit("echo")
    client = follow(task_id)
    first = client.next()
    tq.cancel(task_id)
    state, end = client.until("end")
    assert [each.event for each in follow(task_id, first.id).until("end")] == ["state", "end"]
    assert [each.event for each in follow(task_id, state.id).until("end")] == ["end"]
    assert end.id.endswith(".end")


@pytest.mark.parametrize("lost", ["the events", "all data"])
def test_what_is_not_kept_any_more_is_replaced_by_the_task_as_it_is(
    follow: Follow, lost: str
) -> None:
    task_id = submit("echo")
    client = follow(task_id)
    first = client.next()
    if lost == "the events":
        broker.delete(event_keys.events())
        again = client.next()
        assert (again.event, again.data["status"]) == ("task", "PENDING")
        assert again.id > first.id
        assert follow(task_id, first.id).next().event == "task"
    else:
        broker.flushall()
        assert client.until("gone")[-1].data == {"task_id": task_id}
        assert list(client.events()) == []


def test_a_withdrawn_task_is_gone(follow: Follow) -> None:
    task_id = submit("echo")
    client = follow(task_id)
    assert client.next().event == "task"
    scripts().withdraw(QUEUE, task_id)
    assert [each.event for each in client.events()] == ["gone"]


def test_a_stream_cut_ten_times_has_no_gap_and_no_repeat(
    start_server: StartServer, start_consumer: StartConsumer
) -> None:
    port = str(free_ports(1)[0])
    server = start_server(PORT=port)
    start_consumer("default")
    count, received, client = 90, list[Received](), None
    tq.pause("default")
    task_id = submit("narrate", count=count, pause_s=0.01)
    for cut in range(11):
        client = SseClient(server.port, path_of(task_id), client.last_id if client else "")
        if cut == 0:
            tq.resume("default")  # not before: the stream of an ended task is its end alone
        for event in client.events():
            received.append(event)
            if cut < 10 and len(received) >= (cut + 1) * 20:
                break
        if cut == 4:
            server.process.kill()
            server = start_server(PORT=port)
        client.close()
    assert [each.event for each in received].count("task") == 1
    ids = [each.id for each in received]
    assert len(set(ids)) == len(ids)
    begun = received[0].data
    for event, name, known in (
        ("log", "text", [line["text"] for line in begun["log"]]),
        ("partial", "value", [each["value"] for each in begun["partial_results"]]),
    ):
        wanted = [f"line {n}" if event == "log" else {"number": n} for n in range(count)]
        assert [*known, *details(received, event, name)] == wanted
    assert received[-1].event == "end"


def test_a_stop_ends_streams_at_once_and_says_when_to_come_back(start_server: StartServer) -> None:
    server = start_server()
    task_id = submit("echo")
    client = SseClient(server.port, path_of(task_id))
    assert client.next().event == "task"
    assert client.retry_ms == 1000
    server.process.popen.send_signal(signal.SIGTERM)
    assert list(client.events()) == []
    assert client.comments == ["connect again"]
    assert client.retry_ms is not None and 250 <= client.retry_ms <= 3000
    assert server.process.popen.wait(60) == 0
    client.close()


def reads_so_far() -> tuple[float, int]:
    """The seconds of Redis' clock and the scripts that it has run, at one moment."""
    with broker.pipeline(transaction=True) as pipe:
        pipe.time()
        pipe.info("commandstats")
        (seconds, microseconds), stats = pipe.execute()
    return seconds + microseconds / 1e6, stats["cmdstat_evalsha"]["calls"]


def test_two_hundred_streams_cost_one_read_a_tick(server: Server) -> None:
    task_id = submit("echo")
    clients = [SseClient(server.port, path_of(task_id)) for _ in range(200)]
    try:
        assert {client.next().event for client in clients} == {"task"}
        assert broker.ttl(event_keys.events()) > 100
        begun_s, before = reads_so_far()

        def later() -> tuple[float, int] | None:
            now_s, calls = reads_so_far()
            return (now_s - begun_s, calls - before) if calls - before >= 10 else None

        passed_s, reads = wait_until(later, description="ten reads") or (0.0, 0)
        assert reads <= 15 * passed_s + 5, "for each stream they were 2000 a second"
        tq.cancel(task_id)
        ends = [[each.event for each in client.until("end")] for client in clients]
        assert ends == [["state", "end"]] * 200
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize(
    ("sent", "status"), [("x", 422), ("1-", 422), ("1-2.ends", 422), ("٣-1", 422), ("1-1.end", 204)]
)
def test_what_is_no_id_of_an_event_is_refused(client: FlaskClient, sent: str, status: int) -> None:
    headers = {"Last-Event-ID": sent.encode().decode("latin-1")}
    answer = client.get(path_of(submit("echo")), headers=headers)
    assert answer.status_code == status
    if status == 422:
        (error,) = answer.get_json()["errors"]
        assert error["pointer"] == "/Last-Event-ID"


@pytest.mark.parametrize("task_id", [UNKNOWN, "no-id"])
def test_an_unknown_task_is_a_404(client: FlaskClient, task_id: str) -> None:
    answer = client.get(path_of(task_id))
    assert (answer.status_code, answer.get_json()["code"]) == (404, "task_not_found")
