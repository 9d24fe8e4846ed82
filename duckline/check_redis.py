"""`duckline check-redis`: what `duckline up` runs, so that it need not import redis itself."""

import os


def check_redis() -> int:
    """Print what the operator should know about the Redis of REDIS_URL, in lines.

    Return EX_UNAVAILABLE while it is away. Raises ConfigError for what cannot work.
    """
    from huey_tasks.broker import server_check
    from huey_tasks.config import Config
    from huey_tasks.errors import QueueUnavailable

    try:
        notes = server_check.check(Config.from_env())
    except QueueUnavailable as error:
        print(f"{error.detail} ({error.cause}) Waiting for it.")
        return os.EX_UNAVAILABLE
    for note in notes:
        print(note)
    return 0
