"""Loopback ports for the processes that tests start, of which nobody else gets one meanwhile.

A port that the system has named and that is closed again is what it may name next: to the tests
in another process, or to any connection that is made in the seconds until a server listens on it.
"""

import random
import socket

#: Below the ports that Linux chooses for a socket without one (from 32768).
_OURS = range(20_000, 32_000)

#: Held as long as this process lives, so that no port is used twice.
_claims: list[socket.socket] = []


def free_ports(count: int) -> list[int]:
    """Return ports on loopback that nobody listens on, and that no other test is given."""
    candidates = iter(random.sample(_OURS, len(_OURS)))
    return [next(port for port in candidates if _claim(port)) for _ in range(count)]


def _claim(port: int) -> bool:
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0duckline-test-port-{port}")
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True
