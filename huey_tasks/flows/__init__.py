"""Flows: graphs of tasks that are submitted at once and are one resource."""
