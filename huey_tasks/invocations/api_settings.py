"""Settings of functions that AWS's API has changed, laid over those in the files.

What was changed last counts, by the API or in the files: a setting of the API is stored with what
the files said then, and applies as long as they still say so.
"""

import dataclasses
import logging
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from huey_tasks.broker.broker import Broker
from huey_tasks.errors import QueueUnavailable
from huey_tasks.functions.apart import Apart
from huey_tasks.functions.catalogue import Catalogue, Sight
from huey_tasks.functions.function import Function, Ignored, Url
from huey_tasks.records import function_settings

logger = logging.getLogger(__name__)

#: Seconds after which a process looks again at what others have set.
LOOK_S = 1.0

#: The fields of `Function` that are set together, by the name of the part.
PARTS: Mapping[str, tuple[str, ...]] = {
    "event_invoke": ("retries", "max_age_s", "on_success", "on_failure"),
    "concurrency": ("reserved_concurrency",),
    "url": ("url",),
}

#: What a part is when it was deleted.
UNSET: Mapping[str, Mapping[str, Any]] = {
    "event_invoke": {"retries": 2, "max_age_s": 21_600, "on_success": None, "on_failure": None},
    "concurrency": {"reserved_concurrency": None},
    "url": {"url": None},
}


class ConfiguredCatalogue:
    """A catalogue whose functions have the settings of the API, too.

    It reads them at most every second, and keeps the last ones while Redis is away.
    """

    def __init__(self, files: Catalogue | Apart, broker: Broker) -> None:
        self._files, self._broker = files, broker
        self._set: Mapping[str, Mapping[str, Any]] | None = None
        self._read_at = 0.0

    def find(self, name: str) -> Function | None:
        """Return the function of that name as it is now, None if there is none."""
        function = self._files.find(name)
        return None if function is None else self._laid_over(function)

    def functions(self) -> Mapping[str, Function]:
        """Return all functions by name, sorted."""
        return self.look().functions

    def look(self) -> Sight:
        """Return all that is in the folders, the functions with the settings of the API."""
        sight = self._files.look()
        functions = {name: self._laid_over(each) for name, each in sight.functions.items()}
        return dataclasses.replace(sight, functions=MappingProxyType(functions))

    def ignored(self) -> tuple[Ignored, ...]:
        """Return what is in the folders and is no function, or changes nothing, and why."""
        return self._files.ignored()

    def extras(self, function: Function, part: str) -> Mapping[str, Any]:
        """Return what the API keeps with a part beside the settings; empty if it did not set it."""
        base = self._files.find(function.name)
        kept = self._applying(base, part) if base is not None else None
        return kept["extras"] if kept is not None else {}

    def change(
        self,
        name: str,
        part: str,
        values: Mapping[str, Any],
        extras: Mapping[str, Any],
        operation: str,
    ) -> None:
        """Set a part of a function, fields by name, with the operation for the audit, "" for none.

        Raises QueueUnavailable.
        """
        base = self._files.find(name)
        if base is None:
            return
        stored = {"set": _plain(values), "over": _of_files(base, part), "extras": dict(extras)}
        function_settings.write(self._broker, name, part, stored, operation)
        self._set = None

    def _laid_over(self, function: Function) -> Function:
        if not self._settings().get(function.name):
            return function
        changes: dict[str, Any] = {}
        for part in PARTS:
            if (kept := self._applying(function, part)) is not None:
                changes |= kept["set"]
        if changes.get("url") is not None:
            changes["url"] = Url(**changes["url"])
        return dataclasses.replace(function, **changes)

    def _applying(self, base: Function, part: str) -> dict[str, Any] | None:
        kept = self._settings().get(base.name, {}).get(part)
        return kept if kept is not None and kept["over"] == _of_files(base, part) else None

    def _settings(self) -> Mapping[str, Mapping[str, Any]]:
        known, now = self._set, time.monotonic()
        if known is not None and now - self._read_at < LOOK_S:
            return known
        self._read_at = now  # the others use what is known, meanwhile
        try:
            self._set = known = function_settings.read(self._broker)
        except QueueUnavailable as error:
            logger.debug("the settings of functions cannot be read: %s", error.cause)
        return known or {}


def _of_files(base: Function, part: str) -> dict[str, Any]:
    return _plain({name: getattr(base, name) for name in PARTS[part]})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON keeps them."""
    return {
        name: dataclasses.asdict(value) if isinstance(value, Url) else value
        for name, value in values.items()
    }
