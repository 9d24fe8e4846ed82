"""Task types of the storm. Each execution leaves two lines in the ledger: when it begins and ends.

The result names the claim that it comes from, so the outcome that Redis kept can be compared with
the execution that produced it. Each also says what it finds odd in its worker, and prints and logs
a line: what is printed would empty Redis if number 1 had become a connection to it.
"""

import logging
import os
import time

from huey_tasks import task
from huey_tasks.attempt import current_attempt
from tests.chaos.ledger import note
from tests.chaos.surroundings import oddities

#: Seconds. Work is done in slices: a process that was frozen has the rest still before it.
SLICE_S = 0.02

_LEDGER = os.environ["STORM_LEDGER"]
_LINE = "a long line, so that a pipe which nobody reads is soon full " * 8

logger = logging.getLogger("storm")


def _work(key: str, slices: int) -> str:
    note(_LEDGER, "begin", key, os.getppid(), oddities())
    print("FLUSHALL", flush=True)
    logger.info(_LINE)
    for _ in range(slices):
        time.sleep(SLICE_S)
    return note(_LEDGER, "end", key)


@task(queue="default")
def storm_work(key: str, slices: int) -> str:
    """Take that many slices of time."""
    return _work(key, slices)


@task(queue="default")
def storm_short(key: str) -> str:
    """Take next to no time, so that workers claim several at once."""
    return _work(key, 0)


@task(queue="default")
def storm_gather(tokens: list[str], key: str, members: int) -> str:
    """Be called back by a chord with what its members returned."""
    if len(tokens) != members or not all(tokens):
        raise ValueError(f"of {members} members there are {len(tokens)}")
    return _work(key, 1)


@task(queue="default", retries=3, retry_delay=0.3, retry_backoff=1)
def storm_retry(key: str, slices: int, succeed_at: int) -> str:
    """Fail in every attempt before that one."""
    token = _work(key, slices)
    attempt = current_attempt.get()
    if attempt is not None and attempt.claim.attempt < succeed_at:
        raise ValueError("not yet")
    return token


@task(queue="default", retries=1, retry_delay=0.3)
def storm_fail(key: str, slices: int) -> None:
    """Fail in both attempts."""
    _work(key, slices)
    raise ValueError("on purpose")


@task(queue="default")
def storm_link(value: str, key: str, slices: int) -> str:
    """Follow from another task in a pipeline; `value` is that one's result."""
    if not value:
        raise ValueError("the task before this one has handed on nothing")
    return _work(key, slices)
