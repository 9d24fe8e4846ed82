"""Schedules: their times, their records, and the tasks that they make."""
