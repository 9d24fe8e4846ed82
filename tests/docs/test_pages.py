"""The pages of `docs/` with code: its files are a project, and the tests in it pass."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: A block whose first line is the name of a file.
FILE = re.compile(r"```python\n# (\S+\.py)\n(.*?)```", re.DOTALL)
PAGES = {path.name: dict(FILE.findall(path.read_text())) for path in (ROOT / "docs").glob("*.md")}
TESTS = [
    (page, name)
    for page, files in sorted(PAGES.items())
    for name in files
    if name.startswith("test_")
]


def test_the_pages_for_python_teams_have_examples_that_run() -> None:
    pages = {page for page, _ in TESTS}
    assert pages >= {"test-tasks.md", "coming-from-celery.md", "compose-tasks.md"}


@pytest.mark.parametrize(("page", "name"), TESTS)
def test_the_tests_of_a_page_pass(tmp_path: Path, page: str, name: str) -> None:
    for file, text in PAGES[page].items():
        (tmp_path / file).write_text(text)
    plugin = ["-p", "huey_tasks.testing.plugin", "-p", "no:cacheprovider"]
    # Without REDIS_URL and the other settings of this suite, as in a project of one's own.
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "-q", "-s", name],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "[warning] REDIS_URL" not in run.stderr  # of a server that the team has not set
    number = PAGES[page][name].count("\ndef test_")
    assert f"{number} passed" in run.stdout
