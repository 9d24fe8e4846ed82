"""Handlers as people write them for Lambda, with AWS's Powertools, called by AWS's own client."""

import base64
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.waiting import wait_until
from tests.web.lambda_api.conftest import Stack

HANDLERS = Path(__file__).with_name("handlers")
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"


@pytest.fixture(scope="module", autouse=True)
def handlers(stack: Stack) -> Iterator[None]:
    """Drop the files into the folder of the functions, while all runs."""
    added = [shutil.copy(file, stack.functions) for file in HANDLERS.glob("*.py")]
    yield
    for file in added:
        Path(file).unlink()


def call(aws: Any, name: str, event: Any) -> tuple[Any, list[Any], bool]:
    """Return the answer, the log (lines, read as JSON where they are), and whether it failed."""
    answer = aws.invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    lines = [json.loads(line) if line[:1] == "{" else line for line in log.splitlines()]
    return json.load(answer["Payload"]), lines, "FunctionError" in answer


def messages(*bodies: Any) -> dict[str, Any]:
    """Return a batch of SQS with these messages, `m1` and so on."""
    return {
        "Records": [
            {
                "messageId": f"m{number}", "receiptHandle": "r", "body": json.dumps(body),
                "attributes": {}, "messageAttributes": {}, "md5OfBody": "",
                "awsRegion": "us-east-1", "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:0:orders",
            }
            for number, body in enumerate(bodies, 1)
        ]
    }  # fmt: skip


def test_a_batch_names_what_failed(aws: Any) -> None:
    event = messages({"id": "a", "pieces": 1}, {"id": "b", "pieces": 0}, {"id": "c", "pieces": 2})
    answer, _, failed = call(aws, "batch_orders", event)
    assert not failed
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}]}

    all_bad = messages({"id": "a", "pieces": 0})
    answer, _, failed = call(aws, "batch_orders", all_bad)
    assert failed and answer["errorType"] == "BatchProcessingError"
    assert "order a is empty" in answer["errorMessage"]

    answer, log, failed = call(aws, "batch_plain", messages({"a": 6, "b": 3}, {"a": 1, "b": 0}))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert "result 2.0" in log


def test_a_resolver_serves_a_function_url(stack: Stack) -> None:
    def ask(method: str, path: str, body: str | None = None) -> tuple[int, bytes, Any]:
        headers = {"Content-Type": "application/json"} if body else {}
        answer = stack.server.request(method, f"/fn/shop_url{path}", body, headers)
        return answer.status, answer.body, answer.headers

    status, body, _ = ask("GET", "/items/lamp?color=red%20or%20blue")
    assert (status, json.loads(body)) == (200, {"name": "lamp", "left": 3, "color": "red or blue"})
    assert ask("GET", "/items/ball")[0] == 404
    assert json.loads(ask("GET", "/items/ball")[1])["message"] == "no ball here"
    assert ask("GET", "/nothing")[0] == 404
    status, body, _ = ask("POST", "/items", '{"name": "vase"}')
    assert (status, json.loads(body)) == (201, {"added": "vase"})
    assert ask("POST", "/items", "{}")[:2] == (422, b"no name")
    status, body, headers = ask("GET", "/logo")
    assert (status, body, headers["Content-Type"]) == (200, b"\x89PNG\x00", "image/png")
    assert headers["Set-Cookie"] == "seen=yes"


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "status", "expected"),
    [
        ("GET", "/orders/7", {"full": "true"}, None, 200, {"number": 7, "full": True}),
        ("GET", "/orders/seven", None, None, 422, None),
        ("POST", "/orders", None, '{"item": "lamp"}', 200, {"item": "lamp", "pieces": 1}),
        ("POST", "/orders", None, '{"pieces": "many"}', 422, None),
        ("DELETE", "/orders", None, None, 404, None),
    ],
)
def test_a_resolver_reads_requests_of_an_api_gateway(
    aws: Any, method: str, path: str, query: Any, body: str | None, status: int, expected: Any
) -> None:
    event = {
        "resource": path, "path": path, "httpMethod": method, "headers": {}, "body": body,
        "multiValueHeaders": {}, "queryStringParameters": query, "isBase64Encoded": False,
        "multiValueQueryStringParameters": query and {name: [of] for name, of in query.items()},
        "requestContext": {"stage": "dev", "path": path, "httpMethod": method},
    }  # fmt: skip
    answer, _, failed = call(aws, "shop_rest", event)
    assert not failed, answer
    assert answer["statusCode"] == status
    assert expected is None or json.loads(answer["body"]) == expected


def test_a_structured_log_and_metrics_are_lines_as_they_are(aws: Any) -> None:
    answer, lines, _ = call(aws, "structured_log", {"order": "o-1", "cents": 5})
    assert answer == "ok"
    paid = next(line for line in lines if isinstance(line, dict) and line.get("message") == "paid")
    request_id = lines[0].split()[2]
    assert (paid["function_request_id"], paid["cold_start"]) == (request_id, True)
    assert (paid["correlation_id"], paid["cents"], paid["level"]) == ("o-1", 5, "INFO")
    assert (paid["function_name"], paid["function_memory_size"]) == ("structured_log", "512")
    assert paid["function_arn"] == f"{ARN}structured_log"
    counted = [line for line in lines if isinstance(line, dict) and "_aws" in line]
    assert [next(key for key in ("ColdStart", "Payments") if key in each) for each in counted] == [
        "ColdStart", "Payments",
    ]  # fmt: skip

    answer, lines, failed = call(aws, "structured_log", {"order": "o-2", "cents": -1})
    assert failed and answer["errorType"] == "ValueError"
    said = [line for line in lines if isinstance(line, dict) and "message" in line]
    assert [(each["message"], each["cold_start"]) for each in said] == [
        ("paid", False), ("not paid", False),
    ]  # fmt: skip
    assert "a negative amount" in said[1]["exception"]


def test_an_event_is_parsed_into_a_model(aws: Any) -> None:
    event = {
        "version": "0", "id": "1", "detail-type": "signup", "source": "site", "account": "0",
        "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [],
    }  # fmt: skip
    answer, _, _ = call(aws, "parsed", {**event, "detail": {"user": "ada", "age": 36}})
    assert answer == {"welcome": "ada", "next": 37}
    answer, _, failed = call(aws, "parsed", {**event, "detail": {"user": "ada", "age": "old"}})
    assert failed and answer["errorType"] == "ValidationError"
    assert any("parsed" in frame or "parser" in frame for frame in answer["stackTrace"])


def test_an_idempotent_handler_charges_an_order_once(aws: Any) -> None:
    first, _, _ = call(aws, "paid_once", {"order": "o-1"})
    again, _, _ = call(aws, "paid_once", {"order": "o-1"})
    assert again == first

    answer, _, failed = call(aws, "paid_once", {"order": "o-2", "fails": True})
    assert failed and answer["errorMessage"] == "the bank is closed"
    answer, _, failed = call(aws, "paid_once", {"order": "o-2"})
    assert not failed and answer["charges"] == first["charges"] + 2


def test_a_scheduled_job_sees_the_context_of_lambda(aws: Any) -> None:
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    answer, _, failed = call(aws, "nightly", event)
    assert not failed, answer
    assert (answer["name"], answer["version"], answer["memory"]) == ("nightly", "$LATEST", "512")
    assert (answer["arn"], answer["group"]) == (f"{ARN}nightly", "/aws/lambda/nightly")
    assert 28_000 < answer["left_ms"] <= 30_000
    assert "/[$LATEST]" in answer["stream"]
    assert (answer["identity"], answer["client"]) == (None, None)
    assert (answer["notes"], answer["own_scratch"]) == ("Scheduled Event", True)


def test_a_function_calls_another_one_by_boto3(stack: Stack, aws: Any) -> None:
    def runs() -> int:
        listed = stack.server.request("GET", "/api/tasks?type=mirror&state=SUCCESS&limit=100")
        return len(listed.json["tasks"])

    before = runs()
    answer, _, failed = call(aws, "caller", {"to": "mirror", "say": {"a": [1]}})
    assert not failed, answer
    assert (answer["answer"], answer["status"]) == ({"a": [1]}, [200, 202])
    assert answer["functions"] > 10
    wait_until(lambda: runs() == before + 2, description="the event has run")


def test_pictures_threads_and_coroutines(aws: Any) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 32), "red").save(picture, "PNG")
    event = {"picture": base64.b64encode(picture.getvalue()).decode(), "widths": [8, 16, 32]}
    answer, _, failed = call(aws, "thumbnail", event)
    assert not failed, answer
    sizes = [Image.open(io.BytesIO(base64.b64decode(each))).size for each in answer["pictures"]]
    assert (sizes, answer["ratio"]) == ([(8, 4), (16, 8), (32, 16)], 0.5)

    for _ in range(2):
        assert call(aws, "gather", {"numbers": [1, 2, 3]})[0] == [1, 4, 9]
