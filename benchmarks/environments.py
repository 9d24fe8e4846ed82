"""Where the peers are installed: an environment for each under `benchmarks/.peers`, never ours."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / ".peers"


def python(name: str) -> str:
    """The interpreter of an environment."""
    return str(FOLDER / name / "bin" / "python")


def program(name: str, command: str) -> str:
    """A command that a package of an environment brought along."""
    return str(FOLDER / name / "bin" / command)


def install_python(name: str, packages: Sequence[str]) -> None:
    """Make a virtual environment with pinned packages; does nothing when they are there."""
    if _is_done(name, packages):
        return
    folder = FOLDER / name
    print(f"installing {' '.join(packages)} into {folder} ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip = [python(name), "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
    # Warnings of pip (a mirror that lacks a package) say nothing that its exit status does not.
    subprocess.run([*pip, *packages], check=True, env={**os.environ, "PYTHONWARNINGS": "ignore"})
    _note_done(name, packages)


def install_node(name: str, packages: Sequence[str]) -> None:
    """Install pinned npm packages into a folder; raises RuntimeError where Node is missing."""
    if _is_done(name, packages):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not here; install Node 18 or newer to run BullMQ")
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    print(f"installing {' '.join(packages)} into {folder} ...", flush=True)
    options = ["--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([npm, "install", *options, *packages], check=True)
    _note_done(name, packages)


def _stamp(name: str) -> Path:
    return FOLDER / name / "installed.txt"


def _is_done(name: str, packages: Sequence[str]) -> bool:
    stamp = _stamp(name)
    return stamp.exists() and stamp.read_text().split() == list(packages)


def _note_done(name: str, packages: Sequence[str]) -> None:
    _stamp(name).write_text("\n".join(packages))
