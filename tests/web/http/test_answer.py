"""How the server writes an answer: a short one in one piece."""

import socket
from collections.abc import Sequence

import pytest
from gunicorn.config import Config

from duckline.server.answer import Answer
from duckline.server.crowd import Crowd
from duckline.server.requests import Requests
from duckline.server.wire import Wire

LONG = b"x" * 16_385


def sent(method: str, length: int | None, pieces: Sequence[bytes]) -> list[bytes]:
    """What the client receives, each send by itself, without the lines of the head."""
    ours, client = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, client:
        wire = Wire(ours, "", Crowd(10, 10), idle_s=30.0, body_s=30.0)
        client.send(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = Answer(next(Requests(Config(), wire, "")), wire, Config())
        answer.start_response("200 OK", [] if length is None else [("Content-Length", str(length))])
        for piece in pieces:
            answer.write(piece)
        answer.close()
        ours.shutdown(socket.SHUT_WR)
        received = list(iter(lambda: client.recv(65_536), b""))
    head, end, rest = received[0].partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], end) == (b"HTTP/1.1 200 OK", b"\r\n\r\n")
    return [rest, *received[1:]]


@pytest.mark.parametrize(
    ("method", "length", "pieces", "received"),
    [
        pytest.param("GET", 2, [b"{}"], [b"{}"], id="short"),
        pytest.param("GET", len(LONG), [LONG], [b"", LONG], id="long"),
        pytest.param("GET", 4, [b"{}", b"[]"], [b"", b"{}", b"[]"], id="two pieces"),
        pytest.param("GET", 2, [b"{}[]"], [b"", b"{}"], id="longer than it says"),
        pytest.param("GET", None, [b"{}"], [b"", b"2\r\n{}\r\n", b"0\r\n\r\n"], id="chunked"),
        pytest.param("GET", 0, [b""], [b""], id="empty"),
        pytest.param("GET", 0, [], [b""], id="nothing"),
        pytest.param("HEAD", 2, [], [b""], id="of HEAD"),
        pytest.param("HEAD", 2, [b"{}"], [b""], id="of HEAD with a body"),
    ],
)
def test_the_pieces_of_an_answer(
    method: str, length: int | None, pieces: list[bytes], received: list[bytes]
) -> None:
    assert sent(method, length, pieces) == received
