"""The version of what runs: of the installed package, or of the checkout."""

import tomllib
from importlib import metadata
from pathlib import Path


def version() -> str:
    """Return the version; a package of the same environment says nothing about a checkout."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text())["project"]["version"])
    return metadata.version("duckline")
