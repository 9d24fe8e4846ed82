"""Invoke, by AWS's own client: how it is called, and what it answers."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.lambda_api.conftest import Stack

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


def invoke(aws: Any, name: str, event: Any = None, **options: Any) -> Any:
    """Invoke a function; returns its answer with the payload read."""
    payload = {} if event is None else {"Payload": json.dumps(event).encode()}
    answer = aws.invoke(FunctionName=name, **payload, **options)
    return {**answer, "Payload": answer["Payload"].read()}


@pytest.mark.parametrize(
    "event",
    [{"a": [1, 2.5, None, True]}, [1, 2], "text", 7, 1.0, None, "", {}, {"$set": 1}, "\u0000 ü 𝄞",
     {"event": 1}, {"args": [1]}, 2**63],
)  # fmt: skip
def test_an_event_is_any_json_and_arrives_as_it_is(aws: Any, event: Any) -> None:
    answer = aws.invoke(FunctionName="mirror", Payload=json.dumps(event).encode())

    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == event


def test_no_payload_is_an_empty_object(aws: Any) -> None:
    assert invoke(aws, "mirror")["Payload"] == b"{}"


@pytest.mark.parametrize(
    ("name", "qualifier", "arn"),
    [
        ("context", None, f"{ARN}context"),
        ("context", "$LATEST", f"{ARN}context:$LATEST"),
        ("context:$LATEST", None, f"{ARN}context:$LATEST"),
        ("function:context", None, f"{ARN}context"),
        ("000000000000:function:context", None, f"{ARN}context"),
        (f"{ARN}context", None, f"{ARN}context"),
        (f"{ARN}context:$LATEST", "$LATEST", f"{ARN}context:$LATEST"),
    ],
)
def test_a_function_is_named_in_every_form(
    aws: Any, name: str, qualifier: str | None, arn: str
) -> None:
    more = {} if qualifier is None else {"Qualifier": qualifier}
    answer = invoke(aws, name, **more)
    assert json.loads(answer["Payload"])["arn"] == arn


def test_the_request_is_the_task(aws: Any, stack: Stack) -> None:
    answer = invoke(aws, "context")

    request_id = answer["ResponseMetadata"]["RequestId"]
    assert json.loads(answer["Payload"])["id"] == request_id
    task = stack.server.request("GET", f"/api/tasks/{request_id}").json
    assert (task["status"], task["task_type"]) == ("SUCCESS", "context")


def test_the_function_sees_the_client_context(aws: Any) -> None:
    sent = base64.b64encode(json.dumps({"custom": {"a": 1}}).encode()).decode()
    assert json.loads(invoke(aws, "context", ClientContext=sent)["Payload"])["custom"] == {"a": 1}


def test_an_event_is_accepted_at_once_and_runs(
    aws: Any, tmp_path: Path, lines_of: Callable[[Path, int], list[str]]
) -> None:
    file = tmp_path / "runs"
    answer = invoke(aws, "events", {"file": str(file)}, InvocationType="Event")

    assert (answer["StatusCode"], answer["Payload"]) == (202, b"")
    assert "ExecutedVersion" not in answer
    assert lines_of(file, 1) == [answer["ResponseMetadata"]["RequestId"]]


def test_the_old_call_for_events(
    aws: Any, tmp_path: Path, lines_of: Callable[[Path, int], list[str]]
) -> None:
    file = tmp_path / "runs"
    body = json.dumps({"file": str(file)}).encode()
    assert aws.invoke_async(FunctionName="events", InvokeArgs=body)["Status"] == 202
    assert len(lines_of(file, 1)) == 1


def test_a_dry_run_runs_nothing(aws: Any, stack: Stack) -> None:
    answer = invoke(aws, "mirror", {"a": 1}, InvocationType="DryRun")

    assert (answer["StatusCode"], answer["Payload"]) == (204, b"")
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert stack.server.request("GET", f"/api/tasks/{request_id}").status == 404


def test_the_tail_of_the_log(aws: Any) -> None:
    answer = invoke(aws, "noisy", LogType="Tail")

    log = base64.b64decode(answer["LogResult"])
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert len(log) == 4096
    assert b"line 449\nEND RequestId: " + request_id.encode() in log
    assert re.search(rb"Max Memory Used: [0-9]+ MB\t(Init Duration: [0-9.]+ ms\t\t)?\n$", log)
    assert answer["Payload"] == '"grüß"'.encode()
    assert "LogResult" not in invoke(aws, "mirror")


def test_bytes_pass_as_they_are(aws: Any) -> None:
    assert invoke(aws, "bytes")["Payload"] == b"\xff\x00"


FRAME = '  File "{file}", line {line}, in handler\n'


@pytest.mark.parametrize(
    ("name", "event", "kind", "message"),
    [
        ("raises", None, "ValueError", "no good"),
        ("fails_at_import", None, "RuntimeError", "at import"),
        ("set", None, "Runtime.MarshalError", "Unable to marshal response: "),
        ("late", None, "Sandbox.Timedout", "RequestId: {id} Error: Task timed out after 1.00"),
        ("exits", {"status": 127}, "Runtime.ExitError",
         "RequestId: {id} Error: Runtime exited with error: exit status 127"),
        ("exits", {"status": 0}, "Runtime.ExitError",
         "RequestId: {id} Error: Runtime exited without providing a reason"),
        ("large", 6_291_556, "Function.ResponseSizeTooLarge",
         "Response payload size exceeded maximum allowed payload size (6291556 bytes)."),
    ],
)  # fmt: skip
def test_a_failed_function_is_a_200(
    aws: Any, name: str, event: Any, kind: str, message: str
) -> None:
    answer = invoke(aws, name, event)

    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["ExecutedVersion"] == "$LATEST"
    error = json.loads(answer["Payload"])
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert error["errorType"] == kind
    assert error["errorMessage"].startswith(message.format(id=request_id))


def test_what_an_exception_says_of_itself(aws: Any, stack: Stack) -> None:
    answer = invoke(aws, "raises", LogType="Tail")

    error = json.loads(answer["Payload"])
    assert set(error) == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert error["requestId"] == answer["ResponseMetadata"]["RequestId"]
    place = f'  File "{stack.functions}/raises.py", line 3, in handler\n'
    assert error["stackTrace"][-1] == f'{place}    raise ValueError("no good")\n'
    assert b"before the mistake\n" in base64.b64decode(answer["LogResult"])


def test_the_largest_answer_passes(aws: Any) -> None:
    assert len(invoke(aws, "large", 6_291_554)["Payload"]) == 6_291_556
