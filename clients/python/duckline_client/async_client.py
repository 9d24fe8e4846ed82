"""The client for asyncio: the methods of `Client`, awaited."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar, Unpack
from weakref import WeakKeyDictionary

import httpx
from httpx_sse import EventSource

from duckline_client import operations
from duckline_client.connection import Connection, Pools
from duckline_client.exchange import Call, Operation, Pause, Reply, RetryPolicy, exchange
from duckline_client.models import Stats, Submitted, Task
from duckline_client.new_task import NewTask, Options
from duckline_client.operations import BulkItem
from duckline_client.searching import Filters, params_of
from duckline_client.streams import Event, Stream

T = TypeVar("T")


class AsyncClient:
    """Calls Duckline from coroutines; `async with` closes its connections.

    Each event loop has connections of its own, unless they are of a `transport` of yours: several
    `asyncio.run` may use one client. The arguments are those of `Client`.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_s: float = 10.0,
        retry: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._at = Connection.make(url, api_key, timeout_s, retry)
        certificates = httpx.create_ssl_context()

        def make(limits: httpx.Limits) -> httpx.AsyncClient:
            return httpx.AsyncClient(
                headers=self._at.headers, transport=transport, limits=limits, verify=certificates
            )

        self._make = make
        self._by_loop = WeakKeyDictionary[asyncio.AbstractEventLoop, Pools[httpx.AsyncClient]]()

    async def submit(
        self,
        task_type: str,
        payload: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        **options: Unpack[Options],
    ) -> Submitted:
        """Submit a task, exactly once however often the request must be repeated.

        Without `idempotency_key` the client makes one for this call; give your own to submit once
        over several calls, for 24 hours.
        """
        task = NewTask(task_type, payload or {}, options)
        return await self._run(operations.submit(task, idempotency_key, self._at.policy))

    async def submit_many(
        self,
        tasks: Iterable[NewTask],
        *,
        chunk_size: int = 500,
        idempotency_key: str | None = None,
    ) -> list[BulkItem]:
        """Submit tasks, `chunk_size` a request; return `Submitted` or `Refused` for each, in order.

        A refused task does not hold up the others. When a later chunk raises, the earlier ones are
        stored: the same call with the same `idempotency_key` of your own stores only the rest.
        """
        return await self._run(
            operations.submit_many(tasks, chunk_size, idempotency_key, self._at.policy)
        )

    async def get(self, task_id: str) -> Task:
        """Read a task as it is now; raises NotFound."""
        return await self._run(operations.get(task_id, self._at.policy))

    async def wait(self, task_id: str, timeout_s: float | None = None) -> Task:
        """Wait until a task has ended, however it ended; raises WaitTimeout."""
        return await self._run(operations.wait(task_id, timeout_s, self._at.policy))

    async def result(self, task_id: str, timeout_s: float | None = None) -> Any:
        """Wait for a task and return its result; raises TaskFailed, WaitTimeout."""
        return await self._run(operations.result(task_id, timeout_s, self._at.policy))

    async def cancel(self, task_id: str, reason: str | None = None) -> None:
        """Cancel a task: it never starts, or is stopped; raises Conflict when it has ended."""
        await self._run(operations.cancel(task_id, reason, self._at.policy))

    async def retry(self, task_id: str, reason: str | None = None) -> Submitted:
        """Submit a failed, revoked or expired task again, as a new task; raises Conflict."""
        return await self._run(operations.retry(task_id, reason, self._at.policy))

    async def change(
        self,
        task_id: str,
        *,
        payload: Mapping[str, Any] | None = None,
        delay_s: float | None = None,
        run_at: datetime | None = None,
        queue_priority: int | None = None,
        tags: list[str] | None = None,
        if_updated_at: datetime | None = None,
        reason: str | None = None,
    ) -> Task:
        """Change a task that waits; what is not given stays.

        `if_updated_at`: only if this is still its `updated_at`. Raises Conflict when somebody has
        changed it since (after a broken connection that may be this call), and once it runs.
        """
        changes = {
            "payload": payload, "delay_s": delay_s, "run_at": run_at,
            "queue_priority": queue_priority, "tags": tags, "if_updated_at": if_updated_at,
            "reason": reason,
        }  # fmt: skip
        return await self._run(operations.change(task_id, changes, self._at.policy))

    async def search(self, q: str = "", **filters: Unpack[Filters]) -> AsyncIterator[Task]:
        """Find tasks, newest first, and read page after page while you iterate."""
        params, cursor = params_of(q, filters), None
        while True:
            tasks, cursor = await self._run(operations.search(params, cursor, self._at.policy))
            for task in tasks:
                yield task
            if cursor is None:
                return

    def stream(self, task_id: str) -> AsyncIterator[Event]:
        """Give what happens to a task, as it happens, until it has ended; raises NotFound.

        After a broken connection it goes on behind the last event: none is missing, none comes
        twice. Raises ConnectionFailed when the service is away for longer than the time limit.
        """
        return self._follow(operations.stream(task_id))

    def stream_all(self, q: str = "") -> AsyncIterator[Event]:
        """Give what happens to all tasks that a search finds, without an end.

        Its words are `state queue type tag worker id`. `gap` says that the service has not kept all
        that happened while the connection was broken.
        """
        return self._follow(operations.stream_all(q))

    async def stats(self) -> Stats:
        """Read the counts of the whole service."""
        return await self._run(operations.stats(self._at.policy))

    async def close(self) -> None:
        """Close the connections of this event loop; one that has ended has none."""
        for http in self._pools().both():
            await http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _pools(self) -> Pools[httpx.AsyncClient]:
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            self._by_loop[loop] = Pools(self._make)
        return self._by_loop[loop]

    async def _follow(self, stream: Stream) -> AsyncIterator[Event]:
        while not stream.ended:
            opening = exchange(stream.call(), self._at.policy)
            response = await self._run(opening, self._open)
            async with contextlib.aclosing(response):
                with contextlib.suppress(httpx.RequestError):
                    stream.opened(response)
                    if not stream.ended:
                        async for sent in EventSource(response).aiter_sse():
                            event = stream.read(sent)
                            if event is not None:
                                yield event
            if not stream.ended:
                await asyncio.sleep(stream.pause_s())

    async def _run(
        self, operation: Operation[T], send: Callable[[Call], Awaitable[Reply]] | None = None
    ) -> T:
        reply: Reply = None
        while True:
            try:
                step = operation.send(reply)
            except StopIteration as done:
                return done.value
            reply = None
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
            else:
                reply = await (send or self._send)(step)

    async def _send(self, call: Call) -> Reply:
        http = self._pools().of(call)
        try:
            response = await http.send(self._at.request(http, call))
        except httpx.RequestError as error:
            return error
        return response

    async def _open(self, call: Call) -> Reply:
        """Send a call; of an answer that is an error the body is read, of others it is not."""
        http = self._pools().of(call)
        try:
            response = await http.send(self._at.request(http, call), stream=True)
            if response.is_error:
                async with contextlib.aclosing(response):
                    await response.aread()
        except httpx.RequestError as error:
            return error
        return response
