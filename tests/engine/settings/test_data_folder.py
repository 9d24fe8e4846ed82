"""Which Redis a process uses that has no REDIS_URL: that of the stack in its folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from huey_tasks.config import LOCAL_REDIS_URL, Config

ROOT = Path(__file__).parents[3]
OWN = "redis://redis.example.com:6379/0"


def mark(folder: Path, port: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "port").write_text(f"{port}\n")


def test_a_folder_that_no_stack_has_used_says_nothing(tmp_path: Path) -> None:
    assert Config.from_env({"DATA_DIR": str(tmp_path)}).broker_url == LOCAL_REDIS_URL
    assert Config.from_env({"DATA_DIR": str(tmp_path / "none")}).broker_url == LOCAL_REDIS_URL
    (tmp_path / "port").mkdir()
    assert Config.from_env({"DATA_DIR": str(tmp_path)}).broker_url == LOCAL_REDIS_URL


def test_the_stack_of_the_folder_is_used_even_before_it_runs(tmp_path: Path) -> None:
    mark(tmp_path, 9000)
    config = Config.from_env({"DATA_DIR": str(tmp_path)})
    assert config.broker_url == f"unix://{tmp_path}/redis.sock?db=0"
    assert config.result_url == f"unix://{tmp_path}/redis.sock?db=1"


def test_a_redis_that_is_named_wins(tmp_path: Path) -> None:
    mark(tmp_path, 8000)
    assert Config.from_env({"DATA_DIR": str(tmp_path), "REDIS_URL": OWN}).broker_url == OWN


def test_the_default_folder_belongs_to_one_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mark(tmp_path / "data", 8000)
    mark(tmp_path / "data" / "port-8001", 8001)
    assert Config.from_env({}).broker_url == f"unix://{tmp_path}/data/redis.sock?db=0"
    eight = Config.from_env({"PORT": "8001"})
    assert eight.broker_url == f"unix://{tmp_path}/data/port-8001/redis.sock?db=0"
    assert Config.from_env({"PORT": "8002"}).broker_url == LOCAL_REDIS_URL


def test_a_path_that_is_too_long_for_a_socket_counts_while_its_link_is_there(
    tmp_path: Path,
) -> None:
    folder = tmp_path / ("long-" * 20)
    mark(folder, 8000)
    assert Config.from_env({"DATA_DIR": str(folder)}).broker_url == LOCAL_REDIS_URL
    (folder / "redis.sock").symlink_to(tmp_path / "s")
    assert Config.from_env({"DATA_DIR": str(folder)}).broker_url == f"unix://{tmp_path}/s?db=0"


ADVICE = "If it has a PORT or a DATA_DIR of its own, set the same one here."
COMMANDS = {
    "code": [
        "-c",
        "import huey_tasks; huey_tasks.ping()",
    ],
    "keys": [str(ROOT / "app.py"), "keys", "list"],
    "verify": [str(ROOT / "app.py"), "verify"],
    "invoke": [str(ROOT / "app.py"), "invoke", "hello"],
}


@pytest.mark.parametrize("what", COMMANDS)
def test_whoever_finds_no_redis_hears_of_port_if_nobody_has_named_one(
    what: str, tmp_path: Path
) -> None:
    mark(tmp_path / "data", 8000)
    (tmp_path / "hello.py").write_text("def handler(event, context): return 1")
    unset = ("REDIS_URL", "RESULT_REDIS_URL", "DATA_DIR", "PORT")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    env |= {"FUNCTIONS_PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def last_line(**own: str) -> str:
        done = subprocess.run(
            [sys.executable, *COMMANDS[what]],
            cwd=tmp_path, env=env | own, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.stderr.splitlines()[-1]

    assert f"{ADVICE} (unix://{tmp_path}/data/redis.sock?db=0)" in last_line()
    assert ADVICE not in last_line(REDIS_URL="redis://127.0.0.1:1/0")
