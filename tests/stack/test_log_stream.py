"""A log stream waits for no reader: pipes, terminals and sockets that are not read; files."""

import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from huey_tasks.log_stream import LogStream

LINE = "x" * 99 + "\n"
Ends = tuple[int, int]


def _pipe() -> Ends:
    return os.pipe()


def _terminal() -> Ends:
    return pty.openpty()


def _socket() -> Ends:
    reader, writer = socket.socketpair()
    return reader.detach(), writer.detach()


def read_all(reader: int) -> str:
    """Read what is there now."""
    os.set_blocking(reader, False)
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(reader, 1 << 20)
        except BlockingIOError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("ends", [_pipe, _terminal, _socket])
def test_lines_arrive_whole_and_in_order_once_the_reader_reads_again(
    ends: Callable[[], Ends],
) -> None:
    reader, writer = ends()
    stream = LogStream(writer, backlog_bytes=100_000_000)
    began = time.monotonic()

    for number in range(20_000):
        stream.write(f"{number} {LINE}")

    assert time.monotonic() - began < 5
    got = read_all(reader)
    while len(lines := got.splitlines()) < 20_000:
        stream.flush()
        got += read_all(reader)
    assert [int(line.split()[0]) for line in lines] == list(range(20_000))
    assert os.get_blocking(writer) is True  # it belongs to others, too


@pytest.mark.parametrize("ends", [_pipe, _terminal, _socket])
def test_what_is_more_than_the_bound_is_dropped_and_counted(ends: Callable[[], Ends]) -> None:
    reader, writer = ends()
    stream = LogStream(writer, backlog_bytes=10_000)

    for number in range(20_000):
        stream.write(f"{number} {LINE}")
    got = read_all(reader)
    stream.flush()
    got += read_all(reader)
    stream.write("after\n")
    got += read_all(reader)

    lines = got.splitlines()
    kept = [line for line in lines if "x" in line and "missing" not in line]
    assert f"({20_000 - len(kept)} log lines are missing here" in got
    assert lines[-1] == "after"
    assert all(len(line.split()[1]) == 99 for line in kept)  # none is cut


def test_a_process_that_was_forked_does_not_repeat_what_was_kept() -> None:
    reader, writer = _pipe()
    stream = LogStream(writer)
    for _ in range(2000):
        stream.write(LINE)
    child = os.fork()
    if child == 0:
        stream.write("child\n")
        os._exit(0)
    os.waitpid(child, 0)
    got = read_all(reader)
    while got.count(LINE) < 2000:
        stream.flush()
        more = read_all(reader)
        assert more
        got += more

    assert got.replace("child\n", "") == 2000 * LINE


def test_a_file_is_written_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as file:
        file.write("before\n")
        file.flush()
        LogStream(file.fileno()).write("after\n")

    assert path.read_text() == "before\nafter\n"


def _with_a_gone_reader(ends: Callable[[], Ends]) -> int:
    reader, writer = ends()
    os.close(reader)
    return writer


@pytest.mark.parametrize("ends", [_pipe, _terminal, _socket])
def test_a_reader_that_is_gone_is_no_error(ends: Callable[[], Ends]) -> None:
    stream = LogStream(_with_a_gone_reader(ends))

    for _ in range(3):
        stream.write(LINE)

    assert stream.flush()


def test_a_full_disk_is_no_error_and_gets_its_lines_when_it_has_room(tmp_path: Path) -> None:
    code = """
import resource, sys
from huey_tasks.log_stream import LogStream

def limit_files_to(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

stream = LogStream(sys.stdout.fileno())
limit_files_to(1050)
for number in range(100):
    stream.write(f"{number} {'x' * 99}\\n")
assert not stream.flush()
limit_files_to(resource.RLIM_INFINITY)
assert stream.flush()
"""
    with (tmp_path / "log").open("w") as log:
        subprocess.run([sys.executable, "-c", code], stdout=log, timeout=30, check=True)

    lines = (tmp_path / "log").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(100))


def test_a_process_that_logs_to_nobody_goes_on_and_ends() -> None:
    code = """
import logging
from huey_tasks import logs
from huey_tasks.config import Config
logs.configure(Config())
for _ in range(5000):
    logging.getLogger("shop").info("x" * 500)
print("worked", flush=True)
"""
    reader, writer = os.pipe()

    done = subprocess.run(
        [sys.executable, "-c", code], stderr=writer, stdout=subprocess.PIPE, timeout=30, check=True
    )

    assert done.stdout == b"worked\n"
    os.close(reader)
    os.close(writer)
