"""The excerpts of docs/claim-and-commit.md are text of the files that they name."""

import re

import pytest

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "claim-and-commit.md"

#: A file's name in code marks, and the block below it.
_EXCERPTS = re.findall(r"^`([\w.]+)`\n\n```\w+\n(.*?)\n```", PAGE.read_text(), re.DOTALL | re.M)


def test_the_page_has_an_excerpt_of_each_part() -> None:
    named = {name for name, _ in _EXCERPTS}
    assert {"step.lua", "claim.lua", "commit.lua", "finish.lua", "recover.lua"} <= named
    assert PAGE.read_text().count("```") == 2 * len(_EXCERPTS), "a block names no file"


@pytest.mark.parametrize(("name", "excerpt"), _EXCERPTS)
def test_an_excerpt_is_text_of_its_file(name: str, excerpt: str) -> None:
    (file,) = (REPOSITORY / "huey_tasks").rglob(name)
    rest = file.read_text()
    for part in excerpt.split("\n…\n"):
        _, found, rest = rest.partition(part)
        assert found, f"{name} no longer has, in this order:\n{part}"
