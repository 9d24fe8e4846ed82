"""The loader of the Lua scripts: text, argument names, and one call of one script.

A script lives in `lua/<verb>.lua`; its `-- args:` line names its arguments, which the loader turns
into Lua locals, so that both sides use names and never count positions.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import redis
from redis.commands.core import Script

from huey_tasks import keys
from huey_tasks.connection import redis_errors
from huey_tasks.protocol import Argument

LUA = Path(__file__).parent / "lua"


@cache
def _source(name: str) -> tuple[tuple[str, ...], str]:
    """The argument names and the full text of a script."""
    body = (LUA / f"{name}.lua").read_text("utf-8")
    header = re.search(r"^-- args: (.+)$", body, re.MULTILINE)
    if header is None:
        raise ValueError(f"lua/{name}.lua has no line '-- args:'")
    names = tuple(header[1].split())
    values = ", ".join(f"ARGV[{i}]" for i in range(1, len(names) + 1))
    parts = re.search(r"^-- with: (.+)$", body, re.MULTILINE)
    files = ["prelude", *(f"lib/{part}" for part in (parts[1].split() if parts else ()))]
    prelude = "\n".join((LUA / f"{file}.lua").read_text("utf-8") for file in files)
    arguments = f"local {', '.join(names)} = {values}"
    run = "local answer = run()\nwrite_what_is_left()\nreturn answer"
    return names, f"{prelude}\n{arguments}\nlocal function run()\n{body}\nend\n{run}"


def read_ahead() -> None:
    """Read what a worker needs now: later, its process may have no file to open any more."""
    for name in ("step", "outcome", "log", "progress"):
        _source(name)


class ScriptRunner:
    """Runs scripts on one Redis. Raises QueueUnavailable when Redis cannot serve now."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._loaded: dict[str, Script] = {}

    def _run(self, script: str, queue: str, *more: Argument, **named: Argument) -> Any:
        loaded = self._load(script, named)
        with redis_errors():
            return loaded(keys=[keys.root(queue)], args=[*named.values(), *more])

    def _load(self, script: str, named: dict[str, Argument]) -> Script:
        names, source = _source(script)
        if names != tuple(named):
            raise TypeError(f"lua/{script}.lua takes {names}, not {tuple(named)}")
        if script not in self._loaded:
            self._loaded[script] = self._client.register_script(source)
        return self._loaded[script]
