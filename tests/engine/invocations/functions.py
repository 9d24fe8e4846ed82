"""Functions for the tests of invocations: a folder, and what a test asks of it."""

import json
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.invocations import function_types
from tests.conftest import StartConsumer
from tests.waiting import wait_until

CODE = """
import json, os, time
from pathlib import Path

def handler(event, context):
    if isinstance(event, dict) and "code" in event:
        exec(event["code"], {"os": os, "time": time, "Path": Path})
    return {"got": event}
"""


class Folder:
    """A folder of functions, which consumers and this process look at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._settings: dict[str, dict[str, Any]] = {}
        path.mkdir()

    def add(self, name: str, code: str = CODE, **settings: Any) -> None:
        """Write a function; `settings` as in functions.toml."""
        (self.path / f"{name}.py").write_text(code)
        self.set(name, **settings)

    def set(self, name: str, **settings: Any) -> None:
        """Write the settings of a function, as in functions.toml."""
        self._settings[name] = settings
        lines = [
            line
            for each, of in self._settings.items()
            for line in (f"[{each}]", *(f"{key} = {json.dumps(v)}" for key, v in of.items()))
        ]
        (self.path / "functions.toml").write_text("\n".join(lines))

    def serve(
        self, start_consumer: StartConsumer, queue: str = "default", **environment: str
    ) -> Any:
        """Start a consumer that runs them."""
        return start_consumer(
            queue,
            FUNCTIONS_PATH=str(self.path),
            DATA_DIR=str(self.path.parent / "data"),
            **{"LAMBDA_RETRY_DELAY_S": "0.1", **environment},
        )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    made = Folder(tmp_path / "functions")
    monkeypatch.setattr(function_types, "CATALOGUE", Catalogue([made.path]))
    return made


def answer(invoked: tq.Invoked) -> tq.FunctionAnswer:
    """Wait for the end of an invocation and return its answer."""
    found = wait_until(
        lambda: tq.answer_of(invoked.task_id, invoked.queue),
        description="the invocation has ended",
        timeout_s=60,
    )
    assert found is not None
    return found


def call(name: str, event: Any, kind: tq.Kind = tq.Kind.SYNC, **options: Any) -> tq.FunctionAnswer:
    """Invoke a function and wait for its answer."""
    return answer(tq.invoke_function(name, event, kind, **options))
