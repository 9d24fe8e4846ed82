"""The adapters have the right shape; nothing of the peers is installed or started here."""

from pathlib import Path

import pytest

from benchmarks.measurements import MEASUREMENTS
from benchmarks.private_redis import PrivateRedis
from benchmarks.services import SERVICES
from benchmarks.systems import SYSTEMS, chosen
from benchmarks.systems.system import APPS, Place, Profile


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("profile", Profile)
def test_a_system_says_how_its_workers_and_its_driver_start(name: str, profile: Profile) -> None:
    system = SYSTEMS[name]
    place = Place(PrivateRedis(Path("/nowhere")), Path("/nowhere"))
    commands = [*system.workers(place, 4, profile), system.driver(place)]
    assert system.name == name
    assert system.settings(profile)
    for command in commands:
        assert all(command.argv)
        assert command.environment["BENCH_LEDGER"] == "/nowhere/ledger.txt"
        assert str(APPS) in command.environment["PYTHONPATH"]


@pytest.mark.parametrize("name", SYSTEMS)
def test_nothing_is_finished_before_something_was_submitted(name: str, tmp_path: Path) -> None:
    with PrivateRedis(tmp_path) as redis:
        assert SYSTEMS[name].finished(Place(redis, tmp_path), 0) == 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_starts_on_the_port_it_is_given(name: str) -> None:
    place = Place(PrivateRedis(Path("/nowhere")), Path("/nowhere"))
    command = SERVICES[name].command(place, 4711)
    assert "4711" in command.argv or command.environment["PORT"] == "4711"


def test_every_measurement_names_systems_that_there_are() -> None:
    known = {*SYSTEMS, *SERVICES}
    assert all(set(measurement.systems) <= known for measurement in MEASUREMENTS.values())
    assert all(measurement.name == name for name, measurement in MEASUREMENTS.items())


def test_the_overview_measures_ours_and_systems_that_its_measurements_are_about() -> None:
    shown = [each for each in MEASUREMENTS.values() if each.overview]

    assert [each.name for each in shown] == ["drain", "submit", "bulk", "latency"]
    assert all(set(each.overview) <= set(each.systems) for each in shown)
    assert all("duckline" in each.overview for each in shown)


def test_titles_tell_the_systems_apart() -> None:
    assert len({system.title for system in SYSTEMS.values()}) == len(SYSTEMS)


def test_an_unknown_system_is_named() -> None:
    with pytest.raises(ValueError, match="no system is called 'sidekiq'"):
        chosen(["huey", "sidekiq"])
