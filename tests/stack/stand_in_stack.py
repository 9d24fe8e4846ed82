"""A supervisor of its own process, for tests: `python -m tests.stack.stand_in_stack '<JSON>'`.

The JSON is a list of ProcessSpec fields; `"ready_file": path` stands for a probe that wants that
file, `{"redis_in": folder}` for the real embedded Redis with its data there, and
`"fork_server": command` for a process that is forked by that program when it starts first.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

from duckline.stack import data_dir, embedded_redis
from duckline.stack.console import Console
from duckline.stack.errors import StartRefused
from duckline.stack.forks import ForkServer
from duckline.stack.process import ProcessSpec
from duckline.stack.supervisor import Supervisor
from huey_tasks.settings import data_folder


def _spec(fields: dict[str, Any], cleanup: contextlib.ExitStack) -> ProcessSpec:
    if folder := fields.pop("redis_in", None):
        lock, _ = data_dir.claim(Path(folder), is_default=False, port=8000, say=print)
        socket = embedded_redis.socket_path(lock.directory)
        cleanup.callback(embedded_redis.clean_up, socket, lock.directory)
        print(f"redis is at {data_folder.url(socket, 0)}", flush=True)
        return embedded_redis.spec(lock, socket, appendfsync="always")
    ready_file = fields.pop("ready_file", None)
    if command := fields.pop("fork_server", None):
        fields["forked_by"] = ForkServer(command, {}, [fields["name"]])
    if "log_file" in fields:
        fields["log_file"] = Path(fields["log_file"])

    async def probe() -> str | None:
        return None if Path(str(ready_file)).exists() else "no ready file"

    return ProcessSpec(**fields, probe=probe if ready_file else None)


async def _run(specs: list[ProcessSpec]) -> int:
    console = Console(sys.stdout, [spec.name for spec in specs], as_json=False, colour=False)
    supervisor = Supervisor(specs, console)

    async def announce() -> None:
        await supervisor.ready.wait()
        console.say("ready")

    announcing = asyncio.create_task(announce())
    code = await supervisor.run()
    announcing.cancel()
    return code


def main() -> int:
    try:
        with contextlib.ExitStack() as cleanup:
            return asyncio.run(_run([_spec(fields, cleanup) for fields in json.loads(sys.argv[1])]))
    except StartRefused as refusal:
        print(refusal, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
