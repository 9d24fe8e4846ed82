"""`duckline consumer <queue>` serves one queue; `duckline debug-tasks` all, in this process.

`duckline consumers` is the fork server of `duckline up`.
"""

import difflib
import gc
import logging
import sys


def consume(queue: str) -> int:
    """Serve one queue until SIGTERM. Raises ConfigError when QUEUES names no such queue."""
    _require(queue)
    _name_empty_modules()

    import huey_tasks
    from huey_tasks.consumer.supervisor import Consumer
    from huey_tasks.processes import ending
    from huey_tasks.registry import loading

    config = huey_tasks.CONFIG
    loading.load_held_back()  # by a fork server
    _prepare()
    gc.collect()
    gc.freeze()  # its workers share what is there, as long as the collector leaves it alone
    Consumer(
        huey_tasks.QUEUES[queue],
        config,
        concurrency=config.concurrency(queue),
        worker_type=config.worker_type(queue),
    ).run()
    ending.end_soon()
    return 0


def fork_consumers() -> int:
    """Fork a consumer for each request of `up`, on standard input; it goes on here as well."""
    from duckline import fork_server

    fork_server.preload()
    queue = fork_server.serve()
    if queue is None:
        return 0
    ours = ["consumer", queue]
    fork_server.show_as([*sys.orig_argv[: 1 - len(sys.argv)], *ours])
    sys.argv[1:] = ours
    return consume(queue)


def debug() -> int:
    """Serve all queues in this process, one task at a time, until SIGTERM."""
    _name_empty_modules()

    import huey_tasks
    from huey_tasks.consumer.debugging import serve

    _prepare()
    serve(huey_tasks.CONFIG)
    return 0


def _name_empty_modules() -> None:
    """Name modules of TASKS that declare no task, unless the check of `up` has done so."""
    from huey_tasks.config import Config
    from huey_tasks.registry import import_watch

    if not Config.from_env().tasks_are_checked:
        import_watch.printed.add("empty")


def _prepare() -> None:
    import huey_tasks
    from huey_tasks import logs
    from huey_tasks.settings import environment

    config = huey_tasks.CONFIG
    environment.forget("API_KEYS", "LOG_MARK")  # neither is for tasks to know
    logs.configure(config)
    for name in environment.misspelt(config.setting_names()):
        logging.getLogger("duckline.settings").warning(name)


def _require(queue: str) -> None:
    """Raise ConfigError unless there is such a queue; no task module has been imported yet."""
    from huey_tasks.config import Config
    from huey_tasks.errors import ConfigError
    from huey_tasks.settings.queue_list import how_to_add

    names = Config.from_env().queue_names
    if queue in names:
        return
    near = difflib.get_close_matches(queue[:64], names, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"{how_to_add(queue, names)}."
    known = ", ".join(names)
    raise ConfigError(f"There is no queue '{queue[:64]}'; the queues are {known}{hint}")
