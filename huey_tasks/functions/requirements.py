"""The packages that a function asks for in its `requirements.txt`, installed by pip, once.

Equal texts share one folder, `<folder>/<hash>`; the hash is of the text and of the interpreter. pip
writes into a folder of another name, which is renamed when it is complete. A lock file has one
process install at a time; pip inherits the lock, so what a killed process leaves running still
holds it. The next one starts over. Each installation removes the folders that no call has asked for
in KEPT_S, because every change of a text leaves one behind.

Files beside `<hash>`: `.lock`, `.log` (what pip said), `.failed` (why, in a line), `.new`, and
`.old`, which is being removed.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from huey_tasks.functions import files
from huey_tasks.functions.function import Function, State

_log = logging.getLogger(__name__)

#: A failure is not tried again within this time: each call would wait for pip.
RETRY_S = 30.0
#: Packages that no call has asked for in this time are removed: 30 days.
KEPT_S = 30 * 86_400.0
#: Seconds between two notes that packages are used, in the time stamp of their folder.
_NOTE_S = 3600.0
#: An installation that takes longer has hung.
MOST_S = 900.0
_POLL_S = 0.05
_PIP = (sys.executable, "-m", "pip")
_OPTIONS = ("--disable-pip-version-check", "--no-input", "--quiet", "--retries", "2",
            "--root-user-action", "ignore", "--no-warn-script-location")  # fmt: skip
_NESTED = re.compile(r"(?m)^\s*(?:-r|-c|--requirement|--constraint)[ =]?\s*(\S+)")
#: What pip says when it cannot reach an index; its last line then only misses the package.
_UNREACHABLE = re.compile(r"after connection broken by '[A-Za-z]+\((.*)\)': /")


@dataclass(frozen=True, slots=True)
class Packages:
    """Whether a function's packages are there: their folder if so, the error if they failed."""

    state: State
    folder: Path | None = None
    error: str | None = None


class Requirements:
    """Installs packages below `folder`. May be used by several threads and processes."""

    def __init__(self, folder: Path, installer: Sequence[str] = _PIP) -> None:
        self._folder, self._installer = folder.expanduser().absolute(), tuple(installer)
        self._failures: dict[str, tuple[float, str]] = {}

    def state(self, function: Function) -> Packages:
        """Return the state now, without waiting; `Installing` until `ensure` has been called."""
        if function.fault is not None:
            return Packages("Failed", error=str(function.fault))
        if function.requirements is None:
            return Packages("Active")
        name = _name(function.requirements)
        target = self._folder / name
        if target.is_dir():
            return Packages("Active", target)
        failure = self._failure(name)
        return Packages("Installing") if failure is None else Packages("Failed", error=failure[1])

    def ensure(self, function: Function) -> Packages:
        """Install what is missing and return the state. Blocks: minutes, if pip needs them.

        A failure is returned as it is for RETRY_S; then it is tried again.
        """
        now = self.state(function)
        if function.fault is not None or function.requirements is None:
            return now
        if now.folder is not None and _note_use(now.folder):
            return now
        name = _name(function.requirements)
        if self._has_just_failed(name):
            return now
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._locked(name) as lock:
                if not (self._folder / name).is_dir() and not self._has_just_failed(name):
                    self._install(function.requirements, name, lock)
        except OSError as error:
            why = f"{error.strerror or error}: {error.filename or self._folder}"
            self._failures[name] = time.time(), f"packages cannot be installed: {why}"
        return self.state(function)

    def _install(self, requirements: Path, name: str, lock: int) -> None:
        partial, log = self._folder / f"{name}.new", self._folder / f"{name}.log"
        shutil.rmtree(partial, ignore_errors=True)
        command = [*self._installer, "install", *_OPTIONS, "--target", str(partial),
                   "--requirement", str(requirements)]  # fmt: skip
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=requirements.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
            )
            try:
                code = process.wait(MOST_S)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
                output.write(f"\npip took longer than {MOST_S:g} s\n".encode())
        failed = self._folder / f"{name}.failed"
        if code:
            shutil.rmtree(partial, ignore_errors=True)
            error = _error(log.read_text(errors="replace")) or f"pip ended with status {code}"
            failed.write_text(error)
            return
        partial.mkdir(exist_ok=True)  # pip makes none if there is nothing to install
        partial.rename(self._folder / name)
        failed.unlink(missing_ok=True)
        self._failures.pop(name, None)
        self._remove_unused()

    def _remove_unused(self) -> None:
        """Remove what is old, unless it is being installed or used at this moment."""
        for old in self._folder.glob("*.old"):  # its removal was cut short
            shutil.rmtree(old, ignore_errors=True)
        for folder in self._folder.iterdir():
            if folder.suffix or not _is_unused(folder):
                continue
            # Held by another process, or not ours to remove: it stays.
            with contextlib.suppress(OSError), self._locked(folder.name, waits=False):
                if _is_unused(folder):
                    shutil.rmtree(folder.rename(folder.with_suffix(".old")), ignore_errors=True)
                    folder.with_suffix(".log").unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, name: str, *, waits: bool = True) -> Generator[int]:
        """Hold the lock of a hash. Waits in steps, so that greenlets go on meanwhile.

        Raises BlockingIOError instead, without `waits`.
        """
        with (self._folder / f"{name}.lock").open("ab") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not waits:
                        raise
                    time.sleep(_POLL_S)
            yield file.fileno()

    def _has_just_failed(self, name: str) -> bool:
        failure = self._failure(name)
        return failure is not None and time.time() - failure[0] < RETRY_S

    def _failure(self, name: str) -> tuple[float, str] | None:
        """Return when and why an installation failed last."""
        file = self._folder / f"{name}.failed"
        with contextlib.suppress(OSError):
            return file.stat().st_mtime, file.read_text()
        return self._failures.get(name)


def _note_use(folder: Path) -> bool:
    """Note in the folder's time stamp that its packages are used. False if it is gone."""
    try:
        if _age_s(folder) > _NOTE_S:
            os.utime(folder)
    except FileNotFoundError:
        return False
    except OSError as error:  # such as a read-only disk, from which nothing is removed either
        _log.debug("the use of %s is not noted: %s", folder, error)
    return True


def _is_unused(folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return _age_s(folder) > KEPT_S
    return False


def _age_s(folder: Path) -> float:
    return time.time() - folder.stat().st_mtime


def _name(requirements: Path) -> str:
    """Return the hash of all texts that pip reads, and of the interpreter."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {sysconfig.get_platform()}".encode())
    waiting, seen = [requirements], set[Path]()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        text = (files.read(file) or b"").decode(errors="replace")
        digest.update(f"\0{len(text)}\0{text}".encode())
        waiting += [Path(os.path.normpath(file.parent / each)) for each in _NESTED.findall(text)]
    return digest.hexdigest()[:32]


def _error(log: str) -> str | None:
    """Return the last error of pip's, or its last line; and why it could not reach an index.

    What is indented below an error, and the hints behind it, explain what a log shows above.
    """
    lines = [line.strip() for line in log.splitlines() if line[:1].strip()]
    if not lines:
        return None
    errors = [line for line in lines if line.lower().startswith("error:")]
    unreachable = _UNREACHABLE.search(log)
    why = unreachable and unreachable[1].rpartition(">: ")[2]
    return f"{(errors or lines)[-1][:500]}{f' (no connection: {why[:300]})' if why else ''}"
