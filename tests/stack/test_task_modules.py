"""Broken task modules: the start ends with one line, by whatever command; `make dev` waits."""

import json
import os
import signal
import sys
import urllib.request
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


MENDED = "from huey_tasks import task\n@task\ndef mended(n: int = 1) -> int: return n\n"


def test_make_dev_starts_without_a_broken_file_until_it_is_mended(
    start: Start, tmp_path: Path
) -> None:
    file = write(tmp_path / "tasks", BROKEN["syntax"][0])
    own = {"REDIS_URL": "", "RESULT_REDIS_URL": "", **settings(file.parent, tmp_path)}
    stack = start([sys.executable, "app.py", "up", "--reload"], **own)

    stack.wait_for(rf"{file}:1 cannot be imported: .*; everything else goes on")
    stack.wait_for("Duckline is ready", timeout_s=120)
    file.with_name("other.py").write_text("x = 1 / 0\n")
    stack.wait_for(r"other.py changed, but .*other.py:1 cannot be imported: .*; waiting for the")
    file.with_name("other.py").unlink()
    file.write_text(MENDED)

    stack.wait_for(r"changed; restarting", timeout_s=120)
    stack.send(signal.SIGINT)
    assert stack.wait() == 0
    assert "Traceback" not in stack.log


def test_make_dev_waits_for_a_module_that_ends_its_process(start: Start, tmp_path: Path) -> None:
    file = write(tmp_path / "tasks", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    own = {"REDIS_URL": "", "RESULT_REDIS_URL": "", **settings(file.parent, tmp_path)}
    stack = start([sys.executable, "app.py", "up", "--reload"], **own)

    stack.wait_for(rf"{file} cannot be imported: .*; waiting for the next change")
    file.write_text(MENDED)

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


def types_of(port: str) -> set[str]:
    """Ask the web service for the names of its task types."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/task-types", timeout=10) as answer:
        return {found["task_type"] for found in json.load(answer)["task_types"]}


def in_folder(folder: Path) -> list[str]:
    """Return the command that starts the stack from another working folder, with reloads."""
    program = (
        f"import os, sys; sys.path.insert(0, os.getcwd()); os.chdir({str(folder)!r}); import app; "
        "sys.exit(app.main(['up', '--reload']))"
    )
    return [sys.executable, "-P", "-c", program]


def test_tasks_named_by_module_run_and_what_they_import_is_watched(
    start: Start, tmp_path: Path
) -> None:
    """From the user's folder, whose `.env` counts; a library beside it changes."""
    shop, library = tmp_path / "shop", tmp_path / "library"
    library.mkdir()
    write(shop, "import rates\nfrom huey_tasks import task\n@task\ndef mine() -> int: return 1\n")
    (library / "rates.py").write_text("RATE = 1\n")
    (shop / "queue.py").write_text("raise RuntimeError('Python has this name')\n")
    (shop / ".env").write_text("TASKS=mine\nDEMO_TASKS=0\n")
    own = settings(tmp_path, tmp_path) | {"TASKS_PATH": "", "PYTHONPATH": str(library)}
    stack = start(in_folder(shop), REDIS_URL="", RESULT_REDIS_URL="", **own)

    stack.wait_for("Duckline is ready", timeout_s=120)
    assert types_of(own["PORT"]) == {"mine"}
    (library / "rates.py").write_text("RATE = 2\n")
    stack.wait_for(rf"{library}/rates.py changed; restarting")
    stack.send(signal.SIGINT)
    assert stack.wait() == 0
    assert "Traceback" not in stack.log


@pytest.mark.parametrize("command", [["app.py", "up"], ["-m", "gunicorn", "app:app"]])
def test_a_module_name_that_nothing_has_ends_the_start(
    start: Start, tmp_path: Path, command: list[str]
) -> None:
    own = settings(tmp_path, tmp_path) | {"TASKS_PATH": "", "TASKS": "tests.stack.stand_out"}
    refused = start([sys.executable, *command], REDIS_URL="", RESULT_REDIS_URL="", **own)

    assert refused.wait() == os.EX_CONFIG
    assert refused.log == (
        "duckline: TASKS: there is no module 'tests.stack.stand_out'; did you mean"
        " 'tests.stack.stand_in'?\n"
    )
