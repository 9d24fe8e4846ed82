"""Bugs to plant: each breaks one promise of the engine in a copy of the repository.

A checker that never fails has shown nothing. The storm runs from the copy, so that production code
has no hook for this; the replaced text must be there exactly once, or planting fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.arena import REPOSITORY
from tests.chaos.checker import Breach

_COPIED = (
    "app.py",
    "gunicorn.conf.py",
    "huey_tasks",
    "web",
    "static",
    "duckline",
    "tests/chaos",
    "tests/__init__.py",
    "tests/receivers.py",
    "tests/waiting.py",
)


@dataclass(frozen=True)
class Bug:
    """One bug: where, what is replaced by what, and the breaches that it may show as."""

    name: str
    file: str
    sound: str
    broken: str
    shows_as: frozenset[Breach]


BUGS = (
    Bug(
        "no fence: a step takes any token",
        "huey_tasks/broker/lua/lib/commit.lua",
        "if ties[Ties.state] == 'STARTED' and ties[Ties.token] == done.token then",
        "if true then",
        frozenset({Breach.DOUBLE_TERMINAL, Breach.GAP}),
    ),
    Bug(
        "acknowledged before it has run",
        "huey_tasks/huey_adapter/task_queue.py",
        "        plain_task = self._registry.plain_task(claim.type)\n",
        '        self.storage.slot.finish(Commit(claim.id, claim.token, "SUCCESS"))\n'
        "        self.storage.slot.flush()\n"
        "        plain_task = self._registry.plain_task(claim.type)\n",
        frozenset({Breach.WRONG_END}),
    ),
    Bug(
        "a promotion drops one in four",
        "huey_tasks/broker/lua/promote.lua",
        "queue_again(id, place_again(id, priority), suspicion)",
        "if NOW % 4 > 0 then queue_again(id, place_again(id, priority), suspicion) end",
        frozenset({Breach.LOST, Breach.GAP}),
    ),
    Bug(
        "a lease is renewed for a consumer that does not hold it",
        "huey_tasks/broker/lua/renew.lua",
        "  if holds(id, token) then\n    redis.call('ZADD', index_key('STARTED'), 'XX',",
        "  if redis.call('EXISTS', task_key(id)) == 1 then\n"
        "    redis.call('ZADD', index_key('STARTED'),",
        frozenset({Breach.DOUBLE_TERMINAL, Breach.GAP}),
    ),
    Bug(
        "a lease is recovered before it has ended",
        "huey_tasks/broker/lua/recover.lua",
        "local ended = redis.call('ZRANGEBYSCORE', index_key('STARTED'),",
        "local ended = redis.call('ZRANGE', index_key('STARTED'), 0, -1)\n"
        "local _ = redis.call('ZRANGEBYSCORE', index_key('STARTED'),",
        frozenset({Breach.UNEXPLAINED_REPEAT}),
    ),
    Bug(
        "a step that is sent again is not remembered",
        "huey_tasks/broker/lua/step.lua",
        "if last and tonumber(last) >= tonumber(sequence) then",
        "if false then",
        frozenset({Breach.DOUBLE_CLAIM}),
    ),
    Bug(
        "a dead worker takes its neighbours' tasks along",
        "huey_tasks/broker/lua/release.lua",
        "if token:sub(1, #holder + 1) == holder .. '/' then",
        "if true then",
        frozenset({Breach.UNEXPLAINED_REPEAT, Breach.UNEXPLAINED_DELIVERY}),
    ),
    Bug(
        "a chord calls back one member early",
        "huey_tasks/broker/lua/lib/barrier.lua",
        "if redis.call('HINCRBY', gate_key(id), 'before', -1) > 0 then return end",
        "if redis.call('HINCRBY', gate_key(id), 'before', -1) > 1 then return end",
        frozenset({Breach.WRONG_END, Breach.TOO_EARLY}),
    ),
    Bug(
        "a copy that a task has forked goes on as a worker",
        "huey_tasks/processes/fork_copies.py",
        "if _worker_pid and os.getpid() != _worker_pid:",
        "if False:",
        frozenset({Breach.SPOILT_WORKER}),
    ),
    Bug(
        "descriptors are not restored",
        "huey_tasks/cleanup/traits.py",
        '        Trait("descriptors", descriptors.read, descriptors.restore),\n',
        "",
        frozenset({Breach.SPOILT_WORKER, Breach.LOST}),
    ),
    Bug(
        "what a task changes in its worker stays",
        "huey_tasks/cleanup/worker_state.py",
        "            self._look(attempt)\n",
        "            pass\n",
        frozenset({Breach.SPOILT_WORKER}),
    ),
    Bug(
        "what a task has started lives on",
        "huey_tasks/cleanup/leftovers.py",
        "if not self._may_have(attempt):",
        "if True:",
        frozenset({Breach.OUTLIVED}),
    ),
    Bug(
        "a worker that has ended is not replaced",
        "huey_tasks/consumer/worker_pool.py",
        "self._respawns.append((now + pause, cell))",
        "pass",
        frozenset({Breach.UNMANNED, Breach.LOST}),
    ),
    Bug(
        "a log waits for its reader",
        "huey_tasks/logs.py",
        "logging.StreamHandler(LogStream(sys.__stderr__.fileno() if sys.__stderr__ else 2))",
        "logging.StreamHandler()",
        frozenset({Breach.HELD_UP}),
    ),
    Bug(
        "a flow joins one node early",
        "huey_tasks/broker/lua/lib/flows.lua",
        "if redis.call('HINCRBY', flow_part(flow, 'before'), number, -1) > 0 then return end",
        "if redis.call('HINCRBY', flow_part(flow, 'before'), number, -1) > 1 then return end",
        frozenset({Breach.TOO_EARLY, Breach.WRONG_END}),
    ),
    Bug(
        "a webhook that was refused is not sent again",
        "huey_tasks/webhooks/deliver.py",
        "        raise DeliveryFailed(answer.error)\n",
        "        pass\n",
        frozenset({Breach.UNDELIVERED}),
    ),
    Bug(
        "a body that nobody wants is read on",
        "duckline/server/requests.py",
        "if self.mesg.should_close() or not self._read_rest(self.mesg):",
        "if not self._read_rest(self.mesg) or self.mesg.should_close():",
        frozenset({Breach.HELD_UP}),
    ),
)


def plant(bug: Bug, copy: Path) -> None:
    """Copy the repository and break the copy. Raises ValueError when there is nothing to break."""
    for name in _COPIED:
        source, target = REPOSITORY / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    file = copy / bug.file
    text = file.read_text("utf-8")
    if text.count(bug.sound) != 1:
        raise ValueError(f"{bug.file} has not exactly one {bug.sound!r}: the bug is out of date")
    file.write_text(text.replace(bug.sound, bug.broken), "utf-8")


def storm_with(bug: Bug, arguments: list[str]) -> tuple[bool, str]:
    """Run a storm on a broken copy; return whether the checker has caught the bug, and its words.

    Caught means: the verdict is FAIL (a storm that cannot run has none), for a breach of the bug's.
    """
    with tempfile.TemporaryDirectory(prefix="duckline-planted-") as folder:
        plant(bug, Path(folder))
        run = subprocess.run(
            [sys.executable, "-m", "tests.chaos", *arguments],
            cwd=folder,
            env={**os.environ, "TMPDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    failed = run.returncode == 1 and run.stdout.rstrip().endswith("FAIL")
    reported = any(f"  {breach.upper()}: " in run.stdout for breach in bug.shows_as)
    return failed and reported, run.stdout + run.stderr
