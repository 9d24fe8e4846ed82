"""`duckline consumer <queue>`: serve one queue."""

import logging


def consume(queue: str) -> int:
    """Serve one queue until SIGTERM."""
    import huey_tasks
    from huey_tasks import logs
    from huey_tasks.consumer.supervisor import Consumer
    from huey_tasks.settings import environment

    config = huey_tasks.CONFIG
    environment.forget("API_KEYS", "LOG_MARK")  # neither is for tasks to know
    logs.configure(config)
    for name in environment.misspelt(config.setting_names()):
        logging.getLogger("duckline.settings").warning(name)
    Consumer(
        huey_tasks.QUEUES[queue],
        config,
        concurrency=config.concurrency(queue),
        worker_type=config.worker_type(queue),
    ).run()
    return 0
