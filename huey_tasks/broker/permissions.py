"""What a user of Redis may not do although Duckline needs it: commands, keys, channels.

Asks by doing: ACL DRYRUN would need rights of its own, and a server before 7 has none. Every
command is tried on a key that is there for no longer than the question.
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import redis
from redis.exceptions import NoScriptError

from huey_tasks.broker import huey_keys, keys

T = TypeVar("T")

#: What the scripts and the Python side send to the broker; K is the key, C a channel, D the number
#: of the database. ZREM is first, because after it a full Redis takes the others too. DEL is last.
BROKER_COMMANDS = """
    ZREM K x, TIME, EXISTS K, HSET K x 1, HDEL K y, HGET K x, HGETALL K, HINCRBY K x 1, HMGET K x,
    PEXPIRE K 1000, PERSIST K, LLEN K, LPUSH K x, RPUSH K x, LRANGE K 0 0, LTRIM K 0 0, SADD K x,
    SCARD K, SET K x PX 1000, ZADD K 0 x, ZCARD K, ZRANGE K 0 0, ZRANGEBYSCORE K 0 0, ZRANK K x,
    HSTRLEN K x, HKEYS K, ZCOUNT K 0 0, HEXISTS K x, LPOS K x, LREM K 1 x, PTTL K, RENAME K K,
    ZREVRANGEBYLEX K + -, HSETNX K y 1, SMEMBERS K, SISMEMBER K x, SREM K x, ZINCRBY K 1 x,
    ZREMRANGEBYRANK K 0 0, ZREMRANGEBYSCORE K 0 0, ZREVRANGE K 0 0, ZSCAN K 0, ZSCORE K x,
    ZMSCORE K x, HVALS K, HLEN K, ZREVRANK K x, PUBLISH C probe, PEXPIREAT K 1, GET K,
    SETRANGE K 0 x, STRLEN K, GETRANGE K 0 0, SELECT D, XADD K * x 1, XRANGE K - +,
    XREVRANGE K + -, UNLINK K, DEL K
"""
RESULT_COMMANDS = "EXISTS K, SET K 1 PX 1000, GET K, MGET K, INCRBY K 1, EXPIRE K 1, DEL K"

_TRY_ALL = """
local errors = {}
for _, command in ipairs(cjson.decode(ARGV[1])) do
  local answer = redis.pcall(unpack(command))
  if type(answer) == 'table' and answer.err then
    errors[#errors + 1] = { command[1], answer.err }
  end
end
return errors
"""

#: How servers from 6.2 on say that a command is denied, renamed or taken away.
_DENIALS = ("permission", "acl failure", "can't run this", "can't access", "unknown ")


@dataclass(frozen=True)
class _Denied:
    command: str
    place: str  # the pattern of keys, or the channel
    words: str  # the server's


def attempt(question: Callable[[], T]) -> tuple[T | None, str]:
    """Return the answer and "", or None and the words with which the server forbids it."""
    try:
        return question(), ""
    except redis.ResponseError as error:
        if not _is_denial(str(error)):
            raise
        return None, str(error)


def lacking_at_broker(client: redis.Redis, queues: Iterable[str]) -> list[str]:
    """Say in words what the user of the broker's URL may not do; empty if nothing is amiss."""
    denied: list[_Denied] = []
    for queue in queues:
        key, pattern = keys.probe(queue), f"{keys.root(queue)}:*"
        channel = keys.control(queue)
        denied += _try_all(client, BROKER_COMMANDS, key, pattern, channel)
        denied += _try_alone(client, key, pattern, channel)
    return list(_in_words(denied))


def lacking_at_results(client: redis.Redis, queues: Iterable[str]) -> list[str]:
    """Say in words what the user of the result backend's URL may not do."""
    patterns = [keys.outcome("*", "")[:-1]]
    for queue in queues:
        patterns += [huey_keys.result(queue, "*"), huey_keys.counter(queue, "*")]
    denied: list[_Denied] = []
    for pattern in patterns:
        denied += _try_all(client, RESULT_COMMANDS, pattern.replace("*", "probe"), pattern, "")
    return list(_in_words(denied))


def _try_all(
    client: redis.Redis, commands: str, key: str, pattern: str, channel: str
) -> list[_Denied]:
    """Try commands all in one script."""
    database = str(client.connection_pool.connection_kwargs.get("db") or 0)
    places = {"K": key, "C": channel, "D": database}
    forms = [[places.get(word, word) for word in form.split()] for form in commands.split(",")]
    answer, denial = attempt(lambda: client.eval(_TRY_ALL, 1, key, json.dumps(forms)))
    if denial:
        return [_Denied("EVAL", pattern, denial)]
    errors = [(name.decode(), words.decode()) for name, words in cast(Sequence[Any], answer)]
    return [
        _Denied(name, channel if name == "PUBLISH" else pattern, words)
        for name, words in errors
        if _is_denial(words)
    ]


def _try_alone(client: redis.Redis, key: str, pattern: str, channel: str) -> Iterator[_Denied]:
    """Try what no script can do: to call one, to wait for the bell, and to listen."""

    def call() -> None:
        with contextlib.suppress(NoScriptError):
            client.evalsha("0" * 40, 1, key)

    def listen() -> None:
        with client.pubsub() as subscription:
            subscription.subscribe(channel)
            subscription.get_message(timeout=1.0)

    def wait() -> None:
        # In a transaction it does not wait. A full Redis takes none, but looks at the rights first.
        with contextlib.suppress(redis.OutOfMemoryError), client.pipeline(transaction=True) as pipe:
            pipe.blpop([key], 1)
            pipe.execute()

    for name, place, question in (
        ("EVALSHA", pattern, call),
        ("BLPOP", pattern, wait),
        ("SUBSCRIBE", channel, listen),
    ):
        _, denial = attempt(question)
        if denial:
            yield _Denied(name, place, denial)


def _in_words(denied: Iterable[_Denied]) -> Iterator[str]:
    """Name each command, pattern of keys and channel once."""
    found: dict[str, dict[str, None]] = {"run": {}, "use the keys": {}, "use the channel": {}}
    for refusal in denied:
        words = refusal.words.lower()
        if "access" not in words:
            found["run"][refusal.command] = None
        elif "channel" in words:
            found["use the channel"][refusal.place] = None
        else:
            found["use the keys"][refusal.place] = None
    for verb, names in found.items():
        if names:
            yield f"{verb} {', '.join(names)}"


def _is_denial(words: str) -> bool:
    return any(denial in words.lower() for denial in _DENIALS)
