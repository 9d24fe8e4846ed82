"""Schedules: submit a task again and again, at the times of a trigger."""

from huey_tasks.schedules.declared import declare

__all__ = ["declare"]
