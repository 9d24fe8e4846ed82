"""The client for Python with more calls at once than a pool of connections usually has."""

import asyncio
import threading

import psutil
from duckline_client import AsyncClient, Client

from tests.clients.conftest import ONCE, Stack
from tests.waiting import wait_until

USUAL, WAITS = 100, 130


def test_waits_hold_up_neither_each_other_nor_other_calls(stack: Stack) -> None:
    def are_open() -> bool:
        ends = [each.raddr for each in psutil.Process().net_connections("tcp") if each.raddr]
        return sum(end.port == stack.server.port for end in ends) >= USUAL

    async def main() -> list[str]:
        async with AsyncClient(stack.url, retry=ONCE, timeout_s=10) as client:
            later = await client.submit("echo", delay_s=3600)
            waits = [asyncio.create_task(client.wait(later.task_id, 600)) for _ in range(WAITS)]
            await asyncio.to_thread(wait_until, are_open, description="a usual pool is used up")
            assert (await client.get(later.task_id)).status == "SCHEDULED"
            assert not any(wait.done() for wait in waits)
            await client.cancel(later.task_id)
            return [task.status for task in await asyncio.gather(*waits)]

    assert asyncio.run(main()) == ["REVOKED"] * WAITS


def test_threads_that_follow_hold_up_no_other_call(stack: Stack) -> None:
    with Client(stack.url, retry=ONCE, timeout_s=10) as client:
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
