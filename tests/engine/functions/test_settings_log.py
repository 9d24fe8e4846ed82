"""What is wrong in `functions.toml`, or changes nothing, is a warning, once until it is mended."""

from pathlib import Path

import pytest

from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.settings_log import SettingsLog
from tests.conftest import StartConsumer
from tests.engine.functions.conftest import Write
from tests.waiting import wait_until


@pytest.fixture
def said(catalogue: Catalogue, caplog: pytest.LogCaptureFixture) -> "Said":
    return Said(SettingsLog(catalogue), caplog)


class Said:
    def __init__(self, log: SettingsLog, caplog: pytest.LogCaptureFixture) -> None:
        self._log, self._caplog = log, caplog

    def lines(self) -> list[str]:
        self._caplog.clear()
        self._log.look()
        return [record.getMessage() for record in self._caplog.records]


def test_settings_beside_the_folder_are_named_with_their_right_place(
    said: Said, write: Write, folder: Path
) -> None:
    write("hello.py")
    assert said.lines() == []
    write("../functions.toml", "[hello]\ntimeout = 1\n")
    wrong, right = folder.parent / "functions.toml", folder / "functions.toml"
    assert said.lines() == [f"{wrong}: it changes nothing here: move it to {right}"]
    assert said.lines() == []


def test_settings_of_another_folder_are_not_beside(write: Write, folder: Path) -> None:
    write("../functions.toml", "")
    named = {each.path.name for each in Catalogue([folder, folder.parent]).ignored()}
    assert "functions.toml" not in named


def test_a_mistake_is_said_again_when_it_comes_back(said: Said, write: Write, folder: Path) -> None:
    write("hello.py")
    file = write("functions.toml", "[hello\n")
    [first] = said.lines()
    assert first.startswith(f"{file}: ") and "line 1" in first
    assert said.lines() == []
    write("functions.toml", "[hello]\n")
    assert said.lines() == []
    write("functions.toml", "[helo]\n")
    assert said.lines() == [f"{file}: line 1: [helo] is no function; did you mean [hello]?"]
    write("functions.toml", "[hello\n")
    [again] = said.lines()
    assert again == first.replace("the defaults are used", "its last settings apply")


def test_a_wrong_setting_is_said_since_its_function_runs_no_more(said: Said, write: Write) -> None:
    write("hello.py")
    file = write("functions.toml", '[hello]\nschedule = "rate(1 minute)"\n')
    [line] = said.lines()
    assert line.startswith(f'{file}:2: [hello] schedule = "rate(1 minute)": it should be')
    assert said.lines() == []
    write("functions.toml", '[hello]\nschedule = ["rate(1 minute)"]\n')
    assert said.lines() == []


def test_a_file_without_a_handler_is_no_warning(said: Said, write: Write) -> None:
    write("helper.py", "A = 1\n")
    assert said.lines() == []


def test_the_consumer_of_the_default_queue_says_it(
    start_consumer: StartConsumer, write: Write, folder: Path
) -> None:
    file = write("functions.toml", "[hello\n")
    low = start_consumer("low", FUNCTIONS_PATH=str(folder))
    default = start_consumer("default", FUNCTIONS_PATH=str(folder))
    wait_until(lambda: str(file) in default.text(), description="it has said it")
    low.stop()
    assert str(file) not in low.text()
