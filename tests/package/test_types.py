"""A program that uses an installed Duckline is checked against its types, as strictly as can be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.package.installed import Installed, build

RIGHT = """
from huey_tasks import Fail, TaskHandle, chain, current_task, task
from huey_tasks.testing import Captured


@task(queue="high", retries=3, retry_on=OSError, limits={"concurrency": 5})
def send(to: str, subject: str = "Hello") -> str:
    current_task.progress(0.5, "half")
    raise Fail(f"{subject} to {to}")


sent: TaskHandle = send.options(delay_s=60, tags=["news"]).submit("ada@example.com")
print(sent.record().submitted_at.isoformat(), sent.status().terminal, send("bob").upper())
chain(send.s("ada"), send.s(subject="Again").into("to")).submit().result(timeout_s=5)


def test_it(captured: Captured) -> None:
    assert captured.payloads("send") == [{"to": "ada@example.com"}]
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("types")
    return Installed(folder / "venv", build(folder))


@pytest.mark.parametrize(
    ("program", "wrong"),
    [
        (RIGHT, []),
        (RIGHT.replace('"ada@example.com")', "7)"), ["reportArgumentType"]),
        (RIGHT.replace("delay_s=60", "countdown=60"), ["reportArgumentType"]),
        (RIGHT.replace(".terminal", ".done"), ["reportAttributeAccessIssue"]),
    ],
    ids=["right", "an argument", "an option", "an attribute"],
)
def test_a_type_checker_accepts_what_is_right_and_nothing_else(
    library: Installed, tmp_path: Path, program: str, wrong: list[str]
) -> None:
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}))
    checked = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", str(library.python), "."],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    found = json.loads(checked.stdout)["generalDiagnostics"]
    rules = {one["rule"] for one in found if not one["rule"].startswith("reportUnknown")}
    assert rules == set(wrong), checked.stdout
