"""Functions over HTTP, as one running stack serves them; their files change while it runs."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.broker.watched_files import store_reports
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.invocations import function_types
from tests.browser.service import Stack
from tests.waiting import wait_until
from tests.web.conftest import Answer, Server

_PARROT = """\
import time

def handler(event, context):
    print("seen", event)
    if event == "fail":
        raise ValueError("no luck with number 4711")
    return event
"""


class Functions(Server):
    """A stack and its folder of functions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "functions"
        self.folder.mkdir()
        (self.folder / "parrot.py").write_text(_PARROT)
        self.stack = Stack(
            folder,
            FUNCTIONS_PATH=str(self.folder),
            LAMBDA_START_WAIT_S="60",
            ENVIRONMENT_IDLE_S="300",
        )
        self.port = self.stack.api.port
        self.stack.wait_until_ready()

    def invoke(self, name: str, event: Any = None, kind: str = "sync") -> Answer:
        body = None if event is None else json.dumps(event)
        headers = {"Content-Type": "application/json"} if body else {}
        return self.request("POST", f"/api/functions/{name}/invoke?type={kind}", body, headers)

    def put(self, path: str, body: Any) -> Answer:
        headers = {"Content-Type": "application/json"}
        return self.request("PUT", f"/api/functions/{path}", json.dumps(body), headers)

    def get(self, path: str) -> Any:
        answer = self.request("GET", f"/api/functions{path}")
        assert answer.status == 200, answer.body
        return answer.json

    def wait_for_state(self, name: str, state: str) -> Any:
        wait_until(lambda: self.get(f"/{name}")["state"] == state, description=f"{name} is {state}")
        return self.get(f"/{name}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    found = Functions(tmp_path_factory.mktemp("functions"))
    yield found
    found.stack.stop()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The functions of this process, which no consumer runs."""
    monkeypatch.setattr(function_types, "CATALOGUE", Catalogue([tmp_path]))
    (tmp_path / "parrot.py").write_text(_PARROT)
    return tmp_path


@pytest.mark.parametrize("event", [{"a": 1}, [1, 2], "text", 7, None])
def test_a_synchronous_invocation_answers_with_result_log_and_receipt(
    running: Functions, event: Any
) -> None:
    answer = running.invoke("parrot", event)

    body = answer.json
    sent = {} if event is None else event
    assert (answer.status, body["status"], body["result"]) == (200, "SUCCESS", sent)
    assert body["error"] is None
    lines = [line["text"] for line in body["log"]]
    assert f"seen {sent}" in lines and lines[-1].startswith(f"REPORT RequestId: {body['task_id']}")
    receipt = body["receipt"]
    assert receipt["duration_ms"] <= receipt["billed_ms"] < receipt["duration_ms"] + 1
    assert (receipt["init_ms"] is not None) == receipt["cold"]
    assert receipt["queue_ms"] >= 0 and 0 < receipt["max_memory_mb"] < receipt["memory_mb"]


def test_a_function_that_fails_is_an_answer_with_its_error(running: Functions) -> None:
    answer = running.invoke("parrot", "fail")

    assert (answer.status, answer.json["status"]) == (200, "FAILURE")
    assert answer.json["error"]["errorType"] == "ValueError"
    task = running.request("GET", f"/api/tasks/{answer.json['task_id']}").json
    assert task["reported"] == answer.json["error"]
    assert task["invocation"]["type"] == "RequestResponse"
    assert task["invocation"]["condition"] is None
    assert task["attempts"][0]["receipt"] == answer.json["receipt"]
    wait_until(lambda: running.get("/parrot")["last_error"], description="the error is listed")
    assert running.get("/parrot")["last_error"]["message"] == "ValueError: no luck with number 4711"

    other = running.folder / "other.py"  # of several functions, the groups tell
    other.write_text("def handler(event, context): return 1\n")
    wait_until(lambda: len(running.get("")["functions"]) == 2, description="both are listed")
    (parrot,) = (each for each in running.get("")["functions"] if each["name"] == "parrot")
    other.unlink()
    assert parrot["last_error"]["message"] == "ValueError: no luck with number …"


def test_an_event_is_accepted_at_once_and_says_how_it_ended(running: Functions) -> None:
    answer = running.invoke("parrot", {"a": 1}, "async")

    assert (answer.status, answer.json["result"]) == (202, None)
    assert answer.headers["Location"] == f"/api/tasks/{answer.json['task_id']}"
    task = running.request("GET", f"{answer.headers['Location']}?wait=30").json
    assert (task["status"], task["result"]) == ("SUCCESS", {"a": 1})
    assert task["invocation"]["type"] == "Event"
    assert task["invocation"]["condition"] == "Success"


def test_the_list_shows_environments_counts_and_what_is_no_function(running: Functions) -> None:
    running.invoke("parrot", 1)
    (running.folder / "notes.py").write_text("x = 1\n")

    def has_told() -> bool:  # the host of the functions tells once a second how they are
        parrot = running.get("/parrot")
        told = parrot["environments"]
        return bool(told and told[0]["invocations"] and parrot["last_import"])

    wait_until(has_told, description="it has an environment that has run it")

    found = running.get("")
    by_name = {each["name"]: each for each in found["functions"]}
    parrot = by_name["parrot"]
    assert (parrot["state"], parrot["error"], parrot["handler"]) == (
        "Active",
        None,
        "parrot.handler",
    )
    assert parrot["arn"] == "arn:aws:lambda:us-east-1:000000000000:function:parrot"
    environment = parrot["environments"][0]
    assert environment["hash"] == parrot["hash"] == running.get("/parrot/source")["hash"]
    assert environment["invocations"] >= 1 and environment["rss"] > 1024 * 1024
    assert parrot["last_import"]["init_ms"] > 0
    counts = parrot["counts"]
    assert counts["invocations"] >= 1 and counts["p50_ms"] > 0
    assert 1 <= counts["cold_starts"] <= counts["invocations"]
    assert 0 < counts["init_p50_ms"] <= counts["init_p95_ms"]
    assert [Path(each["path"]).name for each in found["ignored"]] == ["notes.py"]
    assert found["folders"] == [str(running.folder)]


@pytest.mark.parametrize(
    ("source", "line", "kind"),
    [
        ("def handler(event, context)\n    return 1\n", 1, "Runtime.UserCodeSyntaxError"),
        ("def handler(event, context):\n    return 1\n\nLIMIT = 1 / 0\n", 4, "ZeroDivisionError"),
        ("import os\nimport no_such_x\ndef handler(event, context): ...\n", 2,
         "Runtime.ImportModuleError"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_imported_is_failed_with_its_line_until_it_is_mended(
    running: Functions, source: str, line: int, kind: str
) -> None:
    file = running.folder / "mended.py"
    file.write_text(source)
    assert running.invoke("mended", {}).json["error"]["errorType"] == kind

    failed = running.wait_for_state("mended", "Failed")
    assert (failed["error"]["type"], failed["error"]["line"]) == (kind, line)
    assert failed["error"]["file"] == str(file)

    file.write_text("def handler(event, context):\n    return 'well'\n")
    assert running.get("/mended")["state"] == "Active"
    assert running.invoke("mended", {}).json["result"] == "well"


def test_a_dry_invocation_runs_nothing(client: FlaskClient, folder: Path) -> None:
    answer = client.post("/api/functions/parrot/invoke?type=dry", json={"a": 1})

    assert (answer.status_code, answer.get_json()["task_id"]) == (200, None)
    assert not tq.list_tasks()


@pytest.mark.parametrize("kind", ["sync", "async", "dry"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b'{"a": NaN}', "invalid_json"),
        (b'{"a": 1, "a": 2}', "invalid_json"),
        (b"[1e999]", "invalid_request"),
        (b'"' + b"x" * 6_291_456 + b'"', "body_too_large"),
    ],
)
def test_an_event_that_is_no_json_or_too_large_is_refused(
    client: FlaskClient, folder: Path, kind: str, body: bytes, code: str
) -> None:
    path = f"/api/functions/parrot/invoke?type={kind}"
    answer = client.post(path, data=body, content_type="application/json")

    assert answer.get_json()["code"] == code
    assert answer.content_type == "application/problem+json"
    assert not tq.list_tasks()


def test_without_a_free_slot_nothing_is_left_behind(
    client: FlaskClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tq, "CONFIG", dataclasses.replace(tq.CONFIG, lambda_start_wait_s=0.1))

    answer = client.post("/api/functions/parrot/invoke", json={})

    assert (answer.status_code, answer.get_json()["code"]) == (429, "function_busy")
    assert answer.headers["Retry-After"]
    assert tq.list_tasks() == [], "nothing is left of it"


def test_a_reserved_concurrency_of_zero_refuses_calls_and_takes_events(
    client: FlaskClient, folder: Path
) -> None:
    (folder / "functions.toml").write_text("[parrot]\nreserved_concurrency = 0\n")
    codes = [
        client.post(f"/api/functions/parrot/invoke?type={kind}", json={}).status_code
        for kind in ("sync", "dry", "async")
    ]
    assert codes == [429, 429, 202]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "none"),
        ("GET", "none/source"),
        ("GET", "none/events"),
        ("GET", "none/events/one"),
        ("DELETE", "none/events/one"),
        ("POST", "none/invoke"),
        ("POST", "..%2Fecho/invoke"),
        ("GET", "parrot.py/source"),
    ],
)
def test_what_is_no_function_is_a_404(
    client: FlaskClient, folder: Path, method: str, path: str
) -> None:
    answer = client.open(f"/api/functions/{path}", method=method)

    assert answer.status_code == 404
    assert answer.get_json()["code"] in ("function_not_found", "not_found")


def test_a_file_that_is_no_function_is_named_with_its_reason(
    client: FlaskClient, folder: Path
) -> None:
    (folder / "hello.py").write_text("def greet(): ...\n")

    answer = client.get("/api/functions/hello").get_json()

    assert answer["code"] == "function_not_found"
    why = f"{folder / 'hello.py'} is no function: it has no handler"
    assert answer["detail"].startswith(f"There is no function 'hello'. {why}")


def test_a_name_that_is_nearly_that_of_a_function_names_it(
    client: FlaskClient, folder: Path
) -> None:
    (folder / "Parrot_2.py").write_text(_PARROT)

    answer = client.get("/api/functions/Parot_2").get_json()

    assert answer["detail"] == "There is no function 'Parot_2'. Did you mean 'Parrot_2'?"


def test_the_source_is_that_of_the_file_with_the_handler_alone(
    client: FlaskClient, folder: Path
) -> None:
    (folder / "pair").mkdir()
    (folder / "pair" / "app.py").write_text("from inner import handler\n" + _PARROT)
    (folder / "pair" / "inner.py").write_text("SECRET = 1\n")

    found = client.get("/api/functions/pair/source").get_json()
    assert found["file"] == str(folder / "pair" / "app.py")
    assert found["text"].endswith(_PARROT)

    (folder / "parrot.py").write_text(_PARROT + "#" * 1024 * 1024)
    assert client.get("/api/functions/parrot/source").get_json()["text"] is None


def test_events_are_saved_changed_and_deleted(client: FlaskClient, folder: Path) -> None:
    path = "/api/functions/parrot/events"
    assert client.put(f"{path}/a%20big%20one", json={"event": {"n": 2**63}}).status_code == 201
    assert client.put(f"{path}/a%20big%20one", json={"event": [None]}).status_code == 200
    assert client.put(f"{path}/Other", json={"event": "text"}).status_code == 201

    found = client.get(path).get_json()
    assert found["events"] == [
        {"name": "Other", "event": "text"},
        {"name": "a big one", "event": [None]},
    ]
    assert [each["name"] for each in found["templates"]] == ["url", "sqs", "s3", "schedule", "sns"]
    assert client.get(f"{path}/Other").get_json() == {"name": "Other", "event": "text"}
    misspelt = client.get(f"{path}/other").get_json()
    assert misspelt["detail"].endswith("no saved event 'other'; did you mean 'Other'?")
    assert (
        client.get(path.replace("parrot", "parot"))
        .get_json()["detail"]
        .endswith("There is no function 'parot'. Did you mean 'parrot'?")
    )
    assert client.delete(f"{path}/Other").status_code == 204
    assert client.delete(f"{path}/Other").get_json()["code"] == "saved_event_not_found"
    assert client.get(f"{path}/Other").get_json()["code"] == "saved_event_not_found"


@pytest.mark.parametrize(
    ("name", "event", "pointer"),
    [("n" * 65, 1, "/name"), ("a%00b", 1, "/name"), ("big", "x" * 70_000, "/event")],
)
def test_a_name_or_an_event_out_of_bounds_is_refused(
    client: FlaskClient, folder: Path, name: str, event: Any, pointer: str
) -> None:
    answer = client.put(f"/api/functions/parrot/events/{name}", json={"event": event})

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.get_json()["errors"]] == [pointer]
    assert client.get("/api/functions/parrot/events").get_json()["events"] == []


def test_files_are_saved_events_too(client: FlaskClient, folder: Path) -> None:
    path, files = "/api/functions/parrot/events", folder / "_events" / "parrot"
    files.mkdir(parents=True)
    for name, text in {"b": "[1]", "a": '{"n": 1}', "broken": "{", "bad name": "1"}.items():
        (files / f"{name}.json").write_text(text)
    assert client.get(path).get_json()["events"] == [
        {"name": "a", "event": {"n": 1}}, {"name": "b", "event": [1]},
    ]  # fmt: skip
    assert client.put(f"{path}/a", json={"event": 2}).status_code == 201
    assert client.get(f"{path}/a").get_json()["event"] == 2
    assert client.delete(f"{path}/a").status_code == 204
    assert client.get(f"{path}/a").get_json()["event"] == {"n": 1}


def test_so_many_events_and_no_more(client: FlaskClient, folder: Path) -> None:
    path = "/api/functions/parrot/events"
    for number in range(50):
        assert client.put(f"{path}/{number}", json={"event": number}).status_code == 201

    refused = client.put(f"{path}/more", json={"event": 1})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "too_many_saved_events")
    assert client.put(f"{path}/7", json={"event": "changed"}).status_code == 200
    assert len(client.get(path).get_json()["events"]) == 50


def test_the_inspector_shows_functions_and_invokes_none(
    inspector: FlaskClient, folder: Path
) -> None:
    assert inspector.get("/api/functions/parrot").status_code == 200
    assert inspector.post("/api/functions/parrot/invoke").status_code == 404


def test_a_task_type_keeps_its_name(client: FlaskClient, folder: Path) -> None:
    (folder / "send_email.py").write_text(_PARROT)

    found = client.get("/api/functions").get_json()
    assert [each["name"] for each in found["functions"]] == ["parrot"]
    assert found["ignored"] == [
        {"path": str(folder / "send_email.py"), "reason": "a task type has the name 'send_email'"}
    ]
    assert client.post("/api/functions/send_email/invoke").status_code == 404


SETTINGS = """
[sends]
on_success = "arn:aws:sqs:us-east-1:000000000000:orders"
on_failure = "gone"
dead_letter = "arn:aws:sns:us-east-1:000000000000:alarms"
retries = 0
durable = true
debug = true
schedule = ["cron(0 3 * * ? 2030)", {expression = "rate(1 hour)", input = "[1]"}]
events = [{source = [{prefix = 1}]}]
"""


def test_what_cannot_be_delivered_is_kept_and_mistakes_are_notes(running: Functions) -> None:
    (running.folder / "sends.py").write_text(_PARROT)
    settings = running.folder / "functions.toml"
    settings.write_text(SETTINGS)
    assert running.get("/sends")["dead_letters"] is None
    ids = [running.invoke("sends", event, "async").json["task_id"] for event in ("good", "fail")]

    def is_kept() -> bool:
        letters = running.get("/sends")["dead_letters"]
        return letters is not None and letters["records"] == 3

    wait_until(is_kept, description="three records are kept")

    found = running.get("/sends")
    settings.unlink()
    file = Path(found["dead_letters"]["file"])
    letters = {each["option"]: each for each in map(json.loads, file.read_text().splitlines())}
    good = letters["on_success"]
    assert (good["task_id"], good["to"].rpartition(":")[2]) == (ids[0], "orders")
    assert good["body"]["requestContext"]["requestId"] == ids[0]
    assert (good["body"]["responsePayload"], good["body"]["version"]) == ("good", "1.0")
    bad = letters["on_failure"]
    assert (bad["task_id"], bad["why"]) == (ids[1], "there is no function 'gone'")
    assert bad["body"]["requestContext"]["condition"] == "RetriesExhausted"
    assert letters["dead_letter"]["body"] == "fail"

    def is_said() -> bool:  # in the log of the task, once it is kept
        log = running.request("GET", f"/api/tasks/{ids[0]}").json["log"]
        return log[-1]["text"].endswith(f"the record is kept in {file}")

    wait_until(is_said, description="the log says where the record is")
    notes = "\n".join(found["notes"])
    for part in (
        "schedule: ",
        "the year '2030'",
        "no JSON object",
        "events: ",
        "on_success: 'arn:",
        "on_failure: there is no function 'gone'; its records are kept in ",
        "dead_letter: ",
        "durable: ",
        "debug: ",
    ):
        assert part in notes, notes
    assert len(found["notes"]) == 8


@pytest.mark.parametrize(
    ("report", "notes"),
    [
        ({"problem": None, "looked_s_ago": 1.0}, []),
        ({"problem": "in cannot be read: No such file", "looked_s_ago": 1.0},
         ["watch: in cannot be read: No such file"]),
        ({"problem": None, "looked_s_ago": 300.0},
         ["watch: the file system has not answered for 300 s"]),
    ],
)  # fmt: skip
def test_what_a_function_watches_and_what_is_wrong_with_it(
    folder: Path, client: FlaskClient, report: dict[str, Any], notes: list[str]
) -> None:
    (folder / "functions.toml").write_text('[parrot]\nwatch = ["in/*.png"]\n')
    store_reports(tq.default.broker, {"parrot": json.dumps(report)})
    found = client.get("/api/functions/parrot").json
    assert found is not None
    assert (found["watch"], found["notes"]) == (["in/*.png"], notes)
