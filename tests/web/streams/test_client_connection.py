"""The socket wrapper, on a real pair of sockets."""

import socket
import threading
from collections.abc import Iterator

import pytest

from web.streams.client_connection import READ_BURST_BYTES, ClientConnection

Pair = tuple[ClientConnection, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(30)
    yield ClientConnection(ours, send_timeout_s=30), theirs
    ours.close()
    theirs.close()


def test_a_large_frame_reaches_a_slow_reader_whole(pair: Pair) -> None:
    line, theirs = pair
    frame = bytes(range(256)) * 20_000
    received = bytearray()

    def read_slowly() -> None:
        while len(received) < len(frame):
            received.extend(theirs.recv(50_000))

    reader = threading.Thread(target=read_slowly)
    reader.start()
    assert line.send(frame) == len(frame)
    reader.join(60)
    assert received == frame


def test_two_frames_sent_at_once_are_not_mixed(pair: Pair) -> None:
    line, theirs = pair
    frames = [b"a" * 400_000, b"b" * 400_000]
    senders = [threading.Thread(target=line.send, args=(frame,)) for frame in frames]
    for sender in senders:
        sender.start()
    received = b""
    while len(received) < 800_000:
        received += theirs.recv(100_000)
    for sender in senders:
        sender.join(60)
    assert received in (b"".join(frames), b"".join(frames[::-1]))


def test_a_client_that_never_reads_is_dropped_after_the_time_limit() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = ClientConnection(ours, send_timeout_s=0.2)
        _expect_dropped(line)


def _expect_dropped(line: ClientConnection) -> None:
    with pytest.raises(TimeoutError):
        line.send(b"x" * 10_000_000)
    with pytest.raises(BrokenPipeError):
        line.send(b"y")


def test_a_flood_is_answered_with_1008(pair: Pair) -> None:
    line, theirs = pair
    # Twice what is allowed at once: while the test reads, a few bytes more become allowed.
    flood = threading.Thread(target=theirs.sendall, args=(b"z" * (2 * READ_BURST_BYTES),))
    flood.start()
    with pytest.raises(ConnectionAbortedError):
        for _ in range(READ_BURST_BYTES):
            line.recv(4096)
    flood.join()
    assert theirs.recv(100) == b"\x88\x02\x03\xf0"


def test_what_was_sent_before_closing_arrives_despite_unread_input(pair: Pair) -> None:
    line, theirs = pair
    theirs.sendall(b"never read")
    line.send(b"goodbye")
    closing = threading.Thread(target=line.close)
    closing.start()
    assert (theirs.recv(100), theirs.recv(100)) == (b"goodbye", b"")
    theirs.close()
    closing.join(60)
    assert not closing.is_alive()


def test_aborting_wakes_the_reader(pair: Pair) -> None:
    line, _ = pair
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(line.recv(10)))
    reader.start()
    line.abort()
    reader.join(60)
    assert read == [b""]
