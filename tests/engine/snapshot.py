"""Reads what Redis keeps of a queue, as plain values. Compares nothing, writes nothing."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, cast

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys
from tests.engine.helpers import QUEUE
from tests.engine.model import STATES, Model

broker = tq.default.broker.redis

#: Milliseconds that a key of the history covers, and its time to live.
SPANS = {
    "minute": (60_000, 6 * 3_600_000),
    "quarter": (900_000, 26 * 3_600_000),
    "hour": (3_600_000, 35 * 86_400_000),
    "day": (86_400_000, 400 * 86_400_000),
}

#: A hash, and the milliseconds that it will live: -1 without an end, -2 when there is none.
Hash = tuple[dict[str, str], int]


class Snapshot:
    """Reads the model's tasks, the indexes and their companion keys in one pipeline."""

    def __init__(
        self, model: Model, slots: Iterable[str], gates: Iterable[str], locks: Iterable[str]
    ) -> None:
        logged = [task_id for task_id, task in model.tasks.items() if task.log]
        with broker.pipeline(transaction=False) as pipe:
            pipe.time().llen(keys.bell(QUEUE)).hgetall(keys.counters(QUEUE))
            pipe.hgetall(keys.noted(QUEUE))
            for key in _indexes().values():
                pipe.zrange(key, 0, -1, withscores=True)
            for key in [
                *(keys.slot(QUEUE, name) for name in slots),
                *(keys.gate(name) for name in gates),
                *(keys.lock(name) for name in locks),
                *(keys.task(QUEUE, task_id) for task_id in model.tasks),
            ]:
                pipe.hgetall(key).pttl(key)
            for task_id in logged:
                pipe.lrange(keys.log(QUEUE, task_id), 0, -1).pttl(keys.log(QUEUE, task_id))
            replies = iter(pipe.execute())

        def hashes(names: Iterable[str]) -> dict[str, Hash]:
            return {name: (_text(next(replies)), next(replies)) for name in names}

        self.now_ms = _ms(next(replies))
        self.bell: int = next(replies)
        self.counters = _text(next(replies))
        #: What the current minute has of the counts of all types.
        self.noted: Counter[str] = Counter()
        for name, number in _text(next(replies)).items():
            self.noted[name.rpartition("|")[2]] += int(number)
        self.indexes = {name: {i.decode(): s for i, s in next(replies)} for name in _indexes()}
        self.slots, self.gates, self.locks = hashes(slots), hashes(gates), hashes(locks)
        self.tasks = hashes(model.tasks)
        self.logs = {task_id: (_lines(next(replies)), next(replies)) for task_id in logged}


def history(span: str) -> tuple[Counter[tuple[str, str]], list[tuple[int, int]]]:
    """Return the counts by type, all waits as one, and the keys' times and lives in ms."""
    found: Counter[tuple[str, str]] = Counter()
    ms, _ = SPANS[span]
    times: list[tuple[int, int]] = []
    for name, number in noted().items():
        if "|" in name:
            task_type, what = name.split("|")
            _count(found, task_type, what, number)
    for key in broker.scan_iter(match=f"{keys.root(QUEUE)}:history:{span}:*", count=1000):
        times.append((int(key.decode().rpartition(":")[2]) * ms, broker.pttl(key)))
        for task_type, sums in broker.hgetall(key).items():
            for what, number in json.loads(sums).items() if task_type else ():
                _count(found, task_type.decode(), what, number)
    return found, times


def noted() -> dict[str, int]:
    """Return the counts of the current minute."""
    fields = broker.hgetall(keys.noted(QUEUE))
    return {field.decode(): int(number) for field, number in fields.items()}


def _count(found: Counter[tuple[str, str]], task_type: str, what: str, number: int) -> None:
    found[task_type, "wait" if what.startswith("wait.") else what] += number


def standing(state: str) -> list[str]:
    """Return the ids in one index in the order of their scores."""
    return _lines(broker.zrange(keys.index(QUEUE, state), 0, -1))


def clock_ms() -> int:
    """Return the server's clock in milliseconds."""
    return _ms(broker.time())


def _indexes() -> dict[str, str]:
    states = {state: keys.index(QUEUE, state) for state in STATES}
    others = {"submitted": keys.submitted(QUEUE), "dead": keys.dead(QUEUE)}
    others["expiring"] = keys.expiring(QUEUE)
    return states | others | {"stopping": limit_keys.stopping(QUEUE)}


def _text(fields: dict[bytes, bytes]) -> dict[str, str]:
    """The fields of a hash; JSON and the scripts write 0.0 as 0."""
    texts = {name.decode(): value.decode() for name, value in fields.items()}
    if "retry_delay_s" in texts:
        texts["retry_delay_s"] = str(float(texts["retry_delay_s"]))
    return texts


def _lines(lines: list[bytes]) -> list[str]:
    return [line.decode() for line in lines]


def _ms(clock: Any) -> int:
    seconds, microseconds = cast(tuple[int, int], clock)
    return seconds * 1000 + microseconds // 1000
