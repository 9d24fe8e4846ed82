"""The shop's package, importable from its tests, and a database of each test's own."""

import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture
def database(tmp_path, monkeypatch) -> sqlite3.Connection:
    monkeypatch.setenv("SHOP_DB", str(tmp_path / "shop.db"))
    return sqlite3.connect(tmp_path / "shop.db")
