"""`functions.toml`: a table for each function, with the options of `Settings`.

A table with a wrong value is a fault of that function alone. A file that is no TOML, because it is
being written, say, changes nothing: what it said last applies on, the defaults if nobody has seen
that, and it is a note of each function and listed with the line.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "functions.toml"


@dataclass(frozen=True)
class SettingsFile:
    """What the file says: the options by function, or the problem of the whole file."""

    file: Path
    tables: Mapping[str, Mapping[str, Any]]
    lines: tuple[str, ...] = ()
    problem: str | None = None
    #: Folders beside the file that a function watches, and that have no function of that name.
    watched: frozenset[str] = frozenset()
    #: Whether the file could be read; if not, the tables are those of before.
    is_read: bool = True

    def line_of(self, name: str, option: str | None = None) -> int | None:
        """Return the line of a function's table, or of an option in it, if it is found."""
        key = rf"""["']?{re.escape(name)}["']?"""
        table = re.compile(rf"\s*\[\s*{key}\s*(?:\.\s*([\w-]+).*)?\]|\s*{key}\s*[.=]")
        inside = re.compile(rf"""\s*["']?{re.escape(option or "")}["']?\s*[.=]""")
        header = None
        is_inside = False
        for number, line in enumerate(self.lines, 1):
            if found := table.match(line):
                header = header or number
                is_inside = found[1] is None
                if option is not None and found[1] == option:
                    return number
            elif re.match(r"\s*\[", line):
                is_inside = False
            elif option is not None and is_inside and inside.match(line):
                return number
        return header


def read(content: bytes | None, file: Path) -> SettingsFile:
    """Return what a file says; None: there is no such file."""
    if content is None:
        return SettingsFile(file, {})
    try:
        text = content.decode("utf-8-sig")
        values = tomllib.loads(text)
    except UnicodeDecodeError:
        return SettingsFile(file, {}, problem="it is not UTF-8 text", is_read=False)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problem = " ".join(str(error).split()) or "nested too deeply"
        return SettingsFile(file, {}, problem=problem, is_read=False)
    tables = {name: table for name, table in values.items() if isinstance(table, dict)}
    loose = [name for name in values if name not in tables]
    problem = f"'{loose[0]}' is in no table; write [name] above its options" if loose else None
    watched = frozenset(_watched(tables)) - tables.keys()
    return SettingsFile(file, tables, tuple(text.splitlines()), problem, watched)


def _watched(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the first folder of each pattern that names one."""
    for table in tables.values():
        globs = table.get("watch")
        for glob in globs if isinstance(globs, list) else ():
            first, slash, _ = str(glob).removeprefix("./").partition("/")
            if slash and not re.search(r"[*?\[]", first):
                yield first
