"""The command line, as `duckline` where it is installed and as `python app.py` in a checkout.

    duckline up [--reload]        the whole stack, in the foreground
    duckline consumer <queue>     the consumer of one queue
    duckline debug-tasks          all queues in this process, one task at a time; breakpoint() works
    duckline verify               an account of every accepted task
    duckline verify --write-off   takes note of lost tasks, so that the account adds up again
    duckline run <type> [<json>]  one task, here and now, without Redis; breakpoint() works
    duckline new <name>           a function, its test and a saved event, in FUNCTIONS_PATH
    duckline new --project <dir>  a folder with a first task, its test and its settings
    duckline invoke <f> [<json>]  calls a function of a running service; its log and receipt
    duckline keys …               makes, lists and revokes API keys
    duckline env                  variables for AWS's clients: eval "$(duckline env)"

The status of `verify` is 0 if every task is accounted for, 1 only if one is missing, 69
(EX_UNAVAILABLE of sysexits.h) if Redis could not be read, 70 if the command itself failed. Any
command ends with 130 after Ctrl-C, with 141 when nobody reads its output any more. The statuses of
`run` are in run.py, those of `invoke` in invoke.py.

Each command imports only what it needs, because it counts for how fast the stack starts.
"""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Collection
from pathlib import Path

from duckline.own_command import is_checkout, own_command

#: Modules that only the extras bring, and which of these.
OF_EXTRAS = {
    **dict.fromkeys(("psutil", "structlog", "gevent", "hiredis"), "consumer"),
    **dict.fromkeys(
        ("flask", "flask_openapi3", "flask_sock", "gunicorn", "prometheus_client", "watchfiles"),
        "web",
    ),
}
#: Those without which there is no Duckline.
REQUIRED = ("huey", "redis", "pydantic", "pydantic_core", "cronsim", "dotenv")

#: Words of other task queues and servers, and the command that does this here.
CALLED_BY_OTHERS = {"worker": "consumer", "beat": "up", "start": "up", "serve": "up", "dev": "up"}


def main(argv: list[str] | None = None) -> int:
    """Run one command; what Duckline refuses (a wrong setting, a port in use) is one line.

    Return its exit status: 78 (EX_CONFIG of sysexits.h) when starting it again cannot help; see
    above for those of `verify`.
    """
    words = sys.argv[1:] if argv is None else argv
    parser, names = _parser()
    if not words:
        parser.print_help(sys.stderr)
        return os.EX_USAGE
    if words[0] == "--version":
        from duckline.version import version

        print(f"duckline {version()}")
        return 0
    if not words[0].startswith("-") and words[0] not in names:
        print(f"duckline: {_no_command(words[0], names)}", file=sys.stderr)
        return os.EX_USAGE
    arguments = parser.parse_args(words)
    try:
        return _status_of(arguments)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT  # what a shell reports
    except BrokenPipeError:  # `duckline verify | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to flush
        return 128 + signal.SIGPIPE


def _status_of(arguments: argparse.Namespace) -> int:
    from duckline.stack.errors import StartRefused
    from huey_tasks.errors import ConfigError, DucklineError

    verifies = arguments.command == "verify"
    asks = arguments.command in ("verify", "invoke")
    try:
        status = _run(arguments)
        sys.stdout.flush()  # here, where an error has a meaning; Python itself would exit with 120
        return status
    except (DucklineError, StartRefused) as error:
        print(f"duckline: {error}", file=sys.stderr)
        if isinstance(error, ConfigError):
            return os.EX_CONFIG
        return os.EX_UNAVAILABLE if asks else 1
    except ModuleNotFoundError as error:
        if error.name not in (*OF_EXTRAS, *REQUIRED):
            raise
        print(f"duckline: {_missing(error.name)}", file=sys.stderr)
        return os.EX_CONFIG
    except Exception as error:
        if not verifies or isinstance(error, BrokenPipeError):
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
        case "new" if arguments.project:
            from duckline.new import new

            return new(Path(arguments.name))
        case "new":
            from duckline.new_function import new_function

            return new_function(arguments.name)
        case "invoke":
            from duckline.invoke import invoke

            return invoke(arguments.function, arguments.event)
        case "keys":
            from duckline.keys import keys

            return keys(arguments)
        case "env":
            from duckline.env import env

            return env()
        case _:
            return _run_part(arguments)


def _run_part(arguments: argparse.Namespace) -> int:
    """Run one of the processes of a stack."""
    from duckline.consume import consume, debug, fork_consumers

    match arguments.command:
        case "consumer":
            return consume(arguments.queue)
        case "consumers":
            return fork_consumers()
        case "debug-tasks":
            return debug()
        case _:
            from duckline.check_redis import check_redis

            return check_redis()


def _no_command(word: str, names: Collection[str]) -> str:
    from difflib import get_close_matches

    meant = CALLED_BY_OTHERS.get(word) or next(iter(get_close_matches(word[:40], names)), "")
    hint = f"did you mean '{meant}'?" if meant else f"{own_command()} alone lists them"
    return f"there is no command '{word[:40]}'; {hint}"


def _parser() -> tuple[argparse.ArgumentParser, Collection[str]]:
    """Return the parser, and the names of all commands."""
    about = "Run the task queue service, or a part of it. The settings are variables, or in .env."
    parser = argparse.ArgumentParser(prog=own_command(), description=about, allow_abbrev=False)
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="<command>")
    up_command = commands.add_parser("up", help="run the whole stack")
    up_command.add_argument("--reload", action="store_true", help="restart on a changed file")
    consumer_command = commands.add_parser("consumer", help="serve one queue")
    consumer_command.add_argument("queue", help="its name, one of QUEUES")
    # Two for `up`, and no help: for nobody else.
    commands.add_parser("consumers").add_argument("queues", nargs="+")
    commands.add_parser("check-redis")
    commands.add_parser("debug-tasks", help="serve all queues here, one task at a time")
    verify_command = commands.add_parser("verify", help="account for every accepted task")
    verify_command.add_argument("--write-off", action="store_true", help="take note of losses")
    run_command = commands.add_parser("run", help="run one task here, without Redis")
    run_command.add_argument("task_type", help="its name")
    run_command.add_argument("payload", nargs="?", default="{}", help="JSON; - reads stdin")
    new_command = commands.add_parser("new", help="make a function, or a project (--project)")
    new_command.add_argument("name", help="of the function; the folder of a project")
    new_command.add_argument(
        "--project", action="store_true", help="make a folder with a first task type instead"
    )
    invoke_command = commands.add_parser("invoke", help="call a function of a running service")
    invoke_command.add_argument("function", help="its name")
    invoke_command.add_argument("event", nargs="?", default="{}", help="JSON; - reads stdin")
    _add_keys(commands.add_parser("keys", help="make, list and revoke API keys"))
    commands.add_parser("env", help="print the variables for AWS's clients")
    return parser, commands.choices


def _add_keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a key; it is printed once")
    create.add_argument("name", help="who or what uses it")
    create.add_argument("role", help="viewer, submitter, operator or admin")
    reaches = "that it reaches; may be repeated"
    create.add_argument("--queue", action="append", default=[], help=f"one {reaches}")
    create.add_argument("--type", action="append", default=[], help=f"a task type {reaches}")
    create.add_argument("--rate", type=float, help="requests a second")
    create.add_argument("--expires-in", type=_seconds, metavar="SECONDS", help="7776000: 90 days")
    actions.add_parser("list", help="list the keys")
    revoke = actions.add_parser("revoke", help="revoke a key")
    revoke.add_argument("id", help="its id, as `list` shows it")


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no number of seconds; 90 days are 7776000"
        ) from None


def _missing(module: str) -> str:
    if is_checkout():
        mend = "use .venv/bin/python app.py, which `make run` makes"
        return f"{module} is not installed for {sys.executable}: {mend}"
    extra = f"[{OF_EXTRAS[module]}]" if module in OF_EXTRAS else ""
    return f"{module} is not installed: pip install 'duckline{extra}'"
