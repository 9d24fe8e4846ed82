"""The test events that people save for a function: JSON texts by name, one hash a function."""

from typing import cast

from huey_tasks.broker import function_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors


class SavedEvents:
    """The saved events of one function. Every use raises QueueUnavailable as `Broker` does."""

    def __init__(self, broker: Broker, function: str) -> None:
        self._broker, self._key = broker, function_keys.saved_events(function)

    def all(self) -> dict[str, bytes]:
        """Return the events by name, sorted."""
        with redis_errors():
            found = cast(dict[bytes, bytes], self._broker.redis.hgetall(self._key))
        return {name.decode(): text for name, text in sorted(found.items())}

    def get(self, name: str) -> bytes | None:
        """Return one event, None if there is none of that name."""
        with redis_errors():
            return cast(bytes | None, self._broker.redis.hget(self._key, name))

    def put(self, name: str, text: bytes, most: int) -> bool | None:
        """Save an event; True if its name is new, None if there are `most` already.

        It is written before they are counted, so that two callers cannot both take the last place.
        """
        with self._broker.pipeline() as pipe:
            pipe.hset(self._key, name, text)
            pipe.hkeys(self._key)
            is_new, names = pipe.execute()
        if is_new and len(names) > most:
            self.delete(name)
            return None
        return bool(is_new)

    def delete(self, name: str) -> bool:
        """Delete an event; False if there is none of that name."""
        with redis_errors():
            return bool(self._broker.redis.hdel(self._key, name))
