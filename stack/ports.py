"""Check that the ports of the stack are free before anything starts."""

import errno
import socket
import time

from stack.errors import StartRefused

RELEASE_WAIT_S = 2.0  # a stopping stack holds its ports for up to a second
_POLL_S = 0.05


def require_free(host: str, ports: dict[str, int]) -> None:
    """Raise StartRefused unless every port (by its setting) can be listened on."""
    settings = list(ports)
    for position, setting in enumerate(settings):
        for other in settings[:position]:
            if ports[setting] == ports[other]:
                raise StartRefused(f"{other} and {setting} are both {ports[setting]}; change one")
    deadline = time.monotonic() + RELEASE_WAIT_S
    for setting, port in ports.items():
        while (problem := _problem(host, port)) is not None:
            if time.monotonic() > deadline:
                raise StartRefused(
                    f"Port {port} on {host} cannot be used ({problem}); set {setting} to another, "
                    f"for example {setting}={port + 1}"
                )
            time.sleep(_POLL_S)


def _problem(host: str, port: int) -> str | None:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise StartRefused(f"HOST {host} is not an address of this machine: {error}") from error
    for family, kind, protocol, _, address in addresses:
        with socket.socket(family, kind, protocol) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(address)
                attempt.listen(1)
            except OSError as error:
                return "in use" if error.errno == errno.EADDRINUSE else str(error.strerror)
    return None
