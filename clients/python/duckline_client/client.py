"""The client for ordinary code; `AsyncClient` has the same methods for asyncio."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar, Unpack

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


class Client:
    """Calls Duckline over HTTP. Threads may share one; `with` closes its connections.

    A forked child makes connections of its own, unless they are of a `transport` of yours.
    `url` and `api_key` default to DUCKLINE_URL (http://127.0.0.1:8000) and DUCKLINE_API_KEY.
    A request may take `timeout_s` seconds; one that gets no answer, or is answered 408, 429, 502,
    503 or 504, is repeated until `retry.time_limit_s` seconds have passed. Errors: `DucklineError`.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_s: float = 10.0,
        retry: RetryPolicy | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._at = Connection.make(url, api_key, timeout_s, retry)
        certificates = httpx.create_ssl_context()
        self._pools = Pools(
            lambda limits: httpx.Client(
                headers=self._at.headers, transport=transport, limits=limits, verify=certificates
            )
        )

    def submit(
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
        return self._run(operations.submit(task, idempotency_key, self._at.policy))

    def submit_many(
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
        return self._run(
            operations.submit_many(tasks, chunk_size, idempotency_key, self._at.policy)
        )

    def get(self, task_id: str) -> Task:
        """Read a task as it is now; raises NotFound."""
        return self._run(operations.get(task_id, self._at.policy))

    def wait(self, task_id: str, timeout_s: float | None = None) -> Task:
        """Wait until a task has ended, however it ended; raises WaitTimeout."""
        return self._run(operations.wait(task_id, timeout_s, self._at.policy))

    def result(self, task_id: str, timeout_s: float | None = None) -> Any:
        """Wait for a task and return its result; raises TaskFailed, WaitTimeout."""
        return self._run(operations.result(task_id, timeout_s, self._at.policy))

    def cancel(self, task_id: str, reason: str | None = None) -> None:
        """Cancel a task: it never starts, or is stopped; raises Conflict when it has ended."""
        self._run(operations.cancel(task_id, reason, self._at.policy))

    def retry(self, task_id: str, reason: str | None = None) -> Submitted:
        """Submit a failed, revoked or expired task again, as a new task; raises Conflict."""
        return self._run(operations.retry(task_id, reason, self._at.policy))

    def change(
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
        return self._run(operations.change(task_id, changes, self._at.policy))

    def search(self, q: str = "", **filters: Unpack[Filters]) -> Iterator[Task]:
        """Find tasks, newest first, and read page after page while you iterate."""
        params, cursor = params_of(q, filters), None
        while True:
            tasks, cursor = self._run(operations.search(params, cursor, self._at.policy))
            yield from tasks
            if cursor is None:
                return

    def stream(self, task_id: str) -> Iterator[Event]:
        """Give what happens to a task, as it happens, until it has ended; raises NotFound.

        After a broken connection it goes on behind the last event: none is missing, none comes
        twice. Raises ConnectionFailed when the service is away for longer than the time limit.
        """
        return self._follow(operations.stream(task_id))

    def stream_all(self, q: str = "") -> Iterator[Event]:
        """Give what happens to all tasks that a search finds, without an end.

        Its words are `state queue type tag worker id`. `gap` says that the service has not kept all
        that happened while the connection was broken.
        """
        return self._follow(operations.stream_all(q))

    def stats(self) -> Stats:
        """Read the counts of the whole service."""
        return self._run(operations.stats(self._at.policy))

    def close(self) -> None:
        """Close the connections."""
        for http in self._pools.both():
            http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _follow(self, stream: Stream) -> Iterator[Event]:
        while not stream.ended:
            response = self._run(exchange(stream.call(), self._at.policy), self._open)
            with contextlib.closing(response), contextlib.suppress(httpx.RequestError):
                stream.opened(response)
                if not stream.ended:
                    for sent in EventSource(response).iter_sse():
                        event = stream.read(sent)
                        if event is not None:
                            yield event
            if not stream.ended:
                time.sleep(stream.pause_s())

    def _run(self, operation: Operation[T], send: Callable[[Call], Reply] | None = None) -> T:
        reply: Reply = None
        while True:
            try:
                step = operation.send(reply)
            except StopIteration as done:
                return done.value
            reply = None
            if isinstance(step, Pause):
                time.sleep(step.seconds)
            else:
                reply = (send or self._send)(step)

    def _send(self, call: Call) -> Reply:
        http = self._pools.of(call)
        try:
            response = http.send(self._at.request(http, call))
        except httpx.RequestError as error:
            return error
        return response

    def _open(self, call: Call) -> Reply:
        """Send a call; of an answer that is an error the body is read, of others it is not."""
        http = self._pools.of(call)
        try:
            response = http.send(self._at.request(http, call), stream=True)
            if response.is_error:
                with contextlib.closing(response):
                    response.read()
        except httpx.RequestError as error:
            return error
        return response
