"""Invocations of functions: how one becomes a task, and how the function host runs it."""
