"""Functions as another process sees them: the one that asks never waits for a folder that hangs."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from huey_tasks.functions.apart import PATIENCE_S, Apart, NotSeen
from huey_tasks.functions.catalogue import Catalogue, Sight
from tests.waiting import wait_until

HANDLER = "def handler(event, context):\n    return event\n"


class Hanging(Catalogue):
    """A catalogue whose folder hangs as long as there is a file beside it."""

    def __init__(self, folder: Path) -> None:
        super().__init__([folder])
        self.hangs = folder.with_suffix(".hangs")

    def look(self) -> Sight:
        while self.hangs.exists():
            time.sleep(0.01)
        return super().look()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "functions"
    made.mkdir()
    (made / "hello.py").write_text(HANDLER)
    return made


@pytest.fixture
def apart(folder: Path) -> Iterator[Apart]:
    made = Apart(Hanging(folder))
    made.look_apart()
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def seen(apart: Apart) -> Sight:
    """Wait for the first answer: a busy machine starts the other process late."""
    wait_until(lambda: _is_seen(apart), description="the folder has answered")
    return apart.look()


def _is_seen(apart: Apart) -> bool:
    try:
        return bool(apart.look())
    except NotSeen:
        return False


def test_it_sees_what_the_catalogue_sees(folder: Path, apart: Apart) -> None:
    settings = '[hello]\nenv = {A = "1"}\nevents = [{source = ["a"]}]\n[nothing]\n'
    (folder / "functions.toml").write_text(settings)
    assert seen(apart) == Catalogue([folder]).look()
    (one,) = apart.processes()
    (folder / "other.py").write_text(HANDLER)
    wait_until(lambda: apart.find("other"), description="the new file is seen")
    assert apart.processes() == {one}


def test_a_folder_that_hangs_holds_up_nobody(
    folder: Path, apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huey_tasks.functions.apart.LOOK_S", 0.0)
    before = seen(apart)
    hangs = folder.with_suffix(".hangs")
    hangs.touch()
    (folder / "other.py").write_text(HANDLER)
    begun, looks, many = time.monotonic(), 0, 50
    while looks < many or time.monotonic() < begun + 1.5:
        assert apart.look() is before
        looks += 1
    took_s = time.monotonic() - begun
    assert took_s < many * PATIENCE_S / 2, "one look waits for an answer, and no other"
    hangs.unlink()
    wait_until(lambda: apart.find("other"), description="it looks again")


def test_nothing_is_known_before_the_first_answer(folder: Path, apart: Apart) -> None:
    hangs = folder.with_suffix(".hangs")
    hangs.touch()
    for ask in (apart.look, apart.functions, apart.ignored, lambda: apart.find("hello")):
        with pytest.raises(NotSeen):
            ask()
    hangs.unlink()
    assert "hello" in seen(apart).functions


def test_another_process_takes_over_from_one_that_was_killed(folder: Path, apart: Apart) -> None:
    seen(apart)
    (one,) = apart.processes()
    os.kill(one, signal.SIGKILL)
    (folder / "other.py").write_text(HANDLER)
    wait_until(lambda: apart.find("other"), description="it is seen")
    assert apart.processes() not in ({one}, set())
    assert not psutil.pid_exists(one)


def test_there_is_no_process_without_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huey_tasks.functions.apart.LOOK_S", 0.0)
    monkeypatch.setattr("huey_tasks.functions.apart.EMPTY_S", 0.05)
    folder = tmp_path / "late"
    apart = Apart(Catalogue([folder]))
    apart.look_apart()
    assert not seen(apart).functions
    (one,) = apart.processes()
    wait_until(lambda: not apart.look().has_folder and one not in apart.processes(),
               description="it has ended, and is collected")  # fmt: skip
    assert not psutil.pid_exists(one)
    folder.mkdir()
    (folder / "hello.py").write_text(HANDLER)
    wait_until(lambda: apart.find("hello"), description="it looks from time to time")


def test_a_child_looks_itself(folder: Path, apart: Apart) -> None:
    seen(apart)
    (folder / "other.py").write_text(HANDLER)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if apart.find("other") and not apart.processes() else 1)
    assert os.waitpid(pid, 0)[1] == 0
