"""What is known of a function before it runs: frozen records, made by the catalogue.

A function whose file or settings are wrong is a `Function` too, with a `fault`: it is listed as
Failed with the place of the mistake, and a call of it answers with the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

State = Literal["Active", "Failed", "Installing"]

#: The runtime of a folder with an executable `bootstrap`: it speaks the Runtime API itself.
CUSTOM_RUNTIME = "provided.al2023"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a function cannot run: AWS's type of error, one line of text, and the place."""

    type: str
    text: str
    file: Path
    line: int | None = None

    def __str__(self) -> str:
        """Return the place and the text, in one line."""
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Ignored:
    """What is in a folder of functions and is none, or is not understood, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Durable:
    """The limits of a durable execution: seconds in all, and days that its history is kept."""

    timeout_s: int = 31_622_400
    retention_days: int = 14


@dataclass(frozen=True, slots=True)
class Url:
    """How a function's URL is served: who may call it, and whether the answer is streamed."""

    auth: Literal["NONE", "AWS_IAM"] = "NONE"
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a function is called by the clock: AWS's expression, and the event as JSON text."""

    expression: str
    input: str | None = None


@dataclass(frozen=True)
class Function:
    """One function as it is on disk now. Equal records have equal files and settings."""

    name: str
    #: The folder that is first on `sys.path`, and LAMBDA_TASK_ROOT.
    root: Path
    #: The file with the handler.
    file: Path
    #: "module.attribute", as AWS writes it.
    handler: str
    #: The line of the handler in `file`; None in a `bootstrap`, and where nothing is known of it.
    line: int | None
    #: "python3.N", or CUSTOM_RUNTIME.
    runtime: str
    #: Of what the process sees: files, requirements, handler and variables (SHA-256, hex).
    version: str
    #: Of the files alone (SHA-256, base64), their size in bytes, and their latest change (epoch s).
    code_sha256: str
    code_size: int
    modified_at: float
    #: The file that names the packages to install, if it names any.
    requirements: Path | None
    timeout_s: int
    memory_mb: int
    env: Mapping[str, str]
    queue: str
    #: How many may run at once; None: as many as there are slots. 0: none.
    reserved_concurrency: int | None
    #: Of an asynchronous invocation: further attempts, and its greatest age in seconds.
    retries: int
    max_age_s: int
    #: Names or ARNs.
    on_success: str | None
    on_failure: str | None
    dead_letter: str | None
    durable: Durable | None
    url: Url | None
    schedule: tuple[Schedule, ...]
    #: Patterns, each {"source": […], "type": […], "detail": {…}} with at least one of them.
    events: tuple[Mapping[str, Any], ...]
    #: Globs below the folder that the function was found in.
    watch: tuple[str, ...]
    debug: bool
    description: str
    #: Why it cannot run; None: it can, once its requirements are installed.
    fault: Fault | None
    #: What of its settings is not applied, a line each.
    notes: tuple[str, ...]

    @property
    def state(self) -> State:
        """Active or Failed, by its files; `requirements` knows whether packages are missing."""
        return "Active" if self.fault is None else "Failed"
