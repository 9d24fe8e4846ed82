"""`make dev`: restart the web processes and consumers when one of their source files changes.

Owns which files count, and ignores changes that cannot be imported. supervisor.py does the restart.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

from stack.console import Console
from stack.import_check import import_problem
from stack.supervisor import Supervisor

SOURCE_FOLDERS = ("huey_tasks", "web", "server", "static")
SOURCE_SUFFIXES = (".py", ".lua", ".html", ".js", ".css", ".svg", ".json")


class SourceFilter(DefaultFilter):
    """Accepts source files; ignores caches, temporary files of editors and hidden folders."""

    def __call__(self, change: Change, path: str) -> bool:
        return path.endswith(SOURCE_SUFFIXES) and super().__call__(change, path)


def watched_paths(root: Path, tasks_path: Iterable[Path]) -> list[Path]:
    """Return the paths to watch: the source folders, app.py and every folder of TASKS_PATH."""
    candidates = [*(root / name for name in SOURCE_FOLDERS), root / "app.py", *tasks_path]
    return [path for path in candidates if path.exists()]


async def next_change(paths: Sequence[Path]) -> None:
    """Return when a source file has changed."""
    async for _ in awatch(*paths, watch_filter=SourceFilter()):
        return


async def restart_on_change(
    paths: Sequence[Path], root: Path, supervisor: Supervisor, console: Console
) -> None:
    """Restart the processes that reload, once per burst of changes, and log the file's name.

    While the changed files cannot be imported, the processes keep running.
    """
    specs = [p.spec for p in supervisor.processes.values() if p.spec.reloads]
    names = [spec.name for spec in specs]
    async for changes in awatch(*paths, watch_filter=SourceFilter()):
        files = sorted({Path(path) for _, path in changes})
        shown = files[0].relative_to(root) if files[0].is_relative_to(root) else files[0]
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        problem = await import_problem(root, specs[0].env)
        if problem is not None:
            console.say(
                f"{shown}{more} changed, but {problem}; waiting for the next change",
                level="warning",
            )
            continue
        console.say(f"{shown}{more} changed; restarting {', '.join(names)}")
        supervisor.restart(names)
