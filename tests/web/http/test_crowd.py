"""More callers at once than connections to Redis: everyone is answered, and nobody with a 5xx."""

import selectors
import socket
from collections import Counter

import pytest

import huey_tasks as tq
from tests.web.conftest import Server, StartServer
from tests.web.http.test_hostile_clients import BODY, SUBMIT

REQUEST = SUBMIT + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


def ask_at_once(server: Server, callers: int) -> Counter[int]:
    """Let a number of connections send one request each at the same time; count the answers."""
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


def test_newcomers_do_not_wait_outside_for_those_who_are_in(start_server: StartServer) -> None:
    """Two processes whose clients ask again at each answer take in 300 others in a few turns."""
    server = start_server(WEB_CONCURRENCY="2")
    clients: dict[socket.socket, str] = {}
    answered: Counter[str] = Counter()
    with selectors.DefaultSelector() as waiting:

        def come(kind: str, count: int) -> None:
            for _ in range(count):
                client = socket.create_connection(("127.0.0.1", server.port), 60)
                clients[client] = kind
                waiting.register(client, selectors.EVENT_READ)
                client.sendall(LIVE)

        def hear_until(kind: str, count: int) -> None:
            while answered[kind] < count:
                for key, _ in waiting.select(60):
                    client = key.fileobj
                    assert isinstance(client, socket.socket)
                    if b'{"status":"live"}' in client.recv(65536):
                        answered[clients[client]] += 1
                        if clients[client] == "busy":
                            client.sendall(LIVE)

        come("busy", 40)
        hear_until("busy", 400)
        answered.clear()
        come("newcomer", 300)
        hear_until("newcomer", 300)
    for client in clients:
        client.close()
    assert answered["busy"] / 40 < 50, answered
