"""Simulated work: the durations and failures of demo tasks, as the DEMO_* settings say."""

import random
import time

from huey_tasks.queues import CONFIG


class SimulatedFailure(Exception):
    """The error that a demo task raises in place of a real provider's."""


def work(least_s: float, most_s: float) -> None:
    """Wait for a random time in the range, in seconds, divided by DEMO_SPEED."""
    if CONFIG.demo_speed > 0:
        time.sleep(random.uniform(least_s, most_s) / CONFIG.demo_speed)


def may_fail(rate: float, message: str) -> None:
    """Raise SimulatedFailure with the probability `rate`, or DEMO_FAILURE_RATE if that is set."""
    chosen = rate if CONFIG.demo_failure_rate is None else CONFIG.demo_failure_rate
    if random.random() < chosen:
        raise SimulatedFailure(message)
