"""Test tasks in plain pytest, on a private Redis that the tests start by themselves.

The pytest plugin gives three fixtures; the same are context managers for other test frameworks:

`eager`     a submit runs the task at once, in this process; retries follow without their waits
`captured`  what is submitted is kept and nothing runs
`live`      a consumer of each queue runs, in processes of its own

Each begins with an empty Redis. All three are the real engine on a real server: chains, groups,
chords, locks, results, progress and log lines are what they are in production.
"""

from huey_tasks.testing.modes import Captured, Eager, Live, captured, eager, live

__all__ = ["Captured", "Eager", "Live", "captured", "eager", "live"]
