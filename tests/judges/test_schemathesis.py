"""Schemathesis judges a real stack by its own OpenAPI document: all checks, stateful.

A failure is repeated by its command line. Fuzzing takes minutes and is for a look by hand: set
SCHEMATHESIS_PHASES=fuzzing,stateful, SCHEMATHESIS_EXAMPLES=200 and SCHEMATHESIS_SEED=7.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.running import ROOT, whole_stack

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES") or "4"
PHASES = os.environ.get("SCHEMATHESIS_PHASES") or "examples,coverage,stateful"
SEED = os.environ.get("SCHEMATHESIS_SEED") or "1"
#: Tasks that end at once, and none of those that the tests have.
_STACK = {"TASKS": "", "TASKS_PATH": "", "DEMO_SPEED": "1000", "DEMO_FAILURE_RATE": "0"}


@pytest.mark.timeout(600)
def test_the_service_does_what_its_document_says(tmp_path: Path) -> None:
    with whole_stack(tmp_path, **_STACK) as (port, stack):
        judged = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml",
             "run", f"http://127.0.0.1:{port}/openapi.json",
             "--phases", PHASES, "--max-examples", EXAMPLES,
             # Python's compiler fails now and then in several threads at once (gh-106905).
             "--seed", SEED, "--no-color", "--workers", "1"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.judges.hooks"},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert judged.returncode == 0, judged.stdout[-20_000:] + judged.stderr[-2000:]
        assert "Traceback" not in stack.log
