"""Texts and values that are safe to show or to store. Knows no task."""
