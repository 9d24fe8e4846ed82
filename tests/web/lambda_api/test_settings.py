"""What AWS's API says of functions and changes in their settings."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.web.lambda_api.conftest import FUNCTIONS, Stack

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
FRESH = "def handler(event, context): return 1"


@pytest.fixture
def fresh(stack: Stack) -> Iterator[str]:
    """The name of a function of this test alone."""
    name = f"fresh-{uuid.uuid4().hex[:8]}"
    stack.write(name, FRESH)
    yield name
    (stack.functions / f"{name}.py").unlink()


def error_of(aws: Any, call: Callable[..., Any], **parameters: Any) -> tuple[int, str, str]:
    with pytest.raises(aws.exceptions.ClientError) as caught:
        call(**parameters)
    found = caught.value.response
    error = found["Error"]
    return found["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


# ---- what there is


def test_the_list_has_pages(aws: Any) -> None:
    pages = aws.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 5})
    names = [[each["FunctionName"] for each in page["Functions"]] for page in pages]
    assert {len(page) for page in names[:-1]} == {5}
    flat = [name for page in names for name in page]
    assert sorted(flat) == flat
    assert set(FUNCTIONS) <= set(flat)


def test_a_function_that_cannot_run_is_listed_too(aws: Any, stack: Stack, fresh: str) -> None:
    stack.write(fresh, "def handler(event, context) return 1")
    found = aws.get_function_configuration(FunctionName=fresh)
    assert (found["State"], found["StateReasonCode"]) == ("Failed", "FunctionError")
    assert f"{fresh}.py:1" in found["StateReason"]
    listed = [each["FunctionName"] for each in aws.list_functions()["Functions"]]
    assert {fresh, "mirror"} <= set(listed)


def test_the_configuration(aws: Any, stack: Stack) -> None:
    found = aws.get_function_configuration(FunctionName="late")
    assert {
        "FunctionName": "late", "FunctionArn": f"{ARN}late", "Handler": "late.handler",
        "Timeout": 1, "MemorySize": 512, "Version": "$LATEST", "State": "Active",
        "LastUpdateStatus": "Successful", "PackageType": "Zip",
        "TracingConfig": {"Mode": "PassThrough"}, "EphemeralStorage": {"Size": 512},
        "Role": "arn:aws:iam::000000000000:role/local",
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/late"},
    }.items() <= found.items()  # fmt: skip
    assert uuid.UUID(found["RevisionId"])
    assert found["LastModified"].endswith("+0000")
    assert found["CodeSize"] == len((stack.functions / "late.py").read_bytes())
    versions = aws.list_versions_by_function(FunctionName="late")["Versions"]
    assert [each["FunctionArn"] for each in versions] == [f"{ARN}late:$LATEST"]
    assert "State" not in versions[0]
    qualified = aws.get_function(FunctionName="late", Qualifier="$LATEST")["Configuration"]
    assert qualified["FunctionArn"] == f"{ARN}late:$LATEST"


def test_a_function(aws: Any) -> None:
    found = aws.get_function(FunctionName=f"{ARN}limited")
    assert found["Configuration"]["FunctionName"] == "limited"
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    assert set(found["Code"]) == {"RepositoryType", "Location"}
    assert aws.list_tags(Resource=f"{ARN}limited")["Tags"] == {}


def test_the_account(aws: Any, stack: Stack) -> None:
    found = aws.get_account_settings()
    assert found["AccountUsage"]["FunctionCount"] >= len(FUNCTIONS)
    assert found["AccountLimit"]["ConcurrentExecutions"] == 4
    assert found["AccountLimit"]["UnreservedConcurrentExecutions"] == 3


# ---- what is set


def test_what_happens_to_events_is_set_and_merged(aws: Any, fresh: str) -> None:
    put = aws.put_function_event_invoke_config(FunctionName=fresh, MaximumRetryAttempts=0)
    assert abs(put["LastModified"].timestamp() - time.time()) < 60
    assert put["FunctionArn"] == f"{ARN}{fresh}:$LATEST"
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    assert "MaximumEventAgeInSeconds" not in put
    to = {"OnFailure": {"Destination": f"{ARN}events"}}
    merged = aws.update_function_event_invoke_config(
        FunctionName=fresh, MaximumEventAgeInSeconds=60, DestinationConfig=to
    )
    assert (merged["MaximumRetryAttempts"], merged["MaximumEventAgeInSeconds"]) == (0, 60)
    assert merged["DestinationConfig"] == {"OnSuccess": {}, **to}
    listed = aws.list_function_event_invoke_configs(FunctionName=fresh)
    del merged["ResponseMetadata"]
    assert listed["FunctionEventInvokeConfigs"] == [merged]
    again = aws.put_function_event_invoke_config(FunctionName=fresh, MaximumRetryAttempts=1)
    assert again["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    aws.delete_function_event_invoke_config(FunctionName=fresh)
    assert error_of(aws, aws.get_function_event_invoke_config, FunctionName=fresh) == (
        404, "ResourceNotFoundException",
        f"The function {ARN}{fresh}:$LATEST doesn't have an EventInvokeConfig",
    )  # fmt: skip


def test_what_is_set_for_events_is_applied(
    aws: Any, stack: Stack, fresh: str, tmp_path: Path, lines_of: Callable[..., list[str]]
) -> None:
    stack.write(fresh, "def handler(event, context): raise ValueError(event['file'])")
    file = tmp_path / "records"
    stack.write("keeper", f"""
        def handler(event, context):
            import json
            with open({str(file)!r}, "a") as file:
                file.write(json.dumps(event) + "\\n")
    """)  # fmt: skip
    aws.put_function_event_invoke_config(
        FunctionName=fresh, MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"{ARN}keeper"}},
    )  # fmt: skip

    def is_recorded() -> bool:  # the function host looks at the settings once a second
        stack.invoke(fresh, b'{"file": 1}', X_Amz_Invocation_Type="Event")
        return file.exists()

    wait_until(is_recorded, description="a record is kept")
    record = json.loads(lines_of(file, 1)[0])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    (stack.functions / "keeper.py").unlink()


def test_reserved_concurrency_is_set_and_applied(aws: Any, fresh: str) -> None:
    assert "ReservedConcurrentExecutions" not in aws.get_function_concurrency(FunctionName=fresh)
    put = aws.put_function_concurrency(FunctionName=fresh, ReservedConcurrentExecutions=0)
    assert put["ReservedConcurrentExecutions"] == 0
    assert aws.get_function(FunctionName=fresh)["Concurrency"] == {
        "ReservedConcurrentExecutions": 0
    }
    with pytest.raises(aws.exceptions.TooManyRequestsException):
        aws.invoke(FunctionName=fresh)
    aws.delete_function_concurrency(FunctionName=fresh)
    assert aws.invoke(FunctionName=fresh)["Payload"].read() == b"1"


def test_what_is_set_is_in_the_audit(aws: Any, stack: Stack, fresh: str) -> None:
    aws.put_function_event_invoke_config(FunctionName=fresh, MaximumRetryAttempts=0)
    aws.delete_function_event_invoke_config(FunctionName=fresh)
    aws.put_function_concurrency(FunctionName=fresh, ReservedConcurrentExecutions=5)
    aws.delete_function_concurrency(FunctionName=fresh)
    aws.create_function_url_config(FunctionName=fresh, AuthType="NONE")
    aws.delete_function_url_config(FunctionName=fresh)

    audit = stack.server.request("GET", "/api/audit?action=function_change").json["entries"]
    own = [one for one in audit if one["target"] == fresh]
    assert [(one["action"], one["queue"]) for one in own] == [("function_change", None)] * 6
    assert {one["who"] for one in own} == {"127.0.0.1"}


def test_what_was_changed_last_counts(aws: Any, stack: Stack, fresh: str) -> None:
    aws.put_function_concurrency(FunctionName=fresh, ReservedConcurrentExecutions=5)
    settings = stack.functions / "functions.toml"
    before = settings.read_text()
    settings.write_text(f"{before}\n[{fresh}]\nreserved_concurrency = 7\n")
    wait_until(
        lambda: (
            aws.get_function_concurrency(FunctionName=fresh).get("ReservedConcurrentExecutions")
            == 7
        ),
        description="the file counts",
    )
    aws.put_function_concurrency(FunctionName=fresh, ReservedConcurrentExecutions=6)
    found = aws.get_function_concurrency(FunctionName=fresh)
    assert found["ReservedConcurrentExecutions"] == 6
    settings.write_text(before)


def test_a_url_is_created_changed_and_deleted(aws: Any, stack: Stack, fresh: str) -> None:
    made = aws.create_function_url_config(FunctionName=fresh, AuthType="NONE")
    assert made["FunctionUrl"] == f"{stack.url}/fn/{fresh}/"
    assert (made["AuthType"], made["InvokeMode"]) == ("NONE", "BUFFERED")
    assert error_of(aws, aws.create_function_url_config, FunctionName=fresh, AuthType="NONE")[
        :2
    ] == (409, "ResourceConflictException")
    cors = {"AllowOrigins": ["*"], "AllowCredentials": False, "MaxAge": 0, "ExposeHeaders": []}
    changed = aws.update_function_url_config(FunctionName=fresh, AuthType="AWS_IAM", Cors=cors)
    assert (changed["AuthType"], changed["Cors"]) == ("AWS_IAM", cors)
    assert changed["CreationTime"] == made["CreationTime"]
    listed = aws.list_function_url_configs(FunctionName=fresh)["FunctionUrlConfigs"]
    assert [each["AuthType"] for each in listed] == ["AWS_IAM"]
    aws.delete_function_url_config(FunctionName=fresh)
    assert error_of(aws, aws.get_function_url_config, FunctionName=fresh) == (
        404, "ResourceNotFoundException", "The resource you requested does not exist.",
    )  # fmt: skip


GONE = "Function not found: "
NO_CONFIG = "The function doesn't exist."


@pytest.mark.parametrize(
    ("call", "parameters", "status", "code", "message"),
    [
        ("get_function", {"FunctionName": "gone"}, 404, "ResourceNotFoundException",
         f"{GONE}{ARN}gone"),
        ("get_function", {"FunctionName": "mirror:7"}, 404, "ResourceNotFoundException",
         f"{GONE}{ARN}mirror:7"),
        ("get_function_configuration", {"FunctionName": "gone"}, 404, "ResourceNotFoundException",
         f"{GONE}{ARN}gone"),
        ("get_function_concurrency", {"FunctionName": "gone"}, 404, "ResourceNotFoundException",
         f"{GONE}{ARN}gone"),
        ("put_function_concurrency",
         {"FunctionName": "mirror:$LATEST", "ReservedConcurrentExecutions": 1},
         400, "InvalidParameterValueException", "This operation is permitted on Lambda functions"),
        ("put_function_event_invoke_config", {"FunctionName": "mirror"}, 400,
         "InvalidParameterValueException",
         "You must specify at least one of error handling or destination setting."),
        ("put_function_event_invoke_config", {"FunctionName": "gone", "MaximumRetryAttempts": 1},
         404, "ResourceNotFoundException", NO_CONFIG),
        ("update_function_event_invoke_config",
         {"FunctionName": "gone", "MaximumRetryAttempts": 1}, 404, "ResourceNotFoundException",
         NO_CONFIG),
        ("update_function_event_invoke_config",
         {"FunctionName": "mirror", "MaximumRetryAttempts": 1}, 404, "ResourceNotFoundException",
         f"The function {ARN}mirror:$LATEST doesn't have an EventInvokeConfig"),
        ("list_function_event_invoke_configs", {"FunctionName": "gone"}, 404,
         "ResourceNotFoundException", NO_CONFIG),
        ("put_function_event_invoke_config",
         {"FunctionName": "mirror", "DestinationConfig":
          {"OnFailure": {"Destination": f"{ARN}mirror"}}}, 400, "InvalidParameterValueException",
         "You can't specify the function as a destination for itself."),
        ("put_function_event_invoke_config",
         {"FunctionName": "mirror", "DestinationConfig":
          {"OnFailure": {"Destination": "arn:aws:iam::000000000000:role/x"}}}, 400,
         "InvalidParameterValueException",
         "The destination ARN arn:aws:iam::000000000000:role/x is invalid."),
        ("put_function_event_invoke_config",
         {"FunctionName": "mirror", "DestinationConfig": {"OnSuccess": {"Destination": "events"}}},
         400, "ValidationException",
         "1 validation error detected: Value 'events' at 'destinationConfig.onSuccess.dest"),
    ],
)  # fmt: skip
def test_what_is_refused(
    aws: Any, call: str, parameters: dict[str, Any], status: int, code: str, message: str
) -> None:
    found = error_of(aws, getattr(aws, call), **parameters)
    assert found[:2] == (status, code)
    assert found[2].startswith(message)


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "message"),
    [
        ("GET", "/2015-03-31/functions?MaxItems=0", b"", "ValidationException",
         "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: "
         "Member must have value greater than or equal to 1"),
        ("GET", "/2015-03-31/functions?MaxItems=10001", b"", "ValidationException",
         "1 validation error detected: Value '10001' at 'maxItems'"),
        ("GET", "/2015-03-31/functions?MaxItems=x", b"", "SerializationException", "'MaxItems'"),
        ("GET", "/2015-03-31/functions?MaxItems=--5", b"", "SerializationException", "'MaxItems'"),
        ("GET", f"/2015-03-31/functions?MaxItems={'9' * 3000}", b"", "SerializationException",
         "'MaxItems'"),
        ("GET", "/2015-03-31/functions?Marker=%C3%BC", b"", "InvalidParameterValueException",
         "The Marker"),
        ("GET", "/2015-03-31/functions?FunctionVersion=1", b"", "ValidationException",
         "1 validation error detected: Value '1' at 'functionVersion'"),
        ("PUT", "/2017-10-31/functions/mirror/concurrency",
         b'{"ReservedConcurrentExecutions": -1}', "ValidationException",
         "1 validation error detected: Value '-1' at 'reservedConcurrentExecutions'"),
        ("PUT", "/2017-10-31/functions/mirror/concurrency", b"[1]", "SerializationException",
         "The request body"),
        ("PUT", "/2017-10-31/functions/mirror/concurrency", b"{}", "ValidationException",
         "1 validation error detected: Value 'null'"),
        ("PUT", "/2019-09-25/functions/mirror/event-invoke-config",
         b'{"MaximumRetryAttempts": 3}', "ValidationException",
         "1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy "
         "constraint: Member must have value less than or equal to 2"),
        ("PUT", "/2019-09-25/functions/mirror/event-invoke-config",
         b'{"MaximumEventAgeInSeconds": 59}', "ValidationException",
         "1 validation error detected: Value '59' at 'maximumEventAgeInSeconds'"),
        ("POST", "/2021-10-31/functions/mirror/url", b'{"AuthType": "ALL"}', "ValidationException",
         "1 validation error detected: Value 'ALL' at 'authType'"),
        *(("POST", "/2021-10-31/functions/mirror/url",
           b'{"AuthType": "NONE", "Cors": %b}' % cors, code, message)
          for cors, code, message in (
              (b"5", "SerializationException", "'Cors' must be an object"),
              (b'{"AllowOrigins": 5}', "SerializationException", "'AllowOrigins' must be a list"),
              (b'{"ExposeHeaders": [1]}', "SerializationException", "'ExposeHeaders' must be a"),
              (b'{"AllowHeaders": "X-A"}', "SerializationException", "'AllowHeaders' must be a"),
              (b'{"AllowCredentials": 1}', "SerializationException", "'AllowCredentials' must"),
              (b'{"MaxAge": "60"}', "SerializationException", "'MaxAge' must be a whole"),
              (b'{"MaxAge": 86401}', "ValidationException",
               "1 validation error detected: Value '86401' at 'maxAge'"),
              (b'{"AllowMethods": ["A\\nB"]}', "ValidationException",
               "1 validation error detected: Value 'A\\nB' at 'cors.allowMethods'"),
              (b'{"AllowHeaders": ["\\ud800"]}', "ValidationException",
               "1 validation error detected: Value '\\ud800' at 'cors.allowHeaders'"),
              (b'{"AllowOrigins": [""]}', "ValidationException",
               "1 validation error detected: Value '' at 'cors.allowOrigins'"),
              (b'{"AllowMethods": ["OPTIONS"]}', "ValidationException",
               "1 validation error detected: Value 'OPTIONS' at 'cors.allowMethods' failed to "
               "satisfy constraint: Member must have length between 0 and 6, inclusive"),
              (b'{"AllowMethods": ["A","A","A","A","A","A","A"]}', "ValidationException",
               "1 validation error detected: Value '7 items' at 'cors.allowMethods'"),
          )),
        ("PUT", "/2017-10-31/functions/mirror/concurrency", b"{", "SerializationException",
         "Could not parse request body into json"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_model_is_refused(
    stack: Stack, method: str, path: str, body: bytes, code: str, message: str
) -> None:
    answer = stack.server.request(method, path, body)
    assert (answer.status, answer.headers["X-Amzn-ErrorType"]) == (400, code)
    assert answer.json["message"].startswith(message)
