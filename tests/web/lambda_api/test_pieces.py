"""Answers in pieces: they reach the caller while the function writes them, and what goes wrong."""

import contextlib
import http.client
import json
import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.waiting import wait_until
from tests.web.lambda_api.conftest import Stack

DIVIDER = "\0" * 8


def stream_of(aws: Any, *then: Any, **options: Any) -> Iterator[dict[str, Any]]:
    """Let the function `pieces` yield texts, and run code between them."""
    answer = aws.invoke_with_response_stream(
        FunctionName="pieces", Payload=json.dumps({"then": then}).encode(), **options
    )
    return _closing(answer["EventStream"])


def _closing(stream: Any) -> Iterator[dict[str, Any]]:
    """Its events; a reader that goes closes the connection."""
    with contextlib.closing(stream):
        yield from stream


def rest_of(events: Iterator[dict[str, Any]]) -> tuple[bytes, dict[str, str]]:
    """Read a stream to its end: all pieces together, and what InvokeComplete says."""
    *chunks, end = events
    return b"".join(each["PayloadChunk"]["Payload"] for each in chunks), end["InvokeComplete"]


def code(text: str) -> dict[str, str]:
    return {"code": text}


def until(file: Path) -> dict[str, str]:
    return code(f"wait_for({str(file)!r})")


def task_of(stack: Stack, text: str) -> dict[str, Any]:
    """Wait for the end of the last call of `pieces` that had a text in its event."""
    found: list[dict[str, Any]] = []

    def ended() -> bool:
        listed = stack.server.request("GET", "/api/tasks?limit=20").json["tasks"]
        for each in listed:
            if each["task_type"] == "pieces":
                task = stack.server.request("GET", f"/api/tasks/{each['task_id']}").json
                if text in json.dumps(task["payload"]):
                    found[:] = [task]
        return bool(found) and found[0]["status"] not in ("PENDING", "STARTED")

    wait_until(ended, description="the call has ended")
    return found[0]


def test_a_piece_arrives_while_the_function_runs(stack: Stack, aws: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    events = stream_of(aws, "ä", until(one), "b", until(two), "c")
    assert next(events)["PayloadChunk"]["Payload"] == "ä".encode()
    one.touch()
    assert next(events)["PayloadChunk"]["Payload"] == b"b"
    two.touch()
    assert rest_of(events) == (b"c", {})
    assert task_of(stack, str(one))["result"] == "äbc"


@pytest.mark.parametrize(
    ("then", "kind", "text"),
    [
        ("raise ValueError('no good')", "ValueError", "no good"),
        ("time.sleep(30)", "Sandbox.Timedout", "timed out after 3.00 seconds"),
        ("os.kill(os.getpid(), 9)", "Runtime.ExitError", "signal: killed"),
        ("os._exit(3)", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_what_breaks_an_answer_off_is_in_its_last_frame(
    aws: Any, then: str, kind: str, text: str
) -> None:
    events = stream_of(aws, "first ", "second", code(then), "never", LogType="Tail")
    body, complete = rest_of(events)
    assert (body, complete["ErrorCode"]) == (b"first second", kind)
    assert text in json.loads(complete["ErrorDetails"])["errorMessage"]
    assert complete["LogResult"]


def test_what_is_no_piece_breaks_an_answer_off(aws: Any) -> None:
    body, complete = rest_of(stream_of(aws, "first", 5))
    assert (body, complete["ErrorCode"]) == (b"first", "Runtime.MarshalError")


def test_a_killed_host_breaks_the_answer_off_and_nothing_runs_again(
    aws: Any, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    note = code(f"open({str(runs)!r}, 'a').write(f'{{os.getppid()}}\\n')")
    events = stream_of(aws, note, "first", until(tmp_path / "never"))
    assert next(events)["PayloadChunk"]["Payload"] == b"first"
    os.kill(int(runs.read_text()), signal.SIGKILL)
    body, complete = rest_of(events)
    assert (body, complete["ErrorCode"]) == (b"", "Runtime.ExitError")
    assert len(runs.read_text().splitlines()) == 1


def test_a_buffered_call_gets_the_whole(stack: Stack) -> None:
    body = json.dumps({"then": ["one", " two", " three"]}).encode()
    assert stack.invoke("pieces", body).body == b"one two three"
    assert stack.invoke("pieces", json.dumps({"then": ['{"a"', ":1}"]}).encode()).json == {"a": 1}
    failed = stack.invoke("pieces", json.dumps({"then": ["one", code("1/0")]}).encode())
    assert failed.json["errorType"] == "ZeroDivisionError"


def test_a_reader_that_goes_leaves_the_function_running(
    stack: Stack, aws: Any, tmp_path: Path
) -> None:
    events = stream_of(aws, "first", until(tmp_path / "go"), "x" * 300_000)
    next(events)
    del events
    (tmp_path / "go").touch()
    task = task_of(stack, str(tmp_path))
    assert task["status"] == "SUCCESS" and len(task["result"]) == 300_005


def test_a_slow_reader_holds_nobody_up_and_gets_everything(
    stack: Stack, aws: Any, tmp_path: Path
) -> None:
    """It reads when the function has long ended, and the pieces are gone."""
    events = stream_of(aws, "begin", until(tmp_path / "go"), *["y" * 100_000] * 20)
    assert next(events)["PayloadChunk"]["Payload"] == b"begin"
    (tmp_path / "go").touch()
    assert task_of(stack, str(tmp_path))["status"] == "SUCCESS"
    with redis.Redis(unix_socket_path=str(stack.redis.socket)) as client:
        pieces = list(client.scan_iter("*:answer:*"))
        assert all(0 < client.pttl(key) <= 320_000 for key in pieces), "they go by themselves"
        client.delete(*pieces)
    assert rest_of(events) == (b"y" * 2_000_000, {})


def test_an_answer_has_the_size_of_any_other(stack: Stack, aws: Any) -> None:
    body, complete = rest_of(stream_of(aws, *["z" * 1_000_000] * 5))
    assert (len(body), complete) == (5_000_000, {})
    stack.write("endless", "def handler(e, c):\n while True: yield 'z' * 100_000")
    answer = aws.invoke_with_response_stream(FunctionName="endless", Payload=b"{}")
    body, complete = rest_of(_closing(answer["EventStream"]))
    assert complete["ErrorCode"] == "Function.ResponseSizeTooLarge"
    assert len(body) <= 6_291_556


def test_a_second_try_of_a_call_reads_the_same_answer(
    stack: Stack, aws: Any, tmp_path: Path
) -> None:
    call_id = str(uuid.uuid4())
    event = json.dumps({"then": ["first", until(tmp_path / "go"), " last"]})
    path = "/2021-11-15/functions/pieces/response-streaming-invocations"
    connections = [http.client.HTTPConnection("127.0.0.1", stack.server.port) for _ in range(2)]
    responses = []
    for each in connections:
        each.request("POST", path, event, {"amz-sdk-invocation-id": call_id})
        responses.append(each.getresponse())
        assert b"first" in responses[-1].read1(1000)
    (tmp_path / "go").touch()
    for connection, response in zip(connections, responses, strict=True):
        assert b" last" in response.read()
        connection.close()


@pytest.fixture
def url(stack: Stack) -> Iterator[Any]:
    """A call of the function's URL; returns the response, of which nothing is read yet."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.server.port, timeout=30)

    def call(*then: Any) -> http.client.HTTPResponse:
        connection.request("POST", "/fn/pieces/x", json.dumps({"then": then}),
                           {"Content-Type": "application/json"})  # fmt: skip
        return connection.getresponse()

    yield call
    connection.close()


def test_a_url_sends_head_and_body_as_they_are_written(url: Any, tmp_path: Path) -> None:
    prelude = '{"statusCode": 201, "headers": {"X-Own": "a"}, "cookies": ["c=1"]}'
    one, two = tmp_path / "one", tmp_path / "two"
    response = url(prelude[:9], prelude[9:] + DIVIDER, until(one), "body", until(two), "!")
    assert (response.status, response.headers["X-Own"]) == (201, "a")
    assert response.headers["Set-Cookie"] == "c=1"
    assert response.headers["Content-Security-Policy"] == "sandbox"
    one.touch()
    assert response.read1() == b"body"
    two.touch()
    assert response.read() == b"!"


@pytest.mark.parametrize(
    ("then", "status", "body"),
    [
        (["plain ", "text"], 200, b"plain text"),
        (['{"a": 1}\n', '{"b": 2}\n'], 200, b'{"a": 1}\n{"b": 2}\n'),
        (['{"statusCode": 404,', '"body": "whole"}'], 404, b"whole"),
        ([], 200, b""),
        ([code("1/0")], 502, b"Internal Server Error"),
        (['{"statusCode": ', code("1/0")], 502, b"Internal Server Error"),
        (['{"statusCode": 99}' + DIVIDER, "x"], 502, b"Internal Server Error"),
    ],
)
def test_what_begins_otherwise(url: Any, then: list[Any], status: int, body: bytes) -> None:
    response = url(*then)
    assert (response.status, response.read()) == (status, body)


def test_an_event_stream_of_objects_is_not_held_back(url: Any, tmp_path: Path) -> None:
    response = url('{"a": 1}\n', until(tmp_path / "go"), '{"b": 2}\n')
    assert response.read1() == b'{"a": 1}\n'
    (tmp_path / "go").touch()
    assert response.read() == b'{"b": 2}\n'


def test_a_body_that_is_broken_off_has_no_end(stack: Stack, url: Any) -> None:
    response = url("first", code("raise ValueError"))
    with pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    assert caught.value.partial == b"first"
    assert "Traceback" not in stack.server.process.text()
