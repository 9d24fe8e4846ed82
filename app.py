"""The one entry: `gunicorn app:app` for the web service, and the command line.

    python app.py up [--reload]        the whole stack, in the foreground
    python app.py consumer <queue>     the consumer of one queue
    python app.py verify               an account of every accepted task
    python app.py verify --write-off   takes note of lost tasks, so that the account adds up again

The status of `verify` is 0 if every task is accounted for, 1 only if one is missing, 69
(EX_UNAVAILABLE of sysexits.h) if Redis could not be read, 70 if the command itself failed.

Each command imports only what it needs, because it counts for how fast the stack starts.
"""

import argparse
import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    app: Flask


def create_app() -> "Flask":
    """The web service: API, dashboard, WebSocket."""
    from web import create_app

    return create_app()


def create_inspector() -> "Flask":
    """The inspector, for the operators of the service."""
    from web import create_inspector

    return create_inspector()


def __getattr__(name: str) -> Any:
    """Make `app` when gunicorn asks for it."""
    if name != "app":
        raise AttributeError(name)
    try:
        return create_app()
    except AttributeError as error:  # gunicorn would take it for "there is no app"
        raise RuntimeError(f"the web service cannot be made: {error}") from error


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


def verify(write_off: bool = False) -> int:
    """Account for every accepted task; works on a live system. Raises QueueUnavailable."""
    from huey_tasks.config import Config
    from stack import running_redis

    os.environ |= running_redis.settings_beside(Config.from_env())

    import huey_tasks
    from huey_tasks import redis_urls
    from huey_tasks.errors import QueueUnavailable
    from huey_tasks.monitoring import verify as accounting

    address = redis_urls.without_secrets(huey_tasks.CONFIG.broker_url)
    print(f"Redis at {address}")
    try:
        if write_off:
            for queue in huey_tasks.QUEUES.values():
                print(f"{queue.name}: {accounting.write_off(queue.broker)} tasks written off")
        accounts = [accounting.verify(queue.broker) for queue in huey_tasks.QUEUES.values()]
    except QueueUnavailable as error:
        detail = f"{error.detail} Tried {address} ({error.cause}); REDIS_URL names another."
        raise QueueUnavailable(detail) from error
    for account in accounts:
        states = ", ".join(f"{state} {number}" for state, number in account.states.items())
        print(f"{account.queue}: accepted {account.accepted} = {states}")
        print(f"  {account.looked_at} tasks looked at, {len(account.gaps)} gaps")
        for gap in account.gaps:
            print(f"  GAP: {gap}")
    return int(any(account.gaps for account in accounts))


def up(reload: bool) -> int:
    """Run the whole stack."""
    from huey_tasks.config import Config
    from stack import up

    return up(Config.from_env(), reload=reload)


def main(argv: list[str]) -> int:
    """Run one command; what Duckline refuses (a wrong setting, a port in use) is one line.

    Return its exit status: 78 (EX_CONFIG of sysexits.h) when starting it again cannot help; see
    above for those of `verify`.
    """
    about = "Run the task queue service, or a part of it. README.md lists the settings."
    parser = argparse.ArgumentParser(prog="app.py", description=about, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    up_command = commands.add_parser("up", help="run the whole stack")
    up_command.add_argument("--reload", action="store_true", help="restart on a changed file")
    consumer_command = commands.add_parser("consumer", help="serve one queue")
    consumer_command.add_argument("queue", choices=["high", "default", "low"])
    verify_command = commands.add_parser("verify", help="account for every accepted task")
    verify_command.add_argument("--write-off", action="store_true", help="take note of losses")
    arguments = parser.parse_args(argv)

    from huey_tasks.errors import ConfigError, DucklineError
    from stack.errors import StartRefused

    verifies = arguments.command == "verify"
    try:
        match arguments.command:
            case "up":
                return up(arguments.reload)
            case "verify":
                return verify(arguments.write_off)
            case _:
                return consume(arguments.queue)
    except (DucklineError, StartRefused) as error:
        print(f"duckline: {error}", file=sys.stderr)
        if isinstance(error, ConfigError):
            return os.EX_CONFIG
        return os.EX_UNAVAILABLE if verifies else 1
    except Exception:
        if not verifies:
            raise
        traceback.print_exc()  # Python would exit with 1, which says that a task is missing
        return os.EX_SOFTWARE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
