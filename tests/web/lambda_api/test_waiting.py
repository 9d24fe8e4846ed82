"""What happens while a caller waits: retries, slots, limits, nested calls, and what is left."""

import gc
import importlib
import json
import socket
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from tests.waiting import wait_until
from tests.web.conftest import Answer, Server, StartServer
from tests.web.lambda_api.conftest import Stack, client_of

ID = "amz-sdk-invocation-id"
PATH = "/2015-03-31/functions/{}/invocations"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential={}/20261128/us-east-1/lambda/aws4_request, SignedHeaders=host, "
    "Signature=00"
)
KEY = {"Authorization": SIGNED.format("secret-key-1")}

Lines = Callable[[Path, int], list[str]]


class Held:
    """The function `waits`: it notes each of its runs and ends when it is let go."""

    def __init__(self, folder: Path) -> None:
        self.runs, self._until = folder / "runs", folder / "until"
        self.event = {"runs": str(self.runs), "until": str(self._until)}
        self.body = json.dumps(self.event).encode()

    def let_go(self) -> None:
        self._until.touch()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    function = Held(tmp_path)
    yield function
    function.let_go()


@pytest.fixture(scope="module")
def hasty(stack: Stack) -> Iterator[Server]:
    """A second web process, with keys, that waits for no long time, but outlasts a busy moment."""
    environment = {
        **stack.environment, "API_KEYS": "secret-key-1", "LAMBDA_START_WAIT_S": "2",
        "LAMBDA_WAIT_S": "3",
    }  # fmt: skip
    server = Server(**environment)
    yield server
    server.process.stop()
    print(server.process.text())


@pytest.fixture
def impatient(stack: Stack) -> Iterator[Any]:
    """AWS's client with a short read time-out, which leaves the sockets of late answers open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with client_of(stack.url, read_timeout=0.5, retries={"total_max_attempts": 40}) as client:
            yield client
        del client
        gc.collect()


def state_of(stack: Stack, task_id: str) -> str | None:
    answer = stack.server.request("GET", f"/api/tasks/{task_id}")
    return answer.json["status"] if answer.status == 200 else None


def test_a_retry_of_the_client_joins_the_running_call(
    impatient: Any, held: Held, lines_of: Lines
) -> None:
    """boto3's own retry, after its own read time-out: the function runs once."""
    answers, sent = list[Any](), list[Any]()

    def note(**request: Any) -> None:
        sent.append(request)

    impatient.meta.events.register("before-send.lambda", note)
    call = threading.Thread(
        target=lambda: answers.append(
            impatient.invoke(FunctionName="waits", Payload=held.body)["Payload"].read()
        )
    )
    call.start()
    (run,) = lines_of(held.runs, 1)
    wait_until(lambda: len(sent) > 1, description="the client tries again")
    held.let_go()
    call.join(30)
    assert answers == [b'"done"']
    assert held.runs.read_text().split() == [run]


def test_a_second_call_with_the_same_id_gets_the_answer_that_is_there(
    stack: Stack, held: Held
) -> None:
    held.let_go()
    call = str(uuid.uuid4())
    answers = [stack.invoke("waits", held.body, **{ID: call}) for _ in range(3)]
    assert {(each.status, each.body, each.headers["X-Amzn-RequestId"]) for each in answers} == {
        (200, b'"done"', call)
    }
    assert held.runs.read_text().split() == [call]


def test_an_id_of_another_function_joins_nothing(stack: Stack) -> None:
    call = str(uuid.uuid4())
    first = stack.invoke("mirror", b"1", **{ID: call})
    other = stack.invoke("context", b"1", **{ID: call})

    assert first.headers["X-Amzn-RequestId"] == call
    assert other.json["id"] == other.headers["X-Amzn-RequestId"] != call


def test_a_client_that_hangs_up_leaves_the_call_going(
    stack: Stack, held: Held, lines_of: Lines
) -> None:
    head = f"POST {PATH.format('waits')} HTTP/1.1\r\nHost: {stack.server.address}\r\n"
    with socket.create_connection(("127.0.0.1", stack.server.port)) as client:
        length = f"Content-Length: {len(held.body)}\r\n\r\n"
        client.sendall((head + length).encode() + held.body)
        (task_id,) = lines_of(held.runs, 1)
    assert state_of(stack, task_id) == "STARTED"
    held.let_go()
    wait_until(lambda: state_of(stack, task_id) == "SUCCESS", description="it ends")


def test_a_full_reservation_refuses_calls_and_lets_events_wait(
    stack: Stack, aws: Any, held: Held
) -> None:
    call, answers = str(uuid.uuid4()), list[Answer]()

    def join() -> None:
        answers.append(stack.invoke("held", held.body, **{ID: call}))

    running, joining = threading.Thread(target=join), threading.Thread(target=join)
    running.start()
    wait_until(lambda: state_of(stack, call) == "STARTED", description="the first one runs")
    with pytest.raises(aws.exceptions.TooManyRequestsException) as caught:
        aws.invoke(FunctionName="held", Payload=b"null")
    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    event = stack.invoke("held", b"null", X_Amz_Invocation_Type="Event")
    joining.start()
    held.let_go()
    for thread in (running, joining):
        thread.join(30)
    seen = [(each.status, each.headers["X-Amzn-RequestId"]) for each in answers]
    assert seen == [(200, call)] * 2
    event_id = event.headers["X-Amzn-RequestId"]
    wait_until(lambda: state_of(stack, event_id) == "SUCCESS", description="the event runs")


def test_calls_go_as_deep_as_aws_lets_them_with_few_slots(aws: Any) -> None:
    """With four slots, sixteen functions wait for each other; the next call is a loop."""
    answer = aws.invoke(FunctionName="deeper", Payload=b"1")
    assert json.loads(answer["Payload"].read()) == [16, "RecursiveInvocationException"]


def test_a_function_calls_another_one(aws: Any) -> None:
    answer = aws.invoke(FunctionName="calls", Payload=b'{"then": "mirror"}')
    assert json.loads(answer["Payload"].read()) == {"then": "mirror"}


def test_task_types_are_called_like_functions(stack: Stack, aws: Any) -> None:
    assert stack.invoke("echo", b'{"value": [1]}').body == b"[1]"
    failed = stack.invoke("fail", b'{"message": "why"}')
    assert failed.headers["X-Amz-Function-Error"] == "Unhandled"
    assert failed.json["errorType"] == "ValueError"
    assert failed.json["errorMessage"] == "why"
    assert failed.json["stackTrace"][-1].endswith("raise ValueError(message)\n")
    task = stack.server.request("GET", f"/api/tasks/{failed.headers['X-Amzn-RequestId']}").json
    assert (task["status"], task["attempt"]) == ("FAILURE", 1)
    event = stack.invoke("echo", b"{}", **{"X-Amz-Invocation-Type": "Event"})
    assert event.status == 202
    task_id = event.headers["X-Amzn-RequestId"]
    wait_until(lambda: state_of(stack, task_id) == "SUCCESS", description="it runs")


def test_without_a_slot_in_time_a_call_is_refused_and_leaves_nothing(
    stack: Stack, hasty: Server
) -> None:
    """No consumer serves the queue of this function. A client tries again with the same id."""
    call = str(uuid.uuid4())
    for _ in range(2):
        answer = hasty.request("POST", PATH.format("unserved"), b"{}", {**KEY, ID: call})
        assert (answer.status, answer.headers["X-Amzn-ErrorType"]) == (
            429, "TooManyRequestsException",
        )  # fmt: skip
        assert answer.json["Reason"] == "ConcurrentInvocationLimitExceeded"
        assert answer.headers["X-Amzn-RequestId"] == call
        assert state_of(stack, call) is None
    left = stack.server.request("GET", "/api/tasks?type=unserved").json
    assert left["tasks"] == []


def test_a_call_that_takes_too_long_goes_on(
    stack: Stack, hasty: Server, held: Held, lines_of: Lines
) -> None:
    answer = hasty.request("POST", PATH.format("waits"), held.body, KEY)

    assert (answer.status, answer.headers["X-Amzn-ErrorType"]) == (500, "ServiceException")
    (task_id,) = lines_of(held.runs, 1)
    assert task_id == answer.headers["X-Amzn-RequestId"]
    held.let_go()
    wait_until(lambda: state_of(stack, task_id) == "SUCCESS", description="it ends")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "MissingAuthenticationTokenException"),
        ("Bearer secret-key-1", "MissingAuthenticationTokenException"),
        (SIGNED.format("another"), "UnrecognizedClientException"),
        (SIGNED.format("duckline"), "UnrecognizedClientException"),
        (SIGNED.format("secret-key-"), "UnrecognizedClientException"),
    ],
)
def test_with_api_keys_only_their_holders_call(
    hasty: Server, authorization: str, code: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = hasty.request("POST", PATH.format("mirror"), b"{}", headers)
    assert (answer.status, answer.headers["X-Amzn-ErrorType"]) == (403, code)


def test_the_key_of_functions_calls_functions_and_nothing_else(hasty: Server) -> None:
    key = tq.function_key(("secret-key-1",))
    headers = {"Authorization": SIGNED.format(key)}
    assert hasty.request("POST", PATH.format("mirror"), b"1", headers).body == b"1"
    for sent in (headers, {"Authorization": f"Bearer {key}"}):
        assert hasty.request("GET", "/api/stats", headers=sent).status == 401


def test_the_client_signs_with_an_api_key(hasty: Server) -> None:
    with client_of(f"http://{hasty.address}", "secret-key-1") as client:
        answer = client.invoke(FunctionName="mirror", Payload=b"1")
        assert answer["Payload"].read() == b"1"


def test_without_redis(stack: Stack, start_server: StartServer) -> None:
    environment = {**stack.environment, "REDIS_URL": "unix:///nowhere/redis.sock"}
    server = start_server(**environment)
    for kind in ("RequestResponse", "Event"):
        headers = {"X-Amz-Invocation-Type": kind}
        answer = server.request("POST", PATH.format("mirror"), b"{}", headers)
        assert answer.status == 503
        assert answer.headers["X-Amzn-ErrorType"] == "ServiceUnavailableException"
        assert answer.json["Type"] == "Service"
        assert answer.json["Message"]


def test_a_call_without_a_place_to_wait_leaves_nothing(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(importlib.import_module("web.http.waiting"), "_places", full)
    answer = client.post(PATH.format("echo"), data=b'{"value": 1}')
    assert (answer.status_code, answer.headers["X-Amzn-ErrorType"]) == (
        429, "TooManyRequestsException",
    )  # fmt: skip
    assert tq.stats().total("queued") == 0 and tq.list_tasks() == []
