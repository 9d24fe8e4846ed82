"""One data directory belongs to one stack at a time."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import data_dir
from stack.errors import StartRefused
from tests.stack.running import RunningStack

RunStack = Callable[..., RunningStack]


def test_a_directory_in_use_is_refused_with_the_pid_of_its_owner(
    run_stack: RunStack, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    owner = run_stack({"redis_in": str(folder)})
    owner.wait_for("ready")

    with pytest.raises(StartRefused) as refusal:
        data_dir.claim(folder, is_default=False, port=8000)

    line = str(refusal.value)
    assert f"in use by the stack with pid {owner.popen.pid}" in line
    assert "set DATA_DIR" in line
    assert "\n" not in line


def test_the_default_directory_in_use_gives_one_named_by_the_port(
    run_stack: RunStack, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    owner = run_stack({"redis_in": str(folder)})
    owner.wait_for("ready")

    lock, note = data_dir.claim(folder, is_default=True, port=8001)

    assert lock.directory == folder / "port-8001"
    assert note is not None and str(owner.popen.pid) in note
    lock.release()


def test_a_released_directory_can_be_claimed_again(tmp_path: Path) -> None:
    lock, _ = data_dir.claim(tmp_path, is_default=False, port=8000)
    lock.release()

    again, note = data_dir.claim(tmp_path, is_default=False, port=8000)

    assert note is None
    again.release()


def test_after_a_killed_stack_its_redis_is_waited_for(run_stack: RunStack, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    stack = run_stack({"redis_in": str(folder)})
    stack.wait_for("ready")
    stack.send(signal.SIGKILL)
    stack.wait()

    lock, note = data_dir.claim(folder, is_default=False, port=8000)

    assert note is None
    assert stack.left_behind() == []
    lock.release()


def test_a_file_in_place_of_the_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(StartRefused, match="cannot be used: "):
        data_dir.claim(tmp_path / "data", is_default=False, port=8000)
