"""What the fundamentals need: a consumer, an HTTP client, and tests that stay short."""

import inspect
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from tests.conftest import Process, StartConsumer

_MOST_LINES = 15


@pytest.fixture
def consumer(start_consumer: StartConsumer) -> Process:
    """A consumer of queue `default` with one worker, in a process of its own."""
    return start_consumer("default")


@pytest.fixture
def http() -> FlaskClient:
    """The web service, without a server in between."""
    return create_app().test_client()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reject a test here that is too long to be read at a glance."""
    for item in items:
        if Path(__file__).parent in item.path.parents and isinstance(item, pytest.Function):
            lines = len(inspect.getsource(item.function).splitlines())
            if lines > _MOST_LINES:
                raise pytest.UsageError(f"{item.nodeid} has {lines} lines, of {_MOST_LINES}")
