"""The OpenAPI document says what the service does."""

import ast
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import openapi_spec_validator
import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
import web
import web.http.errors
from tests.conftest import REPOSITORY
from web.http.models import ProblemView
from web.openapi.app import DucklineApi

#: Routes other than GET whose callers are not in the audit trail.
CHANGES_NOTHING_THAT_IS_THERE = (
    "/api/tasks/submit",
    "/api/tasks/bulk",
    "/api/flows",
    "/api/tasks/read",
    "/api/events",
    "/api/schedules/preview",
    "/api/ws-ticket",
    "/api/session",
    "/api/functions/{name}/invoke",
    "/api/functions/{name}/events/{event}",
)


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    return client.get("/openapi.json").get_json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_the_document_lists_exactly_the_routes_there_are(document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in web.create_app().url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith(("/api", "/ws", "/health", "/metrics"))
        and method not in ("HEAD", "OPTIONS")
    }
    assert {(path, method) for path, method, _ in operations(document)} == routes


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_error_is_a_problem_with_examples(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        errors = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
        expected = {"500"} if path.startswith("/health") else {"401", "421", "500"}
        assert expected <= set(errors), (path, method)
        for answer in errors.values():
            (media,) = answer["content"]
            assert media == "application/problem+json"
            assert answer["content"][media]["examples"]


def test_the_fields_with_which_an_error_is_raised_are_documented() -> None:
    errors = {kind.__name__ for kind in vars(web.http.errors).values() if isinstance(kind, type)}
    calls = [
        call
        for file in (REPOSITORY / "web").rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in errors
    ]
    raised = {word.arg for call in calls for word in call.keywords}
    assert {"retry_after_s", "queues"} <= raised <= set(ProblemView.model_fields)


def test_operations_have_a_summary_and_an_id_of_their_own(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(operation["summary"] for _, _, operation in operations(document))


def test_submit_takes_one_body_for_each_task_type(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    schemas = document["components"]["schemas"]
    body = schemas["SubmitBody"]

    assert set(body["discriminator"]["mapping"]) == {one.name for one in tq.task_types()}
    assert len(body["oneOf"]) == len(tq.task_types())
    payload = schemas["Payload_send_email"]
    assert set(payload["properties"]) == {"to", "subject", "body"}
    assert payload["additionalProperties"] is False


def test_the_examples_of_submit_are_accepted(client: FlaskClient, document: dict[str, Any]) -> None:
    for name in ("send_email", "process_payment", "generate_report", "data_pipeline"):
        (example,) = document["components"]["schemas"][f"Submit_{name}"]["examples"]
        assert client.post("/api/tasks/submit", json=example).status_code == 202, name


def test_answers_have_exactly_the_documented_fields(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    schemas = document["components"]["schemas"]
    example = schemas["Submit_send_email"]["examples"][0]
    task_id = client.post("/api/tasks/submit", json=example).get_json()["task_id"]

    for path, schema in {
        f"/api/tasks/{task_id}": "TaskDetail",
        "/api/tasks": "TaskPage",
        f"/api/tasks/{task_id}/explain": "ExplanationView",
        "/api/failures": "FailureList",
        "/api/workers/stats": "StatsView",
        "/api/verdict": "VerdictView",
        "/api/queues": "QueueList",
        "/api/workers": "ConsumerList",
        "/api/task-types": "TaskTypeList",
        "/api/history": "HistoryView",
        "/api/log": "LogView",
        "/health/live": "Live",
        "/health/ready": "Ready",
    }.items():
        assert set(client.get(path).get_json()) == set(schemas[schema]["properties"])
    stats = client.get("/api/workers/stats").get_json()
    assert set(stats["queues"][0]) == set(schemas["QueueView"]["properties"])


def test_a_key_is_optional_in_the_document_unless_keys_are_set(document: dict[str, Any]) -> None:
    assert {} in document["security"]
    assert set(document["components"]["securitySchemes"]) == {"bearer"}


def test_every_route_of_operators_takes_a_name_and_a_reason(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for path, method, operation in operations(document):
        if method == "get" or path in CHANGES_NOTHING_THAT_IS_THERE:
            continue
        names = {(one["in"], one["name"]) for one in operation["parameters"]}
        assert ("header", "X-Operator") in names, path
        if method == "delete":
            assert ("query", "reason") in names, path
        else:
            (media,) = operation["requestBody"]["content"].values()
            body = schemas[media["schema"]["$ref"].rpartition("/")[2]]
            assert "reason" in body["properties"], path
            needed = operation["requestBody"].get("required", False)
            assert needed is (bool(body.get("required")) or method in ("patch", "put")), path


def test_the_document_holds_to_the_standard(document: dict[str, Any]) -> None:
    openapi_spec_validator.validate(document)


def test_a_clients_models_can_be_made_of_the_document(
    document: dict[str, Any], tmp_path: Path
) -> None:
    source, target = tmp_path / "openapi.json", tmp_path / "models.py"
    source.write_text(json.dumps(document))
    subprocess.run(
        [sys.executable, "-m", "datamodel_code_generator", "--input", source, "--output", target,
         "--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel",
         "--formatters", "builtin"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    models = runpy.run_path(str(target), run_name="models_of_a_client")
    assert {"SubmitBody", "SubmitSendEmail", "TaskDetail"} <= set(models)


def test_an_example_is_a_payload_that_is_accepted_or_there_is_none(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    schemas = document["components"]["schemas"]
    for task_type in tq.task_types():
        component = re.sub(r"[^A-Za-z0-9_]", "_", task_type.name)
        examples = schemas[f"Submit_{component}"].get("examples", [])
        expected = [task_type.example] if task_type.example else []
        assert [one["payload"] for one in examples] == expected
        for example in examples:
            assert client.post("/api/tasks/submit", json=example).status_code == 202


def test_the_document_is_collected_when_it_is_first_read() -> None:
    app = cast(DucklineApi, web.create_app())
    before = dict(app.components_schemas)
    assert app.api_doc["components"]["schemas"]
    assert not before
