"""The fixtures of `huey_tasks.testing` for pytest; an installed Duckline registers them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads this module in every project: the engine waits for its first use
    from huey_tasks.testing import Captured, Eager, Live


@pytest.fixture
def eager() -> "Iterator[Eager]":
    """A submit runs the task at once, in this process; see `huey_tasks.testing.eager`."""
    from huey_tasks import testing

    with testing.eager() as mode:
        yield mode


@pytest.fixture
def captured() -> "Iterator[Captured]":
    """What is submitted is kept and nothing runs; see `huey_tasks.testing.captured`."""
    from huey_tasks import testing

    with testing.captured() as mode:
        yield mode


@pytest.fixture
def live() -> "Iterator[Live]":
    """A consumer of each queue runs; see `huey_tasks.testing.live`."""
    from huey_tasks import testing

    with testing.live() as mode:
        yield mode
