"""A port in use is refused before anything starts, with the setting that changes it."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from duckline.stack import ports
from duckline.stack.errors import StartRefused
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


def refusal_for(asked: dict[str, int]) -> str:
    with pytest.raises(StartRefused) as refusal:
        ports.require_free("127.0.0.1", asked)
    return str(refusal.value)


def advised(line: str) -> dict[str, int]:
    """Return the settings that a refusal gives as an example; each must be free and its own."""
    found = re.findall(r"(\w+)=(\d+)", line.partition("for example ")[2])
    advice = {setting: int(port) for setting, port in found}
    with ExitStack() as held:
        for port in advice.values():
            held.enter_context(socket.create_server(("127.0.0.1", port)))
    return advice


def neighbours(number: int) -> int:
    """Return the first of `number` ports in a row that nobody listens on."""
    for first in free_ports(200):
        try:
            with ExitStack() as held:
                for port in range(first, first + number):
                    held.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
    raise AssertionError("no free ports in a row")


def test_the_advice_names_a_port_that_is_free() -> None:
    first = neighbours(4)
    with ExitStack() as held:
        for port in (first, first + 1, first + 2):
            held.enter_context(socket.create_server(("127.0.0.1", port)))
        line = refusal_for({"PORT": first, "INSPECTOR_PORT": first + 2})
        advice = advised(line)
    assert advice.keys() == {"PORT", "INSPECTOR_PORT"}
    assert not {first, first + 1, first + 2} & set(advice.values())
    assert f"Ports {first} on 127.0.0.1 (in use), {first + 2} on 127.0.0.1 (in use)" in line


def test_the_advice_is_not_the_port_of_the_other_service() -> None:
    first = neighbours(3)
    with socket.create_server(("127.0.0.1", first)):
        line = refusal_for({"PORT": first, "INSPECTOR_PORT": first + 1})
        advice = advised(line)
    assert advice.keys() == {"PORT"}
    assert advice["PORT"] not in (first, first + 1)


def test_the_last_port_has_an_advice_too() -> None:
    with socket.create_server(("127.0.0.1", 65_535)):
        assert advised(refusal_for({"PORT": 65_535})).keys() == {"PORT"}


def test_an_address_of_another_machine_gets_no_advice_of_a_port(free_port: int) -> None:
    with pytest.raises(StartRefused, match=r"^HOST 192\.0\.2\.1 is not an address of this machine"):
        ports.require_free("192.0.2.1", {"PORT": free_port})


def test_free_ports_stay_free(free_port: int) -> None:
    ports.require_free("127.0.0.1", {"PORT": free_port})

    with socket.create_server(("127.0.0.1", free_port)):
        pass


def test_one_port_for_both_services_is_refused(free_port: int) -> None:
    line = refusal_for({"PORT": free_port, "INSPECTOR_PORT": free_port})
    assert f"PORT and INSPECTOR_PORT are both {free_port}" in line
    assert advised(line)["INSPECTOR_PORT"] != free_port


def test_a_host_that_does_not_exist_is_one_clear_line(free_port: int) -> None:
    with pytest.raises(StartRefused, match=r"HOST no\.such\.host\.invalid"):
        ports.require_free("no.such.host.invalid", {"PORT": free_port})
