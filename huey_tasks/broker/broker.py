"""The Redis of a queue as an object: its two clients, its scripts, and how long things live there.

Tasks are on `redis`, the outcomes of attempts on `results`. What reads or changes tasks takes a
`Broker`, or the `Brokers` of several queues; it needs no Huey. All queues are on one server.
"""

import contextlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huey_tasks import redis_urls
from huey_tasks.broker import function_keys, huey_keys, keys
from huey_tasks.broker.connection import connect, redis_errors
from huey_tasks.broker.room import NO_BOUNDS
from huey_tasks.broker.scripts.tasks import Scripts
from huey_tasks.broker.subscription import Subscription

#: Milliseconds. A consumer prunes every half a minute, so no task is kept without its outcome.
OUTLIVES_MS = 60_000


@dataclass(frozen=True, eq=False)
class Broker:
    """One queue in Redis. Every use raises QueueUnavailable while Redis cannot serve it."""

    name: str
    redis: Any  # redis-py's types do not know that we get bytes
    results: Any
    scripts: Scripts
    result_scripts: Scripts
    lease_ms: int
    ttl_ms: int  # how long a finished task is kept; `prune` removes it
    #: The databases of the tasks and of the outcomes, as `step` takes them; "" if those are on
    #: another server, which a step cannot write to.
    databases: str

    @property
    def outcome_ttl_ms(self) -> int:
        """How long an outcome with a key of its own is kept: longer than its task."""
        return self.ttl_ms + OUTLIVES_MS

    @classmethod
    def connect(
        cls,
        name: str,
        *,
        broker_url: str,
        result_url: str,
        result_ttl_s: float,
        lease_s: float,
        room: str = NO_BOUNDS,
    ) -> "Broker":
        """Return the broker of the queue `name`; connects at the first command.

        `room`: when it refuses submits, as `broker.room` writes it.
        """
        redis, results = connect(broker_url), connect(result_url)
        return cls(
            name,
            redis,
            results,
            Scripts(redis, room),
            Scripts(results),
            lease_ms=int(lease_s * 1000),
            ttl_ms=int(result_ttl_s * 1000),
            databases=f"{_database(redis)} {_database(results)}"
            if redis_urls.is_same_server(broker_url, result_url)
            else "",
        )

    @contextlib.contextmanager
    def pipeline(self) -> Generator[Any]:
        """Collect commands that `execute` sends in one round trip."""
        with redis_errors(), self.redis.pipeline(transaction=False) as pipe:
            yield pipe

    def ping(self) -> None:
        """Return when Redis answers."""
        with redis_errors():
            self.redis.ping()

    def info(self) -> dict[str, Any]:
        """Return what the server says of itself (Redis' INFO, flattened)."""
        with redis_errors():
            return self.redis.info()

    def now_us(self) -> int:
        """Return the time of Redis' clock, in µs since the epoch."""
        with redis_errors():
            seconds, microseconds = self.redis.time()
        return seconds * 1_000_000 + microseconds

    def now_ms(self) -> int:
        """Return the time of Redis' clock, in ms since the epoch."""
        return self.now_us() // 1000

    def subscribe(self, *channels: str) -> Subscription:
        """Return a subscription to channels; it subscribes when its `sources` are first asked."""
        return Subscription(self.redis, *channels)

    def wait_for_bell(self, bells: Sequence[str], timeout_s: float) -> bool:
        """Wait until one of the bells rings; False after `timeout_s` seconds."""
        client: Any = self.redis  # its `ask` takes less time than redis-py's blpop
        with redis_errors():
            return client.ask("BLPOP", *bells, timeout_s) is not None

    def note_revocations(self, kind: str, *, ttl_ms: int | None = None) -> None:
        """Let claims show workers that Huey has revoked `tasks` or `types` of this queue."""
        with redis_errors():
            self.redis.set(huey_keys.revocations(self.name, kind), 1, px=ttl_ms)

    def store_concurrency(self, limits: Mapping[str, int | None], queues: Iterable[str]) -> None:
        """Store how many of each function may run at a time in all of the queues together.

        None: as many as there are slots. A function that is not named keeps its limit: another
        machine may have it. Nothing is written if all is there already.
        """
        key = function_keys.concurrency(self.name)
        with redis_errors():
            known = self.redis.hgetall(key)
            fields = {name: str(most) for name, most in limits.items() if most is not None}
            if fields:
                fields[":queues"] = ",".join(queues)
            new = {
                name: of for name, of in fields.items() if known.get(name.encode()) != of.encode()
            }
            gone = [
                name for name, most in limits.items() if most is None and name.encode() in known
            ]
            if new:
                self.redis.hset(key, mapping=new)
            if gone:
                self.redis.hdel(key, *gone)

    def store_environments(self, consumer: str, text: str) -> None:
        """Store what environments a function host has (JSON), for ten seconds."""
        key = function_keys.environments(self.name)
        with self.pipeline() as pipe:
            pipe.hset(key, consumer, text)
            pipe.pexpire(key, 10_000)
            pipe.execute()

    def store_imports(self, imports: Mapping[str, str]) -> None:
        """Store how the last import of some functions went (JSON by name), for 30 days."""
        key = function_keys.imports(self.name)
        with self.pipeline() as pipe:
            pipe.hset(key, mapping=dict(imports))
            pipe.pexpire(key, 30 * 86_400_000)
            pipe.execute()

    def results_are_marked(self) -> bool:
        """Return whether the result backend has the mark of a data set."""
        with redis_errors():
            return bool(self.results.exists(keys.results_mark()))

    def mark_results(self, dataset: str) -> None:
        """Mark the result backend as part of a data set, unless it has a mark already."""
        with redis_errors():
            self.results.set(keys.results_mark(), dataset, nx=True)


def _database(client: Any) -> int:
    return client.connection_pool.connection_kwargs.get("db") or 0


class Brokers(Mapping[str, Broker]):
    """The brokers of some queues by name, in the order of the queues, the most urgent first."""

    def __init__(self, brokers: Iterable[Broker]) -> None:
        self._brokers = {broker.name: broker for broker in brokers}
        #: Serves for commands about the whole server: all queues are on one.
        self.first = next(iter(self._brokers.values()))

    def __getitem__(self, queue: str) -> Broker:
        return self._brokers[queue]

    def __iter__(self) -> Iterator[str]:
        return iter(self._brokers)

    def __len__(self) -> int:
        return len(self._brokers)

    def pipeline(self) -> contextlib.AbstractContextManager[Any]:
        """Collect commands about any of the queues, sent in one round trip."""
        return self.first.pipeline()

    def now_us(self) -> int:
        """Return the time of Redis' clock, in µs since the epoch."""
        return self.first.now_us()

    def now_ms(self) -> int:
        """Return the time of Redis' clock, in ms since the epoch."""
        return self.first.now_ms()
