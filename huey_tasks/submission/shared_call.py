"""Submits that come while a script call is under way share the next one.

A call of the submit script for eight tasks costs Redis half as much for each as eight calls do. A
submit that finds no call under way is sent at once, so nobody waits for others to come.

Each gets its own answer. What a call raises because of Redis, each of its tasks raises; if it ends
in any other way, such as by a greenlet that is killed, each of the others is sent again alone: a
task that is there already is not stored twice.
"""

import contextlib
import copy
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence

from huey_tasks.broker.protocol import Found, NewTask
from huey_tasks.errors import QueueRefuses, QueueUnavailable
from huey_tasks.queues import QUEUES

#: Tasks of one call, and the longest message of a task that shares one, in bytes: what one caller
#: sends must not keep the others waiting.
MOST, LARGEST = 32, 8192
#: Seconds. Who waits longer for the calls before, because Redis is slow, is sent alone: the time of
#: each caller is to go on its own task.
LONGEST_WAIT_S = 0.1

Reply = bool | Found
Store = Callable[[Sequence[NewTask]], Sequence[Reply]]


class _Member:
    """One task that is to be stored, and the reply to it."""

    __slots__ = ("error", "is_over", "new", "reply", "turn")

    def __init__(self, new: NewTask) -> None:
        self.new = new
        self.turn: threading.Event | None = None
        self.reply: Reply | None = None
        self.error: QueueRefuses | QueueUnavailable | None = None
        self.is_over = False

    def end(self) -> None:
        self.is_over = True
        self.wake()

    def wake(self) -> None:
        if self.turn is not None:
            self.turn.set()


class SharedCalls:
    """The calls of one process for one queue, one at a time."""

    def __init__(self, store: Store) -> None:
        """`store`: sends tasks in one call, and returns the reply to each."""
        self._store = store
        self._call = threading.Lock()
        self._waiting: deque[_Member] = deque()

    def submit(self, new: NewTask) -> Reply:
        """Store a task; returns the reply of the script. Raises QueueRefuses, QueueUnavailable."""
        if len(new.message) > LARGEST:
            return self._store([new])[0]
        own = _Member(new)
        self._waiting.append(own)
        try:
            self._send_or_wait(own)
        finally:
            self._leave(own)
        if own.error is not None:
            raise own.error
        return self._store([new])[0] if own.reply is None else own.reply

    def _send_or_wait(self, own: _Member) -> None:
        """Send what waits, or wait until another caller has, or for too long."""
        while not own.is_over:
            if self._call.acquire(blocking=False):
                self._send()
            elif own.turn is None:
                own.turn = threading.Event()  # then look once more: the call may have ended
            elif own.turn.wait(LONGEST_WAIT_S):
                own.turn.clear()
            elif self._leave(own):
                return

    def _leave(self, own: _Member) -> bool:
        """Take a task out of those that wait; False if it is not there: a call has it."""
        if own.is_over:
            return False
        try:
            self._waiting.remove(own)
        except ValueError:
            return False
        self._wake_first()  # it may have been this one's turn
        return True

    def _wake_first(self) -> None:
        with contextlib.suppress(IndexError):
            self._waiting[0].wake()

    def _send(self) -> None:
        """Store the tasks that wait, as many as one call takes. The caller holds the call."""
        members: list[_Member] = []
        try:
            while self._waiting and len(members) < MOST:
                try:
                    members.append(self._waiting.popleft())
                except IndexError:  # another thread has left the line
                    break
            if members:
                self._ask(members)
        finally:
            self._call.release()
            for member in members:
                member.end()
            self._wake_first()

    def _ask(self, members: Sequence[_Member]) -> None:
        try:
            replies = self._store([member.new for member in members])
        except (QueueRefuses, QueueUnavailable) as error:
            for member in members:
                member.error = copy.copy(error)  # its caller writes the id of its task on it
            return
        for member, reply in zip(members, replies, strict=True):
            member.reply = reply


_of_queue: dict[str, SharedCalls] = {}
# A call of the parent never ends in a forked child.
os.register_at_fork(after_in_child=_of_queue.clear)


def submit(queue: str, new: NewTask) -> Reply:
    """Store a task in its queue; returns the reply of the script.

    Raises QueueRefuses, QueueUnavailable.
    """
    calls = _of_queue.get(queue)
    if calls is None:
        scripts = QUEUES[queue].broker.scripts
        calls = _of_queue.setdefault(
            queue, SharedCalls(lambda tasks: scripts.submit(queue, tasks, may_refuse=True))
        )
    return calls.submit(new)
