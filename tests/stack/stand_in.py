"""A child process for supervisor tests: `python stand_in.py MODE`, and MODE says how it behaves."""

import os
import signal
import sys
import time
from types import FrameType


def say(text: str) -> None:
    """Print a line in one write: two processes of a family share the pipe."""
    os.write(1, f"{text}\n".encode())


def leave(_signal: int, _frame: FrameType | None) -> None:
    say(f"leaves at {time.monotonic()}")
    sys.exit(0)


def main(mode: str) -> None:
    if mode == "crash":
        say("cannot work like this")
        sys.exit(3)
    if mode == "refuse":
        say("duckline: TASKS_PATH is not right\nand more about it")
        sys.exit(os.EX_CONFIG)
    if mode == "family" and os.fork() == 0:
        mode = "child"
    if mode == "daemon" and os.fork() == 0:
        os.setsid()
        mode = "child"
    stubborn = mode in ("stubborn", "child")
    signal.signal(signal.SIGTERM, signal.SIG_IGN if stubborn else leave)
    say(f"{mode} runs as {os.getpid()} at {time.monotonic()}")
    while True:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
