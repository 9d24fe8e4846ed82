"""One call of one Lua script, which has its arguments by name; `script_text` has its text."""

from typing import Any

import redis
from redis.commands.core import Script

from huey_tasks import keys
from huey_tasks.connection import redis_errors
from huey_tasks.protocol import Argument
from huey_tasks.script_text import script_text


def read_ahead() -> None:
    """Read what a worker needs now: later, its process may have no file to open any more."""
    for name in ("step", "outcome", "log", "progress"):
        script_text(name)


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
        arguments, text = script_text(script)
        if arguments != tuple(named):
            raise TypeError(f"lua/{script}.lua takes {arguments}, not {tuple(named)}")
        if script not in self._loaded:
            self._loaded[script] = self._client.register_script(text)
        return self._loaded[script]
