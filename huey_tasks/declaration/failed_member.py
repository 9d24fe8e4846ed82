"""A member of a chord that has not succeeded, as the callback gets it among the results.

JSON has no such object, and the type of the callback's parameter is that of the results. So these
are set apart while the others are converted, and reinserted at their places.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from huey.utils import SKIPPED, Error


@dataclass(frozen=True, slots=True)
class FailedMember:
    """One member: the id of its task ("" if it never ran), its error, a traceback if it raised."""

    task_id: str
    error: str
    traceback: str | None


#: The failed members of the lists among some arguments: by name of the argument, and by index.
Failed = dict[str, dict[int, FailedMember]]


def set_apart(arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], Failed]:
    """Return the arguments without failed members, and these."""
    failed: Failed = {}
    for name, value in arguments.items():
        if type(value) is list:
            members = {
                index: _member(item)
                for index, item in enumerate(cast(list[Any], value))
                if _has_failed(item)
            }
            if members:
                failed[name] = members
    if not failed:
        return arguments, failed
    kept = {
        name: [item for item in value if not _has_failed(item)] if name in failed else value
        for name, value in arguments.items()
    }
    return kept, failed


def reinsert(arguments: dict[str, Any], failed: Failed) -> dict[str, Any]:
    """Insert failed members at their places again; `arguments` is changed and returned."""
    for name, members in failed.items():
        for index in sorted(members):
            arguments[name].insert(index, members[index])
    return arguments


def _has_failed(item: Any) -> bool:
    return type(item) is Error or item is SKIPPED


def _member(item: Any) -> FailedMember:
    if item is SKIPPED:
        return FailedMember("", "it was cancelled or has expired, or its result is gone", None)
    said: Mapping[str, Any] = item.metadata
    return FailedMember(said.get("task_id", ""), said.get("error", ""), said.get("traceback"))
