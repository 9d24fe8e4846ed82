"""The verdict of a load run: when it fails, and what it shows."""

from collections.abc import Callable

import pytest

from loadtests import verdict
from loadtests.ledger import Ledger
from loadtests.settings import Settings

STEADY = Settings.from_env({})


@pytest.fixture
def ledger() -> Ledger:
    """A run in which two tasks were accepted and have ended well."""
    made = Ledger(submitted=2, settled=2)
    for task_id, latency_s in (("first", 0.010), ("second", 0.030)):
        made.accept(task_id, "send_email", latency_s)
        made.observe(task_id, "SUCCESS", 2.0)
    return made


def lines(ledger: Ledger, name: str) -> str:
    """The row `name` of the printed verdict, without its name."""
    found = [
        line
        for line in verdict.render(ledger, STEADY).splitlines()
        if line.startswith(f"  {name} ")
    ]
    assert len(found) == 1, found
    return found[0].removeprefix(f"  {name}").strip()


def test_a_run_whose_tasks_have_all_ended_passes(ledger: Ledger) -> None:
    assert verdict.exit_code(ledger, STEADY) == 0
    assert verdict.render(ledger, STEADY).endswith(
        "PASS: no task was lost, every accepted task has ended, and there was no 5xx."
    )


def test_tasks_that_have_not_ended_are_a_backlog_and_none_is_lost(ledger: Ledger) -> None:
    ledger.accept("third", "data_pipeline", 0.010)
    ledger.observe("third", "STARTED", None)
    ledger.accept("fourth", "data_pipeline", 0.010)

    assert verdict.exit_code(ledger, STEADY) == 0
    assert lines(ledger, "backlog").startswith("2   STARTED 1, PENDING 1")
    assert lines(ledger, "lost") == "0"
    assert verdict.render(ledger, STEADY).endswith(
        "PASS: no task was lost, a backlog of 2 is left, and there was no 5xx."
    )


def test_a_task_that_is_answered_404_is_lost(ledger: Ledger) -> None:
    ledger.accept("third", "data_pipeline", 0.010)
    ledger.entries["third"].gone = True

    assert verdict.exit_code(ledger, STEADY) == 1
    assert lines(ledger, "backlog") == "0"
    assert lines(ledger, "lost") == "1   answered 404 after their 202"
    assert "third  data_pipeline" in verdict.render(ledger, STEADY)


def test_a_5xx_fails_the_run(ledger: Ledger) -> None:
    ledger.server_errors["POST /api/tasks/submit: 500"] += 1

    assert verdict.exit_code(ledger, STEADY) == 1
    assert "1 x POST /api/tasks/submit: 500" in verdict.render(ledger, STEADY)


def test_being_asked_to_wait_does_not_fail_the_run(ledger: Ledger) -> None:
    ledger.asked_to_wait["POST /api/tasks/submit: 503"] += 4

    assert verdict.exit_code(ledger, STEADY) == 0
    assert lines(ledger, "asked to wait") == "4"


def test_a_run_without_an_accepted_task_has_tested_nothing() -> None:
    assert verdict.exit_code(Ledger(submitted=3, settled=3), STEADY) == 1


def test_of_many_live_tasks_ten_are_listed(ledger: Ledger) -> None:
    for number in range(13):
        ledger.accept(f"live-{number}", "send_email", 0.010)

    text = verdict.render(ledger, STEADY)

    assert text.count("live-") == 10
    assert "and 3 more" in text


def test_a_cancelled_task_that_succeeds_is_a_surprise(ledger: Ledger) -> None:
    ledger.entries["first"].cancelled = True

    assert ledger.surprises() == {"a cancelled task ended SUCCESS": 1}
    assert "but look at the 1 oddity above" in verdict.render(ledger, STEADY)


def test_a_task_that_leaves_its_terminal_state_is_a_surprise(ledger: Ledger) -> None:
    ledger.observe("first", "STARTED", None)

    assert ledger.surprises() == {"a task went from SUCCESS to STARTED": 1}


def test_percentiles_are_by_nearest_rank() -> None:
    assert (
        verdict.percentiles([n / 1000 for n in range(1, 101)]) == "p50 50 ms  p95 95 ms  p99 99 ms"
    )
    assert verdict.percentiles([3.0]) == "p50 3.0 s  p95 3.0 s  p99 3.0 s"
    assert verdict.percentiles([]) == "nothing to measure"


THRESHOLDS: list[tuple[dict[str, str], Callable[[Ledger], None], str]] = [
    (
        {"LOAD_MAX_SUBMIT_S": "0.02"},
        lambda ledger: None,
        "p99 of a submit was 30 ms",
    ),
    (
        {"SCENARIO": "repeats", "LOAD_KEYS": "1"},
        lambda ledger: ledger.keys.update(one={"first", "second"}),
        "1 keys with more than one task",
    ),
    (
        {"SCENARIO": "repeats", "LOAD_KEYS": "2"},
        lambda ledger: ledger.keys.update(one={"first"}),
        "1 keys were not answered",
    ),
    ({"SCENARIO": "retries"}, lambda ledger: None, "no task came back"),
    (
        {"SCENARIO": "sockets", "LOAD_SOCKETS": "2", "LOAD_STREAMS": "0"},
        lambda ledger: None,
        "only 0 of 2 sockets were opened",
    ),
    ({"SCENARIO": "flood"}, lambda ledger: None, "no high task has started within the flood"),
    (
        {"SCENARIO": "flood"},
        lambda ledger: _let_high_wait(ledger, alone_s=0.1, in_flood_s=1.2),
        "high waited for the flood: p99 1.2 s",
    ),
]


def _let_high_wait(ledger: Ledger, *, alone_s: float, in_flood_s: float) -> None:
    ledger.flood.before.append("first")
    ledger.flood.during.append("second")
    ledger.entries["first"].wait_s, ledger.entries["second"].wait_s = alone_s, in_flood_s


@pytest.mark.parametrize(("environ", "happen", "reason"), THRESHOLDS)
def test_a_threshold_that_is_exceeded_fails_the_run(
    ledger: Ledger, environ: dict[str, str], happen: Callable[[Ledger], None], reason: str
) -> None:
    happen(ledger)
    (found,) = verdict.failures(ledger, Settings.from_env(environ))
    assert found.startswith(reason)


def test_high_may_wait_a_little_longer_in_the_flood(ledger: Ledger) -> None:
    _let_high_wait(ledger, alone_s=0.1, in_flood_s=1.0)
    assert verdict.failures(ledger, Settings.from_env({"SCENARIO": "flood"})) == []
