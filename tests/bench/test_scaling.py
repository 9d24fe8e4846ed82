"""More worker processes, tasks that take time, and slow commands: arithmetic, tables, plots."""

from pathlib import Path

from benchmarks.driver import Driver
from benchmarks.measurements import drain, efficiency, scaling, slowlog
from benchmarks.private_redis import PrivateRedis
from benchmarks.systems import SYSTEMS
from benchmarks.systems.system import Place, Profile


def _drained(system: str, processes: int, per_second: float) -> scaling.Outcome:
    return scaling.Outcome(system, processes, 1000, per_second, 200.0)


def test_scaling_is_told_beside_each_peer_and_beside_the_fewest_processes() -> None:
    outcomes = [
        _drained("duckline", 2, 1000.0),
        _drained("huey", 2, 500.0),
        _drained("duckline", 8, 1400.0),
        _drained("duckline", 8, 1600.0),
        _drained("huey", 8, 600.0),
    ]
    assert scaling.rows(outcomes) == [
        ["system", "processes", "tasks/s", "spread", "ours is", "beside 2", "CPU a task"],
        ["Duckline", "2", "1,000", "1,000 – 1,000", "1.0 x", "1.0 x", "200 µs"],
        ["Duckline", "8", "1,500", "1,400 – 1,600", "1.0 x", "1.5 x", "200 µs"],
        ["Huey", "2", "500", "500 – 500", "2.0 x", "1.0 x", "200 µs"],
        ["Huey", "8", "600", "600 – 600", "2.5 x", "1.2 x", "200 µs"],
    ]
    (plot,) = scaling.plots(outcomes)
    assert [bar.label for bar in plot.bars] == ["Duckline, 2", "Duckline, 8", "Huey, 2", "Huey, 8"]
    assert (plot.bars[1].lowest, plot.bars[1].middle, plot.bars[1].highest) == (1400, 1500, 1600)


def test_as_many_tasks_are_drained_as_last_at_the_ideal_rate_or_the_systems_own() -> None:
    assert efficiency.ideal(8, 10) == 800.0
    assert efficiency.count_for(8, 10, 3.0, most=10_000) == 2400
    assert efficiency.count_for(8, 1, 3.0, most=10_000) == 10_000  # 24,000 would last too long
    assert efficiency.count_for(8, 100, 1.0, most=10_000) == 8 * efficiency.EACH


def _done(system: str, processes: int, task_ms: int, share: float) -> efficiency.Outcome:
    per_second = share * efficiency.ideal(processes, task_ms)
    return efficiency.Outcome(system, processes, task_ms, 1000, per_second, share, 200.0)


def test_efficiency_is_the_share_of_the_ideal_by_duration_and_processes() -> None:
    outcomes = [
        _done("duckline", 2, 10, 0.98),
        _done("huey", 2, 10, 0.9),
        _done("duckline", 8, 10, 0.95),
        _done("duckline", 2, 1, 0.4),
        _done("duckline", 2, 1, 0.6),
    ]
    assert efficiency.rows(outcomes) == [
        ["system", "a task takes", "2 processes", "8 processes"],
        ["Duckline", "1 ms", "50.0 % (1,000/s)", ""],
        ["Duckline", "10 ms", "98.0 % (196/s)", "95.0 % (760/s)"],
        ["Huey", "10 ms", "90.0 % (180/s)", ""],
    ]
    short, long = efficiency.plots(outcomes)
    assert (short.title, long.title) == (
        "Efficiency with tasks of 1 ms",
        "Efficiency with tasks of 10 ms",
    )
    assert [bar.label for bar in long.bars] == ["Duckline, 2", "Huey, 2", "Duckline, 8"]
    assert (short.bars[0].lowest, short.bars[0].highest) == (40.0, 60.0)


def test_tasks_that_take_time_keep_workers_below_the_ideal_rate() -> None:
    work = drain.Work("rest", 0.02, 2, Profile.LONG)
    # So many that most are left after a second in which nobody looked: the last few tell no rate.
    outcome = drain.run(SYSTEMS["duckline"], 240, work)
    assert 0 < outcome.per_second <= efficiency.ideal(2, 20) * 1.1


def test_slow_commands_are_counted_by_the_work_beside_which_they_ran() -> None:
    outcomes = [
        slowlog.Outcome("lists", 1_000_000, 2000, 0, 0.4, []),
        slowlog.Outcome("searches", 1_000_000, 9000, 2, 31.0, ["7.1 ms search.lua 1 a", "6 ms x"]),
    ]
    assert slowlog.rows(outcomes)[1:] == [
        ["lists", "1,000,000", "2,000", "0", "", "0 ms"],
        ["searches", "1,000,000", "9,000", "2", "7.1 ms search.lua", "31 ms"],
    ]


def test_tasks_are_finished_without_a_worker_and_slow_scripts_are_named(tmp_path: Path) -> None:
    with PrivateRedis(tmp_path) as redis:
        place = Place(redis, tmp_path)
        slowlog.fill(place, 600)
        assert SYSTEMS["duckline"].finished(place, 600) == 600
        slowlog.watch(redis)
        with Driver(slowlog.filler(place), tmp_path / "driver.log") as driver:
            redis.client().config_set("slowlog-log-slower-than", 0)
            verbs = driver.ask(do="rounds", count=1)
            large = driver.ask(do="large")
            found = slowlog.slow_commands(redis)
    assert all(len(took) == 1 for took in verbs.values())
    assert verbs.keys() >= {"submit", "claim", "get_task", "stats", "list page", "cancel"}
    assert large.keys() == {"submit of 100", "step of 128"}
    assert {"step.lua", "submit.lua", "cancel.lua"} <= {command.split()[2] for command in found}
