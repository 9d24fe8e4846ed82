"""One data directory belongs to one stack at a time."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from duckline.stack import data_dir
from duckline.stack.errors import StartRefused
from tests.stack.running import RunningStack

RunStack = Callable[..., RunningStack]


def claim(folder: Path, port: int = 8000, *, is_default: bool = True) -> data_dir.DataDirLock:
    """Claim, with nobody to wait for."""
    said: list[str] = []
    lock, _ = data_dir.claim(folder, is_default=is_default, port=port, say=said.append)
    assert said == []
    return lock


def use_once(folder: Path, port: int, *, is_default: bool = True) -> Path:
    """Be a stack that comes and goes; return where it kept its data."""
    lock = claim(folder, port, is_default=is_default)
    lock.release()
    return lock.directory


@pytest.mark.parametrize("is_default", [False, True])
def test_a_directory_in_use_is_waited_for_and_then_refused(
    run_stack: RunStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_default: bool
) -> None:
    monkeypatch.setattr(data_dir, "OWNER_WAIT_S", 0.3)
    folder, said = tmp_path / "data", list[str]()
    owner = run_stack({"redis_in": str(folder)})
    owner.wait_for("ready")

    with pytest.raises(StartRefused) as refusal:
        data_dir.claim(folder, is_default=is_default, port=8000, say=said.append)

    pid = owner.popen.pid
    waits = f"DATA_DIR is in use by the stack with pid {pid}; waiting in case it is stopping"
    assert said == [waits]
    line = str(refusal.value)
    assert f"in use by the stack with pid {pid}" in line
    assert "set DATA_DIR" in line
    assert "\n" not in line
    assert not (folder / "port-8000").exists()


def test_a_restart_while_the_first_is_stopping_gets_the_same_directory(
    run_stack: RunStack, tmp_path: Path
) -> None:
    folder, said = tmp_path / "data", list[str]()
    first = run_stack({"redis_in": str(folder)})
    first.wait_for("ready")

    def stop_first(line: str) -> None:
        said.append(line)
        first.send(signal.SIGINT)

    lock, note = data_dir.claim(folder, is_default=True, port=8000, say=stop_first)

    assert (lock.directory, note, len(said)) == (folder, None, 1)
    assert first.wait() == 0
    lock.release()


def test_another_port_has_a_directory_of_its_own_while_the_owner_runs(
    run_stack: RunStack, tmp_path: Path
) -> None:
    run_stack({"redis_in": str(tmp_path)}).wait_for("ready")

    assert use_once(tmp_path, 8001) == tmp_path / "port-8001"


def test_another_port_has_the_same_directory_when_it_starts_alone(tmp_path: Path) -> None:
    assert use_once(tmp_path, 8000) == tmp_path

    assert use_once(tmp_path, 8001) == tmp_path / "port-8001"
    assert use_once(tmp_path, 8000) == tmp_path
    assert use_once(tmp_path, 8001) == tmp_path / "port-8001"


def test_the_line_about_the_other_directory_names_both(tmp_path: Path) -> None:
    use_once(tmp_path, 8000)

    lock, note = data_dir.claim(tmp_path, is_default=True, port=8001, say=print)

    assert note is not None and str(tmp_path / "port-8001") in note
    lock.release()


def test_a_directory_without_a_mark_is_taken_by_the_first_that_comes(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()

    assert use_once(tmp_path, 8001) == tmp_path
    assert (tmp_path / "port").read_text() == "8001\n"
    assert use_once(tmp_path, 8000) == tmp_path / "port-8000"


def test_a_port_with_a_marked_directory_stays_there(tmp_path: Path) -> None:
    use_once(tmp_path, 8000)
    use_once(tmp_path, 8001)

    (tmp_path / "port").unlink()

    assert use_once(tmp_path, 8001) == tmp_path / "port-8001"


def test_a_directory_that_was_set_is_used_whatever_its_mark(tmp_path: Path) -> None:
    use_once(tmp_path, 8000)

    assert use_once(tmp_path, 8001, is_default=False) == tmp_path
    assert (tmp_path / "port").read_text() == "8000\n"


def test_two_first_starts_at_once_end_in_two_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = data_dir._try

    def come_second(folder: Path) -> tuple[data_dir.DataDirLock | None, int]:
        monkeypatch.setattr(data_dir, "_try", take)
        use_once(folder, 8000)  # between our look at the mark and our lock
        return take(folder)

    monkeypatch.setattr(data_dir, "_try", come_second)

    assert use_once(tmp_path, 8001) == tmp_path / "port-8001"
    assert (tmp_path / "port").read_text() == "8000\n"


def test_after_a_killed_stack_its_redis_is_waited_for(run_stack: RunStack, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    stack = run_stack({"redis_in": str(folder)})
    stack.wait_for("ready")
    stack.send(signal.SIGKILL)
    stack.wait()

    lock = claim(folder)

    assert lock.directory == folder
    assert stack.left_behind() == []
    lock.release()


def test_a_file_in_place_of_the_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(StartRefused, match="cannot be used: "):
        claim(tmp_path / "data")
