"""What `pip install duckline-client` gives, and the examples of its README."""

import os
import re
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.clients.conftest import Stack
from tests.conftest import REPOSITORY

_FOLDER = REPOSITORY / "clients" / "python"
_EXAMPLES = re.findall(r"```python\n(.*?)```", (_FOLDER / "README.md").read_text(), re.DOTALL)
#: What httpx needs; linked, so that the environment holds nothing else.
_NEEDED = ("httpx", "httpx_sse", "httpcore", "h11", "anyio", "idna", "certifi", "typing_extensions")
_SHOW = """
import sys, duckline_client
print(duckline_client.__file__)
print(*{"flask", "gevent", "redis", "huey", "pydantic", "web", "huey_tasks"} & sys.modules.keys())
"""


def test_a_wheel_is_imported_where_nothing_of_the_service_is(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheels = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w"]
    subprocess.run([*wheels, str(tmp_path), str(_FOLDER)], check=True, timeout=120)
    (wheel,) = tmp_path.glob("duckline_client-*.whl")
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=120)
    install = [*pip, "--python", str(venv / "bin/python"), "install", "--no-deps", "--no-index"]
    subprocess.run([*install, str(wheel)], check=True, timeout=120)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(venv)}))
    for name in _NEEDED:
        for file in distribution(name).files or []:
            top = Path(str(file)).parts[0]
            if top not in ("..", "__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(Path(str(distribution(name).locate_file(top))))

    shown = subprocess.run(
        [venv / "bin/python", "-c", _SHOW],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    file, loaded = shown.stdout.split("\n")[:2]
    assert file.startswith(str(packages)) and loaded == ""
    assert (packages / "duckline_client/py.typed").exists()


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "'status': 'sent'"), (1, "SUCCESS {"), (2, "end SUCCESS\n"),
     (3, "4 invalid_payload /payload/amount "), (4, "/payload/amount\n")],
)  # fmt: skip
def test_the_examples_of_the_readme_run(stack: Stack, number: int, shown: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(_FOLDER), "DUCKLINE_URL": stack.url}
    env.pop("DUCKLINE_API_KEY", None)
    ran = subprocess.run(
        [sys.executable, "-c", _EXAMPLES[number]],
        env=env, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert shown in ran.stdout
    assert len(_EXAMPLES) == 5
