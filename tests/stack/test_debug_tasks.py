"""DEBUG_TASKS: `breakpoint()` in a task has the terminal, and nothing hurries the task."""

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import huey_tasks as tq
from duckline.stack.broker import Broker
from duckline.stack.services import service_specs
from duckline.stack.up import up
from huey_tasks.broker import keys
from huey_tasks.consumer.debugging import listen_for_debugpy
from tests.stack.running import RunningStack
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "app.py", "debug-tasks"]


class Terminal:
    """A terminal with `debug-tasks` in the foreground."""

    def __init__(self) -> None:
        self._here, there = pty.openpty()
        os.set_blocking(self._here, False)
        self.shown = ""
        self.process = subprocess.Popen(
            COMMAND,
            cwd=ROOT,
            env={**os.environ, "LEASE_S": "0.5"},
            preexec_fn=lambda: os.login_tty(there),
        )
        os.close(there)

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._here, f"{line}\n".encode())

    def wait_for(self, text: str) -> None:
        """Wait until the text is shown; what came before it is forgotten."""
        wait_until(lambda: text in self._read(), description=f"{text} is shown", timeout_s=30)
        self.shown = self.shown.partition(text)[2]

    def _read(self) -> str:
        with contextlib.suppress(BlockingIOError):
            self.shown += os.read(self._here, 65536).decode()
        return self.shown

    def close(self) -> None:
        """End the process and the terminal."""
        self.process.kill()
        self.process.wait()
        os.close(self._here)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal in which tasks run."""
    opened = Terminal()
    yield opened
    opened.close()


def test_a_task_waits_at_a_breakpoint_and_goes_on_in_the_same_attempt(terminal: Terminal) -> None:
    handle = tq.submit("stop_at_a_breakpoint", {"value": 21})
    beside = tq.submit("add", {"a": 1, "b": 2})
    terminal.wait_for("(Pdb) ")

    def lease_end() -> float:
        index = keys.index("low", "STARTED")
        return tq.low.broker.redis.zscore(index, handle.task_id) or 0.0

    first = lease_end()
    wait_until(lambda: lease_end() > first + 600, description="its lease was renewed")
    terminal.type("p 'value is', value")
    terminal.wait_for("('value is', 21)")
    terminal.type("c")
    terminal.wait_for("task ended")
    wait_until(
        lambda: tq.get_task(beside.task_id).status == "SUCCESS",
        description="the task of the other queue has run",
    )
    record = tq.get_task(handle.task_id)
    assert (record.status, record.result, record.attempt) == ("SUCCESS", 42, 1)
    terminal.process.terminate()
    assert terminal.process.wait(60) == 0
    assert not tq.consumers()


def test_the_first_task_does_not_wait_for_the_second_round(
    start: Callable[..., RunningStack],
) -> None:
    """No task is claimed before the first round says which types are known here."""
    code = (
        "from duckline import commands\n"
        "from huey_tasks.consumer import debugging\n"
        "debugging.ROUND_S = 600\n"
        "commands.main(['debug-tasks'])"
    )
    handle = tq.submit("add", {"a": 1, "b": 2})
    start([sys.executable, "-c", code])
    wait_until(
        lambda: tq.get_task(handle.task_id).status == "SUCCESS",
        description="it has run",
        timeout_s=120,
    )


def test_an_editor_attaches_where_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    stand_in = ModuleType("debugpy")
    stand_in.listen = asked.append  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "debugpy", stand_in)
    listen_for_debugpy(0)
    listen_for_debugpy(9299)
    assert asked == [("127.0.0.1", 9299)]


def test_an_absent_debugger_and_a_port_for_nobody_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "debugpy", None)
    with pytest.raises(tq.ConfigError) as caught:
        listen_for_debugpy(9299)
    text = "DEBUGPY_PORT is set, and debugpy is not installed: pip install debugpy"
    assert str(caught.value) == text
    with pytest.raises(tq.ConfigError, match="DEBUGPY_PORT is set without DEBUG_TASKS=1"):
        up(tq.Config.from_env({"DEBUGPY_PORT": "9299"}))


def test_one_process_with_the_terminal_takes_the_place_of_the_consumers() -> None:
    config = tq.Config.from_env({"DEBUG_TASKS": "1"})
    specs = service_specs(config, Broker(("", "")))
    assert [spec.name for spec in specs] == ["web", "tasks"]
    (tasks,) = [spec for spec in specs if spec.terminal]
    assert tasks.command[-1] == "debug-tasks" and tasks.reloads
