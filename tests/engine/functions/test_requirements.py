"""Packages are installed once for a text, whole or not at all, and an error is shown."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from huey_tasks.functions import requirements
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.function import Function
from huey_tasks.functions.requirements import Packages, Requirements
from tests.conftest import REPOSITORY
from tests.engine.functions.conftest import Write
from tests.waiting import wait_until

LOCAL = "--no-index\n--find-links wheels\nduck-feathers==1.0\n"

#: In place of pip: notes each start, waits for a file if there is one to wait for, writes a module.
STAND_IN = """
import pathlib, sys, time
notes = pathlib.Path(sys.argv[1])
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
with notes.open("a") as file:
    file.write(f"started {list(target.glob('*')) if target.exists() else ''}\\n")
target.mkdir()
(target / "half.py").touch()
while (notes.parent / "wait").exists():
    time.sleep(0.01)
(target / "whole.py").touch()
"""

ENSURE = """
import pathlib, sys
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.requirements import Requirements
function = Catalogue([pathlib.Path(sys.argv[1])]).find("f")
print(Requirements(pathlib.Path(sys.argv[2]), sys.argv[3:]).ensure(function).state)
"""


@pytest.fixture
def envs(tmp_path: Path) -> Path:
    return tmp_path / "data" / "envs"


@pytest.fixture
def stand_in(tmp_path: Path) -> tuple[str, ...]:
    """A command in place of pip; its notes are in the file `notes`."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    return sys.executable, str(script), str(tmp_path / "notes")


def function(catalogue: Catalogue, write: Write, text: str) -> Function:
    write("f/app.py")
    write("f/requirements.txt", text)
    found = catalogue.find("f")
    assert found is not None
    return found


def wheel(folder: Path, name: str, version: str = "1.0") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}/__init__.py", f"VERSION = {version!r}\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                      "Generator: hand\nTag: py3-none-any\n")  # fmt: skip
        file.writestr(f"{info}/RECORD", "")


def test_pip_installs_into_a_folder_of_its_own(
    catalogue: Catalogue, write: Write, folder: Path, envs: Path
) -> None:
    wheel(folder / "f" / "wheels", "duck_feathers")
    f = function(catalogue, write, LOCAL)
    installed = Requirements(envs)
    assert installed.state(f) == Packages("Installing")

    done = installed.ensure(f)

    assert done.state == "Active" and done.folder is not None and done.error is None
    assert (done.folder / "duck_feathers" / "__init__.py").read_text() == "VERSION = '1.0'\n"
    assert done.folder.parent == envs and installed.state(f) == done
    assert Requirements(envs, ["/no/such/program"]).ensure(f) == done  # installed, once


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("--no-index\nduck-feathers==2.0\n", "No matching distribution found for duck-feathers"),
        ("--no-index\nnot a requirement\n", "not a requirement"),
        ("no-such-duck @ http://localhost:9/no_such_duck-1-py3-none-any.whl\n", "refused"),
    ],
    ids=["missing", "wrong", "offline"],
)
def test_an_error_of_pip_is_shown_in_one_line(
    catalogue: Catalogue, write: Write, envs: Path, text: str, says: str
) -> None:
    f = function(catalogue, write, text)

    failed = Requirements(envs).ensure(f)

    assert failed.state == "Failed" and failed.folder is None
    assert failed.error is not None and says in failed.error and "\n" not in failed.error
    assert Requirements(envs).state(f) == failed  # another process knows it too
    assert not list(envs.glob("*.new"))


INVALID = """Collecting duck
ERROR: Invalid requirement: 'not a duck': Expected end or semicolon
    not a duck
        ^ (from line 2 of requirements.txt)
"""
UNBUILT = """  error: subprocess-exited-with-error
error: metadata-generation-failed

× Encountered error while generating package metadata.
╰─> duck

note: This is an issue with the package mentioned above, not pip.
hint: See above for details.
"""


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        (INVALID, "ERROR: Invalid requirement: 'not a duck': Expected end or semicolon"),
        (UNBUILT, "error: metadata-generation-failed"),
        ("Collecting duck\n\nKilled\n", "Killed"),
    ],
    ids=["invalid", "unbuilt", "killed"],
)
def test_the_error_is_found_among_what_each_pip_says(
    catalogue: Catalogue, write: Write, envs: Path, tmp_path: Path, log: str, shown: str
) -> None:
    said = tmp_path / "said"
    said.write_text(log)
    pip = [sys.executable, "-c", f"import sys; print(open({str(said)!r}).read()); sys.exit(1)"]
    assert Requirements(envs, pip).ensure(function(catalogue, write, "duck\n")).error == shown


def test_a_failure_is_tried_again_later_and_when_the_text_changes(
    catalogue: Catalogue, write: Write, envs: Path, stand_in: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    f = function(catalogue, write, "duck\n")
    assert Requirements(envs, ["false"]).ensure(f).error == "pip ended with status 1"
    assert Requirements(envs, stand_in).ensure(f).state == "Failed"

    changed = function(catalogue, write, "goose\n")
    assert Requirements(envs, stand_in).ensure(changed).state == "Active"
    f = function(catalogue, write, "duck\n")
    monkeypatch.setattr(requirements, "RETRY_S", 0.0)
    assert Requirements(envs, stand_in).ensure(f).state == "Active"
    assert not list(envs.glob("*.failed"))


def test_a_function_without_packages_has_nothing_to_install(
    catalogue: Catalogue, write: Write, envs: Path
) -> None:
    for text in ("", "# none\n\n"):
        f = function(catalogue, write, text)
        assert f.requirements is None
        assert Requirements(envs, ["false"]).ensure(f) == Packages("Active")
    assert not envs.exists()


def test_a_failed_function_installs_nothing(catalogue: Catalogue, write: Write, envs: Path) -> None:
    function(catalogue, write, "duck\n")
    write("f/app.py", "def\n")
    found = catalogue.find("f")
    assert found is not None

    failed = Requirements(envs, ["false"]).ensure(found)

    assert failed == Packages("Failed", error=str(found.fault)) and not envs.exists()


def test_files_that_the_text_names_belong_to_its_hash(
    catalogue: Catalogue, write: Write, envs: Path, stand_in: tuple[str, ...]
) -> None:
    write("common.txt", "duck==1\n")
    f = function(catalogue, write, "-r ../common.txt\n")
    installed = Requirements(envs, stand_in)
    assert installed.ensure(f).state == "Active"

    write("common.txt", "duck==2\n-r common.txt\n")

    assert installed.state(f).state == "Installing"


def test_a_folder_that_cannot_be_written_is_an_error_and_no_crash(
    catalogue: Catalogue, write: Write, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file")
    f = function(catalogue, write, "duck\n")
    installed = Requirements(tmp_path / "data" / "envs")

    failed = installed.ensure(f)

    assert failed.state == "Failed" and "packages cannot be installed" in str(failed.error)
    assert installed.state(f) == failed


def test_an_interpreter_without_pip_is_an_error(
    catalogue: Catalogue, write: Write, envs: Path
) -> None:
    f = function(catalogue, write, "duck\n")

    error = Requirements(envs, [sys.executable, "-m", "no_pip_here"]).ensure(f).error

    assert error is not None and error.endswith("No module named no_pip_here")


def test_an_installation_that_hangs_is_ended(
    catalogue: Catalogue, write: Write, envs: Path, stand_in: tuple[str, ...], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(requirements, "MOST_S", 0.2)
    (tmp_path / "wait").touch()
    f = function(catalogue, write, "duck\n")

    assert Requirements(envs, stand_in).ensure(f).error == "pip took longer than 0.2 s"


def test_of_several_at_once_one_installs(
    catalogue: Catalogue, write: Write, envs: Path, stand_in: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "wait").touch()
    f = function(catalogue, write, "duck\n")
    found = list[Packages]()
    several = [
        threading.Thread(target=lambda: found.append(Requirements(envs, stand_in).ensure(f)))
        for _ in range(4)
    ]
    for each in several:
        each.start()
    wait_until((tmp_path / "notes").exists, description="one of them installs")
    assert Requirements(envs).state(f) == Packages("Installing")

    (tmp_path / "wait").unlink()
    for each in several:
        each.join(30)

    assert [each.state for each in found] == ["Active"] * 4
    assert (tmp_path / "notes").read_text() == "started \n"


def test_a_killed_installation_starts_over_when_its_pip_has_ended(
    catalogue: Catalogue, write: Write, folder: Path, envs: Path, stand_in: tuple[str, ...],
    tmp_path: Path,
) -> None:  # fmt: skip
    (tmp_path / "wait").touch()
    f = function(catalogue, write, "duck\n")
    command = [sys.executable, "-c", ENSURE, str(folder), str(envs), *stand_in]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    wait_until(lambda: list(envs.glob("*.new/half.py")), description="pip is half way")
    process.kill()
    process.wait(30)
    found = list[Packages]()
    second = threading.Thread(target=lambda: found.append(Requirements(envs, stand_in).ensure(f)))
    second.start()
    (lock,) = envs.glob("*.lock")
    with lock.open() as file, pytest.raises(BlockingIOError):  # what it left running holds it
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert (tmp_path / "notes").read_text() == "started \n"

    (tmp_path / "wait").unlink()
    second.join(30)

    (done,) = found
    assert done.state == "Active" and done.folder is not None
    assert sorted(each.name for each in done.folder.iterdir()) == ["half.py", "whole.py"]
    assert (tmp_path / "notes").read_text() == "started \nstarted \n"  # nothing of the first


def aged(envs: Path, name: str, age_s: float) -> Path:
    """Packages that were asked for that long ago."""
    folder = envs / name
    folder.mkdir(parents=True)
    (folder / "whole.py").touch()
    (envs / f"{name}.log").touch()
    used_at = time.time() - age_s
    os.utime(folder, (used_at, used_at))
    return folder


def test_an_installation_removes_what_no_call_has_asked_for(
    catalogue: Catalogue, write: Write, envs: Path, stand_in: tuple[str, ...]
) -> None:
    day = 86_400.0
    old, new, held = (aged(envs, c * 32, d * day) for c, d in (("a", 31), ("b", 29), ("c", 31)))
    cut_short = aged(envs, "d" * 32 + ".old", 0)
    with (envs / f"{held.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process installs it at this moment
        Requirements(envs, stand_in).ensure(function(catalogue, write, "ducks==1"))
    assert [each.exists() for each in (old, new, held, cut_short)] == [False, True, True, False]
    assert not (envs / f"{old.name}.log").exists()


def test_packages_in_use_are_not_old_and_come_back_if_they_are_gone(
    catalogue: Catalogue, write: Write, envs: Path, stand_in: tuple[str, ...]
) -> None:
    installed = Requirements(envs, stand_in)
    one = function(catalogue, write, "ducks==1")
    folder = installed.ensure(one).folder
    assert folder is not None
    os.utime(folder, (0, 0))
    assert installed.ensure(one).folder == folder
    assert time.time() - folder.stat().st_mtime < 3600, "a call is a use"
    folder.rename(envs / "elsewhere")
    assert installed.ensure(one).folder == folder and (folder / "whole.py").exists()


def test_packages_on_a_disk_that_cannot_be_written_are_used(
    catalogue: Catalogue, write: Write, envs: Path, stand_in: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    installed = Requirements(envs, stand_in)
    one = function(catalogue, write, "ducks==1")
    folder = installed.ensure(one).folder
    assert folder is not None
    os.utime(folder, (0, 0))

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "utime", refuse)
    assert installed.ensure(one) == Packages("Active", folder)
