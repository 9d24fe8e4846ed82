"""The client for Python with more calls at once than a pool of connections usually has."""

import asyncio
import threading

import duckline_client as dc
from duckline_client import AsyncClient, Client

from tests.clients.conftest import ONCE, Stack

WAITS = 130


def test_waits_hold_up_neither_each_other_nor_other_calls(stack: Stack) -> None:
    async def main() -> list[object]:
        async with AsyncClient(stack.url, retry=ONCE, timeout_s=2) as client:
            later = await client.submit("echo", delay_s=3600)
            waits = [asyncio.create_task(client.wait(later.task_id, 4)) for _ in range(WAITS)]
            await asyncio.wait(waits, timeout=0.5)
            assert (await client.get(later.task_id)).status == "SCHEDULED"
            assert not any(wait.done() for wait in waits)
            ended = await asyncio.gather(*waits, return_exceptions=True)
            await client.cancel(later.task_id)
            return list(ended)

    assert {type(one) for one in asyncio.run(main())} == {dc.WaitTimeout}


def test_threads_that_follow_hold_up_no_other_call(stack: Stack) -> None:
    with Client(stack.url, retry=ONCE, timeout_s=2) as client:
        later = client.submit("echo", delay_s=3600)
        begun = threading.Barrier(WAITS + 1, timeout=60)
        ends: list[str | None] = []

        def follow() -> None:
            stream = client.stream(later.task_id)
            assert next(stream).name == "task"
            begun.wait()
            ends.extend(event.status for event in stream if event.name == "end")

        threads = [threading.Thread(target=follow) for _ in range(WAITS)]
        for thread in threads:
            thread.start()
        begun.wait()
        client.cancel(later.task_id)
        for thread in threads:
            thread.join(60)
    assert ends == ["REVOKED"] * WAITS
