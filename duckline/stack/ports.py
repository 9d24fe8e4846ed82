"""Check that the ports of the stack are free before anything starts, and name free ones if not."""

import errno
import itertools
import socket
import time
from collections.abc import Collection, Mapping

from duckline.stack.errors import StartRefused

RELEASE_WAIT_S = 2.0  # a stopping stack holds its ports for up to a second
_POLL_S = 0.05
#: The first port that needs no root, and the last one.
_FIRST, _LAST = 1024, 65_535
_MOST_TRIES = 2000  # more ports than a privileged one is below _FIRST, tried in some 20 ms


def require_free(host: str, ports: dict[str, int]) -> None:
    """Raise StartRefused unless every port (by its setting) can be listened on.

    The refusal is one line. It names every such port, and for each setting one that is free now.
    """
    for one, other in itertools.combinations(ports, 2):
        if ports[one] == ports[other]:
            advice = _advice(host, ports, [other])
            raise StartRefused(f"{one} and {other} are both {ports[one]}; change one{advice}")
    deadline = time.monotonic() + RELEASE_WAIT_S
    while problems := _problems(host, ports):
        if time.monotonic() > deadline:
            raise StartRefused(_refusal(host, ports, problems))
        time.sleep(_POLL_S)


def _refusal(host: str, ports: Mapping[str, int], problems: Mapping[str, str]) -> str:
    why = ", ".join(
        f"{ports[setting]} on {host} ({problem})" for setting, problem in problems.items()
    )
    noun, other = ("Port", "another") if len(problems) == 1 else ("Ports", "others")
    settings = " and ".join(problems)
    advice = _advice(host, ports, problems)
    return f"{noun} {why} cannot be used; set {settings} to {other}{advice}"


def _advice(host: str, ports: Mapping[str, int], settings: Collection[str]) -> str:
    """Return ", for example PORT=8001", with a port that is free now for each of the settings."""
    taken, advice = set(ports.values()), list[str]()
    for setting in settings:
        port = _free_port(host, ports[setting], taken)
        if port is None:
            return ""
        taken.add(port)
        advice.append(f"{setting}={port}")
    return f", for example {' '.join(advice)}"


def first_free(host: str, port: int, taken: Collection[int]) -> int:
    """Return `port`, or the next one that can be listened on and is not `taken`.

    Raise StartRefused without one.
    """
    found = _free_port(host, port - 1, taken)
    if found is None:
        raise StartRefused(f"No port from {port} on can be listened on at {host}")
    return found


def _free_port(host: str, after: int, taken: Collection[int]) -> int | None:
    """Return the next port after `after` that can be listened on and is not `taken`."""
    candidates = itertools.chain(range(after + 1, _LAST + 1), range(_FIRST, after))
    for port in itertools.islice(candidates, _MOST_TRIES):
        if port not in taken and _problem(host, port) is None:
            return port
    return None


def _problems(host: str, ports: Mapping[str, int]) -> dict[str, str]:
    found = {setting: _problem(host, port) for setting, port in ports.items()}
    return {setting: problem for setting, problem in found.items() if problem is not None}


def _problem(host: str, port: int) -> str | None:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise _not_ours(host, error) from error
    for family, kind, protocol, _, address in addresses:
        with socket.socket(family, kind, protocol) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(address)
                attempt.listen(1)
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:  # no other port helps
                    raise _not_ours(host, error) from error
                return "in use" if error.errno == errno.EADDRINUSE else str(error.strerror)
    return None


def _not_ours(host: str, error: OSError) -> StartRefused:
    return StartRefused(f"HOST {host} is not an address of this machine: {error}")
