"""The folders in which web processes count for /metrics: the next server removes what is unused."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.stack.running import ROOT

SERVER = "from duckline.server import counts; print(counts.make(), flush=True); input()"
Start = Callable[[], tuple[subprocess.Popen[str], Path]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a process with a folder of its own."""
    with ExitStack() as running:

        def start_one() -> tuple[subprocess.Popen[str], Path]:
            server = running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", SERVER],
                    cwd=ROOT,
                    env={**os.environ, "TMPDIR": str(tmp_path)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            running.callback(server.kill)
            assert server.stdout is not None
            return server, Path(server.stdout.readline().strip())

        yield start_one


def test_the_folder_of_a_killed_server_goes_and_that_of_a_live_one_stays(
    start: Start, tmp_path: Path
) -> None:
    killed, left = start()
    _, of_live = start()
    (left / "counter_1.db").touch()
    killed.kill()
    killed.wait()

    _, own = start()

    assert set(tmp_path.iterdir()) == {of_live, own}
