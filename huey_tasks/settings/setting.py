"""A setting: what a field of `Config` says of it, and how people see it, as in the inspector."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, cast

from huey_tasks.settings import data_folder


@dataclass(frozen=True)
class Setting:
    """One setting for display: its variable, value, unit and meaning (secrets masked)."""

    name: str
    value: str
    unit: str
    description: str


def setting(
    default: Any, parse: Callable[[str], Any], unit: str, description: str, secret: bool = False
) -> Any:
    """Return a field of `Config`; `description` is read alone, beside the value and its unit."""
    return field(
        default=default,
        repr=not secret,
        metadata={"parse": parse, "unit": unit, "description": description, "secret": secret},
    )


def shown(config: Any) -> list[Setting]:
    """Return the settings that the fields of a `Config` are, with their values.

    A secret is "set"; a URL of its own server, which a stack gives its processes, is "embedded".
    """
    found: list[Setting] = []
    socket = data_folder.socket_in(config.data_dir)
    embedded = [data_folder.url(socket, database) for database in (0, 1)]
    for spec in fields(config):
        if not spec.metadata:
            continue
        value = getattr(config, spec.name)
        if spec.metadata["secret"] and value:
            text = "embedded" if value in embedded else "set"
        elif isinstance(value, tuple):
            text = ", ".join(str(item) for item in cast(tuple[object, ...], value))
        else:
            text = "" if value is None else str(value)
        unit, description = spec.metadata["unit"], spec.metadata["description"]
        found.append(Setting(spec.name.upper(), text, unit, description))
    return found
