"""A submit that has an effect once: by its idempotency key, or as a unique task.

An idempotency key names one submit, whatever happens to the task: the same submit again, in
the next 24 hours, gets the first answer. A unique task stands for its work: while one like it has
not ended, no other is stored. `submit.lua` looks and stores in one step, so two callers at once
cannot both be the first, and nothing is ever half done.
"""

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from huey_tasks import serializer
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.values.plain_text import is_plain

#: Characters of an idempotency key, and of a unique key.
MAX_KEY = 255
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_RULE = "An idempotency key is 1 to 255 visible ASCII characters."


@dataclass(frozen=True, slots=True)
class Once:
    """By what a repeat of a submit is found.

    `idempotency_key`: 1 to 255 visible ASCII characters. `caller`: whose key it is; those of two
    callers are two. `item`: which of the tasks that were sent with the key, and `request`: a digest
    of them all. `unique_for_s`: seconds within which the task is unique, as long as it has not
    ended; `unique_key`: what makes it so, else its payload.
    """

    idempotency_key: str | None = None
    caller: str = ""
    request: str = ""
    item: int | None = None
    unique_for_s: float | None = None
    unique_key: str | None = None

    def problems(self, year_s: int) -> list[Problem]:
        """Return what is wrong with it."""
        wrong: list[Problem] = []
        if self.idempotency_key is not None and not is_idempotency_key(self.idempotency_key):
            wrong.append(Problem("/idempotency_key", "idempotency_key", _RULE))
        if self.unique_for_s is not None and not _is_number(self.unique_for_s, 1, year_s):
            rule = f"'unique_for' is a number of seconds from 1 to {year_s} (366 days)."
            wrong.append(Problem("/unique_for", "number", rule))
        if self.unique_key is not None and self.unique_for_s is None:
            rule = "'unique_key' needs 'unique_for', the seconds for which the task is unique."
            wrong.append(Problem("/unique_key", "conflict", rule))
        if self.unique_key is not None and not _is_unique_key(self.unique_key):
            rule = "'unique_key' is a text of 1 to 255 characters without control characters."
            wrong.append(Problem("/unique_key", "unique_key", rule))
        return wrong

    def stored(
        self, task_type: str, queue: str, payload: Any, options: Any, *, is_own: bool = False
    ) -> str:
        """Return it as `submit.lua` reads it; `options`: the others of the submit.

        `is_own`: the queue is that of the type. A repeat may come after a deploy that gave the type
        another one, so it is found without its queue too.
        """
        once: dict[str, Any] = {}
        if self.idempotency_key is not None:
            once["key"] = _digest([self.caller, self.idempotency_key, self.item])
            once["body"] = self._body([task_type, queue, payload, options])
            if is_own:
                once["anywhere"] = self._body([task_type, None, payload, options])
            if self.request:
                once["request"] = _digest([self.caller, self.idempotency_key, None])
                once["request_body"] = self.request
        if self.unique_for_s is not None:
            if self.unique_key is not None:
                once["unique"] = _digest([task_type, ["key", self.unique_key]])
            else:
                once["unique"] = unique_by_payload(task_type, payload)
            once["unique_ms"] = round(self.unique_for_s * 1000)
        return json.dumps(once)

    def _body(self, submit: list[Any]) -> str:
        return _digest([submit, self.unique_for_s, self.unique_key])


NOT_ONCE = Once()


def once_of(
    idempotency_key: str | None,
    unique_for_s: float | None,
    unique_key: str | None,
    caller: str = "",
) -> Once:
    """Return those, and NOT_ONCE for none of them, which is the usual case."""
    if idempotency_key is None and unique_for_s is None and unique_key is None:
        return NOT_ONCE
    return Once(idempotency_key, caller, unique_for_s=unique_for_s, unique_key=unique_key)


def unique_by_payload(task_type: str, payload: Any) -> str:
    """Return the digest of what a unique task without a key has for itself."""
    return _digest([task_type, ["payload", payload]])


def is_idempotency_key(text: str) -> bool:
    """Return whether a text is a valid idempotency key."""
    return _KEY.fullmatch(text) is not None


def check_idempotency_key(text: str, pointer: str) -> None:
    """Raise InvalidQuery, which names `pointer`, if a text is no valid idempotency key."""
    if not is_idempotency_key(text):
        raise InvalidQuery([Problem(pointer, "idempotency_key", _RULE)])


def _is_number(value: Any, least: float, most: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and least <= value <= most


def _is_unique_key(text: object) -> bool:
    return isinstance(text, str) and 1 <= len(text) <= MAX_KEY and is_plain(text)


def _digest(value: Any) -> str:
    """Return the same text for the same value, whatever the order of its keys."""
    plain = json.loads(serializer.dumps(value))
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def instant(at: dt.datetime | None) -> str | None:
    """Return a time as part of what a key was sent with, the same in each zone."""
    if at is None:
        return None
    try:
        return at.astimezone(dt.UTC).isoformat()
    except OverflowError:  # in UTC it is before the year 1: a submit takes any time that has passed
        return at.isoformat()
