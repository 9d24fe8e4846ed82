"""The health check of a container; the image has neither curl nor a shell.

    python -m duckline.stack.healthcheck http 8000       the web server answers
    python -m duckline.stack.healthcheck consumer high   this host's consumer reports to Redis

Exits with 0, with 1 and the reason on stderr, or with 2 and its usage if it is called wrongly.
"""

import argparse
import asyncio
import socket
import sys
from collections.abc import Sequence

from duckline.stack.console import complain
from duckline.stack.probes import http_answers
from huey_tasks.errors import DucklineError, UnknownQueue

_HIGHEST_PORT = 65_535


def main(words: Sequence[str]) -> int:
    """Check once and return the exit code; a wrong call exits with 2."""
    parser = _parser()
    arguments = parser.parse_args(words)
    try:
        http = arguments.check == "http"
        reason = _http(arguments.port) if http else _consumer(arguments.queue)
    except UnknownQueue as error:
        parser.error(str(error))
    except DucklineError as error:
        reason = str(error)
    if reason is not None:
        complain(reason)
    return int(reason is not None)


def _parser() -> argparse.ArgumentParser:
    about = "Check once whether a server or a consumer of this machine answers."
    name = "python -m duckline.stack.healthcheck"
    parser = argparse.ArgumentParser(prog=name, description=about, allow_abbrev=False)
    checks = parser.add_subparsers(dest="check", required=True, metavar="http | consumer")
    http = checks.add_parser("http", help="the web server answers")
    http.add_argument("port", type=_port, help="where it listens")
    consumer = checks.add_parser("consumer", help="the consumer of a queue reports to Redis")
    consumer.add_argument("queue", help="its name, one of QUEUES")
    return parser


def _port(text: str) -> int:
    # At most five digits: int() itself refuses a number of thousands with another error.
    if text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) <= _HIGHEST_PORT:
        return int(text)
    rule = f"it takes a whole number from 1 to {_HIGHEST_PORT}"
    raise argparse.ArgumentTypeError(f"'{text[:64]}' is no port: {rule}")


def _http(port: int) -> str | None:
    # The page, not the API: it needs no key, and it works without Redis.
    return asyncio.run(http_answers("127.0.0.1", port, "/")())


def _consumer(queue: str) -> str | None:
    """Return why no consumer was found. Raises UnknownQueue, ConfigError, QueueUnavailable."""
    import huey_tasks as tq  # takes half a second, which the HTTP check saves

    if queue not in tq.QUEUES:
        from huey_tasks.queues import unknown_queue

        raise unknown_queue(queue)
    here = [c for c in tq.consumers() if (c.host, c.queue) == (socket.gethostname(), queue)]
    return None if here else f"no live consumer of {queue} on {socket.gethostname()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
