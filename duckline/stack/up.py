"""`make run`: assemble the stack, announce that it is ready, stop it cleanly.

Owns the order of these steps and their messages; each step is in the module of its name.
"""

import asyncio
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from duckline.stack import broker, ports, sidecar
from duckline.stack.broker import Broker
from duckline.stack.console import Console, complain, console_for
from duckline.stack.errors import StartRefused
from duckline.stack.import_check import TASKS, import_problem
from duckline.stack.services import LOG_MARK, ROOT, base_url, service_specs
from duckline.stack.sidecar import Sidecar
from duckline.stack.supervisor import Supervisor
from huey_tasks.errors import ConfigError
from huey_tasks.log_stream import LogStream
from huey_tasks.settings.environment import misspelt

#: The most log that is kept for a reader that has stopped reading.
LOG_BACKLOG_BYTES = 8 * 1024 * 1024
#: Seconds at the end in which such a reader can still get the last lines.
LAST_LINES_S = 1.0

if TYPE_CHECKING:
    from duckline.stack.reloader import Reloader
    from huey_tasks.config import Config


def up(config: "Config", *, reload: bool = False) -> int:
    """Run the whole stack in the foreground; return the exit code, 0 after a clean stop."""
    started_at = time.monotonic()
    _require_web()
    config.require_closed(config.host)
    if config.debugpy_port and not config.debug_tasks:
        raise ConfigError("DEBUGPY_PORT is set without DEBUG_TASKS=1: no process would listen.")
    try:
        web_ports = {"PORT": config.port, "INSPECTOR_PORT": config.inspector_port}
        ports.require_free(config.host, web_ports)
        aws = sidecar.opened(config)
        with broker.opened(config) as redis:
            return asyncio.run(_run(config, redis, aws, started_at, reload))
    except StartRefused as refusal:
        complain(str(refusal))
        return 1
    except KeyboardInterrupt:  # Ctrl-C before anything ran
        return 0


def _require_web() -> None:
    """Raise ModuleNotFoundError if the web service could not run: it is not loaded here."""
    for name in ("flask", "gunicorn"):
        if find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


async def _run(
    config: "Config", redis: Broker, aws: Sidecar | None, started_at: float, reload: bool
) -> int:
    beside = [redis.spec, aws.spec if aws else None]
    specs = [
        *(spec for spec in beside if spec),
        *service_specs(config, redis, reload, aws_url=aws.url if aws else ""),
    ]
    log = LogStream(sys.stdout.fileno(), backlog_bytes=LOG_BACKLOG_BYTES)
    console = console_for(
        log, [spec.name for spec in specs], log_format=config.log_format, mark=LOG_MARK
    )
    for note in redis.notes:
        console.say(note)
    for name in misspelt(config.setting_names()):
        console.say(name, level="warning")
    reloader = _reloader(config, console) if reload else None
    if config.tasks or config.tasks_path:
        await _try_tasks(console, reloader)
    supervisor = Supervisor(specs, console)
    extras = [asyncio.create_task(console.keep_flushing())]
    shown = [redis.shown, *([("AWS", f"{aws.url} (moto, in memory)")] if aws else [])]
    announcing = _announce(config, redis, shown, supervisor, console, started_at)
    extras.append(asyncio.create_task(announcing))
    if reloader is not None:
        extras.append(asyncio.create_task(reloader.restart_on_change(supervisor)))
    code = await supervisor.run()
    for extra in extras:
        extra.cancel()
    await asyncio.wait(extras)
    if reloader is not None:
        await reloader.close()
    if code == 0:
        console.say("stopped; every accepted task is kept")
    log.drain(LAST_LINES_S)
    return code


def _reloader(config: "Config", console: Console) -> "Reloader":
    from duckline.stack.reloader import Reloader  # loads watchfiles, which only this case needs

    return Reloader(config, ROOT, console)


async def _try_tasks(console: Console, reloader: "Reloader | None") -> None:
    """Import the task modules once, before five processes do. Raise ConfigError if that fails.

    With a reloader, a module that cannot be imported is left out until its file has changed.
    """
    if reloader is not None:
        await reloader.first_check()
    elif problem := await import_problem(ROOT, {}, TASKS, console.say):
        raise ConfigError(problem)


async def _announce(
    config: "Config",
    redis: Broker,
    shown: list[tuple[str, str]],
    supervisor: Supervisor,
    console: Console,
    started_at: float,
) -> None:
    """Print the block with the URLs, and `shown`, as soon as the whole stack is ready."""
    await supervisor.ready.wait()
    redis.note_that_it_is_used()
    web = base_url(config.host, config.port)
    console.announce(
        f"Duckline is ready ({time.monotonic() - started_at:.1f} s)",
        [
            ("Dashboard", f"{web}{config.root_path}/"),
            ("API docs", f"{web}{config.root_path}/docs"),
            ("Inspector", f"{base_url(config.host, config.inspector_port)}{config.root_path}/"),
            *shown,
            ("", "Ctrl-C stops everything; nothing is lost."),
        ],
    )
