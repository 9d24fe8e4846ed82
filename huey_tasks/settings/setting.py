"""A setting as people see it: in the inspector, and as `duckline env` prints it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One setting for display: its variable, value, unit and meaning (secrets masked)."""

    name: str
    value: str
    unit: str
    description: str
