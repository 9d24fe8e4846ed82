"""`AsyncClient` with the methods of `Client`, so that each test holds both."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from duckline_client import AsyncClient, Client


class _Blocking:
    """Runs each call of an async client to its end."""

    def __init__(self, client: AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._loop = client, loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            made = method(*arguments, **named)
            waited = made if inspect.isawaitable(made) else _all_of(made)
            return self._loop.run_until_complete(cast(Any, waited))

        return call


async def _all_of(found: AsyncIterator[Any]) -> list[Any]:
    return [one async for one in found]


def blocking(client: AsyncClient, loop: asyncio.AbstractEventLoop) -> Client:
    """Wrap an async client; it has the methods of the other."""
    return cast(Client, _Blocking(client, loop))
