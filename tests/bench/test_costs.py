"""The arithmetic of growth, memory, idleness and greenlets, and their tables."""

import pytest

from benchmarks.measurements import greenlets, growth, idle, memory, sockets


def _grown(case: str, verb: str, ms: float, ratio: float) -> growth.Outcome:
    return growth.Outcome(case, verb, 300, ms, ratio, 40.0, 1.0, 1600.0, 2, ["7.0 ms EVALSHA"])


def test_a_case_of_growth_that_was_measured_twice_has_two_columns() -> None:
    cases = [("10 waiting", 1.0, 1.0), ("100 waiting", 1.5, 1.5), ("10 waiting", 2.0, 1.0)]
    outcomes = [_grown(case, v, ms, ratio) for case, ms, ratio in cases for v in ("a", "b")]
    head, first, _, _, _, bytes_each, ten_million, slow = growth.rows(outcomes)
    assert head[:-1] == ["", "10 waiting", "100 waiting", "10 waiting"]
    assert first[:-1] == ["a", "1.00 ms (1.00 x)", "1.50 ms (1.50 x)", "2.00 ms (1.00 x)"]
    assert bytes_each == ["memory of Redis a task", "", "1,600 B", "", ""]
    assert ten_million == ["of 10,000,000, extrapolated", "", "14.9 GiB", "", ""]
    assert slow == ["commands over 5 ms", "2", "2", "2", ""]


def test_the_most_that_waits_is_compared_with_what_was_measured_before_it() -> None:
    cases = [("10", 1.0), ("10,000", 2.0), ("1,000,000", 2.2)]
    outcomes = [_grown(f"{number} waiting", "a", ms, ms) for number, ms in cases]
    outcomes += [_grown("10 waiting", "a", 3.0, 1.0), _grown("1,000,000 finished", "a", 3.3, 1.1)]
    head, first, cpu, *_ = growth.rows(outcomes)
    assert head[-1] == "1,000,000 beside 10,000 (goal 1.2 x)"
    assert (first[-1], cpu[-1]) == ("1.10 x", "1.00 x")


def test_memory_is_compared_with_ours() -> None:
    outcomes = [
        memory.Outcome("duckline", 1000, 1500.0, 2000.0),
        memory.Outcome("celery", 1000, 750.0, 3000.0),
    ]
    assert memory.rows(outcomes)[1:] == [
        ["Duckline", "1,500 B", "1.0 x", "2,000 B", "1.0 x"],
        ["Celery", "750 B", "0.5 x", "3,000 B", "1.5 x"],
    ]


def test_the_proportional_set_size_is_read_from_the_kernels_summary() -> None:
    rollup = "5588-7ffc ---p 0 00:00 0 [rollup]\nRss:    900 kB\nPss:    345 kB\nPss_Dirty: 9 kB\n"
    assert idle.pss_kib(rollup) == 345
    with pytest.raises(ValueError, match="no Pss"):
        idle.pss_kib("Rss: 900 kB\n")


def test_an_idle_stack_is_shown_beside_ours() -> None:
    outcomes = [
        idle.Outcome("duckline", 16, 300.0, 2.0, 4.0, 0.5),
        idle.Outcome("celery", 13, 600.0, 1.0, 5.0, 0.4),
    ]
    celery = idle.rows(outcomes)[2]
    assert celery[1:] == ["13", "600 MiB", "2.0 x", "1.0 %", "5.0 MiB", "0.4 %"]


def test_greenlets_show_medians_and_the_ratio_to_ours() -> None:
    outcomes = [
        greenlets.Outcome(name, 500 / rate, rate, 1.0)
        for name, rates in {"duckline": (400, 500, 600), "celery": (250, 200, 300)}.items()
        for rate in rates
    ]
    celery = greenlets.rows(outcomes)[2]
    assert celery == ["Celery", "2.00 s", "250", "200 – 300", "2.0 x", "1.00 ms"]


def test_jitter_is_told_socket_by_socket() -> None:
    arrivals = [(1, 10.0), (2, 10.5), (1, 12.25), (2, 12.5), (1, 14.0)]
    assert sockets.jitter_ms(arrivals) == [250.0, 0.0, 250.0]
