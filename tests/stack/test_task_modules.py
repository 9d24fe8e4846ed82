"""Broken task modules: the start ends with one line, by whatever command; `make dev` waits."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.stack.running import RunningStack

Start = Callable[..., RunningStack]

BROKEN = {
    "syntax": ("def f(:\n", 1, "SyntaxError: invalid syntax"),
    "exit": ("import sys\nsys.exit('usage')\n", 2, "it calls sys.exit('usage')"),
    "queue": ("from huey_tasks import task\n@task(queue='lwo')\ndef f(): ...\n", 2, "mean 'low'?"),
    "callback": (
        "from collections.abc import Callable\nfrom huey_tasks import task\n"
        "@task\ndef f(done: Callable[[], None]): ...\n", 3, "'done' has a type that JSON cannot"
    ),
}  # fmt: skip


def settings(folder: Path, data: Path) -> dict[str, str]:
    one, two = free_ports(2)
    return {"PORT": str(one), "INSPECTOR_PORT": str(two), "DATA_DIR": str(data / "data"),
            "TASKS_PATH": str(folder)}  # fmt: skip


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "mine.py"
    file.write_text(text)
    return file


@pytest.mark.parametrize("kind", BROKEN)
def test_the_start_of_the_stack_ends_with_one_line(start: Start, tmp_path: Path, kind: str) -> None:
    text, line, said = BROKEN[kind]
    file = write(tmp_path / "tasks", text)

    own = settings(file.parent, tmp_path)
    refused = start([sys.executable, "app.py", "up"], REDIS_URL="", RESULT_REDIS_URL="", **own)

    assert refused.wait() == os.EX_CONFIG
    assert refused.log.count("\n") == 1
    assert refused.log.startswith(f"duckline: TASKS_PATH: {file}:{line}") and said in refused.log


@pytest.mark.parametrize(
    "command", [["app.py", "consumer", "low"], ["app.py", "verify"], ["-m", "gunicorn", "app:app"],
                ["-m", "gunicorn", "app:create_inspector()"]],
)  # fmt: skip
def test_a_process_that_is_started_by_hand_says_the_same_line(
    start: Start, tmp_path: Path, command: list[str]
) -> None:
    text, line, said = BROKEN["queue"]
    file = write(tmp_path / "tasks", text)

    refused = start([sys.executable, *command], **settings(file.parent, tmp_path))

    assert refused.wait() == os.EX_CONFIG
    assert refused.log.count("\n") == 1
    assert refused.log.startswith(f"duckline: TASKS_PATH: {file}:{line}") and said in refused.log


def test_a_server_that_is_started_by_hand_keeps_the_python_path(
    start: Start, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept_elsewhere.py").write_text("")
    file = write(tmp_path / "tasks", "import kept_elsewhere\n")

    own = {**settings(file.parent, tmp_path), "PYTHONPATH": str(elsewhere)}
    serving = start([sys.executable, "-m", "gunicorn", "app:app"], **own)

    serving.wait_for("listening at")
    serving.send(signal.SIGTERM)
    assert serving.wait() == 0


def test_make_dev_waits_until_the_file_is_mended(start: Start, tmp_path: Path) -> None:
    file = write(tmp_path / "tasks", BROKEN["syntax"][0])
    own = {"REDIS_URL": "", "RESULT_REDIS_URL": "", **settings(file.parent, tmp_path)}
    stack = start([sys.executable, "app.py", "up", "--reload"], **own)

    stack.wait_for(rf"{file}:1 cannot be imported: .*; waiting for the next change")
    file.write_text("from huey_tasks import task\n@task\ndef mended(n: int = 1) -> int: return n\n")

    stack.wait_for("Duckline is ready", timeout_s=120)
    stack.send(signal.SIGINT)
    assert stack.wait() == 0
    assert "Traceback" not in stack.log


def test_a_relative_folder_is_the_one_from_where_the_start_was(
    start: Start, tmp_path: Path
) -> None:
    file = write(tmp_path / "tasks", "import no_such_thing\n")
    program = (
        f"import os, sys; os.chdir({str(tmp_path)!r}); sys.argv[1:] = ['up']; "
        "import app; sys.exit(app.main(['up']))"
    )
    own = {**settings(file.parent, tmp_path), "TASKS_PATH": "tasks"}
    refused = start([sys.executable, "-c", program], REDIS_URL="", RESULT_REDIS_URL="", **own)
    assert refused.wait() == os.EX_CONFIG
    assert refused.log.startswith(f"duckline: TASKS_PATH: {file}:1 cannot be imported")
