"""The process that watches: killed, stopped and doubled, beside real consumers."""

import json
import os
import re
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

import huey_tasks as tq
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.invocations import function_types
from tests.conftest import Process, StartConsumer
from tests.waiting import wait_until

HANDLER = """
import os
from urllib.parse import unquote_plus

def handler(event, context):
    record = event["Records"][0]
    with open(record["file"]["path"]) as file:
        text = file.read()
    line = f"{unquote_plus(record['s3']['object']['key'])} {text}\\n"
    fd = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, line.encode())
    os.close(fd)
"""


class Stack:
    """A folder of functions with a watch, and consumers."""

    def __init__(self, path: Path, start: StartConsumer) -> None:
        self.path, self.notes, self._start = path / "functions", path / "notes", start
        self.path.mkdir()
        (self.path / "sees.py").write_text(HANDLER)
        self.watch("inbox/*.txt")

    def watch(self, *patterns: str) -> None:
        lines = ["[sees]", f"watch = {json.dumps(patterns)}", f'env = {{NOTES = "{self.notes}"}}']
        (self.path / "functions.toml").write_text("\n".join(lines))

    def consumer(self) -> Process:
        data = str(self.path.parent / "data")
        # No event is lost and repeated because a consumer stood still for two seconds.
        return self._start("default", FUNCTIONS_PATH=str(self.path), DATA_DIR=data, LEASE_S="60")

    def lines(self) -> Counter[str]:
        return Counter(self.notes.read_text().splitlines() if self.notes.exists() else ())

    def wait_for(self, number: int) -> None:
        wait_until(
            lambda: self.lines().total() >= number,
            description=f"{number} files are seen",
            timeout_s=60,
        )


def watchers_of(consumer: Process) -> list[psutil.Process]:
    """The watcher: the child that ignores SIGIO, as no worker and no host does."""
    children = psutil.Process(consumer.popen.pid).children()
    return [each for each in children if _ignores_sigio(each.pid)]


def _ignores_sigio(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    (ignored,) = re.findall(r"^SigIgn:\s*(\w+)", status, re.MULTILINE)
    return bool(int(ignored, 16) >> (signal.SIGIO - 1) & 1)


@pytest.fixture
def stack(tmp_path: Path, start_consumer: StartConsumer, monkeypatch: Any) -> Stack:
    made = Stack(tmp_path, start_consumer)
    monkeypatch.setattr(function_types, "CATALOGUE", Catalogue([made.path]))
    return made


def test_a_dropped_file_runs_the_function_and_a_hanging_watcher_stops_nothing(
    stack: Stack,
) -> None:
    stack.watch()
    consumer = stack.consumer()
    assert watchers_of(consumer) == [], "nothing is watched"
    stack.watch("inbox/*.txt")
    function = tq.find_function("sees")
    assert function is not None
    wait_until(
        lambda: tq.watch_problem(function) == "inbox cannot be read: No such file or directory",
        description="the page of the function can say why nothing comes",
    )
    (stack.path / "inbox").mkdir()
    (stack.path / "inbox/a.txt").write_text("hello")
    stack.wait_for(1)
    assert stack.lines() == {"inbox/a.txt hello": 1}
    (watcher,) = watchers_of(consumer)
    stack.watch()
    wait_until(lambda: not watcher.is_running(), description="it ends with the last watch")
    stack.watch("inbox/*.txt")
    (watcher,) = wait_until(lambda: watchers_of(consumer), description="it is there again")
    os.kill(watcher.pid, signal.SIGSTOP)  # as one that hangs in a network folder
    found = tq.invoke_function("sees", {"Records": []}, tq.Kind.SYNC)
    wait_until(lambda: tq.answer_of(*found[:2]), description="others run", timeout_s=30)
    assert consumer.stop() == 0
    wait_until(lambda: not watcher.is_running(), description="it has ended, too")


def test_killed_watchers_of_two_machines_see_each_version_once(stack: Stack) -> None:
    """Files are dropped, and dropped anew, while both watchers are killed again and again."""
    consumers = [stack.consumer(), stack.consumer()]
    inbox = stack.path / "inbox"
    inbox.mkdir()
    expected, killed = Counter[str](), 0
    for turn in range(2):
        for number in range(40):
            part = inbox / f".{number}"
            part.write_text(str(turn))
            part.rename(inbox / f"{number}.txt")
            expected[f"inbox/{number}.txt {turn}"] += 1
        stack.wait_for(1 + 40 * turn)  # some of this turn, and all before it
        for watcher in [each for consumer in consumers for each in watchers_of(consumer)]:
            watcher.kill()
            killed += 1
        stack.wait_for(40 * (turn + 1))
    assert killed >= 2
    assert stack.lines() == expected
