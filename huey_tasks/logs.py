"""How log lines look: readable for people, or one JSON object a line for machines.

Code logs with the standard logging module and `extra={…}`; nothing else knows structlog. Control
characters are escaped, so that no input can forge a line.
"""

import logging
import sys
from datetime import datetime
from typing import Any

import structlog

from huey_tasks.config import Config
from huey_tasks.execution.running import current_attempt
from huey_tasks.log_stream import LogStream
from huey_tasks.values.plain_text import escaped

#: Loggers that log more than an operator needs.
_QUIET = {"huey": logging.CRITICAL, "geventwebsocket": logging.WARNING}


def configure(config: Config, stream: Any = None) -> None:
    """Send the root logger to `stream` (standard error) in the format of LOG_FORMAT."""
    handler = stderr_handler() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(formatter(config.log_format, config.log_mark))
    root = logging.getLogger()
    handler.setLevel(config.log_level.upper())
    root.handlers[:] = [handler]
    # A task keeps its lines whatever level the operator wants to see.
    root.setLevel(min(logging.INFO, handler.level))
    logging.captureWarnings(True)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def stderr_handler() -> logging.StreamHandler[Any]:
    """Return a handler for standard error that waits for no reader."""
    return logging.StreamHandler(LogStream(sys.__stderr__.fileno() if sys.__stderr__ else 2))


def formatter(log_format: str, mark: str = "") -> logging.Formatter:
    """Return the formatter for `console` or `json`.

    `mark` begins every line: a reader that knows it distinguishes our lines from a task's prints.
    """

    def mark_own(logger: Any, name: str, text: Any) -> str:
        return mark + str(text).replace("\n", f"\n{mark}")

    as_json = log_format == "json"
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=False,
            pad_event_to=0,
            pad_level=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    before: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _name_task,
        structlog.processors.TimeStamper(fmt="iso", utc=True) if as_json else _say_when,
        _escape,
        structlog.processors.format_exc_info,
        _escape_traceback if as_json else _indent_traceback,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, mark_own],
    )


def _say_when(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Give a line for people its date and local time: a log is read days later, too."""
    event["timestamp"] = datetime.now().isoformat(" ", "milliseconds")
    return event


def _name_task(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Say which task a line belongs to, when one runs here."""
    attempt = current_attempt.get()
    if attempt is not None:
        event.setdefault("task_id", attempt.claim.id)
    return event


def _escape(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Escape control characters in texts (tracebacks are rendered later and keep their lines)."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[key] = escaped(value)
    return event


def _escape_traceback(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    if "exception" in event:
        event["exception"] = "\n".join(_traceback_lines(event))
    return event


def _indent_traceback(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Indent a traceback: no line of a message in it looks like one of the log."""
    if "exception" in event:
        event["exception"] = "\n".join(f"    {line}" for line in _traceback_lines(event))
    return event


def _traceback_lines(event: dict[str, Any]) -> list[str]:
    return [escaped(line, keep_tabs=True) for line in event["exception"].split("\n")]
