"""Prometheus' own tool, which tests/ensure_promtool.sh gets from Debian."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def promtool() -> str:
    """The path of the tool; without it no test knows whether an alert fires."""
    ours = Path(sys.executable).with_name("promtool")
    found = os.environ.get("PROMTOOL_PATH") or shutil.which("promtool") or shutil.which(ours)
    assert found, "promtool is missing: install Prometheus, or set PROMTOOL_PATH"
    return found


def run(*arguments: str, text: str | None = None) -> tuple[int, str]:
    """Run the tool; returns its exit status and what it has written."""
    done = subprocess.run(
        [promtool(), *arguments], input=text, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr
