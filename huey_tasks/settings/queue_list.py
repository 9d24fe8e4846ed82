"""QUEUES: the names of the queues, with the workers of those that a user adds to the three.

    QUEUES=high,default,low,gpu:1,emails:100:greenlet

An entry is `name`, `name:workers` or `name:workers:type`. It holds the workers, because a
variable for each queue (GPU_CONCURRENCY) could not be listed in .env.example or a compose file, and
WEB_CONCURRENCY has another meaning already.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from huey_tasks.errors import ConfigError

#: The queues that are always there, the most urgent first; they come before all others.
THE_THREE = ("high", "default", "low")

#: Each queue has a consumer, and each look at all queues asks each of them.
MOST = 32

WORKER_TYPES = ("process", "greenlet")
MOST_WORKERS = 10_000

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
#: The other processes of the stack: in the log, the name of a queue is that of its consumer.
_PROCESSES = ("duckline", "inspector", "redis", "web")


@dataclass(frozen=True)
class QueueSpec:
    """One queue of QUEUES; None: as `<NAME>_CONCURRENCY` and `<NAME>_WORKER_TYPE` say."""

    name: str
    workers: int | None = None
    worker_type: str | None = None

    def __str__(self) -> str:
        parts = (self.name, self.workers, self.worker_type)
        return ":".join(str(part) for part in parts if part is not None)


DEFAULT = tuple(map(QueueSpec, THE_THREE))


def worker_type_of(queue: str, worker_type: str) -> str:
    """Return what to write into the settings for that kind of workers."""
    if queue in THE_THREE:
        return f"{queue.upper()}_WORKER_TYPE={worker_type}"
    return f"{queue}:<workers>:{worker_type} in QUEUES"


def parse(text: str) -> tuple[QueueSpec, ...]:
    """queues separated by ',': high,default,low and then others, each as name:workers"""
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    if len(entries) > MOST:
        raise _refusal(text, f"it has {len(entries)} queues, and may have {MOST}")
    found = [_queue(text, entry) for entry in entries]
    names = [queue.name for queue in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _refusal(text, f"it names '{twice}' twice; leave one of them out")
    if tuple(names[: len(THE_THREE)]) != THE_THREE:
        better = ",".join(_in_order(entries, names))
        raise _refusal(text, f"it begins with high,default,low; did you mean {better}?")
    return tuple(found)


def require(variable: str, name: str, names: Sequence[str]) -> None:
    """Raise ConfigError unless a setting names one of the queues."""
    if name not in names:
        rule = f"it takes one of the queues, {', '.join(names)}."
        raise ConfigError(f"{variable}={name[:64]!r} is not right: {rule}")


def how_to_add(name: object, names: Sequence[str]) -> str:
    """Return "; QUEUES=… adds it" for the end of an error; "" if no queue can have that name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _PROCESSES:
        return ""
    return f"; QUEUES={','.join((*names, name))}:2 adds it"


def _queue(text: str, entry: str) -> QueueSpec:
    name, *rest = entry.split(":")
    if len(words := re.split(r"[\s;]+", entry)) > 1:
        raise _refusal(text, f"',' separates queues; did you mean {','.join(words)[:200]}?")
    if not _NAME.fullmatch(name):
        raise _refusal(
            text,
            "a queue has a name of 1 to 32 letters a-z, digits, '_' and '-', and begins with a "
            f"letter{_better_name(name)}",
        )
    if name in _PROCESSES:
        raise _refusal(
            text, f"'{name}' is another process; did you mean {name}-tasks{entry[len(name) :]}?"
        )
    if len(rest) > 2 or not _are_workers(rest):
        raise _refusal(
            text,
            f"'{entry[:64]}' takes workers from 1 to {MOST_WORKERS}, and a type if it is not "
            f"process; did you mean {name}:1 or {name}:100:greenlet?",
        )
    own = name not in THE_THREE
    workers = int(rest[0]) if rest else 1 if own else None
    worker_type = rest[1] if len(rest) > 1 else WORKER_TYPES[0] if own else None
    return QueueSpec(name, workers, worker_type)


def _are_workers(rest: Sequence[str]) -> bool:
    number = bool(re.fullmatch("[0-9]{1,5}", rest[0])) if rest else True
    fits = not rest or (number and 1 <= int(rest[0]) <= MOST_WORKERS)
    return fits and all(kind in WORKER_TYPES for kind in rest[1:])


def _better_name(name: str) -> str:
    """Return "; did you mean …?" with the name in letters that fit; "" if none is left."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_").lstrip("0123456789-_")[:32]
    return f"; did you mean {plain}?" if plain else ""


def _in_order(entries: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the entries with the three first; a name that is like a missing one replaces it."""
    left = dict(zip(names, entries, strict=True))
    first: list[str] = []
    for name in THE_THREE:
        others = [other for other in left if other not in THE_THREE]
        like = [] if name in left else difflib.get_close_matches(name, others, n=1, cutoff=0.7)
        entry = left.pop(like[0] if like else name, name)
        first.append(name + entry[len(entry.split(":")[0]) :])
    return [*first, *left.values()]


def _refusal(text: str, why: str) -> ConfigError:
    return ConfigError(f"QUEUES={text[:64]!r} is not right: {why}.".replace("?.", "?"))
