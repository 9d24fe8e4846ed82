"""The watch of one function: what is new in its folders becomes a task, once.

A version of a file is taken when the file is complete (`settling`). The script that makes its task
also marks it as taken, in one step, for all machines that watch the same folder. What this process
remembers only saves questions.
"""

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from huey_tasks.broker.broker import Broker
from huey_tasks.broker.scripts.watches import NewFile
from huey_tasks.broker.watched_files import WatchedFiles
from huey_tasks.config import Config
from huey_tasks.errors import InvalidPayload, QueueUnavailable
from huey_tasks.invocations import function_types
from huey_tasks.records.ids import new_id
from huey_tasks.watches.file_event import file_event
from huey_tasks.watches.listing import Listing, Pattern, Version, list_files
from huey_tasks.watches.settling import SETTLED_S, Writers, writers_of

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Files of one call of Redis, and days after which the mark of a file is dropped that is not there.
BATCH, FORGET_DAYS = 100, 30


@dataclass
class _File:
    """A file at the last look. `mark`: of its version, once that was taken."""

    version: Version
    since: float
    field: bytes
    mark: str | None = None


class Watch:
    """Watches the folders of one function below `root`, the folder of the functions."""

    def __init__(
        self, broker: Broker, config: Config, name: str, root: Path, patterns: Sequence[str]
    ) -> None:
        self.name, self._root, self._config = name, root, config
        self._patterns = [Pattern(text) for text in patterns]
        self._broker, self._marked = broker, WatchedFiles(broker, name)
        self._files: dict[str, _File] = {}
        self._folders: tuple[tuple[int, int], ...] = ()
        self._looked_for_old = False
        #: How long it took to list the files, in seconds.
        self.listing_s = 0.0
        #: What cannot be read; None: all can.
        self.problem: str | None = None

    def look(self) -> None:
        """Take what is new and complete. Raises QueueUnavailable."""
        begun = time.monotonic()
        found = list_files(str(self._root), self._patterns)
        self.listing_s = time.monotonic() - begun
        self._say(found.problem)
        if found.folders != self._folders:  # something was mounted there, or is not any more
            self._files, self._folders = {}, found.folders
        gone = self._compare(found)
        if found.problem is None:
            self._forget_gone(gone)
        else:  # they may only be out of sight
            self._files |= gone
        self._ask_what_is_taken()
        self._take(self._complete())
        if found.problem is None and self._files and not self._looked_for_old:
            self._forget_old()
            self._looked_for_old = True

    def _say(self, problem: str | None) -> None:
        if problem != self.problem:
            self.problem = problem
            text = "its folders can be read" if problem is None else problem
            level = logging.INFO if problem is None else logging.WARNING
            logger.log(level, "watch of %s: %s", self.name, text)

    def _compare(self, found: Listing) -> dict[str, _File]:
        """Update what is known of the files; return those that are not there."""
        now, before = time.monotonic(), self._files
        self._files = {}
        for path, version in found.files.items():
            known = before.pop(path, None)
            if known is None:
                known = _File(version, now, _field(path))
            elif known.version != version:
                known = _File(version, now, known.field)
            self._files[path] = known
        return before

    def _forget_gone(self, gone: dict[str, _File]) -> None:
        try:
            self._forget((each.field, each.mark) for each in gone.values() if each.mark is not None)
        except QueueUnavailable:
            self._files |= gone  # the next look tries again
            raise

    def _forget(self, marks: Iterable[tuple[bytes, str]]) -> None:
        for batch in _batches(marks):
            self._marked.forget(batch)

    def _ask_what_is_taken(self) -> None:
        """Read the marks of files that this process sees for the first time."""
        new = [each for each in self._files.values() if each.mark is None]
        for batch in _batches(new, 10 * BATCH):
            marks = self._marked.marks([each.field for each in batch])
            for each, mark in zip(batch, marks, strict=True):
                if mark is not None and mark.partition("@")[0] == str(each.version):
                    each.mark = mark

    def _complete(self) -> Iterator[tuple[str, _File]]:
        now, least_s = time.monotonic(), min(SETTLED_S.values())
        for path, each in self._files.items():
            if each.mark is not None or now - each.since < least_s:
                continue
            writers = writers_of(str(self._root / path), each.version)
            if writers is not Writers.CHANGED and now - each.since >= SETTLED_S[writers]:
                yield path, each

    def _take(self, complete: Iterator[tuple[str, _File]]) -> None:
        """Make the tasks of files; a queue that drains takes them later."""
        function = function_types.find(self.name)
        if function is None:  # its file has gone meanwhile
            return
        for batch in _batches(complete):
            new: list[NewFile] = []
            for path, each in batch:
                event = file_event(self._config, self._root, path, each.version)
                with contextlib.suppress(InvalidPayload):  # never: the event is ours
                    task = function.new_task(new_id(), self._broker.name, event)
                    new.append(NewFile(each.field, str(each.version), task))
            marks = self._marked.take(new)
            if not marks:
                return
            for (_, each), mark in zip(batch, marks, strict=True):
                each.mark = mark

    def _forget_old(self) -> None:
        """Drop marks of files that went while nobody watched, a long time ago."""
        known = {each.field for each in self._files.values()}
        oldest = self._broker.now_ms() - FORGET_DAYS * 86_400_000
        old = [each for each in self._marked.marked_before(oldest) if each[0] not in known]
        self._forget(old)


def _field(path: str) -> bytes:
    return hashlib.blake2b(os.fsencode(path), digest_size=12).digest()


def _batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
