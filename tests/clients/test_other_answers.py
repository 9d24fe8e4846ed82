"""What the client for Python makes of answers that are not Duckline's: those of a proxy, say."""

import socket
import time
from typing import Any

import duckline_client as dc
import httpx
import pytest
from duckline_client import Client

from tests.clients.conftest import ONCE, UNKNOWN

PAGE = "<h1>nginx</h1>"


def asking(*answers: httpx.Response) -> Client:
    left = list(answers)
    return Client(transport=httpx.MockTransport(lambda _: left.pop(0)), retry=ONCE)


def test_the_404_of_another_server_says_nothing_about_a_task() -> None:
    said = f"GET /api/tasks/{UNKNOWN} .* not by Duckline"
    client = asking(httpx.Response(404, html=PAGE))
    with client, pytest.raises(dc.UnexpectedAnswer, match=said):
        client.get(UNKNOWN)


def test_a_redirect_says_where_it_leads() -> None:
    moved = httpx.Response(308, headers={"Location": "https://tasks.example/"})
    with asking(moved) as client, pytest.raises(dc.UnexpectedAnswer, match="to https://tasks"):
        client.stats()


def test_the_page_of_a_proxy_has_the_phrase_of_its_status() -> None:
    client = asking(httpx.Response(502, html=PAGE))
    with client, pytest.raises(dc.ServiceUnavailable, match="502 http_502: Bad Gateway"):
        client.stats()


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (200, b"[" * 100_000, dc.UnexpectedAnswer),
        (200, b'{"tasks": null}', dc.UnexpectedAnswer),
        (200, b'{"a": "\xff"}', dc.UnexpectedAnswer),
        (422, b"[" * 100_000, dc.InvalidRequest),
        (422, b'{"code": null, "errors": ["a", null]}', dc.InvalidRequest),
        (204, b"", dc.UnexpectedAnswer),
    ],
)
def test_whatever_comes_is_an_error_of_the_one_tree(
    status: int, content: bytes, kind: type[dc.DucklineError]
) -> None:
    with asking(httpx.Response(status, content=content)) as client, pytest.raises(kind):
        list(client.search())


def test_a_wait_for_a_silent_service_ends_soon_after_its_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are made, and no more
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()
        with Client(url) as client, pytest.raises(dc.ConnectionFailed, match="ReadTimeout"):
            client.wait(UNKNOWN, timeout_s=0.5)
    assert 2.4 < time.monotonic() - begun < 8


def test_a_field_is_named_once() -> None:
    problem: dict[str, Any] = {
        "code": "invalid_request",
        "detail": "1 field is invalid, /a: It is long.",
        "errors": [{"pointer": "/a", "code": "x", "message": "It is long"}],
    }
    client = asking(httpx.Response(422, json=problem))
    with client, pytest.raises(dc.InvalidRequest) as raised:
        client.stats()
    assert str(raised.value) == "422 invalid_request: 1 field is invalid, /a: It is long."
