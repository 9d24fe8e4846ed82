"""A container's health check, with what the image has: no curl, no shell.

    python -m stack.healthcheck http 8000       the web server answers
    python -m stack.healthcheck consumer high   this host's consumer of the queue reports to Redis

Exits with 0, or with 1 and the reason on stderr.
"""

import asyncio
import socket
import sys

from stack.console import complain
from stack.probes import http_answers


def main(kind: str, name: str) -> int:
    """Ask once and return the exit code."""
    reason = _http(int(name)) if kind == "http" else _consumer(name)
    if reason is not None:
        complain(reason)
    return int(reason is not None)


def _http(port: int) -> str | None:
    # The page, not the API: it needs no key, and a web server is no less alive without Redis.
    return asyncio.run(http_answers("127.0.0.1", port, "/")())


def _consumer(queue: str) -> str | None:
    import huey_tasks as tq  # half a second that the HTTP check need not spend

    try:
        here = [c for c in tq.consumers() if (c.host, c.queue) == (socket.gethostname(), queue)]
    except tq.DucklineError as error:
        return str(error)
    return None if here else f"no live consumer of {queue} on {socket.gethostname()}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
