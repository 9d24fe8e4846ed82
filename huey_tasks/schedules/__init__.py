"""Schedules: their due times, their records, and the tasks that they submit."""
