"""The units of systemd and the Procfile start what the product has, and leave it time to stop."""

import configparser
import os
import shlex
from pathlib import Path

import pytest

from huey_tasks.config import Config
from tests.conftest import REPOSITORY, Process
from tests.ports import free_ports

UNITS = sorted((REPOSITORY / "deploy" / "systemd").glob("*.service"))


def unit(path: Path, section: str = "Service") -> configparser.SectionProxy:
    """The section of a unit."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # pyright: ignore
    parser.read(path)
    return parser[section]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_stops_in_time_and_stays_down_after_a_wrong_setting(path: Path) -> None:
    service, config = unit(path), Config()
    grace_s = config.shutdown_grace_s + config.cancel_grace_s
    assert int(service["TimeoutStopSec"]) > grace_s + 10
    assert str(os.EX_CONFIG) in service["RestartPreventExitStatus"].split()
    assert service["KillMode"] == "mixed"


@pytest.mark.parametrize("name", ["duckline-web", "duckline-inspector"])
def test_a_unit_stays_down_after_a_gunicorn_without_our_settings(name: str, tmp_path: Path) -> None:
    """Gunicorn ends with a status of its own then, and was started each second for ever."""
    service = unit(REPOSITORY / "deploy" / "systemd" / f"{name}.service")
    _, application = shlex.split(service["ExecStart"])
    (tmp_path / "empty.py").touch()
    own = ["--config", f"{tmp_path}/empty.py", "--no-control-socket"]
    bind = f"127.0.0.1:{free_ports(1)[0]}"
    refused = Process(["-m", "gunicorn", *own, "--bind", bind, application], {})
    status = refused.popen.wait(60)
    assert "gunicorn has not read Duckline's settings" in refused.text()
    assert str(status) in service["RestartPreventExitStatus"].split()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_started_again_however_often_it_has_ended(path: Path) -> None:
    assert unit(path)["Restart"] == "always"
    assert unit(path, "Unit")["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_keeps_its_data_in_a_folder_that_it_may_write_to(path: Path) -> None:
    service = unit(path)
    assert service["ProtectSystem"] == "strict"
    assert service["Environment"] == f"DATA_DIR=/var/lib/{service['StateDirectory']}"


def test_units_and_procfile_start_the_same_commands() -> None:
    started = {
        tuple(shlex.split(unit(path)["ExecStart"].replace("/opt/duckline/", ""))) for path in UNITS
    }
    of_each = {
        tuple(word.replace("%i", queue) for word in command)
        for command in started
        for queue in ("high", "default", "low")
    }
    lines = (REPOSITORY / "Procfile").read_text().splitlines()
    assert {tuple(shlex.split(line.partition(": ")[2])) for line in lines} == of_each
