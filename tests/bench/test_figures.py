"""The arithmetic behind the tables, and the tables."""

from benchmarks import guard, table
from benchmarks.arithmetic import percentile, spread, times
from benchmarks.measurements import client, crash, drain, mixed, submit
from benchmarks.measurements.drain import Outcome, Plan, Sample


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile([7.0], 0.99) == 7


def test_a_ratio_says_how_many_times_theirs_ours_is() -> None:
    assert times(30.0, 10.0) == "3.0 x"
    assert times(30.0, 0.0) == times(0.0, 30.0) == ""


def test_a_spread_goes_from_the_lowest_to_the_highest() -> None:
    assert spread([1234.4, 7.0, 90.0]) == "7 – 1,234"


def test_tables_align_numbers_to_the_right() -> None:
    rows = [["system", "tasks"], ["a", "1,000"], ["long name", "7"]]
    assert table.text(rows).splitlines() == [
        "system     tasks",
        "----------------",
        "a          1,000",
        "long name      7",
    ]
    assert table.markdown(rows).splitlines()[:2] == ["| system | tasks |", "| --- | ---: |"]


def test_the_clock_of_a_drain_starts_at_a_tenth() -> None:
    samples = [Sample(0.0, 0), Sample(3.0, 100), Sample(3.5, 500), Sample(4.0, 1000)]
    assert drain.rate(samples, 1000) == 900.0


def test_a_drain_lasts_for_the_seconds_planned_within_its_limits() -> None:
    plan = Plan(seconds=2.0, first_count=500, at_most=20_000)
    counts = [drain.count_for(per_second, plan) for per_second in (10.0, 1234.0, 90_000.0)]
    assert counts == [500, 2500, 20_000]


def test_a_drain_table_shows_medians_and_the_ratio_to_ours() -> None:
    outcomes = [
        Outcome(system, "", 1000, per_second, 100.0, 40.0)
        for system, rates in {"duckline": (900, 1000, 2000), "huey": (100, 90, 500)}.items()
        for per_second in rates
    ]
    _, ours, huey = drain.rows(outcomes)
    assert ours == ["Duckline", "1,000", "900 – 2,000", "1.0 x", "100 µs", "40 µs"]
    assert huey[:4] == ["Huey", "100", "90 – 500", "10.0 x"]


def test_a_table_of_clients_leaves_bulk_out_where_there_is_none() -> None:
    outcomes = [
        client.Outcome("duckline", 400, 500, 3000, 80),
        client.Outcome("huey", 800, 200, 0, 0),
    ]
    _, ours, huey = client.rows(outcomes)
    assert ours[1:5] == ["400", "400 – 400", "1.0 x", "500 µs"]
    assert ours[5:] == ["3,000", "3,000 – 3,000", "1.0 x", "80 µs"]
    assert huey == ["Huey", "800", "800 – 800", "0.5 x", "200 µs", "–", "", "", ""]


def test_a_seed_fixes_the_moments_of_the_kills() -> None:
    moments = crash.Plan(seed=3).moments()
    assert moments == crash.Plan(seed=3).moments() != crash.Plan(seed=4).moments()
    assert len(moments) == 5
    assert all(crash.AT_WORK_S[0] <= moment <= crash.AT_WORK_S[1] for moment in moments)


def test_each_burst_has_one_long_task_and_none_overlap() -> None:
    pauses_s, seconds = mixed.plan(5.0, bursts=3, seed=1)
    size = mixed.SHORT + 1
    assert [sum(seconds[n : n + size]) for n in (0, size, 2 * size)] == [5.0] * 3
    assert [pause for pause in pauses_s if pause] == [7.5] * 3
    assert pauses_s[0] == pauses_s[size] == 7.5


def test_the_line_of_our_script_is_found_in_the_output_of_wrk() -> None:
    shown = 'Running 4s test\n  Latency 1ms\nRESULT {"requests": 12, "seconds": 4.0}\n'
    assert submit.parse(shown) == {"requests": 12, "seconds": 4.0}


def test_only_half_of_the_recorded_ratio_counts_as_a_collapse() -> None:
    assert not guard.collapsed(4.1, 8.0)
    assert guard.collapsed(3.9, 8.0)
    assert not guard.collapsed(0.1, None)
    assert guard.rows({"drain": 3.9, "submit": 1.0}, {"drain": 8.0})[1:] == [
        ["drain", "3.90 x", "8.00 x", "COLLAPSED"],
        ["submit", "1.00 x", "never", "ok"],
    ]
