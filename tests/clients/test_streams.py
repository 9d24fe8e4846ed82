"""What the client for Python reads of the service's streams, over connections that break."""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import duckline_client as dc
import httpx
import pytest
from duckline_client import Client

from tests.clients.conftest import ONCE, QUICK, UNKNOWN, Stack, kill_what_serves
from tests.clients.cutting_proxy import CuttingProxy


def numbers(events: list[dc.Event]) -> list[int]:
    """The numbers that a `count` has emitted; those from before the stream are in its `task`."""
    first = events[0].task
    assert events[0].name == "task" and first is not None
    before = [one["value"]["number"] for one in first.partial_results]
    return before + [one.detail["value"]["number"] for one in events if one.name == "partial"]


def from_the_beginning(
    stack: Stack, client: Client, payload: dict[str, Any]
) -> tuple[Iterator[dc.Event], dc.Event]:
    """A stream that is open, and its first event, before a `count` begins."""
    assert stack.server.request("POST", "/api/queues/default/pause").status == 200
    try:
        with Client(stack.url) as direct:
            sent = direct.submit("count", payload)
        stream = client.stream(sent.task_id)
        return stream, next(stream)
    finally:
        assert stack.server.request("POST", "/api/queues/default/resume").status == 200


def test_a_stream_tells_all_that_happens_and_ends_with_the_task(client: Client) -> None:
    # So long that the stream begins before its end, also when something stands still for a second.
    sent = client.submit("count", {"to": 3, "pause_s": 0.8})
    events = list(client.stream(sent.task_id))
    assert numbers(events) == [0, 1, 2]
    last = events[-1]
    assert (last.name, last.status, last.task_id) == ("end", "SUCCESS", sent.task_id)
    assert last.task is not None and last.task.result == 3
    assert {one.detail["value"]["text"] for one in events if one.name == "partial"} <= {"a\u2028b"}
    (only,) = [one for one in client.stream(sent.task_id) if one.name != "task"]
    assert only.name == "end"


def test_a_stream_of_an_unknown_task_is_an_error(client: Client) -> None:
    with pytest.raises(dc.NotFound) as raised:
        list(client.stream(UNKNOWN))
    assert raised.value.code == "task_not_found"


def test_a_search_that_no_event_can_answer_names_the_word(client: Client) -> None:
    with pytest.raises(dc.InvalidRequest, match="payload"):
        list(client.stream_all("payload.user:7"))


def test_a_stream_that_is_cut_ten_times_misses_and_repeats_nothing(stack: Stack) -> None:
    proxy = CuttingProxy(stack.server, cuts=10, when_cut=lambda: None, after=2800)
    with Client(proxy.url, retry=QUICK) as cut, contextlib.closing(proxy):
        stream, first = from_the_beginning(stack, cut, {"to": 120, "pause_s": 0.05})
        events = [first, *stream]
    assert proxy.left == 0
    assert numbers(events) == list(range(120))
    assert len({event.id for event in events}) == len(events)


def test_a_stream_goes_on_when_the_process_that_served_it_is_killed(stack: Stack) -> None:
    with Client(stack.url, retry=QUICK) as client:
        stream, first = from_the_beginning(stack, client, {"to": 20, "pause_s": 0.1})
        events = [first, *itertools.islice(stream, 2)]
        kill_what_serves(stack)
        events += stream
    assert numbers(events) == list(range(20))


def test_all_tasks_that_a_search_finds_are_followed(stack: Stack, tag: str) -> None:
    with Client(stack.url) as client:
        stream = client.stream_all(f"tag:{tag}")
        assert next(stream).name == "open"
        ids = [client.submit("echo", {"value": n}, tags=[tag]).task_id for n in range(3)]
        ended = (event.task_id for event in stream if event.status == "SUCCESS")
        assert set(itertools.islice(ended, 3)) == set(ids)


def test_a_service_that_stays_away_ends_a_stream_with_one_error(stack: Stack) -> None:
    proxy = CuttingProxy(stack.server, cuts=1, when_cut=lambda: proxy.close(), after=3000)
    with Client(proxy.url, retry=ONCE) as client:
        stream, _ = from_the_beginning(stack, client, {"to": 30, "pause_s": 0.05})
        with pytest.raises(dc.ConnectionFailed):
            list(stream)
    assert proxy.left == 0


def test_an_answer_that_is_no_stream_is_said_to_be_none() -> None:
    page = httpx.MockTransport(lambda _: httpx.Response(200, html="<h1>Welcome</h1>"))
    with Client(transport=page) as client, pytest.raises(dc.UnexpectedAnswer, match="text/html"):
        list(client.stream(UNKNOWN))
