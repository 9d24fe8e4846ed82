"""How the watched folders of a function are, as the process says that watches them."""

import json

from huey_tasks.broker import function_keys
from huey_tasks.broker.broker import Broker
from huey_tasks.broker.connection import redis_errors

#: Seconds after which a look at a folder counts as hanging: one at 100,000 files, and the pause
#: behind it, take less.
HANGS_S = 120


def problem_of(broker: Broker, function: str) -> str | None:
    """Return what is wrong with the folders, None if nothing is, or nobody watches."""
    with redis_errors():
        said = broker.redis.hget(function_keys.watchers(broker.name), function)
    if said is None:
        return None
    report = json.loads(said)
    if report["looked_s_ago"] > HANGS_S:
        return f"the file system has not answered for {report['looked_s_ago']:.0f} s"
    return report["problem"]
