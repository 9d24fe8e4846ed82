""".env.example lists every setting, and nothing that is not one."""

import re

from huey_tasks.config import Config
from tests.stack.running import ROOT

ENTRIES = re.findall(r"^# ([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_it_lists_exactly_the_settings_that_are_read() -> None:
    assert sorted(name for name, _ in ENTRIES) == sorted(Config.setting_names())


def test_the_values_shown_are_the_defaults() -> None:
    assert Config.from_env(dict(ENTRIES)) == Config.from_env({"DATA_DIR": "./data"})


def test_nothing_in_it_is_switched_on() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []
