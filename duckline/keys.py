"""`duckline keys`: make, list and revoke API keys, in Redis itself.

It needs no key, because who reaches Redis may do everything anyway. So it also helps when no admin
key is left.
"""

import argparse
import datetime as dt
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huey_tasks.audit.operation import Operator


def keys(arguments: argparse.Namespace) -> int:
    """Do what the arguments say. Raises InvalidQuery, KeyNotFound, …, QueueUnavailable."""
    from duckline.stack import running_redis
    from huey_tasks.config import Config

    os.environ |= running_redis.settings_beside(Config.from_env())

    match arguments.action:
        case "create":
            _create(arguments)
        case "revoke":
            _revoke(arguments.id)
        case _:
            _list()
    return 0


def _create(arguments: argparse.Namespace) -> None:
    import huey_tasks as tq

    made, key = tq.create_key(
        arguments.name,
        arguments.role,
        queues=arguments.queue,
        task_types=arguments.type,
        rate=arguments.rate,
        expires_in=arguments.expires_in,
        by=_operator(),
        setting=tq.CONFIG.api_keys,
    )
    print(key, flush=True)
    about = f"{made.id} is '{made.name}', {made.role}. The key is shown only now."
    print(about, file=sys.stderr)


def _list() -> None:
    import huey_tasks as tq

    rows = [("id", "name", "role", "reaches", "rate", "last used", "expires")]
    for key in tq.list_keys(tq.CONFIG.api_keys):
        reaches = " ".join((*key.queues, *key.task_types)) or "everything"
        rate = "-" if key.rate is None else f"{key.rate:g}/s"
        times = _time(key.last_used_at), _time(key.expires_at)
        rows.append((key.id, key.name, str(key.role), reaches, rate, *times))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{text:{width}}" for text, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _time(at: dt.datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}" if at else "-"


def _revoke(key_id: str) -> None:
    import huey_tasks as tq

    tq.revoke_key(key_id, _operator(), setting=tq.CONFIG.api_keys, even_last=True)
    print(f"{key_id} is revoked.")
    if not tq.list_keys(tq.CONFIG.api_keys):
        print("No key is left: the service needs none now.")


def _operator() -> "Operator":
    import huey_tasks as tq

    return tq.Operator("duckline keys")
