"""A folder of functions that a test fills, and its catalogue."""

import textwrap
from pathlib import Path
from typing import Protocol

import pytest

from huey_tasks.functions.catalogue import Catalogue

HANDLER = "def handler(event, context):\n    return event\n"


class Write(Protocol):
    """Writes a file of the folder, by default one with a handler."""

    def __call__(self, name: str, text: str = HANDLER) -> Path: ...


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "functions"
    path.mkdir()
    return path


@pytest.fixture
def write(folder: Path) -> Write:
    def write(name: str, text: str = HANDLER) -> Path:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    return write


@pytest.fixture
def catalogue(folder: Path) -> Catalogue:
    return Catalogue([folder])
