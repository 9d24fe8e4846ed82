"""A folder of functions, and the environments of one host."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from huey_tasks.config import Config
from huey_tasks.environments.pool import Environments


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.from_env(
        {"DATA_DIR": str(tmp_path / "data"), "FUNCTIONS_PATH": str(tmp_path / "functions")}
    )


@pytest.fixture
def pool(config: Config) -> Iterator[Environments]:
    environments = Environments(config, 4)
    yield environments
    environments.end_all()
