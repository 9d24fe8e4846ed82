"""What the tests of figures share."""

import pytest

from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until


@pytest.fixture
def within_a_minute() -> None:
    """A test counts in one minute: not in the last seconds of one."""
    wait_until(lambda: clock_ms() % 60_000 < 50_000, description="a minute has begun")
