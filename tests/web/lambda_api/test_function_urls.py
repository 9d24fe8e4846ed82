"""Function URLs: what a function gets of a request, and what becomes of its answer."""

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.conftest import Answer, Server
from tests.web.lambda_api.conftest import Stack
from tests.web.lambda_api.test_waiting import SIGNED
from web.http.failed_logins import MOST


def event_of(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    return answer.json


def answer_with(stack: Stack, value: Any) -> Answer:
    """Let the function `answers` answer with a value."""
    return stack.server.request("POST", "/fn/answers/", json.dumps(value), JSON)


JSON = {"Content-Type": "application/json"}


def test_the_event(stack: Stack) -> None:
    headers = {"User-Agent": "test", "Cookie": "a=1; b=2", "X-Two": "1", "Host": "localhost:80"}
    path = "/fn/mirror/a%2Fb/%C3%BC%20c?x=1&x=2&y=&%C3%A4=%26"
    answer = stack.server.request("GET", path, headers=headers)

    event = event_of(answer)
    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert event["rawPath"] == "/a%2Fb/%C3%BC%20c"
    assert event["rawQueryString"] == "x=1&x=2&y=&%C3%A4=%26"
    assert event["queryStringParameters"] == {"x": "1,2", "y": "", "ä": "&"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-two"] == "1"
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert event["isBase64Encoded"] is False
    assert "body" not in event
    context = event["requestContext"]
    assert context["http"] == {
        "method": "GET", "path": event["rawPath"], "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1", "userAgent": "test",
    }  # fmt: skip
    assert context["requestId"] == answer.headers["X-Amzn-RequestId"]
    assert uuid.UUID(context["requestId"])
    assert (context["domainName"], context["stage"]) == ("localhost", "$default")


@pytest.mark.parametrize("path", ["/fn/mirror", "/fn/mirror/", "/fn/mirror?a"])
def test_the_path_of_the_function_itself(stack: Stack, path: str) -> None:
    assert event_of(stack.server.request("GET", path))["rawPath"] == "/"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
def test_any_method(stack: Stack, method: str) -> None:
    event = event_of(stack.server.request(method, "/fn/mirror//x"))
    assert (event["requestContext"]["http"]["method"], event["rawPath"]) == (method, "//x")


@pytest.mark.parametrize(
    ("media", "body", "is_text"),
    [
        ("application/json", b'{"a":1}', True),
        ("text/plain; charset=utf-8", "ü".encode(), True),
        ("application/x-www-form-urlencoded", b"a=1&a=2", True),
        ("application/problem+xml", b"<a/>", True),
        ("application/octet-stream", b"\x00\xff", False),
        ("image/png", b"png", False),
        ("text/plain", b"\xff", False),
    ],
)
def test_the_body(stack: Stack, media: str, body: bytes, is_text: bool) -> None:
    answer = stack.server.request("POST", "/fn/mirror/", body, {"Content-Type": media})
    event = event_of(answer)
    assert event["isBase64Encoded"] is not is_text
    assert event["body"] == (body.decode() if is_text else base64.b64encode(body).decode())


@pytest.mark.parametrize(
    ("value", "status", "media", "body"),
    [
        ({"statusCode": 201, "body": "ü"}, 201, "application/json", "ü".encode()),
        ({"statusCode": "404"}, 404, "application/json", b""),
        ({"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "<p>"}, 200,
         "text/html", b"<p>"),
        ({"statusCode": 200, "body": "/wA=", "isBase64Encoded": True}, 200, "application/json",
         b"\xff\x00"),
        ({"a": [1, 2]}, 200, "application/json", b'{"a":[1,2]}'),
        ("text", 200, "application/json", b"text"),
        (None, 200, "application/json", b"null"),
        ({"statusCode": 99}, 502, "application/json", b"Internal Server Error"),
        ({"statusCode": True}, 502, "application/json", b"Internal Server Error"),
        ({"statusCode": 200, "body": {"a": 1}}, 502, "application/json", b"Internal Server Error"),
        ({"statusCode": 200, "body": "*", "isBase64Encoded": True}, 502, "application/json",
         b"Internal Server Error"),
        ({"statusCode": 200, "headers": {"X": "a\r\nSet-Cookie: b"}}, 502, "application/json",
         b"Internal Server Error"),
        ({"statusCode": 200, "headers": {"X y": "a"}}, 502, "application/json",
         b"Internal Server Error"),
        ({"statusCode": 200, "headers": {"X": "𝄞"}}, 502, "application/json",
         b"Internal Server Error"),
        ({"statusCode": 200, "cookies": "a"}, 502, "application/json", b"Internal Server Error"),
    ],
)  # fmt: skip
def test_the_answer(stack: Stack, value: Any, status: int, media: str, body: bytes) -> None:
    answer = answer_with(stack, value)
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (status, media, body)
    assert answer.headers["Content-Security-Policy"] == "sandbox"


def test_headers_and_cookies_of_the_answer(stack: Stack) -> None:
    answer = answer_with(stack, {
        "statusCode": 200, "cookies": ["a=1; Path=/", "b=2"], "body": "x",
        "headers": {"X-Number": 7, "Content-Length": "99", "Transfer-Encoding": "chunked",
                    "Content-Security-Policy": "default-src 'none'", "Server": "mine"},
    })  # fmt: skip
    assert answer.headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2"]
    assert answer.headers["X-Number"] == "7"
    assert answer.headers.get_all("Content-Length") == ["1"]
    assert answer.headers.get_all("Content-Security-Policy") == ["default-src 'none'"]
    assert answer.headers.get_all("Server") == ["gunicorn"]


def test_a_failed_function_is_a_502(stack: Stack) -> None:
    answer = stack.server.request("GET", "/fn/raises/")
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


@pytest.mark.parametrize("answer", ["[" * 50_000, '{"statusCode":200,"headers":{"x":' * 20_000])
def test_an_answer_that_is_nested_too_deeply_is_a_502(stack: Stack, answer: str) -> None:
    closing = "".join({"[": "]", "{": "}"}.get(each, "") for each in reversed(answer))
    body = f"{answer}1{closing}" if answer[0] == "{" else answer + closing
    stack.write("deep", f"def handler(event, context): return {body.encode()!r}")
    found = stack.server.request("GET", "/fn/deep/")
    assert (found.status, found.body) == (502, b"Internal Server Error")


def test_what_the_service_refuses_itself(stack: Stack) -> None:
    for name, body, status in (("gone", b"", 404), ("limited", b"", 429),
                               ("mirror", b"x" * 6_291_457, 413)):  # fmt: skip
        answer = stack.server.request("POST", f"/fn/{name}/", body)
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json")
    assert stack.server.request("GET", "/fn/").status == 404


def test_a_function_without_a_url_is_not_called_by_other_pages(stack: Stack) -> None:
    page = {"Origin": "https://evil.example"}
    assert stack.server.request("POST", "/fn/mirror/", b"", page).status == 403
    assert stack.server.request("POST", "/fn/public/", b"", page).status == 200
    assert (
        stack.server.request("GET", "/fn/public/", headers={"Host": "evil.example"}).status == 403
    )


def test_cors_is_that_of_the_configuration(stack: Stack, aws: Any) -> None:
    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["POST"], "MaxAge": 60}
    aws.update_function_url_config(FunctionName="public", Cors=cors)
    asks = {"Access-Control-Request-Method": "POST"}
    for origin, allowed in (
        ("https://a.example", "https://a.example"),
        ("https://b.example", None),
    ):
        preflight = stack.server.request(
            "OPTIONS", "/fn/public/", headers={"Origin": origin, **asks}
        )
        answer = stack.server.request("POST", "/fn/public/", b"", {"Origin": origin})
        assert preflight.headers["Access-Control-Allow-Origin"] == allowed
        assert answer.headers["Access-Control-Allow-Origin"] == allowed
    aws.update_function_url_config(FunctionName="public", Cors={})


@pytest.fixture(scope="module")
def closed(stack: Stack) -> Iterator[Server]:
    """A second web process, with API keys."""
    server = Server(**stack.environment, API_KEYS="secret-key-1")
    yield server
    server.process.stop()
    print(server.process.text())


BEARER, SIGNATURE = "Bearer secret-key-1", SIGNED.format("secret-key-1")


@pytest.mark.parametrize(
    ("name", "authorization", "status"),
    [
        ("mirror", "", 403), ("mirror", "Bearer another", 403), ("mirror", BEARER, 200),
        ("mirror", SIGNATURE, 200), ("public", "", 200), ("public", "Bearer of-the-function", 200),
        ("public", BEARER, 200), ("signed", "", 403), ("signed", SIGNED.format("x"), 403),
        ("signed", SIGNATURE, 200),
    ],
)  # fmt: skip
def test_with_api_keys(closed: Server, name: str, authorization: str, status: int) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = closed.request("POST", f"/fn/{name}/", b"", headers)
    assert answer.status == status
    assert b"secret-key-1" not in answer.body
    if status == 200 and authorization not in (BEARER, SIGNATURE):
        assert answer.json["headers"].get("authorization", "") == authorization


def test_who_sends_a_public_function_a_token_of_its_own_has_tried_no_key(closed: Server) -> None:
    def call(name: str, sent: str) -> Answer:
        return closed.request("POST", f"/fn/{name}/", b"", {"Authorization": sent})

    tokens = [f"Bearer token-{number}" for number in range(MOST + 2)]
    answers = [call("public", token) for token in tokens]
    assert [answer.status for answer in answers] == [200] * len(tokens)
    assert [answer.json["headers"]["authorization"] for answer in answers] == tokens
    assert call("mirror", "Bearer token-1").status == 403, "it is looked at, so not 429"
    assert call("mirror", BEARER).status == 200


def test_a_url_with_authorization_needs_a_signature(stack: Stack) -> None:
    for headers, status in (({}, 403), ({"Authorization": SIGNED.format("any")}, 200)):
        assert stack.server.request("GET", "/fn/signed/", headers=headers).status == status


def test_a_streamed_answer_begins_with_its_prelude(stack: Stack) -> None:
    answer = stack.server.request("GET", "/fn/streams/")
    assert (answer.status, answer.headers["X-Own"], answer.body) == (202, "1", b"\0body")
