"""The health check of a container; the image has neither curl nor a shell.

    python -m duckline.stack.healthcheck http 8000       the web server answers
    python -m duckline.stack.healthcheck consumer high   this host's consumer reports to Redis

Exits with 0, or with 1 and the reason on stderr.
"""

import asyncio
import socket
import sys

from duckline.stack.console import complain
from duckline.stack.probes import http_answers


def main(kind: str, name: str) -> int:
    """Check once and return the exit code."""
    reason = _http(int(name)) if kind == "http" else _consumer(name)
    if reason is not None:
        complain(reason)
    return int(reason is not None)


def _http(port: int) -> str | None:
    # The page, not the API: it needs no key, and it works without Redis.
    return asyncio.run(http_answers("127.0.0.1", port, "/")())


def _consumer(queue: str) -> str | None:
    import huey_tasks as tq  # takes half a second, which the HTTP check saves

    try:
        here = [c for c in tq.consumers() if (c.host, c.queue) == (socket.gethostname(), queue)]
    except tq.DucklineError as error:
        return str(error)
    return None if here else f"no live consumer of {queue} on {socket.gethostname()}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
