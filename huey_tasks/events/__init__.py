"""Waits for what happens to tasks."""
