"""How gunicorn serves Duckline: by `duckline up`, and by a bare `gunicorn app:app`.

Owns the server's own limits; the service's limits (body size, rates) are web's. Settings come from
Config.
"""

import sys
from pathlib import Path

from gunicorn.util import getcwd

_ROOT = str(Path(__file__).resolve().parent.parent)
# gunicorn has put the working folder first: a user's `email.py` or `web.py` there would hide
# Python's and ours. So it comes last, unless it is our own.
if sys.path[0] == getcwd() != _ROOT:
    sys.path.append(sys.path.pop(0))
if _ROOT not in sys.path:  # a checkout that is not installed
    sys.path.insert(0, _ROOT)

from gevent import monkey  # noqa: E402

# Before anything opens a socket or imports ssl: what was imported unpatched blocks every request.
monkey.patch_all()

import gc  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from typing import Any, NoReturn  # noqa: E402
from urllib.parse import quote  # noqa: E402

from gunicorn.glogging import Logger  # noqa: E402

from duckline.server import counts  # noqa: E402
from huey_tasks.config import Config  # noqa: E402
from huey_tasks.errors import ConfigError, QueueUnavailable  # noqa: E402
from huey_tasks.settings import environment  # noqa: E402

_log = logging.getLogger("duckline.web")


def _refuse(error: ConfigError) -> NoReturn:
    print(f"duckline: {error}", file=sys.stderr)
    raise SystemExit(os.EX_CONFIG)


try:
    _config = Config.from_env()
except ConfigError as error:
    _refuse(error)

_host = f"[{_config.host}]" if ":" in _config.host else _config.host

# The inspector has a port of its own; `--bind` wins over both.
_port = _config.inspector_port if "create_inspector" in " ".join(sys.argv) else _config.port
bind = f"{_host}:{_port}"
workers = _config.web_concurrency
worker_class = "duckline.server.worker.Worker"
worker_connections = _config.max_connections  # open at once in one process; push allows 2000
backlog = 4096  # a burst of new connections waits in the kernel, as far as somaxconn allows
http_parser = "python"  # the one that `server` checks heads in
timeout = 30
graceful_timeout = 5  # requests may end; WebSockets are asked to reconnect elsewhere at once
keepalive = 65  # longer than a usual proxy's, so that it never sends into a closing connection

# Smaller than this is refused by ordinary clients, larger only serves attacks.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
header_map = "refuse"  # `A_B` and `A-B` would land in one WSGI key: a way to smuggle headers
forwarder_headers = ""
forwarded_allow_ips = "127.0.0.1,::1"

# Its control socket lives in the home folder; the web service and the inspector would share it.
control_socket_disable = True

# Through the standard logging, in the project's format. Of gunicorn's own lines only what went
# wrong is shown; `when_ready` says the one thing of a normal start that matters.
_access_level = "INFO" if _config.access_log else "CRITICAL"
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "huey_tasks.logs.formatter",
            "log_format": _config.log_format,
            "mark": _config.log_mark,
        }
    },
    "handlers": {"stderr": {"()": "huey_tasks.logs.stderr_handler", "formatter": "line"}},
    "root": {"level": _config.log_level.upper(), "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": _access_level, "handlers": [], "propagate": True},
    },
}


# Neither the user of Basic authentication nor the query nor the Referer: each may hold a key.
access_log_format = '%(h)s "%(m)s %(U)s %(H)s" %(s)s %(B)s %(L)s s'


class logger_class(Logger):
    """gunicorn's logger, which would put together a line for each request that nobody sees."""

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        if _config.access_log:
            super().access(resp, req, environ, request_time)

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> Any:
        atoms: Any = super().atoms(resp, req, environ, request_time)
        # gunicorn gives the path unquoted, with whatever control characters a client has put there.
        return {**atoms, "U": quote(str(atoms["U"]), safe="/:@!$&'()*+,;=~")}


# The web processes count for /metrics in files that they share, so that each can answer for all.
# Where no folder can be made, each counts only for itself.
_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
_own_counts = ""
if _COUNTS not in os.environ:
    try:
        _own_counts = counts.make()
    except OSError as error:
        _log.warning("/metrics counts the requests of one web process only: %s", error)
    else:
        os.environ[_COUNTS] = _own_counts

_redis_is_checked = _config.redis_is_checked
_RETRY_S = 2.0
#: A web process that may have fewer connections than this answers nobody in a burst.
_LEAST_CONNECTIONS = 64


def on_starting(server: Any) -> None:
    """Refuse what cannot work: too few files, an open address, task modules or a Redis.

    A Redis that is away is looked at when it is back.
    """
    for name in environment.misspelt(Config.setting_names()):
        _log.warning(name)
    try:
        _require_files()
        for address in server.cfg.address:
            if isinstance(address, tuple):  # not the path of a unix socket
                _config.require_closed(str(address[0]))
        if (_config.tasks or _config.tasks_path) and not _config.tasks_are_checked:
            _try_tasks()
        if not _redis_is_checked:
            _check_redis()
    except ConfigError as error:
        _refuse(error)
    except QueueUnavailable as error:
        _log.warning("serving all the same: %s (%s)", error, error.cause)


def _require_files() -> None:
    from duckline.server.worker import OTHER_FILES, files  # which gunicorn has imported already

    least = OTHER_FILES + _LEAST_CONNECTIONS
    if (limit := files()) < least:
        raise ConfigError(
            f"Only {limit} files may be open (ulimit -n); the web service needs {least} or more."
        )


def _check_redis() -> None:
    from huey_tasks.broker.server_check import ServerCheck  # of no use to this process otherwise

    global _redis_is_checked
    ServerCheck(_config).make()
    _redis_is_checked = True


def _try_tasks() -> None:
    """In a process of its own, which has said why if it failed; a worker would print a traceback.

    Begun without `subprocess`, whose form for greenlets would take the arbiter's signals.
    """
    path = os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH")]))
    program = "import sys; from duckline.stack.import_check import main; sys.exit(main())"
    command = [sys.executable, "-P", "-c", program]
    pid = os.posix_spawn(sys.executable, command, {**os.environ, "PYTHONPATH": path})
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit(os.EX_CONFIG)


def pre_fork(server: Any, worker: Any) -> None:
    """Share memory with the web process: its collector would write to every object, and copy it."""
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """Import the application without looking for garbage, which takes a tenth of the time."""
    gc.disable()


def child_exit(server: Any, worker: Any) -> None:
    """Forget the open sockets of a web process that has ended; what it has counted stays."""
    from prometheus_client.multiprocess import mark_process_dead  # its files are known only now

    if _COUNTS in os.environ:
        mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Remove the folder with the counts of /metrics."""
    if _own_counts:
        shutil.rmtree(_own_counts, ignore_errors=True)


def when_ready(server: Any) -> None:
    """Say where this server listens."""
    addresses = ", ".join(str(listener) for listener in server.LISTENERS)
    _log.info("listening at %s", addresses)


def post_worker_init(worker: Any) -> None:
    """Hear when to stop, and collect garbage from now on.

    Look at Redis as soon as it answers, if it was away at the start.
    """
    from web.http.shutdown import (
        hear_sigterm,
    )  # only now: gunicorn loads the application in its workers

    hear_sigterm()
    # What is imported stays: to look through it would hold up every request for 60 ms.
    gc.freeze()
    gc.enable()
    if not _redis_is_checked:
        threading.Thread(target=_check_later, name="duckline-check", daemon=True).start()


def _check_later() -> None:
    while not _redis_is_checked:
        time.sleep(_RETRY_S)
        try:
            _check_redis()
        except QueueUnavailable as error:
            _log.debug("Redis is looked at later: %s", error.cause)
        except ConfigError as error:
            _log.error("tasks are not safe here: %s", error)  # /api/workers/health says so too
            return
