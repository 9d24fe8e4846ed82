"""Bodies that are no proper submission: each gets its status, and no task comes of it."""

import json
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from tests.web.conftest import email_body

GOOD: dict[str, Any] = {
    "task_type": "process_payment",
    "payload": {"user_id": 7, "amount": 19.99, "currency": "EUR"},
}

UNKNOWN = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


class Case(NamedTuple):
    name: str
    status: int
    code: str
    body: bytes
    headers: dict[str, str] = {"Content-Type": "application/json"}  # noqa: RUF012
    pointer: str | None = None


def top(name: str, pointer: str, code: str = "invalid_request", **change: Any) -> Case:
    """A case that changes, adds or (with `...`) removes fields at the top of a good body."""
    return Case(name, 422, code, _changed(GOOD, change), pointer=pointer)


def payment(name: str, pointer: str, **change: Any) -> Case:
    payload = json.loads(_changed(GOOD["payload"], change))
    body = json.dumps({**GOOD, "payload": payload}).encode()
    return Case(name, 422, "invalid_payload", body, pointer=pointer)


def typed(name: str, task_type: str, pointer: str, **change: Any) -> Case:
    example = next(one.example for one in tq.task_types() if one.name == task_type)
    payload = json.loads(_changed(example, change))
    body = json.dumps({"task_type": task_type, "payload": payload}).encode()
    return Case(name, 422, "invalid_payload", body, pointer=pointer)


def sent_as(name: str, status: int, **headers: str) -> Case:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Case(name, status, "unsupported_media_type", json.dumps(GOOD).encode(), named)


def _changed(base: dict[str, Any], change: dict[str, Any]) -> bytes:
    return json.dumps({k: v for k, v in {**base, **change}.items() if v is not ...}).encode()


def _text(value: str) -> bytes:
    return b'{"task_type": "process_payment", "payload": {"user_id": %s}}' % value.encode()


NOT_JSON = [
    Case("empty", 400, "invalid_json", b""),
    Case("only a brace", 400, "invalid_json", b"{"),
    Case("trailing garbage", 400, "invalid_json", b"{}x"),
    Case("two objects", 400, "invalid_json", b"{}{}"),
    Case("single quotes", 400, "invalid_json", b"{'a': 1}"),
    Case("UTF-16", 400, "invalid_json", json.dumps(GOOD).encode("utf-16")),
    Case("UTF-16 without mark", 400, "invalid_json", json.dumps(GOOD).encode("utf-16-le")),
    Case("byte order mark", 400, "invalid_json", b"\xef\xbb\xbf" + json.dumps(GOOD).encode()),
    Case("invalid UTF-8", 400, "invalid_json", b'{"a": "\xff\xfe"}'),
    Case("overlong UTF-8", 400, "invalid_json", b'{"a": "\xc0\x80"}'),
    Case("encoded surrogate", 400, "invalid_json", b'{"a": "\xed\xa0\x80"}'),
    Case("NaN", 400, "invalid_json", _text("NaN")),
    Case("Infinity", 400, "invalid_json", _text("Infinity")),
    Case("-Infinity", 400, "invalid_json", _text("-Infinity")),
    Case("duplicate key", 400, "invalid_json", b'{"task_type": "a", "task_type": "b"}'),
    Case("duplicate key deep down", 400, "invalid_json", b'{"payload": {"a": [{"b": 1, "b": 1}]}}'),
    Case("duplicate key, escaped", 400, "invalid_json", b'{"a": 1, "\\u0061": 2}'),
    Case("65 lists", 400, "invalid_json", b'{"a":' + b"[" * 65 + b"]" * 65 + b"}"),
    Case("100,000 lists", 400, "invalid_json", b"[" * 100_000),
    Case("100,000 closed lists", 400, "invalid_json", b"[" * 100_000 + b"]" * 100_000),
    Case("100,000 objects", 400, "invalid_json", b'{"a":' * 100_000),
    Case("5,000 digits", 400, "invalid_json", _text("9" * 5000)),
    Case("lone surrogate", 400, "invalid_json", _text('"\\ud800"')),
    Case("lone low surrogate", 400, "invalid_json", _text('"\\uDFFF"')),
    Case("lone surrogate in a key", 400, "invalid_json", b'{"\\ud83d": 1}'),
    Case("control character in text", 400, "invalid_json", b'{"a": "\n"}'),
]
NOT_OURS = [
    Case("a list", 422, "invalid_request", b"[]", pointer=""),
    Case("a text", 422, "invalid_request", b'"x"', pointer=""),
    Case("a text that holds JSON", 422, "invalid_request", json.dumps(json.dumps(GOOD)).encode()),
    Case("null", 422, "invalid_request", b"null", pointer=""),
    Case("a number", 422, "invalid_request", b"1", pointer=""),
    Case("1e999", 422, "invalid_request", _text("1e999"), pointer="/payload/user_id"),
    Case("-1E+999", 422, "invalid_request", _text("-1E+999"), pointer="/payload/user_id"),
    Case("400 digits and a point", 422, "invalid_request", _text("9" * 400 + ".5")),
    Case("NUL in a text", 422, "invalid_request", _text('"a\\u0000"'), pointer="/payload/user_id"),
    Case("NUL in a key", 422, "invalid_request", b'{"a\\u0000": 1}'),
    top("unknown field", "/extra", extra=1),
    top("client-made id", "/id", id="6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"),
    top("client-made task_id", "/task_id", task_id="x"),
    top("client-made status", "/status", status="SUCCESS"),
    top("no task type", "/task_type", task_type=...),
    top("no payload", "/payload", payload=...),
    top("payload is a list", "/payload", payload=[]),
    top("payload is null", "/payload", payload=None),
    top("task type is a number", "/task_type", task_type=1),
    top("unknown task type", "/task_type", "unknown_task_type", task_type="make_coffee"),
    top("empty task type", "/task_type", "unknown_task_type", task_type=""),
    top("attribute as task type", "/task_type", "unknown_task_type", task_type="__class__"),
    top("module as task type", "/task_type", "unknown_task_type", task_type="os.system"),
    top("priority urgent", "/priority", "unknown_queue", priority="urgent"),
    top("priority in capitals", "/priority", "unknown_queue", priority="HIGH"),
    top("priority is a number", "/priority", priority=1),
    top("priority is null", "/priority", priority=None),
]
WRONG_PAYLOAD = [
    payment("unknown field", "/payload/status", status="SUCCESS"),
    payment("owner", "/payload/owner", owner="me"),
    payment("missing field", "/payload/amount", amount=...),
    payment("amount -1", "/payload/amount", amount=-1),
    payment("amount 0", "/payload/amount", amount=0),
    payment("amount -0.0", "/payload/amount", amount=-0.0),
    payment("amount 1e-9", "/payload/amount", amount=1e-9),
    payment("amount 99.999", "/payload/amount", amount=99.999),
    payment("amount 1e18", "/payload/amount", amount=1e18),
    payment("amount true", "/payload/amount", amount=True),
    payment("currency usd", "/payload/currency", currency="usd"),
    payment("currency XXX1", "/payload/currency", currency="XXX1"),
    payment("currency with line feed", "/payload/currency", currency="EUR\n"),
    typed("record_count 1.5", "data_pipeline", "/payload/record_count", record_count=1.5),
    typed("record_count 0", "data_pipeline", "/payload/record_count", record_count=0),
    typed("record_count 2^53+1", "data_pipeline", "/payload/record_count", record_count=2**53 + 1),
    typed("record_count text", "data_pipeline", "/payload/record_count", record_count="5"),
    typed(
        "header injection", "send_email", "/payload/to", to="a@example.com\r\nBcc: b@example.com"
    ),
    typed("two at signs", "send_email", "/payload/to", to="a@b@example.com"),
    typed("10 KB address", "send_email", "/payload/to", to="a" * 10_000 + "@example.com"),
    typed("subject of two lines", "send_email", "/payload/subject", subject="a\r\nb"),
    typed("subject null", "send_email", "/payload/subject", subject=None),
]
WRONG_MEDIA = [
    sent_as("no content type", 415),
    sent_as("text", 415, Content_Type="text/plain"),
    sent_as("form", 415, Content_Type="application/x-www-form-urlencoded"),
    sent_as("multipart", 415, Content_Type="multipart/form-data; boundary=x"),
    sent_as("UTF-16", 415, Content_Type="application/json; charset=utf-16"),
    sent_as("latin-1", 415, Content_Type="application/json; charset=iso-8859-1"),
    sent_as("JSON patch", 415, Content_Type="application/json-patch+json"),
    sent_as("gzip", 415, Content_Type="application/json", Content_Encoding="gzip"),
    sent_as("two", 415, Content_Type="application/json", Content_Encoding="identity, gzip"),
]  # fmt: skip
CASES = [*NOT_JSON, *NOT_OURS, *WRONG_PAYLOAD, *WRONG_MEDIA]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.status}-{case.name}" for case in CASES])
def test_a_bad_submission_is_refused_and_leaves_no_task(client: FlaskClient, case: Case) -> None:
    answer = client.post("/api/tasks/submit", data=case.body, headers=case.headers)

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (case.status, case.code), problem
    assert answer.mimetype == "application/problem+json"
    if case.pointer is not None:
        assert [error["pointer"] for error in problem["errors"]] == [case.pointer]
    assert tq.list_tasks() == []


def test_a_body_of_more_than_a_mebibyte_is_too_large(client: FlaskClient) -> None:
    answer = client.post("/api/tasks/submit", data=b"[" + b" " * 1024 * 1024 + b"]",
                         content_type="application/json")  # fmt: skip
    assert (answer.status_code, answer.get_json()["code"]) == (413, "body_too_large")


def test_a_hundred_thousand_wrong_fields_are_not_all_listed(client: FlaskClient) -> None:
    payload = {f"k{number}": 1 for number in range(60_000)}
    answer = client.post("/api/tasks/submit", json={**GOOD, "payload": payload})

    assert answer.status_code == 422
    assert len(answer.get_json()["errors"]) == 20


@pytest.mark.parametrize(
    "name", ["x" * 200, "\x1b[31mred", "\u202egnp.exe", "\ud83d\ude00" * 40], ids=ascii
)
def test_no_answer_repeats_much_of_what_was_sent(client: FlaskClient, name: str) -> None:
    name = name.encode("utf-16", "surrogatepass").decode("utf-16")
    for body in ({name: 1}, {**GOOD, "task_type": name}, {**GOOD, "priority": name}):
        text = json.dumps(
            client.post("/api/tasks/submit", json=body).get_json(), ensure_ascii=False
        )
        assert name[:65] not in text or len(name) <= 64
        assert "\x1b" not in text and "\u202e" not in text


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-8", '; charset="utf-8"'])
def test_a_good_submission_may_say_that_it_is_utf_8(client: FlaskClient, charset: str) -> None:
    answer = client.post(
        "/api/tasks/submit",
        data=json.dumps(GOOD),
        content_type="application/json" + charset,
        headers={"Content-Encoding": "identity"},
    )
    assert answer.status_code == 202


def test_text_in_any_script_arrives_unchanged(client: FlaskClient) -> None:
    text = "עברית \u202e العربية 👩‍👩‍👧 <script>alert(1)</script> é é"
    payload = {"to": "ada@example.com", "subject": "s", "body": text}
    body = json.dumps({"task_type": "send_email", "payload": payload}, ensure_ascii=False)
    task_id = client.post(
        "/api/tasks/submit", data=body.encode(), content_type="application/json"
    ).get_json()["task_id"]

    assert client.get(f"/api/tasks/{task_id}").get_json()["payload"]["body"] == text


@pytest.mark.parametrize("how", ["key", "dry_run"])
@pytest.mark.parametrize(
    "path", ["/api/tasks/actions", "/api/schedules", f"/api/tasks/{UNKNOWN}/retry"]
)
def test_what_only_a_submit_can_do_is_refused_elsewhere(
    client: FlaskClient, path: str, how: str
) -> None:
    headers = {"Idempotency-Key": "order-42"} if how == "key" else {}
    query = "?dry_run=1" if how == "dry_run" else ""
    answer = client.post(path + query, json={}, headers=headers)

    assert answer.status_code == 400
    assert answer.get_json()["code"] == "unsupported"
    assert "This path takes no" in answer.get_json()["detail"]


def test_a_byte_order_mark_is_named(client: FlaskClient) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(email_body()).encode()
    for path in ("/api/tasks/submit", "/api/tasks/bulk"):
        answer = client.post(path, data=body, content_type="application/json")
        assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_json")
        assert "byte order mark" in answer.get_json()["detail"]


@pytest.mark.parametrize("char", ["\x1b", "\x85", "\u202e", "\u2028", "\u200f"])
def test_names_and_reasons_hold_no_hidden_characters(client: FlaskClient, char: str) -> None:
    tagged = client.post("/api/tasks/submit", json=email_body(tags=[f"a{char}b"]))
    assert (tagged.status_code, tagged.get_json()["errors"][0]["pointer"]) == (422, "/tags/0")
    answer = client.post("/api/queues/low/pause", json={"reason": f"a{char}b"})
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/reason")
    named = client.post(
        "/api/queues/low/pause", headers={"X-Operator": f"a{char}b".encode().decode("latin-1")}
    )
    assert named.status_code == 422
