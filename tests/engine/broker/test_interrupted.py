"""A signal handler that raises in the middle of a call of Redis: a time limit, or a cancel."""

from collections.abc import Iterator
from typing import Any

import hiredis
import pytest
from redis._parsers import _HiredisParser

import huey_tasks as tq
from huey_tasks.broker import deadline
from huey_tasks.broker.connection import SentCommand, connect
from huey_tasks.broker.deadline import InTime, packed, time_limit

#: A command whose answer comes late, so that no look at the connection sees it.
LATE = ("BLPOP", "nothing", "0.3")

#: Another one, which is late in a transaction too.
BUSY = "local n = 0 while n < 2e6 do n = n + 1 end return 'late'"


class _Stop(BaseException): ...


@pytest.fixture
def client() -> Iterator[Any]:
    with connect(tq.CONFIG.broker_url) as client:
        yield client


def _stop(*_arguments: object, **_options: object) -> None:
    raise _Stop


@pytest.mark.parametrize(
    ("call", "command", "place", "method"),
    [
        ("ask", LATE, InTime, "answer"),
        ("execute_command", LATE, InTime, "read_response"),
        ("send", (packed(*LATE),), SentCommand, "__init__"),
    ],
    ids=["ask", "execute_command", "send"],
)
def test_the_answer_to_a_stopped_command_is_not_that_of_a_later_one(
    client: Any, monkeypatch: pytest.MonkeyPatch, call: str, command: Any, place: type, method: str
) -> None:
    client.ask("ECHO", "before")
    with monkeypatch.context() as patch, pytest.raises(_Stop):
        patch.setattr(place, method, _stop)
        getattr(client, call)(*command)
    assert [client.ask("ECHO", text) for text in ("a", "b")] == [b"a", b"b"]
    assert not client.connection_pool._in_use_connections


@pytest.mark.parametrize("method", ["on_connect", "on_disconnect"])
def test_a_connection_that_is_stopped_while_it_is_opened_or_closed_is_made_anew(
    client: Any, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    if method == "on_disconnect":
        client.echo("before")
    with monkeypatch.context() as patch:
        undone = getattr(_HiredisParser, method)

        def stop(*arguments: object, **options: object) -> None:
            undone(*arguments, **options)
            patch.undo()
            raise _Stop

        patch.setattr(_HiredisParser, method, stop)
        with pytest.raises(_Stop):
            client.echo("stopped")
            client.connection_pool.disconnect()
    assert [client.echo(text) for text in ("a", "b")] == [b"a", b"b"]
    assert client.ask("CLIENT", "GETNAME")


@pytest.mark.parametrize("transaction", [True, False])
def test_the_answers_to_a_stopped_pipeline_are_not_those_of_later_commands(
    client: Any, monkeypatch: pytest.MonkeyPatch, transaction: bool
) -> None:
    client.ask("ECHO", "before")
    with client.pipeline(transaction) as pipe, monkeypatch.context() as patch:
        patch.setattr(InTime, "read_response", _stop)
        with pytest.raises(_Stop):
            pipe.eval(BUSY, 0).execute()
    assert [client.ask("ECHO", text) for text in ("a", "b")] == [b"a", b"b"]


def test_a_connection_that_a_stopped_caller_has_lost_does_not_count_as_in_use(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = client.connection_pool
    for _ in range(pool.size):
        with monkeypatch.context() as patch, pytest.raises(_Stop):
            patch.setattr(pool, "release", _stop)
            client.ask("ECHO", "stopped")
    with time_limit(5.0):
        assert client.ask("ECHO", "next") == b"next"


def test_hiredis_gets_no_number_which_it_cannot_pack_while_a_signal_comes(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[Any, ...]] = []

    def pack(command: tuple[Any, ...]) -> bytes:
        commands.append(command)
        return hiredis_packs(command)

    hiredis_packs = hiredis.pack_command
    monkeypatch.setattr(hiredis, "pack_command", pack)
    monkeypatch.setattr(deadline, "pack_command", pack)
    with connect(tq.CONFIG.broker_url) as new:
        assert new.set("a number", 3, px=60_000)
    assert client.ask("EVAL", "return ARGV", 0, 1, 2.5) == [b"1", b"2.5"]
    assert client.send(packed("INCRBYFLOAT", "a number", 0.5)).answer() == b"3.5"
    with client.pipeline() as pipe:
        assert pipe.pexpire("a number", 1).execute() == [True]
    assert tq.get_task(tq.submit("echo", {"value": 1}).task_id).status == "PENDING"
    assert {"SET", "EVAL", "EVALSHA", "INCRBYFLOAT"} <= {_text(command[0]) for command in commands}
    assert not {type(one) for command in commands for one in command} & {int, float}


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
