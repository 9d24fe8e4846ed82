"""The page "Test tasks": its files are a project, and the tests in it pass."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "test-tasks.md").read_text()
FILES = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
TESTS = sorted(name for name in FILES if name.startswith("test_"))


@pytest.mark.parametrize("name", TESTS)
def test_the_tests_of_the_page_pass(tmp_path: Path, name: str) -> None:
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    plugin = ["-p", "huey_tasks.testing.plugin", "-p", "no:cacheprovider"]
    # Without REDIS_URL and the other settings of this suite, as in a project of one's own.
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "-q", name],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    number = FILES[name].count("\ndef test_")
    assert f"{number} passed" in run.stdout
