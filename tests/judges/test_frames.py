"""Random bytes where frames and streams are expected, from a fixed seed, against a real gunicorn.

What must hold: the server answers by the protocol or ends the connection, no worker dies, nothing
is raised into the log, others are served meanwhile, and memory does not grow.
"""

import contextlib
import json
import os
import random
import socket
import struct
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.waiting import wait_until
from tests.web.conftest import Server, email_body, read_all

SEED = int(os.environ.get("FRAMES_SEED") or 2026)
#: Connections of each kind: raise it to look longer.
ROUNDS = int(os.environ.get("FRAMES_ROUNDS") or 25)
#: What RFC 6455 lets a server send to a client that is wrong, 1012 when it restarts.
CODES = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012}
GROWTH_BYTES = 24_000_000

UPGRADE = (
    b"GET /ws/stats HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
Step = Callable[[random.Random], bytes]


def frame(
    opcode: int, data: bytes, *, fin: bool = True, rsv: int = 0, mask: bytes | None = b"\0\0\0\0"
) -> bytes:
    """Return one frame; without a mask it is what only a server may send."""
    length = len(data)
    masked = 0 if mask is None else 0x80
    if length < 126:
        size = bytes([masked | length])
    elif length < 65536:
        size = struct.pack("!BH", masked | 126, length)
    else:
        size = struct.pack("!BQ", masked | 127, length)
    body = data if mask is None else bytes(b ^ mask[n % 4] for n, b in enumerate(data))
    return bytes([fin << 7 | rsv << 4 | opcode]) + size + (mask or b"") + body


def close_frame(rng: random.Random) -> bytes:
    code = rng.choice([0, 999, 1000, 1004, 1005, 1006, 1015, 1016, 2999, 3000, 5000, 65535])
    return frame(8, rng.choice([b"", b"\x03", struct.pack("!H", code) + rng.randbytes(5)]))


def fragments(rng: random.Random) -> bytes:
    parts = [frame(rng.choice([0, 0, 0, 1, 9]), b"a" * rng.randrange(200), fin=False)]
    parts += [frame(0, b"b" * rng.randrange(700), fin=rng.random() < 0.1) for _ in range(9)]
    return frame(1, b"", fin=False) + b"".join(parts)


#: One thing that a hostile client does.
STEPS: dict[str, Step] = {
    "any opcode": lambda rng: frame(rng.randrange(16), rng.randbytes(rng.randrange(130))),
    "reserved bits": lambda rng: frame(1, b"x", rsv=rng.randrange(1, 8)),
    "not masked": lambda rng: frame(rng.choice([1, 2, 8, 9, 10]), b"hello", mask=None),
    "masked": lambda rng: frame(1, rng.randbytes(20), mask=rng.randbytes(4)),
    "fragments": fragments,
    "oversized": lambda rng: frame(2, bytes(rng.randrange(4097, 70_000))),
    "claims too much": lambda rng: bytes([0x82, 0xFF]) + rng.randbytes(8),
    "pings": lambda rng: frame(9, rng.randbytes(rng.randrange(126))) * rng.randrange(1, 3000),
    "pongs": lambda rng: frame(10, b"") * rng.randrange(1, 3000),
    "long control frame": lambda rng: frame(rng.choice([8, 9, 10]), bytes(126)),
    "close": close_frame,
    "garbage": lambda rng: rng.randbytes(rng.randrange(1, 5000)),
    "half a frame": lambda rng: frame(1, b"x" * 100)[: rng.randrange(1, 50)],
    "nothing": lambda _: b"",
}
#: How the client leaves.
ENDS = ("reads all", "half-closed", "reset", "slow")


@pytest.fixture(scope="module")
def target(redis_server: object) -> Iterator[Server]:
    server = Server(MAX_CONNECTIONS="500", MAX_CONNECTIONS_PER_ADDRESS="500")
    yield server
    server.process.stop()


@pytest.fixture
def unharmed(target: Server) -> Iterator[Server]:
    """The server; afterwards it is the same worker, no larger, and its log has no traceback."""
    master = psutil.Process(target.process.pid)
    (worker,) = master.children()
    assert target.request("GET", "/api/workers/stats").status == 200
    witness = target.connect()
    assert witness.recv()
    before, open_before = worker.memory_info().rss, worker.num_fds()
    yield target
    assert witness.recv(), "another socket gets its frames"
    assert target.request("GET", "/api/workers/stats").status == 200
    assert master.children() == [worker]

    def all_are_closed() -> bool:
        # What happens is sent to streams, and shows that their clients have gone.
        body = json.dumps(email_body())
        target.request("POST", "/api/tasks/submit", body, {"Content-Type": "application/json"})
        return worker.num_fds() <= open_before + 5

    wait_until(all_are_closed, description="connections are closed again")
    assert worker.memory_info().rss - before < GROWTH_BYTES
    log = target.process.text()
    assert "Traceback" not in log
    assert " [error] " not in log, log


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 30)


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and payload of each whole frame, and hold that the server's frames are valid."""
    while len(data) >= 2:
        opcode, size, at = data[0] & 15, data[1], 2
        assert data[0] & 0xF0 == 0x80, "one frame a message, no reserved bits"
        assert not size & 0x80, "a server masks nothing"
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        if len(data) < at + size:
            return
        yield opcode, data[at : at + size]
        data = data[at + size :]


def leave(client: socket.socket, end: str) -> bytes:
    """End a connection in one of the ways; return what the server has sent until its own end."""
    if end == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return b""
    with contextlib.suppress(OSError):
        if end == "half-closed":
            client.shutdown(socket.SHUT_WR)
        else:
            client.sendall(frame(8, struct.pack("!H", 1000)))
            client.shutdown(socket.SHUT_WR)
    return read_all(client)


def test_random_frames_are_answered_by_the_protocol_or_end_the_socket(unharmed: Server) -> None:
    rng = random.Random(SEED)
    for number in range(ROUNDS * 4):
        names, end = rng.choices(list(STEPS), k=rng.randrange(1, 6)), rng.choice(ENDS)
        with connect(unharmed) as client:
            if end == "slow":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.sendall(UPGRADE + b"\r\n")
            assert client.recv(12) == b"HTTP/1.1 101", names
            with contextlib.suppress(OSError):
                for name in names:
                    client.sendall(STEPS[name](rng))
            rest = leave(client, end)
        _, _, sent = rest.partition(b"\r\n\r\n")
        for opcode, data in frames(sent):
            assert opcode in (1, 8, 9, 10), (number, names, end)
            if opcode == 8 and data:
                assert int.from_bytes(data[:2], "big") in CODES, (number, names, end, data)
        if number % 20 == 0:
            assert unharmed.request("GET", "/health/live").status == 200


def test_a_garbled_handshake_is_refused_or_ends_the_connection(unharmed: Server) -> None:
    rng = random.Random(SEED)
    whole = UPGRADE + b"\r\n"
    for number in range(ROUNDS * 4):
        sent = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(sent))
            kind = rng.randrange(3)
            sent[at : at + (kind != 2)] = b"" if kind == 0 else rng.randbytes(1)
        with connect(unharmed) as client, contextlib.suppress(OSError):
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            answer = read_all(client)
            if answer:
                status = int(answer.split(b" ", 2)[1])
                assert status == 101 or 200 <= status < 500, (number, bytes(sent), answer)


def _last_event_id(rng: random.Random) -> bytes:
    digits = str(rng.choice([0, 1, 10**15, 10**15 - 1, 2**63, 2**64, 10**40])).encode()
    return rng.choice([
        digits, digits + b"-" + digits, b"-", b"0-0", b"0-0.end", digits + b"-0.end", b"-1-1",
        "٣-٣".encode(), b"1-1\x00", b"9" * 5000, b"1-1, 1-1", rng.randbytes(8).hex().encode(),
    ])  # fmt: skip


def test_hostile_readers_of_streams_disturb_nobody(unharmed: Server) -> None:
    rng = random.Random(SEED)
    paths = [b"/api/events", b"/api/events?q=type:send_email", b"/api/events?q=%ff%00(",
             b"/api/tasks/%s/events" % (b"6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11")]  # fmt: skip
    held = contextlib.ExitStack()
    with held:
        for number in range(ROUNDS * 2):
            path, end = rng.choice(paths), rng.choice(("reset", "half-closed", "stalls", "rude"))
            client = held.enter_context(connect(unharmed))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            head = b"GET %s HTTP/1.1\r\nHost: localhost\r\n" % path
            if rng.random() < 0.7:
                head += b"Last-Event-ID: %s\r\n" % _last_event_id(rng)
            client.sendall(head + b"\r\n")
            answer = client.recv(4096)
            assert 200 <= int(answer.split(b" ", 2)[1]) < 500, (number, head, answer)
            with contextlib.suppress(OSError):
                if end == "rude":
                    client.sendall(rng.randbytes(3000))
                if end == "half-closed":
                    client.shutdown(socket.SHUT_WR)
            if end == "reset":
                leave(client, end)
                client.close()
            if number % 20 == 0:
                assert unharmed.request("GET", "/health/live").status == 200
