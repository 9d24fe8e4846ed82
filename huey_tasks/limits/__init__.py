"""Limits of task types: whether they can be, and those that code declares."""
