"""One call of one Lua script, which has its arguments by name; `script_text` has its text."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

import redis
from redis.commands.core import Script
from redis.exceptions import NoScriptError

from huey_tasks.broker import keys
from huey_tasks.broker.connection import SentCommand, redis_errors, unless_full
from huey_tasks.broker.deadline import packed
from huey_tasks.broker.protocol import Argument
from huey_tasks.broker.script_text import script_text

#: What each worker needs, and what a consumer does again and again.
OF_WORKERS = ("step", "outcome", "log", "progress", "emit")
OF_CONSUMERS = (
    "heartbeat",
    "promote",
    "expire",
    "recover",
    "prune",
    "schedules_due",
    "knows",
    "online",
)


def read_ahead(names: Iterable[str] = OF_WORKERS) -> None:
    """Read what a worker needs now: later, its process may have no file to open any more."""
    for name in names:
        script_text(name)


class Call(NamedTuple):
    """The queue and the arguments of one call: those by name, and further ones."""

    queue: str
    named: dict[str, Argument]
    more: Sequence[Argument] = ()


class ScriptRunner:
    """Runs scripts on one Redis. Raises QueueUnavailable when Redis cannot serve now."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._loaded: dict[str, Script] = {}

    def run(self, script: str, queue: str, *more: Argument, **named: Argument) -> Any:
        """Call a script on a queue and return its reply. Raises TypeError for wrong arguments."""
        loaded = self.load(script, named)
        arguments = (1, keys.root(queue), *named.values(), *more)
        with redis_errors():
            try:
                client: Any = self._client
                return client.ask("EVALSHA", loaded.sha, *arguments)
            except NoScriptError:  # and may forget it again between two commands
                return self._client.eval(cast(str, loaded.script), *arguments)

    def pack(self, script: str, queue: str, *more: Argument, **named: Argument) -> bytes:
        """Return a call of a script, for `send`. A Redis that does not know the script refuses."""
        sha = self.load(script, named).sha
        return packed("EVALSHA", sha, 1, keys.root(queue), *named.values(), *more)

    def send(self, call: bytes) -> SentCommand:
        """Send a call whose reply is read later."""
        client: Any = self._client
        with redis_errors():
            return client.send(call)

    def run_many(self, script: str, calls: Sequence[Call]) -> list[Any]:
        """Call a script several times in one round trip; a reply is None if Redis was full."""
        return self.run_together([(script, call) for call in calls])

    def run_together(self, calls: Sequence[tuple[str, Call]]) -> list[Any]:
        """Call several scripts in one round trip; a reply is None if Redis was full.

        The first call of each sends its text, so that Redis knows it for the others. Redis may
        read long calls in parts and forget a script between two: such a call has done nothing, and
        is sent again with the text.
        """
        if not calls:
            return []
        sent = set[str]()
        with redis_errors(), self._client.pipeline(transaction=False) as pipe:
            for script, (queue, named, more) in calls:
                loaded = self.load(script, named)
                arguments = [keys.root(queue), *named.values(), *more]
                if script in sent:
                    pipe.evalsha(loaded.sha, 1, *arguments)
                else:
                    pipe.eval(cast(str, loaded.script), 1, *arguments)
                sent.add(script)
            replies = pipe.execute(raise_on_error=False)
            return [
                self.run(script, call.queue, *call.more, **call.named)
                if isinstance(reply, NoScriptError)
                else unless_full(reply)
                for (script, call), reply in zip(calls, replies, strict=True)
            ]

    def load(self, script: str, named: dict[str, Argument]) -> Script:
        """Return a script with its text; it is read and registered once."""
        arguments, text = script_text(script)
        if arguments != tuple(named):
            raise TypeError(f"lua/{script}.lua takes {arguments}, not {tuple(named)}")
        if script not in self._loaded:
            self._loaded[script] = self._client.register_script(text)
        return self._loaded[script]
