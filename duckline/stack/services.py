"""The list of Duckline's own processes: the consumers, and one for web service and inspector."""

import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from duckline.own_command import own_command
from duckline.stack.broker import Broker
from duckline.stack.forks import ForkServer
from duckline.stack.probes import http_answers
from duckline.stack.process import ProcessSpec
from huey_tasks.settings.environment import CHECKED

if TYPE_CHECKING:
    from huey_tasks.config import Config

ROOT = Path(__file__).resolve().parents[2]
HEALTH_PATH = "/api/workers/health"
#: Begins the log lines of every process here; a task cannot print it.
LOG_MARK = f"{secrets.token_hex(8)} "
#: The web service takes it for the question how it is, whatever keys there are.
PROBE_KEY = secrets.token_hex(32)
DEBUG_STOP_GRACE_S = 3.0  # a debugger that waits for a command does not end by itself
WEB_STOP_GRACE_S = 10.0  # gunicorn's own graceful_timeout is shorter
RELEASE_MARGIN_S = 4.0  # a consumer needs CANCEL_GRACE_S and about 2 s to release its tasks


def service_specs(
    config: "Config", broker: Broker, reload: bool = False, aws_url: str = ""
) -> list[ProcessSpec]:
    """Describe every process of the stack except Redis and the sidecar.

    `reload`: for `make dev`. `aws_url`: where AWS's clients find the services that are not ours.
    """
    env = {
        **broker.env,
        **({"AWS_ENDPOINT_URL": aws_url} if aws_url else {}),
        CHECKED: "1",
        "TASKS_ARE_CHECKED": "1",
        "PYTHONUNBUFFERED": "1",
        "LOG_MARK": LOG_MARK,
        "STARTED_AS": own_command(),
    }
    if reload:
        env["BROKEN_TASKS_ARE_LEFT_OUT"] = "1"
    after = broker.spec.name if broker.spec else None
    release_s = config.cancel_grace_s + RELEASE_MARGIN_S
    own = {**env, "API_KEYS": "", "API_KEYS_FILE": ""}  # no task may read them
    consumers = [
        ProcessSpec(
            name=queue,
            command=_duckline("consumer", queue),
            env=own,
            after=after,
            stop_grace_s=config.shutdown_grace_s + release_s,
            hurry_grace_s=release_s,
            reloads=True,
        )
        for queue in config.queue_names
    ]
    if config.debug_tasks:
        consumers = [_with_terminal(consumers[0])]
    elif sys.platform == "linux":  # elsewhere no process adopts another
        consumers = _forked(consumers)
    # gunicorn reads this variable itself, before our settings, and fails if it is empty.
    web_env = {**env, "WEB_CONCURRENCY": str(config.web_concurrency), "PROBE_KEY": PROBE_KEY}
    web_env["REDIS_IS_CHECKED"] = "1"  # by the consumers; gunicorn's parent needs no redis for it
    if reload:
        web_env["SINGLE_MODULES"] = "1"
    host = local_host(config.host)
    web = ProcessSpec(
        name="web",
        command=_gunicorn(config.host, config.port, config.inspector_port),
        env=web_env,
        after=after,
        probe=http_answers(host, config.port, HEALTH_PATH, api_key=PROBE_KEY),
        stop_grace_s=WEB_STOP_GRACE_S,
        reloads=True,
    )
    return [web, *consumers]


def _forked(consumers: list[ProcessSpec]) -> list[ProcessSpec]:
    """Return the consumers as processes that start from one that has imported their modules."""
    names = [consumer.name for consumer in consumers]
    server = ForkServer(_duckline("consumers", *names), consumers[0].env, names)
    return [replace(consumer, forked_by=server) for consumer in consumers]


def _duckline(*arguments: str) -> list[str]:
    return [sys.executable, "-P", str(ROOT / "duckline/__main__.py"), *arguments]


def _with_terminal(consumer: ProcessSpec) -> ProcessSpec:
    """Return the process that runs all tasks, for DEBUG_TASKS=1; it logs to the terminal itself."""
    command = _duckline("debug-tasks")
    env = {**consumer.env, "LOG_MARK": ""}
    return replace(
        consumer,
        name="tasks",
        command=command,
        env=env,
        stop_grace_s=DEBUG_STOP_GRACE_S,
        terminal=True,
    )


def local_host(host: str) -> str:
    """Return the address of a service bound to `host` as seen from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104


def base_url(host: str, port: int) -> str:
    """Return the URL that people open: http://host:port, an IPv6 host in brackets."""
    shown = {"127.0.0.1": "localhost", "::1": "localhost"}.get(local_host(host), local_host(host))
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _gunicorn(host: str, *ports: int) -> list[str]:
    settings = ["--config", str(ROOT / "duckline/gunicorn_conf.py")]
    for port in ports:
        settings += ["--bind", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]
    return [sys.executable, "-P", "-m", "gunicorn", *settings, "duckline.app:create_both()"]
