"""Huey on top of the scripts: its queue, its storage and its tasks."""
