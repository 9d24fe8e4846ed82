"""Install the wheel into an empty environment, within seconds and without a network.

Its dependencies are links to what the tests run on: those that the metadata of the wheel asks for,
with what these ask for, and nothing else. So a package that is missing there is missing here.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.conftest import REPOSITORY


def build(folder: Path) -> Path:
    """Build the wheel of this checkout."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run([*pip, *options, str(REPOSITORY)], check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    return wheel


class Installed:
    """An environment with the wheel, and with the dependencies of some of its extras."""

    def __init__(self, folder: Path, wheel: Path, *extras: str) -> None:
        venv = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
        subprocess.run(venv, check=True, timeout=120)
        self.python, self.command = folder / "bin/python", folder / "bin/duckline"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        install = ["--python", str(self.python), "install", "--no-deps", "--no-index", str(wheel)]
        subprocess.run([*pip, *install], check=True, timeout=120)
        self.packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
        self.dependencies = set[str]()
        (metadata,) = self.packages.glob("duckline-*.dist-info/METADATA")
        for line in metadata.read_text().splitlines():
            if line.startswith("Requires-Dist: "):
                self._link(Requirement(line.removeprefix("Requires-Dist: ")), extras)

    def run(
        self, *arguments: str | Path, cwd: Path, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that can import nothing but this environment."""
        return subprocess.run(
            list(map(str, arguments)), cwd=cwd, env=self.environment(**env), capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip

    def environment(self, **env: str) -> dict[str, str]:
        """Return variables in which neither the checkout nor a setting of these tests is."""
        kept = ("PATH", "HOME", "LANG", "TMPDIR")
        return {name: os.environ[name] for name in kept if name in os.environ} | env

    def _link(self, wanted: Requirement, extras: tuple[str, ...]) -> None:
        marks = [{"extra": extra} for extra in extras] or [{"extra": ""}]
        if wanted.marker is not None and not any(map(wanted.marker.evaluate, marks)):
            return
        if wanted.name == "duckline":  # an extra that contains another
            return
        found = distribution(wanted.name)
        assert wanted.specifier.contains(found.version), f"{wanted} is not what is tested"
        if found.name in self.dependencies:
            return
        self.dependencies.add(found.name)
        for place in _top_level(found.files or []):
            link = self.packages / place
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(place))))
        for line in found.requires or []:
            try:
                self._link(Requirement(line), tuple(wanted.extras))
            except PackageNotFoundError:
                assert Requirement(line).marker is not None, line


def _top_level(files: Sequence[object]) -> Iterator[str]:
    tops = dict.fromkeys(Path(str(file)).parts[0] for file in files)
    return (top for top in tops if top not in ("..", "__pycache__"))
