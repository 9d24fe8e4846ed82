"""The outcomes of a run as a JSON file beside this module, and the machine that it was made on."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import psutil

from benchmarks import private_redis

HERE = Path(__file__).parent
RESULTS = HERE / "results"


@dataclass(frozen=True)
class Machine:
    """Where and with what a run was made."""

    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    node: str
    redis: str
    revision: str  # of this repository; ends with + when files were changed since


@dataclass(frozen=True)
class Recorded:
    """One recorded measurement."""

    measurement: str
    at: str  # RFC 3339, UTC
    quick: bool
    load: float  # processes that wanted a core in the minute before: others share the machine
    machine: Machine
    outcomes: Sequence[dict[str, Any]]


def machine() -> Machine:
    """Describe this machine."""
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 0,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        node=_said_by("node", "--version") if shutil.which("node") else "none",
        redis=private_redis.version(),
        revision=_revision(),
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _revision() -> str:
    if not (HERE.parent / ".git").exists():
        return "unknown"
    changed = _said_by(
        "git", "status", "--porcelain", "--untracked-files=no", "../huey_tasks", "../web"
    )
    return _said_by("git", "rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _said_by(*command: str) -> str:
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
    return shown.stdout.strip()


def save(measurement: str, *, quick: bool, load: float, outcomes: Sequence[Any]) -> Path:
    """Record the outcomes (dataclasses) of a measurement in place of earlier ones."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [asdict(outcome) for outcome in outcomes]
    recorded = Recorded(measurement, at, quick, load, machine(), rows)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{measurement}.json"
    file.write_text(json.dumps(asdict(recorded), indent=1) + "\n")
    return file


def load(measurement: str) -> Recorded | None:
    """What was recorded last; None when nothing was."""
    file = RESULTS / f"{measurement}.json"
    if not file.exists():
        return None
    fields = cast(dict[str, Any], json.loads(file.read_text()))
    fields["machine"] = Machine(**fields["machine"])
    return Recorded(**fields)
