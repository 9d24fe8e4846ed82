"""Processes beside a stack find its embedded Redis; `verify` says so when it cannot look."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.running import ROOT
from tests.stack.test_up import Service, Start

UNSET = {"REDIS_URL": "", "RESULT_REDIS_URL": ""}


def verify(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run the command; its status, its output and its errors."""
    done = subprocess.run(
        [sys.executable, "app.py", "verify", *arguments],
        cwd=ROOT,
        env={**os.environ, **UNSET, **settings},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def submit_from_code(**settings: str) -> None:
    """Do as a web application does: a process of its own, without REDIS_URL, submits a task."""
    code = (
        "import huey_tasks as tq;"
        "tq.submit('data_pipeline', {'source': 'a', 'destination': 'b', 'record_count': 1},"
        " priority='default')"
    )
    env = {**os.environ, **UNSET, **settings}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)


@pytest.mark.parametrize("folder", ["data", f"a-{'long-' * 22}name"], ids=["short", "long"])
def test_the_embedded_redis_of_the_folder_is_read(
    start: Start, tmp_path: Path, folder: str
) -> None:
    data = tmp_path / folder
    service = Service(start, data).ready()
    service.submit()
    submit_from_code(DATA_DIR=str(data))

    status, output, errors = verify(DATA_DIR=str(data))
    assert (status, errors) == (0, "")
    assert output.startswith("Redis at unix://")
    assert "high: accepted 1 = " in output
    assert "default: accepted 1 = " in output

    service.stop()
    assert not (data / "redis.sock").is_symlink()
    status, output, errors = verify(DATA_DIR=str(data))
    assert (status, output) == (os.EX_UNAVAILABLE, "")
    assert f"The Redis of DATA_DIR {data} does not run" in errors and errors.count("\n") == 1


def test_a_setting_of_redis_wins(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    url = "unix:///no/such/redis.sock"
    status, output, _ = verify(DATA_DIR=str(tmp_path), REDIS_URL=url)
    assert (status, output) == (os.EX_UNAVAILABLE, f"Redis at {url}\n")


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"REDIS_URL": "http://x"}, os.EX_CONFIG), ({"PORT": "eighty"}, os.EX_CONFIG)],
)
def test_only_a_missing_task_is_status_1(settings: dict[str, str], status: int) -> None:
    assert verify(**settings)[0] == status


def test_an_error_of_the_command_itself_is_not_status_1(tmp_path: Path) -> None:
    """A package that fails to import stands for any error that nobody foresaw."""
    (tmp_path / "redis.py").write_text("raise RuntimeError('broken package')\n")
    status, _, errors = verify(PYTHONPATH=str(tmp_path), REDIS_URL="redis://127.0.0.1:1/0")
    assert status == os.EX_SOFTWARE
    assert "broken package" in errors


def test_ctrl_c_ends_a_command_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes what comes, as a hung Redis
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        command = subprocess.Popen(
            [sys.executable, "app.py", "verify"],
            cwd=ROOT,
            env={**os.environ, "REDIS_URL": url},
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = silent.accept()
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate(timeout=60)
        connection.close()

    assert (command.returncode, errors) == (128 + signal.SIGINT, "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_left_ends_a_command_without_a_traceback(unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        [sys.executable, "app.py", "verify"],
        cwd=ROOT, env=env, stdout=writer, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(writer)

    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")
