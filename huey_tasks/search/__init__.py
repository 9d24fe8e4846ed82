"""Finds tasks, a page at a time."""
