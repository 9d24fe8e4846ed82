"""`--version`, which who reports a fault is asked for."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.stack.running import ROOT


def test_a_checkout_names_its_version(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, ROOT / "app.py", "--version"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (said.stdout, said.stderr) == (f"duckline {version}\n", "")
