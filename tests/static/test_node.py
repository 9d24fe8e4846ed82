"""The parts of the scripts that need no page, tested in Node, which a wheel brings."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")
FILES = sorted(HERE.glob("*.test.js"))
# The scripts say what they are by their syntax: no package.json is served beside them.
_RUN = [
    str(NODE),
    "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
    "--test",
    "--test-reporter=tap",
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.js"))
def test_the_scripts_do_what_their_own_tests_say(file: Path) -> None:
    run = subprocess.run([*_RUN, str(file)], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# fail 0" in run.stdout and "# pass 0" not in run.stdout


def test_a_failure_in_node_is_one_here(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.test.js"
    wrong.write_text(
        "import { test } from 'node:test';\ntest('x', () => { throw Error('seen'); });\n"
    )
    run = subprocess.run([*_RUN, str(wrong)], capture_output=True, text=True, timeout=120)
    assert run.returncode != 0 and "seen" in run.stdout


def test_each_file_of_tests_is_run() -> None:
    assert len(FILES) >= 5
