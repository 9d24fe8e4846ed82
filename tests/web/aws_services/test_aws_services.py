"""Events, logs and schedules through AWS's own client, and our route of events: on one stack."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.waiting import wait_until
from tests.web.aws_services.conftest import PAGE, page_files
from tests.web.lambda_api.conftest import Stack

Client = Callable[[str], Any]


def test_the_page_is_right(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/function-triggers.md: its functions are of this stack, and its programs run."""
    wait_until(lambda: schedules_of(stack) == ["nightly.1", "nightly.2"], description="schedules")
    for name, value in {
        **{f"ENDPOINT_URL_{name}": stack.url for name in ("EVENTBRIDGE", "CLOUDWATCH_LOGS")},
        "ENDPOINT_URL_SCHEDULER": stack.url, "DEFAULT_REGION": "us-east-1",
        "ACCESS_KEY_ID": "duckline", "SECRET_ACCESS_KEY": "duckline",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", value)
    page = page_files()
    (body,) = re.findall(r"/api/events .*?-d '(.*?)'", PAGE, re.DOTALL)
    publish(stack, json.loads(body))
    exec(page["publish.py"], {})
    second, first = stack.server.request("GET", "/api/tasks?type=orders").json["tasks"]
    shipped = [result_of(stack, each["task_id"])["result"] for each in (first, second)]
    assert shipped == [{"shipped": "o-1"}, {"shipped": "o-2"}]
    exec(page["read_log.py"], {})
    exec(page["schedule.py"], {})


def schedules_of(stack: Stack) -> list[str]:
    found = stack.server.request("GET", "/api/schedules").json["schedules"]
    return sorted(each["name"] for each in found if each["declared"])


def publish(stack: Stack, body: dict[str, Any]) -> Any:
    headers = {"Content-Type": "application/json"}
    return stack.server.request("POST", "/api/events", json.dumps(body), headers)


def result_of(stack: Stack, task_id: str) -> Any:
    return stack.server.request("GET", f"/api/tasks/{task_id}?wait=20").json


def test_an_event_calls_its_subscribers(stack: Stack) -> None:
    body = {"source": "shop", "type": "order placed", "detail": {"n": 1}, "id": "event-1"}
    answer = publish(stack, body)
    assert answer.status == 202
    assert answer.json["event_id"] == "event-1"
    tasks = {each["function"]: each["task_id"] for each in answer.json["tasks"]}
    assert set(tasks) == {"keeps", "also"}
    record = result_of(stack, tasks["keeps"])
    assert (record["status"], record["payload"]["detail"]) == ("SUCCESS", {"n": 1})
    assert publish(stack, body).json == answer.json  # the same id: no second task
    assert publish(stack, {**body, "detail": {"n": 0}, "type": "x"}).json["tasks"] == []


def test_a_wrong_event_is_a_problem(stack: Stack) -> None:
    refused = publish(stack, {"source": "", "detail": [], "what": 1})
    assert (refused.status, refused.headers["Content-Type"]) == (422, "application/problem+json")
    assert {each["pointer"] for each in refused.json["errors"]} == {
        "/source", "/type", "/detail", "/what",
    }  # fmt: skip


def test_put_events(stack: Stack, client: Client) -> None:
    entry = {"Source": "shop", "DetailType": "order placed", "Detail": '{"n": 2}'}
    answer = client("events").put_events(
        Entries=[
            entry,
            {**entry, "Detail": "[1]"},
            {**entry, "Detail": "{"},
            {"Source": "shop", "Detail": "{}"},
            {**entry, "Source": "elsewhere", "EventBusName": "mine", "Resources": ["arn:x"]},
        ]
    )
    assert answer["FailedEntryCount"] == 3
    first, *wrong, last = answer["Entries"]
    assert [each["ErrorCode"] for each in wrong] == [
        "MalformedDetail", "MalformedDetail", "InvalidArgument",
    ]  # fmt: skip
    assert first["EventId"] != last["EventId"]
    found = stack.server.request("GET", "/api/tasks?type=also&limit=2").json["tasks"]
    resources = {each["payload"]["id"]: each["payload"]["resources"] for each in found}
    assert resources == {first["EventId"]: [], last["EventId"]: ["arn:x"]}


DEEP = '{"x":' * 600 + "1" + "}" * 600


@pytest.mark.parametrize("odd", ['{"x": "\\ud800"}', '{"n": 1e999}', DEEP])
def test_an_entry_that_cannot_be_stored_fails_alone(client: Client, odd: str) -> None:
    entry = {"Source": "shop", "DetailType": "order placed", "Detail": '{"n": 2}'}
    answer = client("events").put_events(Entries=[entry, {**entry, "Detail": odd}, entry])
    first, wrong, last = answer["Entries"]
    assert (answer["FailedEntryCount"], wrong["ErrorCode"]) == (1, "MalformedDetail")
    assert first["EventId"] and last["EventId"]


def test_odd_texts_of_an_entry_are_its_own_mistake(stack: Stack) -> None:
    entry = {"Source": "shop", "DetailType": "order placed", "Detail": "{}"}
    odd = [{"Source": "\ud800"}, {"Resources": ["\ud800"]}, {"DetailType": "\udfff"}]
    body = {"Entries": [entry, *({**entry, **each} for each in odd)]}
    headers = {"X-Amz-Target": "AWSEvents.PutEvents"}
    answer = stack.server.request("POST", "/", json.dumps(body), headers)
    assert (answer.status, answer.json["FailedEntryCount"]) == (200, 3)
    nested = b'{"Entries": [' + b"[" * 900 + b"]" * 900 + b"]}"
    assert stack.server.request("POST", "/", nested, headers).status == 400


def test_a_repeated_request_makes_no_second_task(stack: Stack) -> None:
    body = {"Entries": [{"Source": "shop", "DetailType": "x", "Detail": '{"n": 3}'}]}
    headers = {"X-Amz-Target": "AWSEvents.PutEvents", "amz-sdk-invocation-id": "call-1"}
    first, second = (
        stack.server.request("POST", "/", json.dumps(body), headers).json for _ in range(2)
    )
    assert first == second


def test_errors_have_the_shape_of_aws(stack: Stack, client: Client) -> None:
    events = client("events")
    with pytest.raises(events.exceptions.ClientError) as refused:
        events.put_events(Entries=[{"Source": "shop"}] * 11)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert "less than or equal to 10" in refused.value.response["Error"]["Message"]
    with pytest.raises(events.exceptions.ClientError) as unknown:
        events.list_rules()
    assert unknown.value.response["Error"]["Code"] == "UnknownOperationException"
    headers = {"X-Amz-Target": "AWSEvents.PutEvents"}
    broken = stack.server.request("POST", "/", b"{", headers)
    assert (broken.status, broken.json["__type"]) == (400, "SerializationException")
    assert broken.headers["X-Amzn-RequestId"]


def test_the_pages_keep_their_addresses(stack: Stack) -> None:
    for path in ("/", "/schedules"):
        page = stack.server.request("GET", path, headers={"Accept": "text/html"})
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert stack.server.request("POST", "/", b"{}").status == 405


GROUP = "/aws/lambda/raises"


@pytest.fixture(scope="module")
def lines(stack: Stack, client: Client) -> list[dict[str, Any]]:
    """The log after two invocations of a function that fails."""
    for _ in range(2):
        assert stack.invoke("raises").status == 200
    return client("logs").filter_log_events(logGroupName=GROUP, interleaved=True)["events"]


def test_all_lines_are_there_in_order(lines: list[dict[str, Any]]) -> None:
    words = [each["message"].partition(" ")[0] for each in lines]
    assert words.count("START") == words.count("END") == words.count("REPORT") == 2
    assert [each["message"] for each in lines].count("before the mistake") == 2
    assert [each["timestamp"] for each in lines] == sorted(each["timestamp"] for each in lines)
    assert len({each["eventId"] for each in lines}) == len(lines)
    assert len({each["logStreamName"] for each in lines}) == 2


def test_a_reader_that_follows_sees_each_line_once(
    stack: Stack, client: Client, lines: list[dict[str, Any]]
) -> None:
    """What `tail --follow` does: from the last line on, without the ids that it has seen."""
    seen = {each["eventId"] for each in lines}
    stack.invoke("raises")
    answer = client("logs").filter_log_events(
        logGroupName=GROUP, startTime=lines[-1]["timestamp"], interleaved=True
    )
    new = [each for each in answer["events"] if each["eventId"] not in seen]
    assert len(new) == len(lines) // 2
    assert new[0]["message"].startswith("START")


def test_pages(client: Client, lines: list[dict[str, Any]]) -> None:
    until = lines[-1]["timestamp"]
    pages = (
        client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=GROUP, endTime=until, PaginationConfig={"PageSize": 3})
    )
    found = [each["eventId"] for page in pages for each in page["events"]]
    assert found == [each["eventId"] for each in lines]


def test_filters(client: Client, lines: list[dict[str, Any]]) -> None:
    logs, until = client("logs"), lines[-1]["timestamp"]
    found = logs.filter_log_events(logGroupName=GROUP, filterPattern='"before the"', endTime=until)[
        "events"
    ]
    assert [each["message"] for each in found] == ["before the mistake"] * 2
    stream = lines[0]["logStreamName"]
    of_stream = logs.filter_log_events(logGroupName=GROUP, logStreamNames=[stream])["events"]
    assert {each["logStreamName"] for each in of_stream} == {stream}
    assert logs.filter_log_events(logGroupName=GROUP, startTime=until + 86_400_000)["events"] == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"logGroupName": "/aws/lambda/nobody"}, "ResourceNotFoundException"),
        ({"logGroupName": "/other/raises"}, "ResourceNotFoundException"),
        ({"logGroupName": GROUP, "filterPattern": "{ $.a = 1 }"}, "InvalidParameterException"),
        ({"logGroupName": GROUP, "nextToken": "forged"}, "InvalidParameterException"),
    ],
)
def test_a_log_that_cannot_be_read(client: Client, asked: dict[str, Any], code: str) -> None:
    logs = client("logs")
    with pytest.raises(logs.exceptions.ClientError) as refused:
        logs.filter_log_events(**asked)
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("names", [5, "a", [1], {"a": 1}])
def test_names_of_streams_that_are_no_list(stack: Stack, names: Any) -> None:
    body = {"logGroupName": GROUP, "logStreamNames": names}
    headers = {"X-Amz-Target": "Logs_20140328.FilterLogEvents"}
    answer = stack.server.request("POST", "/", json.dumps(body), headers)
    assert (answer.status, answer.json["__type"]) == (400, "InvalidParameterException")


@pytest.mark.parametrize("number", ["0", "101", "x", "9" * 3000, "%2B5", "-1"])
def test_a_number_of_schedules_that_is_none(stack: Stack, number: str) -> None:
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20261130/us-east-1/s/aws4_request"
    }
    answer = stack.server.request("GET", f"/schedules?MaxResults={number}", headers=headers)
    assert (answer.status, answer.json["__type"]) == (400, "ValidationException")


ARN = "arn:aws:lambda:us-east-1:000000000000:function:timed"
ROLE = "arn:aws:iam::000000000000:role/local"
OFF = {"Mode": "OFF"}


@pytest.fixture
def scheduler(client: Client) -> Iterator[Any]:
    made = client("scheduler")
    yield made
    for each in made.list_schedules()["Schedules"]:
        made.delete_schedule(Name=each["Name"])


def test_create_read_update_delete(stack: Stack, scheduler: Any) -> None:
    target = {"Arn": ARN, "RoleArn": ROLE, "Input": '{"source": "mine"}',
              "RetryPolicy": {"MaximumRetryAttempts": 3}}  # fmt: skip
    made = scheduler.create_schedule(
        Name="nightly", ScheduleExpression="cron(0/30 3 ? * MON-FRI *)", Target=target,
        ScheduleExpressionTimezone="Europe/Berlin", FlexibleTimeWindow=OFF, Description="a test",
    )  # fmt: skip
    assert made["ScheduleArn"].endswith(":schedule/default/nightly")
    found = scheduler.get_schedule(Name="nightly")
    assert found["Target"] == target
    assert found["ScheduleExpression"] == "cron(0/30 3 ? * MON-FRI *)"
    assert (found["State"], found["ScheduleExpressionTimezone"], found["Description"]) == (
        "ENABLED", "Europe/Berlin", "a test",
    )  # fmt: skip
    ours = stack.server.request("GET", "/api/schedules/nightly").json
    assert (ours["task_type"], ours["cron"], ours["timezone"]) == (
        "timed", "0-59/30 3 * * MON-FRI", "Europe/Berlin",
    )  # fmt: skip

    scheduler.update_schedule(
        Name="nightly", ScheduleExpression="rate(2 hours)", FlexibleTimeWindow=OFF,
        Target={"Arn": ARN, "RoleArn": ROLE}, State="DISABLED",
    )  # fmt: skip
    changed = scheduler.get_schedule(Name="nightly")
    assert (changed["ScheduleExpression"], changed["State"]) == ("rate(2 hours)", "DISABLED")
    assert "Description" not in changed
    assert stack.server.request("GET", "/api/schedules/nightly").json["paused"]

    scheduler.delete_schedule(Name="nightly")
    entries = stack.server.request("GET", "/api/audit").json["entries"]
    assert [one["action"] for one in entries if one["target"] == "nightly"] == [
        "schedule_delete", "schedule_update", "schedule_create",
    ]  # fmt: skip
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="nightly")


def test_a_change_over_our_own_api_is_shown(stack: Stack, scheduler: Any) -> None:
    scheduler.create_schedule(
        Name="s", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow=OFF,
        Target={"Arn": ARN, "RoleArn": ROLE},
    )  # fmt: skip
    body, headers = json.dumps({"every_s": 300}), {"Content-Type": "application/json"}
    assert stack.server.request("PATCH", "/api/schedules/s", body, headers).status == 200
    assert scheduler.get_schedule(Name="s")["ScheduleExpression"] == "rate(5 minutes)"


def test_a_run_has_the_event_of_the_scheduler(stack: Stack, scheduler: Any) -> None:
    for name, more in {
        "plain": {}, "own": {"Input": '{"source": "<aws.scheduler.schedule-arn>"}'},
    }.items():  # fmt: skip
        scheduler.create_schedule(
            Name=name, ScheduleExpression="at(2099-01-01T00:00:00)", FlexibleTimeWindow=OFF,
            Target={"Arn": ARN, "RoleArn": ROLE, **more},
        )  # fmt: skip
    own = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/own"
    for name, source in {"plain": "aws.scheduler", "own": own}.items():
        headers = {"Content-Type": "application/json"}
        run = stack.server.request("POST", f"/api/schedules/{name}/run", b"{}", headers)
        record = stack.server.request("GET", f"/api/tasks/{run.json['task_id']}?wait=20").json
        assert (record["status"], record["payload"]["source"]) == ("SUCCESS", source)


def test_list(scheduler: Any) -> None:
    for name in ("b-1", "a-1", "a-2"):
        scheduler.create_schedule(
            Name=name, ScheduleExpression="rate(1 hour)", FlexibleTimeWindow=OFF,
            Target={"Arn": ARN, "RoleArn": ROLE},
        )  # fmt: skip
    page = scheduler.list_schedules(NamePrefix="a-", MaxResults=1)
    assert [each["Name"] for each in page["Schedules"]] == ["a-1"]
    rest = scheduler.list_schedules(NamePrefix="a-", NextToken=page["NextToken"])
    assert [each["Name"] for each in rest["Schedules"]] == ["a-2"]
    assert rest["Schedules"][0]["Target"]["Arn"] == ARN
    assert scheduler.list_schedules(State="DISABLED")["Schedules"] == []


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "expression": ({"ScheduleExpression": "rate(0 hours)"}, "ValidationException", "rate(1 hour)"),
    "year": ({"ScheduleExpression": "cron(0 0 1 1 ? 2030)"}, "ValidationException", "year '2030'"),
    "target": ({"Target": {"Arn": "arn:aws:sqs:x:0:q", "RoleArn": ROLE}}, "ValidationException",
               "other targets"),
    "function": ({"Target": {"Arn": f"{ARN}x", "RoleArn": ROLE}}, "ValidationException",
                 "no function timedx"),
    "input": ({"Target": {"Arn": ARN, "RoleArn": ROLE, "Input": "[1]"}}, "ValidationException",
              "JSON object"),
    "group": ({"GroupName": "mine"}, "ResourceNotFoundException", "group mine"),
    "zone": ({"ScheduleExpressionTimezone": "Mars"}, "ValidationException", "no time zone"),
    "past": ({"ScheduleExpression": "at(2020-01-01T00:00:00)"}, "ValidationException", "never due"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_schedule_that_cannot_be_made(scheduler: Any, kind: str) -> None:
    more, code, said = REFUSED[kind]
    wanted: dict[str, Any] = {
        "Name": "s", "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": OFF,
        "Target": {"Arn": ARN, "RoleArn": ROLE}, **more,
    }  # fmt: skip
    with pytest.raises(scheduler.exceptions.ClientError) as refused:
        scheduler.create_schedule(**wanted)
    error = refused.value.response["Error"]
    assert error["Code"] == code and error["Message"].count(said) == 1


def test_what_the_scheduler_does_not_have_says_so(stack: Stack, scheduler: Any) -> None:
    for call, its in (
        (scheduler.create_schedule_group, {"Name": "mine"}),
        (scheduler.list_schedule_groups, {}),
        (scheduler.list_tags_for_resource, {"ResourceArn": "arn:aws:scheduler:x:0:schedule/a/b"}),
    ):
        with pytest.raises(scheduler.exceptions.ClientError) as refused:
            call(**its)
        error = refused.value.response["Error"]
        assert error["Code"] == "UnknownOperationException"
        assert error["Message"] == "Duckline has no such operation."
    assert stack.server.request("GET", "/tags/x").json["code"] == "not_found"  # a page of nobody


def test_a_name_is_taken_once(scheduler: Any) -> None:
    wanted: dict[str, Any] = {
        "Name": "s", "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": OFF,
        "Target": {"Arn": ARN, "RoleArn": ROLE},
    }  # fmt: skip
    scheduler.create_schedule(**wanted)
    with pytest.raises(scheduler.exceptions.ConflictException):
        scheduler.create_schedule(**wanted)
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.update_schedule(**{**wanted, "Name": "gone"})
