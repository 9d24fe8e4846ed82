"""The health check of a container, called as the image calls it."""

import os
import subprocess
import sys

import pytest

from tests.ports import free_ports
from tests.stack.running import ROOT


def check(*words: str, **settings: str) -> tuple[int, list[str]]:
    """Run the health check; its status, and the lines of its errors."""
    done = subprocess.run(
        [sys.executable, "-m", "duckline.stack.healthcheck", *words],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "the following arguments are required: http | consumer"),
        (["http"], "the following arguments are required: port"),
        (["consumer"], "the following arguments are required: queue"),
        (["tcp", "8000"], "invalid choice: 'tcp' (choose from "),
        (["http", "8000", "high"], "unrecognized arguments: high"),
        (["http", "web"], "'web' is no port: it takes a whole number from 1 to 65535"),
        (["http", "65536"], "'65536' is no port: it takes a whole number from 1 to 65535"),
        (["http", "9" * 5000], f"'{'9' * 64}' is no port: it takes a whole number from 1 to 65535"),
        (["consumer", "hihg"], "the queues are high, default, low; did you mean 'high'?"),
    ],
)
def test_a_wrong_call_says_what_it_takes(words: list[str], why: str) -> None:
    status, (usage, *_, error) = check(*words)

    assert status == 2
    assert usage.startswith("usage: python -m duckline.stack.healthcheck")
    assert why in error


def test_a_wrong_setting_is_the_reason() -> None:
    status, lines = check("consumer", "high", LOW_CONCURRENCY="many")

    assert status == 1
    assert len(lines) == 1
    assert lines[0].startswith("LOW_CONCURRENCY='many' is not right")


def test_what_does_not_answer_is_the_reason() -> None:
    port = str(free_ports(1)[0])
    status, lines = check("http", port)

    assert status == 1
    assert len(lines) == 1
    assert lines[0].startswith(f"no answer from port {port}")
