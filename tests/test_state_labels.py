"""The states have one label each: on the pages, in the search, and in the table of the glossary."""

import re
from pathlib import Path

from huey_tasks.broker.states import LIVE, TERMINAL, TaskState
from huey_tasks.search.query import parse

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "static/js/texts/states.js").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text().partition("## States, in the API")[2]


def test_the_glossary_has_the_labels_of_the_pages() -> None:
    labels = re.findall(r"(\w+): \{ label: '(\w+)', means: '([^']+)' \}", PAGES)
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| .*?\| ([^|]+) \|$", GLOSSARY, re.MULTILINE)
    assert rows == labels
    assert [state for state, _, _ in rows] == [*LIVE, *TERMINAL]


def test_a_search_takes_every_name_of_a_state() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w*) ?\|", GLOSSARY, re.MULTILINE)
    assert len(rows) == len(TaskState)
    for state, *names in rows:
        for name in filter(None, (state, state.lower(), *names)):
            assert parse(f"state:{name}").values("state") == [state]


def test_every_state_is_live_or_terminal() -> None:
    assert {*LIVE, *TERMINAL} == set(TaskState) and not {*LIVE} & {*TERMINAL}
    assert [state for state in TaskState if state.terminal] == [
        state for state in TaskState if state in TERMINAL
    ]
