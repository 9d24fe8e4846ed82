"""Which of the user's files a process has imported: not those of Python, of packages, or ours."""

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_OURS = tuple(_ROOT / name for name in ("huey_tasks", "web", "duckline", "app.py"))
_LIBRARIES = {"site-packages", "dist-packages"}


def sources(error: BaseException | None = None) -> set[Path]:
    """Return the files of the modules of this process, and those that an error came through."""
    from huey_tasks.registry.import_errors import files_of

    return {file for file in (*_imported(), *files_of(error)) if _is_users(file)}


def _imported() -> Iterator[Path]:
    for module in list(sys.modules.values()):
        if file := getattr(module, "__file__", None):
            yield Path(file)


def _is_users(file: Path) -> bool:
    known = (Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("platstdlib")), *_OURS)
    return (
        file.suffix == ".py"
        and file.is_absolute()
        and _LIBRARIES.isdisjoint(file.parts)
        and not any(file.is_relative_to(folder) for folder in known)
        and file.exists()
    )
