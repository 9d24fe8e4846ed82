"""The errors of AWS's API, by its own client and by bare HTTP: status, code, body and headers."""

import base64
import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.web.lambda_api.conftest import Stack, client_of

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
PATH = "/2015-03-31/functions/{}/invocations"
BAD_CONTEXT = "Client context must be a valid Base64-encoded JSON object."
NOT_JSON = "Could not parse request body into json: Could not parse payload into json: "


class Case:
    """A request to invoke that is refused, and how."""

    def __init__(
        self, status: int, code: str, message: str, *, name: str = "mirror", body: bytes = b"{}",
        query: str = "", member: str = "message", **headers: str,
    ) -> None:  # fmt: skip
        self.status, self.code, self.message, self.member = status, code, message, member
        self.path, self.body = PATH.format(name) + query, body
        self.headers = {key.replace("_", "-"): value for key, value in headers.items()}


def _context(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


CASES = {
    "unknown": Case(404, "ResourceNotFoundException", f"Function not found: {ARN}gone:$LATEST",
                    name="gone", member="Message"),
    "unknown version": Case(404, "ResourceNotFoundException", f"Function not found: {ARN}mirror:7",
                            query="?Qualifier=7", member="Message"),
    "unknown alias": Case(404, "ResourceNotFoundException", f"Function not found: {ARN}mirror:live",
                          name="mirror:live", member="Message"),
    "another account": Case(
        404, "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:123456789012:function:mirror:$LATEST",
        name="123456789012%3Amirror", member="Message"),
    "another region": Case(
        404, "ResourceNotFoundException",
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
        name="arn:aws:lambda:eu-west-1:000000000000:function:mirror", member="Message"),
    "no name": Case(400, "ValidationException", "1 validation error detected: Value 'a b' at",
                    name="a%20b"),
    "a slash": Case(400, "ValidationException", "1 validation error detected: Value 'a/b' at",
                    name="a%2Fb"),
    "too long": Case(400, "ValidationException", "1 validation error detected: Value 'aaaa",
                     name="a" * 257),
    "pattern before existence": Case(400, "ValidationException", "1 validation error detected",
                                     name="gone", query="?Qualifier=%C3%BC"),
    "two qualifiers": Case(
        400, "InvalidParameterValueException",
        "The derived qualifier from the function name does not match the specified qualifier.",
        name="gone:1", query="?Qualifier=2"),
    "type": Case(400, "ValidationException", "1 validation error detected: Value 'Now' at",
                 X_Amz_Invocation_Type="Now"),
    "log type": Case(400, "ValidationException", "1 validation error detected: Value 'All' at",
                     X_Amz_Log_Type="All"),
    "not JSON": Case(400, "InvalidRequestContentException", NOT_JSON, body=b"{"),
    "NaN": Case(400, "InvalidRequestContentException", NOT_JSON, body=b"[NaN]"),
    "not UTF-8": Case(400, "InvalidRequestContentException", NOT_JSON, body=b'"\xff"'),
    "half a pair": Case(400, "InvalidRequestContentException", NOT_JSON, body=b'"\\ud800"'),
    "deep": Case(400, "InvalidRequestContentException", NOT_JSON, body=b"[" * 100_000),
    "an event is no JSON": Case(400, "InvalidRequestContentException", NOT_JSON, body=b"{",
                                X_Amz_Invocation_Type="Event"),
    "a dry run is no JSON": Case(400, "InvalidRequestContentException", NOT_JSON, body=b"{",
                                 X_Amz_Invocation_Type="DryRun"),
    "context is no base64": Case(400, "InvalidRequestContentException", BAD_CONTEXT,
                                 X_Amz_Client_Context="***"),
    "context is no object": Case(400, "InvalidRequestContentException", BAD_CONTEXT,
                                 X_Amz_Client_Context=_context([1])),
    "context is too long": Case(400, "InvalidRequestContentException", "Client context must be",
                                X_Amz_Client_Context=_context({"custom": "x" * 3583})),
    "sync is too large": Case(
        413, "RequestTooLargeException",
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        body=b'"' + b"x" * 6_291_455 + b'"'),
    "an event is too large": Case(
        413, "RequestTooLargeException",
        "Request must be smaller than 1048576 bytes for the InvokeFunction operation",
        body=b'"' + b"x" * 1_048_575 + b'"', X_Amz_Invocation_Type="Event"),
    "a loop": Case(400, "RecursiveInvocationException", "A loop: 16 invocations in a row",
                   X_Amzn_Trace_Id=f"Root=1-2-3;Lineage=15:{uuid.uuid4()}", member="Message"),
    "reserved": Case(429, "TooManyRequestsException", "Rate Exceeded.", name="limited"),
    "existence before size": Case(404, "ResourceNotFoundException", "Function not found: ",
                                  name="gone", body=b'"' + b"x" * 6_291_455, member="Message"),
    "payload of a task": Case(400, "InvalidRequestContentException", "The payload does not fit",
                              name="echo", body=b'{"unknown": 1}'),
    "payload of a task is no object": Case(400, "InvalidRequestContentException",
                                           "A task type takes a JSON object.", name="echo",
                                           body=b"[]"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_error_has_the_form_of_aws(stack: Stack, case: Case) -> None:
    answer = stack.server.request("POST", case.path, case.body, case.headers)

    assert (answer.status, answer.headers["X-Amzn-ErrorType"]) == (case.status, case.code)
    assert answer.headers["Content-Type"] == "application/json"
    assert uuid.UUID(answer.headers["X-Amzn-RequestId"])
    assert answer.json[case.member].startswith(case.message)
    assert answer.json.get("Type") == (None if case.code == "ValidationException" else "User")
    if case.status == 429:
        assert answer.json["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    ("name", "call", "why"),
    [
        ("miror", "invoke", "Did you mean 'mirror'?"),
        ("miror", "get_function", "Did you mean 'mirror'?"),
        ("send_emial", "invoke", "Did you mean 'send_email'?"),
        ("send_email", "get_function", "'send_email' is a task type and no function."),
        ("greets", "invoke", "{}/greets.py is no function: it has no handler: "),
        ("greets", "get_function_configuration", "{}/greets.py is no function: it has no "),
        ("mirror:7", "invoke", "Functions have no versions and aliases here."),
        ("123456789012:mirror", "get_function", "The account here is 000000000000."),
        ("nothing_like_it", "invoke", ""),
    ],
)
def test_what_is_not_found_says_why_behind_the_text_of_aws(
    aws: Any, stack: Stack, name: str, call: str, why: str
) -> None:
    stack.write("greets", "def greet(): ...")
    with pytest.raises(aws.exceptions.ResourceNotFoundException) as caught:
        getattr(aws, call)(FunctionName=name)
    (stack.functions / "greets.py").unlink()

    said = caught.value.response["Error"]["Message"]
    own = name.removeprefix("123456789012:")
    arn = ARN if own == name else ARN.replace("000000000000", "123456789012")
    text = f"Function not found: {arn}{own}"
    if call == "invoke" and ":" not in own:
        text += ":$LATEST"
    if why:
        assert said.startswith(f"{text}. {why.format(stack.functions)}")
    else:
        assert said == text


@pytest.mark.parametrize(
    "request_id", ["6a2f41a3-c54c-4ce8-8f93-2f4e6a2b9d10", "6A2F41A3-C54C-4CE8-8F93-2F4E6A2B9D11"]
)
def test_an_error_has_the_id_that_the_client_gave_the_call(stack: Stack, request_id: str) -> None:
    answer = stack.server.request(
        "POST", PATH.format("gone"), b"{}", {"amz-sdk-invocation-id": request_id}
    )
    assert answer.headers["X-Amzn-RequestId"] == request_id.lower()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/2015-03-31/nothing", 404),
        ("POST", "/2099-01-01/functions/mirror", 404),
        ("GET", PATH.format("mirror"), 405),
        ("PATCH", PATH.format("mirror"), 405),
        ("POST", "/2015-03-31//functions/mirror/invocations", 404),
    ],
)
def test_no_route_is_an_error_of_aws_too(stack: Stack, method: str, path: str, status: int) -> None:
    answer = stack.server.request(method, path)

    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json")
    assert answer.headers["X-Amzn-ErrorType"] == "UnknownOperationException"
    assert ("Allow" in answer.headers) == (status == 405)


def test_the_client_raises_the_class_of_the_error(aws: Any) -> None:
    for name, kind in (
        ("gone", "ResourceNotFoundException"),
        ("limited", "TooManyRequestsException"),
    ):
        with pytest.raises(getattr(aws.exceptions, kind)) as caught:
            aws.invoke(FunctionName=name)
        error: ClientError = caught.value
        assert error.response["Error"]["Message"]


def test_a_client_that_changes_settings_hears_where_they_are(aws: Any) -> None:
    for change in (
        lambda: aws.update_function_configuration(FunctionName="mirror", Timeout=5),
        lambda: aws.create_event_source_mapping(
            FunctionName="mirror", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:orders"
        ),
    ):
        with pytest.raises(ClientError, match=r"what calls them are in functions\.toml"):
            change()


def test_a_page_of_another_origin_invokes_nothing(stack: Stack) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = stack.server.request("POST", PATH.format("mirror"), b"{}", headers)
        assert (answer.status, answer.headers["X-Amzn-ErrorType"]) == (403, "AccessDeniedException")


def test_repeated_parameters_and_any_media_type_are_taken(stack: Stack) -> None:
    path = PATH.format("mirror") + "?Qualifier=$LATEST&Statuses=A&Statuses=B&dry_run=1"
    for media in ("text/plain", "application/x-www-form-urlencoded; charset=latin-1", "nonsense"):
        headers = {"Content-Type": media, "Idempotency-Key": "k"}
        assert stack.server.request("POST", path, b"[1]", headers).body == b"[1]"


def test_two_unknown_clients_get_the_same_function(stack: Stack) -> None:
    """A key of any text is taken while there are no API_KEYS."""
    with client_of(stack.url, "another") as client:
        answer = client.invoke(FunctionName="mirror", Payload=b"1")
        assert answer["Payload"].read() == b"1"
