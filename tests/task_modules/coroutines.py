"""Task types that are coroutines, and that print."""

import asyncio
import functools
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from huey_tasks import Retry, current_task, default, task

_left: list[Any] = []
_mine: ContextVar[str] = ContextVar("mine", default="nothing")


@task
async def sum_up_async(numbers: list[int]) -> dict[str, Any]:
    """Wait in several tasks of asyncio, and say which loop ran it."""

    async def part(number: int) -> int:
        await asyncio.sleep(0.01)
        print(f"part {number} of {current_task.id}")
        assert _mine.get() == "set"
        return number

    assert _mine.get() == "nothing"
    _mine.set("set")
    async with asyncio.timeout(30):
        total = sum(await asyncio.gather(*(part(number) for number in numbers)))
    in_thread = await asyncio.to_thread(lambda: current_task.id)
    return {
        "total": total,
        "thread": in_thread == current_task.id,
        "loop": f"{os.getpid()}/{id(asyncio.get_running_loop())}",
    }


@task(timeout=60)
async def clean_up_in_the_end(file: str, how: str) -> str:
    """Run until it is stopped, in one of several ways, and clean up with an await."""
    Path(file).write_text("begun")
    try:
        if how == "await":
            await asyncio.sleep(600)
        elif how == "block":
            time.sleep(600)
        elif how == "group":
            async with asyncio.TaskGroup() as group:
                for _ in range(3):
                    group.create_task(asyncio.sleep(600))
        elif how == "child blocks":
            await asyncio.gather(_block(), asyncio.sleep(600))
        else:
            while True:
                await asyncio.sleep(0)
    except asyncio.CancelledError:
        await asyncio.sleep(0.05)
        Path(file).write_text("cleaned up")
        raise
    return "not stopped"


async def _block() -> None:
    time.sleep(600)


@task(timeout=0.3)
async def take_too_long_async(how: str) -> None:
    """Run past the time limit."""
    if how == "block":
        time.sleep(600)
    await asyncio.sleep(600)


@task(timeout=0.3)
async def keep_the_cancel(file: str) -> None:
    """Ignore what should stop it."""
    Path(file).write_text("begun")
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            continue


async def _tick(file: str) -> None:
    try:
        while True:
            with Path(file).open("a") as ledger:
                ledger.write("x")
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        with Path(file).open("a") as ledger:
            ledger.write("end")
        raise


async def _rows() -> AsyncIterator[int]:
    while True:
        yield 1


@task
async def leave_in_the_loop(what: str, file: str) -> int:
    """Leave something in the loop."""
    loop = asyncio.get_running_loop()
    if what == "task":
        _left.append(asyncio.create_task(_tick(file)))
        await asyncio.sleep(0.02)
    elif what == "stubborn task":
        _left.append(asyncio.create_task(_ignore()))
        await asyncio.sleep(0)
    elif what == "timer":
        loop.call_later(0.05, Path(file).write_text, "late")
    elif what == "async generator":
        rows = _rows()
        await anext(rows)
        _left.append(rows)
    elif what == "exception handler":
        loop.set_exception_handler(lambda loop, context: None)
    elif what == "server":
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        _left.append(server)
        return server.sockets[0].getsockname()[1]
    return 0


async def _ignore() -> None:
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            continue


@task(retries=1, retry_delay=0)
async def ask_again() -> int:
    """Ask for another attempt inside a group."""
    if current_task.attempt == 1:
        async with asyncio.TaskGroup() as group:
            group.create_task(_ask())
    return current_task.attempt


async def _ask() -> None:
    raise Retry(delay_s=0)


@task
async def hold_the_door(file: str) -> None:
    """Hold a lock for a moment."""
    with default.lock_task("the door"):
        await asyncio.sleep(0.2)
        with Path(file).open("a") as ledger:
            ledger.write("x")


def _quietly(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call


@task
@_quietly
async def hide_that_it_is_async() -> str:
    """A coroutine behind a decorator."""
    await asyncio.sleep(0)
    return "done"


@task
def return_a_generator(kind: str) -> Any:
    """Return what has not run."""
    return (n for n in range(3)) if kind == "plain" else _rows()


@task
def print_lines(how: str) -> None:
    """Print, in one of several ways."""
    if how == "words":
        print("one", "two", 3)
        print("a", end="")
        print("b")
        print()
        print("no end", end="")
    elif how == "thread":
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()
    elif how == "many":
        for number in range(520):
            print(f"line {number}")
    elif how == "long":
        print("x" * 100_000)
    elif how == "hostile":
        sys.stdout.write("half \udcff a pair\n".encode("utf-8", "replace").decode())
        print("10%\r50%\r100%")
        sys.stdout.flush()
        assert sys.stdout.writable()
