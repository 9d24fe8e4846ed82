"""The index of the decisions has each of them, by its number and its title."""

import re
from pathlib import Path

ADR = Path(__file__).parents[2] / "docs" / "adr"


def test_the_index_has_every_decision_once() -> None:
    index = (ADR / "README.md").read_text()
    listed = re.findall(r"^- \[(\d+)\]\((\S+)\) (.+)$", index, re.MULTILINE)
    decisions: list[tuple[str, str, str]] = []
    for path in sorted(ADR.glob("[0-9]*.md")):
        number, _, title = path.read_text().splitlines()[0].removeprefix("# ").partition(". ")
        decisions.append((number, path.name, title))
        assert int(number) == int(path.name[:4])
    assert sorted(listed, key=lambda line: line[1]) == decisions
