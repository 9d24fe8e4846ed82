"""Clients that others' generators make of /openapi.json work as they come out.

`make lint` does the same with openapi-typescript, which comes from npm: `typescript/check.py`.
"""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest

from tests.clients.conftest import Stack

_GENERATE = "from openapi_python_client.cli import app; app()"

#: What a user writes with the generated package.
_USE = """
import sys
from made import Client
from made.api.tasks import read_task, submit_task
from made.models import SendEmail, SendEmailPayload, TaskDetail, ProblemView

client = Client(base_url=sys.argv[1])
payload = SendEmailPayload(to="ada@example.com", subject="Hello", body="Dear Ada")
body = SendEmail(task_type="send_email", payload=payload)
sent = submit_task.sync(client=client, body=body, idempotency_key="k")
again = submit_task.sync(client=client, body=body, idempotency_key="k")
assert sent.task_id == again.task_id
task = read_task.sync(task_id=sent.task_id, client=client, wait=20)
assert isinstance(task, TaskDetail) and task.result["status"] == "sent", task
bad = SendEmailPayload("x", "", "")
wrong = submit_task.sync(client=client, body=SendEmail("send_email", bad))
assert isinstance(wrong, ProblemView) and wrong.errors[0].pointer == "/payload/to", wrong
print(task.status.value)
"""


@pytest.fixture(scope="module")
def document(stack: Stack) -> dict[str, Any]:
    return stack.server.request("GET", "/openapi.json").json


@pytest.fixture(scope="module")
def source(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(json.dumps(document))
    return path


def _run(*command: str | Path, cwd: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_document_is_valid_and_names_no_schema_twice(document: dict[str, Any]) -> None:
    """Two models of one name are written with their modules, which generators stumble over."""
    openapi_spec_validator.validate(document)
    assert [name for name in document["components"]["schemas"] if name.startswith("web__")] == []


def test_openapi_python_client_submits_and_reads(
    stack: Stack, source: Path, tmp_path: Path
) -> None:
    options = ["--path", source, "--meta", "none", "--output-path", tmp_path / "made"]
    said = _run(sys.executable, "-c", _GENERATE, "generate", *options, cwd=tmp_path)
    # It knows no lines of JSON, and makes the method for the array all the same.
    assert re.findall(r"Unable to .*|Unsupported .*|Cannot .*|.*will be omitted.*", said) == [
        "Unsupported content type application/x-ndjson"
    ]

    assert _run(sys.executable, "-c", _USE, stack.url, cwd=tmp_path) == "SUCCESS\n"


def test_datamodel_codegen_parses_real_answers(stack: Stack, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "models.py"
    options = ["--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel"]
    files = ["--input", source, "--output", target, "--formatters", "builtin"]
    _run(sys.executable, "-m", "datamodel_code_generator", *files, *options, cwd=tmp_path)
    models = runpy.run_path(str(target), run_name="models_of_a_client")

    body = models["SubmitBody"].model_validate(
        {"task_type": "echo", "payload": {"value": [1, None]}, "tags": ["made"]}
    )
    text = body.model_dump_json(exclude_unset=True)
    headers = {"Content-Type": "application/json"}
    sent = stack.server.request("POST", "/api/tasks/submit", text, headers)
    task_id = str(models["Submitted"].model_validate_json(sent.body).task_id)
    for path, name in {
        f"/api/tasks/{task_id}?wait=20": "TaskDetail",
        "/api/tasks": "TaskPage",
        "/api/workers/stats": "StatsView",
        "/api/tasks/unknown": "ProblemView",
    }.items():
        models[name].model_validate_json(stack.server.request("GET", path).body)
