"""The aggregated log of the stack on one stream.

Owns the format of a line: an aligned, coloured process name in front, or one JSON object when
LOG_FORMAT=json. It does not read the output of processes (process.py) and does not choose what to
log (supervisor.py, up.py).
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TextIO

from huey_tasks.log_stream import LogStream
from huey_tasks.values.plain_text import escaped

OWN_NAME = "duckline"
_COLOURS = (36, 33, 35, 34, 32, 96, 93, 95)  # readable on light and dark terminals
_BOLD, _RED, _YELLOW = 1, 31, 33
_LEVEL_COLOURS = {"warning": _YELLOW, "error": _RED}
FLUSH_EVERY_S = 0.1  # while a reader is behind
LOOK_EVERY_S = 1.0


class Console:
    """Writes the lines of all processes to `stream`, each with the name of its process."""

    def __init__(
        self,
        stream: TextIO | LogStream,
        names: Sequence[str],
        *,
        as_json: bool,
        colour: bool,
        mark: str = "",
    ) -> None:
        """Format lines for `stream`. Logged lines begin with `mark`; all others are output."""
        self._mark = mark
        self._stream = stream
        self._as_json = as_json
        self._colour = colour
        self._width = max(len(name) for name in (*names, OWN_NAME))
        self._colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}

    def lines(self, name: str, lines: Sequence[str]) -> None:
        """Write lines that the process `name` logged or printed.

        A task's output can neither control the terminal nor look like a logged line.
        """
        self._write([self._line(name, line) for line in lines])

    def _line(self, name: str, line: str) -> str:
        logged = line.startswith(self._mark)
        text = escaped(line.removeprefix(self._mark), keep_tabs=True)
        if self._as_json:
            return text if logged and text.startswith("{") else _as_json(name, text)
        return self._prefix(name, "|" if logged else ">") + text

    def say(self, text: str, *, level: str = "info") -> None:
        """Write one line of the stack itself. `level`: "info", "warning" or "error"."""
        if self._as_json:
            self._write([_as_json(OWN_NAME, text, level=level)])
            return
        colour = _LEVEL_COLOURS.get(level)
        shown = self._painted(text, colour) if colour else text
        now = datetime.now().isoformat(" ", "milliseconds")
        self._write([f"{self._prefix(OWN_NAME)}{now} {shown}"])

    def announce(self, title: str, facts: Sequence[tuple[str, str]]) -> None:
        """Write a short highlighted block: a title and named facts; in JSON one object."""
        if self._as_json:
            named = {name.lower().replace(" ", "_"): value for name, value in facts if name}
            self._write([_as_json(OWN_NAME, title, **named)])
            return
        width = max(len(name) for name, _ in facts)
        rows = [f"    {name:<{width}}  {value}".rstrip() for name, value in facts]
        self._write(["", f"  {self._painted(title, _BOLD)}", "", *rows, ""])

    def _prefix(self, name: str, between: str = "|") -> str:
        colour = self._colours.get(name, _BOLD)
        return self._painted(f"{name:<{self._width}} {between} ", colour)

    def _painted(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text

    async def keep_flushing(self) -> None:
        """Write periodically what a slow reader of the log has not received yet."""
        while True:
            is_behind = self._stream.flush() is False
            await asyncio.sleep(FLUSH_EVERY_S if is_behind else LOOK_EVERY_S)

    def _write(self, lines: Sequence[str]) -> None:
        self._stream.writelines(f"{line}\n" for line in lines)
        self._stream.flush()


def console_for(
    stream: LogStream, names: Sequence[str], *, log_format: str, mark: str = ""
) -> Console:
    """Make the Console for a stream; colours need a terminal and no NO_COLOR."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    return Console(stream, names, as_json=log_format == "json", colour=colour, mark=mark)


def complain(text: str) -> None:
    """Write one line to stderr about a start that failed before anything ran."""
    print(text, file=sys.stderr, flush=True)


def _as_json(name: str, text: str, **more: str) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record = {"timestamp": now, "level": "info", "process": name, "event": text, **more}
    return json.dumps(record, ensure_ascii=False)
