"""How the pace of a worker follows what tasks take."""

import json

from huey_tasks.execution.batching import BUDGET_S, MOST, Pace

SHORT_S = 0.00003
FULL_BATCH_MS = BUDGET_S * 1000 / MOST


def worth_ms(pace: Pace) -> float:
    """What an attempt of the type is worth."""
    return json.loads(pace.worth())["resize"]


def _pace_of(took_s: float, times: int) -> Pace:
    pace = Pace()
    for _ in range(times):
        pace.record("resize", took_s)
    return pace


def test_one_slow_moment_of_the_machine_hardly_makes_a_batch_smaller() -> None:
    pace = _pace_of(SHORT_S, 5)
    assert worth_ms(pace) < FULL_BATCH_MS
    pace.record("resize", 0.2)
    assert worth_ms(pace) < 2 * FULL_BATCH_MS


def test_a_type_that_becomes_long_is_claimed_one_at_a_time() -> None:
    pace = _pace_of(SHORT_S, 5)
    for _ in range(10):
        pace.record("resize", 1.0)
    assert worth_ms(pace) == BUDGET_S * 1000


def test_a_type_of_unknown_pace_is_known_by_its_first_attempt() -> None:
    assert worth_ms(_pace_of(1.0, 1)) == BUDGET_S * 1000
    assert worth_ms(_pace_of(SHORT_S, 1)) < FULL_BATCH_MS


def test_a_long_type_that_becomes_short_is_claimed_in_batches_at_once() -> None:
    pace = _pace_of(1.0, 20)
    pace.record("resize", SHORT_S)
    assert worth_ms(pace) < FULL_BATCH_MS


def test_an_attempt_without_any_time_does_not_hide_the_later_ones() -> None:
    pace = _pace_of(0.0, 1)
    for _ in range(10):
        pace.record("resize", 1.0)
    assert worth_ms(pace) == BUDGET_S * 1000
