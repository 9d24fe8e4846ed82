"""A port in use is refused before anything starts, with the setting that changes it."""

import socket
from collections.abc import Iterator

import pytest

from stack import ports
from stack.errors import StartRefused
from tests.ports import free_ports


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is about to release a port here."""
    monkeypatch.setattr(ports, "RELEASE_WAIT_S", 0.0)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Give a port that somebody listens on for the length of the test."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    """Give a port that nobody listens on."""
    return free_ports(1)[0]


def test_a_taken_port_is_named_with_its_setting(taken_port: int, free_port: int) -> None:
    with pytest.raises(StartRefused) as refusal:
        ports.require_free("127.0.0.1", {"PORT": free_port, "INSPECTOR_PORT": taken_port})

    line = str(refusal.value)
    assert f"Port {taken_port}" in line
    assert "set INSPECTOR_PORT" in line
    assert "\n" not in line


def test_free_ports_stay_free(free_port: int) -> None:
    ports.require_free("127.0.0.1", {"PORT": free_port})

    with socket.create_server(("127.0.0.1", free_port)):
        pass


def test_one_port_for_both_services_is_refused(free_port: int) -> None:
    with pytest.raises(StartRefused, match="PORT and INSPECTOR_PORT are both"):
        ports.require_free("127.0.0.1", {"PORT": free_port, "INSPECTOR_PORT": free_port})


def test_a_host_that_does_not_exist_is_one_clear_line(free_port: int) -> None:
    with pytest.raises(StartRefused, match=r"HOST no\.such\.host\.invalid"):
        ports.require_free("no.such.host.invalid", {"PORT": free_port})
