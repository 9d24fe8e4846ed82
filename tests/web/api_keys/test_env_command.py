"""`duckline env` beside a service that needs a key: it takes one, or says how to make one."""

import pytest

import huey_tasks as tq
from duckline import commands
from tests.ports import free_ports
from tests.waiting import wait_until
from tests.web.conftest import Server


def env(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    """Return the lines for the key id, and what it says besides."""
    assert commands.main(["env"]) == 0
    shown = capsys.readouterr()
    lines = [line for line in shown.out.splitlines() if "AWS_ACCESS_KEY_ID" in line]
    return lines, shown.err


@pytest.fixture
def beside(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("PORT", str(server.port))
    monkeypatch.delenv("DUCKLINE_API_KEY", raising=False)
    return server


def test_a_service_without_keys_takes_any_text(
    beside: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert env(capsys) == (["export AWS_ACCESS_KEY_ID=duckline"], "")


def test_a_service_that_is_not_there_needs_no_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", str(free_ports(1)[0]))
    assert env(capsys) == (["export AWS_ACCESS_KEY_ID=duckline"], "")


def test_a_stored_key_makes_it_say_how_to_get_one(
    beside: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, key = tq.create_key("ada", "admin")
    said = wait_until(lambda: env(capsys)[1], description="the service has seen the new key")
    assert said.startswith("duckline: the service needs a key.")
    assert "keys create <name> submitter" in said

    monkeypatch.setenv("DUCKLINE_API_KEY", key)
    assert env(capsys) == ([f"export AWS_ACCESS_KEY_ID={key}"], "")
