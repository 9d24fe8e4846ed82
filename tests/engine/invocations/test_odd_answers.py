"""What functions answer, and fail with, that UTF-8 or our JSON cannot hold."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from tests.conftest import StartConsumer
from tests.engine.invocations.functions import Folder, answer, folder
from tests.engine.invocations.test_function_host import lines_of, writes_to

__all__ = ["folder"]

#: A runtime of its own that answers each event with what it holds: a path and a body.
BOOTSTRAP = """#!/usr/bin/env python3
import json, os, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{api}/next") as answer:
        event, id = json.load(answer), answer.headers["Lambda-Runtime-Aws-Request-Id"]
    sent = urllib.request.Request(f"{api}/{id}/{event['path']}", event["body"].encode())
    urllib.request.urlopen(sent).close()
"""
DEEP = '{"x":' * 480 + "1" + "}" * 480
#: No Python reads it: 3.11 does some 500 levels, 3.13 some 10,000.
TOO_DEEP = '{"x":' * 20_000 + "1" + "}" * 20_000


@pytest.fixture
def notes(folder: Folder, tmp_path: Path) -> Path:
    """Functions `told`, which writes what it gets into this file, and `f`, a runtime of its own."""
    place = tmp_path / "notes"
    folder.add("told", writes_to(place, "json.dumps(e)"))
    (folder.path / "f").mkdir()
    (folder.path / "f" / "bootstrap").write_text(BOOTSTRAP)
    (folder.path / "f" / "bootstrap").chmod(0o755)
    return place


def _answered(notes: Path, path: str, body: str) -> tuple[tq.FunctionAnswer, tq.TaskRecord, Any]:
    """Let `f` answer an event; return the answer, the task, and the record that `told` got."""
    before = len(notes.read_text().splitlines()) if notes.exists() else 0
    invoked = tq.invoke_function("f", {"path": path, "body": body})
    found = answer(invoked)
    told = json.loads(lines_of(notes, before + 1)[-1])
    assert told["requestContext"]["requestId"] == invoked.task_id
    return found, tq.get_task(invoked.task_id), told


def test_an_error_that_json_cannot_hold_is_a_failed_attempt_as_any_other(
    start_consumer: StartConsumer, folder: Folder, notes: Path
) -> None:
    folder.add("py", "def handler(e, c): raise ValueError('caf\\udce9')", retries=1)
    folder.set("f", on_failure="told", on_success="told", retries=1)
    folder.serve(start_consumer)
    for body, shown in (
        ('{"errorMessage":"caf\\udce9"}', "caf\\udce9"),
        ('{"errorMessage":"m","x":1e999}', "m"),
        ('{"errorMessage":"m","\\ud800":[NaN, {"x": "\\udfff"}]}', "m"),
        ('{"errorMessage":"m","stackTrace":5}', "m"),
        (f'{{"errorMessage":"m","x":{DEEP}}}', "m"),
    ):
        found, record, told = _answered(notes, "error", body)
        assert found.error is not None and found.error["errorMessage"] == shown
        assert (record.status, record.attempt, len(record.attempts)) == ("FAILURE", 2, 2)
        assert record.reported == found.error == told["responsePayload"]
    found = answer(tq.invoke_function("py", {}))
    assert found.error is not None and found.error["errorMessage"] == "caf\\udce9"


def test_an_answer_that_our_json_cannot_hold_is_passed_on(
    start_consumer: StartConsumer, folder: Folder, notes: Path
) -> None:
    folder.set("f", on_failure="told", on_success="told")
    folder.serve(start_consumer)
    for body in ('"\\ud83d"', "1e999", "[-1e999]", TOO_DEEP, TOO_DEEP.replace("x", "$y")):
        found, record, told = _answered(notes, "response", body)
        assert (found.error, found.body) == (None, body.encode())
        assert (record.status, record.attempt) == ("SUCCESS", 1)
        assert told["responsePayload"] == body


def test_no_depth_of_an_answer_makes_it_a_failure(
    start_consumer: StartConsumer, folder: Folder, notes: Path, tmp_path: Path
) -> None:
    """Some depth is just too much for the record, which has the answer one level deeper."""
    folder.set("f", on_success="told", retries=0)
    folder.serve(start_consumer)
    bodies = ["[" * levels + "]" * levels for levels in range(460, 500)]
    started = [tq.invoke_function("f", {"path": "response", "body": body}) for body in bodies]
    assert [answer(each).body.decode() for each in started] == bodies
    file = tmp_path / "data" / "dead-letters" / "f.jsonl"
    kept = file.read_text().splitlines() if file.exists() else []
    assert bool(kept) == (sys.version_info < (3, 12)), "one of these depths shows it, or none"
    lines_of(notes, len(bodies) - len(kept))
