"""A signal handler that raises in the middle of a call of Redis: a time limit, or a cancel."""

from collections.abc import Iterator
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker.connection import Sent, connect
from huey_tasks.broker.deadline import InTime

#: A command whose answer comes late, so that no look at the connection sees it.
LATE = ("BLPOP", "nothing", "0.3")


class _Stop(BaseException): ...


@pytest.fixture
def client() -> Iterator[Any]:
    with connect(tq.CONFIG.broker_url) as client:
        yield client


def _stop(*_arguments: object, **_options: object) -> None:
    raise _Stop


@pytest.mark.parametrize(
    ("call", "place", "method"),
    [
        ("ask", InTime, "answer"),
        ("execute_command", InTime, "read_response"),
        ("send", Sent, "__init__"),
    ],
)
def test_the_answer_to_a_stopped_command_is_not_that_of_a_later_one(
    client: Any, monkeypatch: pytest.MonkeyPatch, call: str, place: type, method: str
) -> None:
    client.ask("ECHO", "before")
    with monkeypatch.context() as patch, pytest.raises(_Stop):
        patch.setattr(place, method, _stop)
        getattr(client, call)(*LATE)
    assert [client.ask("ECHO", text) for text in ("a", "b")] == [b"a", b"b"]
    assert not client.connection_pool._in_use_connections
