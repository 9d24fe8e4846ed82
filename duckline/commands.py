"""The command line, as `duckline` where it is installed and as `python app.py` in a checkout.

    duckline up [--reload]        the whole stack, in the foreground
    duckline consumer <queue>     the consumer of one queue
    duckline verify               an account of every accepted task
    duckline verify --write-off   takes note of lost tasks, so that the account adds up again
    duckline run <type> [<json>]  one task, here and now, without Redis; breakpoint() works
    duckline new <folder>         a folder with a first task, its test and its settings

The status of `verify` is 0 if every task is accounted for, 1 only if one is missing, 69
(EX_UNAVAILABLE of sysexits.h) if Redis could not be read, 70 if the command itself failed. The
statuses of `run` are in run.py.

Each command imports only what it needs, because it counts for how fast the stack starts.
"""

import argparse
import os
import sys
import traceback
from pathlib import Path

#: Modules that only the extras bring, and which of these.
OF_EXTRAS = {
    **dict.fromkeys(("psutil", "structlog", "gevent", "hiredis"), "consumer"),
    **dict.fromkeys(("flask", "flask_openapi3", "flask_sock", "gunicorn", "watchfiles"), "web"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; what Duckline refuses (a wrong setting, a port in use) is one line.

    Return its exit status: 78 (EX_CONFIG of sysexits.h) when starting it again cannot help; see
    above for those of `verify`.
    """
    arguments = _parser().parse_args(argv)

    from duckline.stack.errors import StartRefused
    from huey_tasks.errors import ConfigError, DucklineError

    verifies = arguments.command == "verify"
    try:
        return _run(arguments)
    except (DucklineError, StartRefused) as error:
        print(f"duckline: {error}", file=sys.stderr)
        if isinstance(error, ConfigError):
            return os.EX_CONFIG
        return os.EX_UNAVAILABLE if verifies else 1
    except ModuleNotFoundError as error:
        if error.name not in OF_EXTRAS:
            raise
        print(f"duckline: {_missing(error.name)}", file=sys.stderr)
        return os.EX_CONFIG
    except Exception:
        if not verifies:
            raise
        traceback.print_exc()  # Python would exit with 1, which says that a task is missing
        return os.EX_SOFTWARE


def _run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "up":
            from duckline.stack.up import up
            from huey_tasks.config import Config

            return up(Config.from_env(), reload=arguments.reload)
        case "verify":
            from duckline.verify import verify

            return verify(arguments.write_off)
        case "run":
            from duckline.run import run

            return run(arguments.task_type, arguments.payload)
        case "new":
            from duckline.new import new

            return new(Path(arguments.folder))
        case _:
            from duckline.consume import consume

            return consume(arguments.queue)


def _parser() -> argparse.ArgumentParser:
    about = "Run the task queue service, or a part of it. .env.example lists the settings."
    name = Path(sys.argv[0]).name
    shown = name if name == "app.py" else "duckline"
    parser = argparse.ArgumentParser(prog=shown, description=about, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    up_command = commands.add_parser("up", help="run the whole stack")
    up_command.add_argument("--reload", action="store_true", help="restart on a changed file")
    consumer_command = commands.add_parser("consumer", help="serve one queue")
    consumer_command.add_argument("queue", choices=["high", "default", "low"])
    verify_command = commands.add_parser("verify", help="account for every accepted task")
    verify_command.add_argument("--write-off", action="store_true", help="take note of losses")
    run_command = commands.add_parser("run", help="run one task here, without Redis")
    run_command.add_argument("task_type", help="its name")
    run_command.add_argument("payload", nargs="?", default="{}", help="JSON; - reads stdin")
    new_command = commands.add_parser("new", help="make a folder with a first task and its test")
    new_command.add_argument("folder", help="its name")
    return parser


def _missing(module: str) -> str:
    extra = OF_EXTRAS[module]
    return f"{module} is not installed: pip install 'duckline[{extra}]'"
