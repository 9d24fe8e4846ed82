"""`duckline verify`: an account of every accepted task."""

import os


def verify(write_off: bool = False) -> int:
    """Account for every accepted task; works on a live system. Raises QueueUnavailable."""
    from duckline.stack import running_redis
    from huey_tasks.config import Config

    os.environ |= running_redis.settings_beside(Config.from_env())

    import huey_tasks
    from huey_tasks import redis_urls
    from huey_tasks.monitoring import verify as accounting

    print(f"Redis at {redis_urls.without_secrets(huey_tasks.CONFIG.broker_url)}")
    if write_off:
        for queue in huey_tasks.QUEUES.values():
            print(f"{queue.name}: {accounting.write_off(queue.broker)} tasks written off")
    accounts = [accounting.verify(queue.broker) for queue in huey_tasks.QUEUES.values()]
    left_behind = huey_tasks.left_behind_queues()
    for account in accounts:
        states = ", ".join(f"{state} {number}" for state, number in account.states.items())
        print(f"{account.queue}: accepted {account.accepted} = {states}")
        print(f"  {account.looked_at} tasks looked at, {len(account.gaps)} gaps")
        for gap in account.gaps:
            print(f"  GAP: {gap}")
    for sentence in left_behind:
        print(sentence)
    return int(any(account.gaps for account in accounts))
