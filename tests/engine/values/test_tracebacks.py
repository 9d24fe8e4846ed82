"""A kept traceback: short, whole lines, and it says what is missing."""

import traceback
from collections.abc import Callable

import pytest

from huey_tasks.values.tracebacks import KEPT_CHARS, cut


def _raised(function: Callable[[], object]) -> str:
    try:
        function()
    except Exception:
        return traceback.format_exc()
    raise AssertionError("nothing was raised")


def _ping(n: int) -> None:
    if n == 0:
        raise ValueError("the bottom")
    _pong(n - 1)


def _pong(n: int) -> None:
    _ping(n - 1) if n else _ping(0)


def test_a_short_one_stays_as_it_is() -> None:
    text = _raised(lambda: _ping(3))
    assert cut(text) == text


@pytest.mark.parametrize("depth", [300, 900])
def test_a_long_one_begins_and_ends_with_whole_frames_and_counts_the_rest(depth: int) -> None:
    text = _raised(lambda: _ping(depth))
    kept = cut(text)
    assert len(kept) <= KEPT_CHARS + 100
    lines, all_lines = kept.split("\n"), text.split("\n")
    (gap,) = [at for at, line in enumerate(lines) if "left out" in line]
    assert lines[:gap] == all_lines[:gap]
    assert lines[gap + 1 :] == all_lines[-len(lines[gap + 1 :]) :]
    assert lines[gap + 1].startswith('  File "') and lines[0].startswith("Traceback")
    left_out = text.count('  File "') - kept.count('  File "')
    assert lines[gap] == f"  … {left_out:,} frames left out"
    assert kept.rstrip().endswith("ValueError: the bottom")


@pytest.mark.parametrize("message", ["x" * 100_000, "line\n" * 20_000, "é" * 30_000, ""])
def test_a_hostile_message_leaves_it_bounded_and_says_that_something_is_missing(
    message: str,
) -> None:
    def fail() -> None:
        raise ValueError(message)

    text = _raised(fail)
    kept = cut(text)
    assert len(kept) <= KEPT_CHARS + 100
    assert kept == text or "left out" in kept or "line cut" in kept
    assert all(len(line) < 3000 for line in kept.split("\n"))


def test_a_text_that_is_no_traceback_is_cut_too() -> None:
    assert len(cut("a\n" * 50_000)) <= KEPT_CHARS + 100
    assert cut("") == ""
