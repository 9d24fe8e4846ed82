"""Roles and reach hold for AWS's clients and function URLs as they do for our own API."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import huey_tasks as tq
from tests.web.api_keys.conftest import Keyed, WithKey

INVOKE = "/2015-03-31/functions/{}/invocations"
EVENT = {"X-Amz-Invocation-Type": "Event"}
PUT_EVENTS = {"X-Amz-Target": "AWSEvents.PutEvents"}


def _signed(client: FlaskClient, method: str, path: str, **more: Any) -> TestResponse:
    assert isinstance(client, WithKey)
    credential = f"AWS4-HMAC-SHA256 Credential={client.key}/20260101/eu/lambda/aws4_request"
    headers = {**more.pop("headers", {}), "Authorization": f"{credential}, Signature=0"}
    return client.open(path, method=method, headers=headers, **more)


@pytest.mark.parametrize(
    ("role", "method", "path", "headers", "needed"),
    [
        ("viewer", "POST", INVOKE.format("any"), EVENT, "submitter"),
        ("operator", "PUT", "/2017-10-31/functions/any/concurrency", {}, "admin"),
        ("operator", "POST", "/2021-10-31/functions/any/url", {}, "admin"),
        ("viewer", "POST", "/", PUT_EVENTS, "submitter"),
        ("submitter", "POST", "/schedules/any", {}, "operator"),
    ],
    ids=str,
)
def test_a_role_that_is_missing_is_aws_own_refusal(
    keyed: Keyed, role: str, method: str, path: str, headers: dict[str, str], needed: str
) -> None:
    answer = _signed(keyed(role), method, path, data=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["X-Amzn-ErrorType"]) == (
        403,
        "AccessDeniedException",
    )
    assert f"role {needed}" in answer.text


def test_a_viewer_reads(keyed: Keyed) -> None:
    assert _signed(keyed("viewer"), "GET", "/2015-03-31/functions").status_code == 200


def test_a_key_reaches_the_functions_of_its_types_only(keyed: Keyed) -> None:
    client = keyed("submitter", name="billing", task_types=["send_email"])
    email = next(each.example for each in tq.task_types() if each.name == "send_email")
    done = _signed(client, "POST", INVOKE.format("send_email"), json=email, headers=EVENT)
    assert done.status_code == 202, done.text
    task = tq.get_task(done.headers["X-Amzn-RequestId"])
    assert task.submitted_by == "billing"

    other = _signed(client, "POST", INVOKE.format("generate_report"), data=b"{}", headers=EVENT)

    assert (other.status_code, other.headers["X-Amzn-ErrorType"]) == (403, "AccessDeniedException")
    listed = _signed(client, "GET", "/2015-03-31/functions")
    assert listed.status_code == 403, "it would show other functions"


def test_only_a_key_that_reaches_everything_learns_which_name_is_near(keyed: Keyed) -> None:
    whole, narrow = keyed("submitter"), keyed("submitter", name="own", task_types=["send_email"])
    said = [
        _signed(client, "POST", INVOKE.format("generate_reprot"), data=b"{}", headers=EVENT)
        for client in (whole, narrow)
    ]

    assert [answer.status_code for answer in said] == [404, 404]
    messages = [answer.get_json()["Message"] for answer in said]
    assert messages[0] == f"{messages[1]}. Did you mean 'generate_report'?"


def test_our_own_api_does_not_tell_it_to_the_others_either(keyed: Keyed) -> None:
    whole, narrow = keyed("submitter"), keyed("submitter", name="own", task_types=["send_email"])
    said = [
        client.post("/api/functions/generate_report/invoke", json={}).get_json()
        for client in (whole, narrow)
    ]

    assert [answer["code"] for answer in said] == ["function_not_found"] * 2
    assert "task type" in said[0]["detail"]
    assert "task type" not in said[1]["detail"]
