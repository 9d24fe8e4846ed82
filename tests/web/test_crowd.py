"""More callers at once than connections to Redis: everyone is answered, and nobody with a 5xx."""

import selectors
import socket
from collections import Counter

import pytest

import huey_tasks as tq
from tests.web.conftest import Server
from tests.web.test_hostile_clients import BODY, SUBMIT

REQUEST = SUBMIT + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


def ask_at_once(server: Server, callers: int) -> Counter[int]:
    """Let so many connections send one request each at the same time; count the answers."""
    clients = [socket.create_connection(("127.0.0.1", server.port), 60) for _ in range(callers)]
    received = dict.fromkeys(clients, b"")
    with selectors.DefaultSelector() as waiting:
        for client in clients:
            client.sendall(REQUEST)
            waiting.register(client, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select(60):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                part = client.recv(65536)
                received[client] += part
                if not part:
                    waiting.unregister(client)
                    client.close()
    return Counter(int(answer.split(b" ", 2)[1]) for answer in received.values())


@pytest.mark.parametrize("callers", [16, 200, 400, 1000])
def test_every_caller_is_answered(server: Server, callers: int) -> None:
    assert ask_at_once(server, callers) == {202: callers}
    assert sum(queue.queued for queue in tq.queue_stats()) == callers
