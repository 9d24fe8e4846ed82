"""A handler around a coroutine, as people write them for Lambda: a new loop for each event."""

import asyncio
from typing import Any


async def one(number: int) -> int:
    """Wait a moment."""
    await asyncio.sleep(0.01)
    return number * number


async def all_of(numbers: list[int]) -> list[int]:
    """Wait for all at the same time."""
    return await asyncio.gather(*map(one, numbers))


def lambda_handler(event: dict[str, Any], context: Any) -> list[int]:
    """Square numbers."""
    return asyncio.run(all_of(event["numbers"]))
