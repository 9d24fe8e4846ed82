"""Waits for tasks to end."""
